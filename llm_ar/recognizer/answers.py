"""Candidate names as answers: their exact log-likelihoods, over a trie of their tokens.

Nothing is generated, so no answer can be invalid. Names share the trie's nodes, and all nodes are
computed in one pass behind the prompt: each sees the prompt, its ancestors and itself (tree
attention as in Miao et al., "SpecInfer", ASPLOS 2024).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from llm_ar.errors import ConfigError
from llm_ar.recognizer.prompt import answer_ids, checked_names

MAX_NODES = 256
"""Trie nodes in one pass; longer lists of names are split (attention is quadratic in it)."""
MAX_ROWS = 512
"""Rows of logits (vocabulary wide) in one pass: 100 MB for 49,152 words."""


class CandidateTrie:
    """A trie over the tokens of candidate names, in pieces of at most ``max_nodes`` nodes.

    Every name ends with the end token, so a name that begins another one has a leaf of its own.

    Args:
        text_tokenizer: the LLM's.
        names: the candidates.
        max_nodes: nodes a piece (a single longer name still makes one piece).

    Raises:
        ConfigError: if the list is empty, or a name is empty, a duplicate, or written with the
            same tokens as another one.
    """

    def __init__(
        self,
        text_tokenizer: PreTrainedTokenizerBase,
        names: Sequence[str],
        max_nodes: int = MAX_NODES,
    ) -> None:
        self.names = checked_names(names)
        answers = [answer_ids(text_tokenizer, name) for name in self.names]
        owners: dict[tuple[int, ...], str] = {}
        for name, ids in zip(self.names, answers, strict=True):
            other = owners.setdefault(tuple(ids), name)
            if other != name:
                raise ConfigError(
                    f"labels: the language model cannot tell '{other}' from '{name}'; "
                    "rename one of them."
                )
        self.pieces: list[TriePiece] = []
        piece = TriePiece()
        # Sorted names keep shared beginnings in one piece.
        for index in sorted(range(len(answers)), key=lambda index: answers[index]):
            if piece.tokens and len(piece.tokens) + piece.new_nodes(answers[index]) > max_nodes:
                self.pieces.append(piece)
                piece = TriePiece()
            piece.add(index, answers[index])
        self.pieces.append(piece)


class TriePiece:
    """Nodes of a trie in order of insertion; node -1 is the root, the prompt's last position."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.depths: list[int] = []
        self.candidates: list[int] = []
        self.edges: list[tuple[int, int, int]] = []
        """(place in ``candidates``, node that predicts, token predicted): a name's every token."""
        self._children: dict[tuple[int, int], int] = {}

    def new_nodes(self, ids: Sequence[int]) -> int:
        """How many nodes a name would add (its last token, the end, needs none)."""
        node = -1
        for depth, token in enumerate(ids[:-1]):
            found = self._children.get((node, token))
            if found is None:
                return len(ids) - 1 - depth
            node = found
        return 0

    def add(self, candidate: int, ids: Sequence[int]) -> None:
        """Add a name's tokens (with the end token) for the candidate of that index."""
        place, node = len(self.candidates), -1
        self.candidates.append(candidate)
        for depth, token in enumerate(ids, start=1):
            self.edges.append((place, node, token))
            if depth < len(ids):
                node = self._child(node, token, depth)

    def ancestors(self) -> Tensor:
        """(N, N) bool: [i, j] is true if node j is node i or above it."""
        sees = torch.eye(len(self.tokens), dtype=torch.bool)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                sees[node] |= sees[parent]
        return sees

    def _child(self, parent: int, token: int, depth: int) -> int:
        found = self._children.get((parent, token))
        if found is None:
            found = self._children[parent, token] = len(self.tokens)
            self.tokens.append(token)
            self.parents.append(parent)
            self.depths.append(depth)
        return found


@torch.inference_mode()
def score(llm: torch.nn.Module, prompts: Tensor, trie: CandidateTrie) -> Tensor:
    """Exact log-likelihood of every candidate after every prompt.

    log p(name | prompt) is the sum over the name's tokens, the end token included, of
    log p(token | prompt, tokens before). Needs an LLM whose attention takes a 4-D mask ("sdpa" or
    "eager").

    Args:
        llm: causal LM, with or without an adapter, in evaluation mode.
        prompts: (B, P, width) input embeddings, all of one length.
        trie: the candidates.

    Returns:
        (B, N) float32 on the prompts' device, in the order of ``trie.names``.
    """
    scores = prompts.new_empty(len(prompts), len(trie.names), dtype=torch.float32)
    for piece in trie.pieces:
        step = max(1, MAX_ROWS // (len(piece.tokens) + 1))
        for start in range(0, len(prompts), step):
            part = _score_piece(llm, prompts[start : start + step], piece)
            scores[start : start + step, piece.candidates] = part
    return scores


def _score_piece(llm: torch.nn.Module, prompts: Tensor, piece: TriePiece) -> Tensor:
    batch, length, _ = prompts.shape
    nodes, device = len(piece.tokens), prompts.device
    words = llm.get_input_embeddings()  # type: ignore[operator]
    embedded = words(torch.tensor(piece.tokens, dtype=torch.long, device=device))
    depths = torch.tensor(piece.depths, dtype=torch.long)
    logits = llm(
        inputs_embeds=torch.cat([prompts, embedded.expand(batch, -1, -1)], dim=1),
        attention_mask=_tree_mask(piece, length, prompts).expand(batch, -1, -1, -1),
        position_ids=torch.cat([torch.arange(length), length - 1 + depths])[None].to(device),
        logits_to_keep=nodes + 1,
        use_cache=False,
    ).logits.float()
    place, node, token = torch.tensor(piece.edges, device=device).T
    # The root is row 0 of the logits that are kept, node i row i + 1.
    edges = logits[:, node + 1, token] - logits.logsumexp(-1)[:, node + 1]
    return edges.new_zeros(batch, len(piece.candidates)).index_add_(1, place, edges)


def _tree_mask(piece: TriePiece, length: int, like: Tensor) -> Tensor:
    """Additive mask (1, 1, P + N, P + N): causal in the prompt, a node sees its ancestors."""
    nodes = len(piece.tokens)
    sees = torch.ones(length + nodes, length + nodes, dtype=torch.bool).tril()
    sees[length:, length:] = piece.ancestors()
    mask = torch.zeros(sees.shape, dtype=like.dtype)
    mask = mask.masked_fill(~sees, torch.finfo(like.dtype).min)
    return mask[None, None].to(like.device)
