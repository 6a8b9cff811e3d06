"""Candidate names as answers: their exact log-likelihoods, over a trie of their tokens.

Nothing is generated, so no answer can be invalid. Names share the trie's nodes, so that what they
have in common is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from llm_ar.errors import ConfigError
from llm_ar.recognizer.fast.prefix_cache import PrefixCache, Words, decode_tree, prefill_and_decode
from llm_ar.recognizer.prompt import answer_ids, checked_names

MAX_NODES = 256
"""Trie nodes in one pass; longer lists of names are split (attention is quadratic in it)."""
MAX_ROWS = 512
"""Rows of logits (vocabulary wide) in one pass: 100 MB for 49,152 words."""
_CACHED_ROWS = 16
"""Rows of logits whose sums are taken at a time."""
ROOT, PADDING = -1, -2
"""Numbers in place of a node: the prompt itself, and none."""


class CandidateTrie:
    """A trie over the tokens of candidate names.

    Every name ends with the end token, so a name that begins another one has an end of its own.
    The root, number -1, is the prompt; a node's number is above its parent's, and nodes of one
    branch follow each other.

    Args:
        text_tokenizer: the LLM's.
        names: the C candidates.

    Attributes:
        names: the candidates, without surrounding spaces.
        tokens: the word that each of the N nodes stands for.
        parents: the node above each node.
        depths: words from the root to each node, at least 1.
        last: each candidate's last node, behind which the end token completes it.
        end: the end token.

    Raises:
        ConfigError: if the list is empty, or a name is empty, a duplicate, or written with the
            same tokens as another one.
    """

    def __init__(self, text_tokenizer: PreTrainedTokenizerBase, names: Sequence[str]) -> None:
        self.names = checked_names(names)
        answers = [tuple(answer_ids(text_tokenizer, name)) for name in self.names]
        owners: dict[tuple[int, ...], str] = {}
        for name, ids in zip(self.names, answers, strict=True):
            other = owners.setdefault(ids, name)
            if other != name:
                raise ConfigError(
                    f"labels: the language model cannot tell '{other}' from '{name}'; "
                    "rename one of them."
                )
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.depths: list[int] = []
        self.last = [-1] * len(answers)
        self.end = answers[0][-1]
        places: dict[tuple[int, ...], int] = {(): -1}
        # Sorted names keep shared beginnings together.
        for candidate in sorted(range(len(answers)), key=lambda index: answers[index]):
            words = answers[candidate][:-1]
            for depth in range(1, len(words) + 1):
                if words[:depth] not in places:
                    places[words[:depth]] = len(self.tokens)
                    self.tokens.append(words[depth - 1])
                    self.parents.append(places[words[: depth - 1]])
                    self.depths.append(depth)
            self.last[candidate] = places[words]

    @cached_property
    def ancestors(self) -> Tensor:
        """(N, N) bool: [i, j] is true if node j is node i or above it."""
        sees = torch.eye(len(self.tokens), dtype=torch.bool)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                sees[node] |= sees[parent]
        return sees

    def branch(self, candidate: int) -> list[int]:
        """The nodes of a candidate's name, from the root on."""
        return self.ancestors[self.last[candidate]].nonzero().flatten().tolist()

    @cached_property
    def edges(self) -> Tensor:
        """(2, N + C) int64: the node that predicts (+ 1, the root being 0) and the word predicted.

        The first N are the steps to the nodes, the others the ends of the candidates.
        """
        steps = [self.parents + self.last, self.tokens + [self.end] * len(self.last)]
        return torch.tensor(steps) + torch.tensor([[1], [0]])

    def leaving(self, nodes: Tensor) -> tuple[Tensor, Tensor]:
        """The edges that leave nodes (K,), node after node, and how many leave each, (K,)."""
        order, counts = self._by_source
        count = counts[nodes + 1]
        first = (counts.cumsum(0) - counts)[nodes + 1]
        behind = torch.arange(int(count.sum())) - (count.cumsum(0) - count).repeat_interleave(count)
        return order[first.repeat_interleave(count) + behind], count

    @cached_property
    def _by_source(self) -> tuple[Tensor, Tensor]:
        """The edges in order of the nodes they leave, and how many leave each (the root first)."""
        sources = self.edges[0]
        return sources.argsort(stable=True), sources.bincount(minlength=len(self.tokens) + 1)

    @cached_property
    def pieces(self) -> list[Tensor]:
        """All nodes in pieces of at most ``MAX_NODES``, each of whole branches from the root."""
        pieces: list[set[int]] = []
        for last in sorted(set(self.last) - {ROOT}):
            branch = set(self.ancestors[last].nonzero().flatten().tolist())
            if not pieces or len(pieces[-1] | branch) > MAX_NODES:
                pieces.append(set())
            pieces[-1] |= branch
        return [torch.tensor(sorted(piece)) for piece in pieces]

    def below(self, node: int, most: int) -> range:
        """A node and all below it, or, if these are more than ``most``, as far as no branch."""
        end = node + 1
        while end < len(self.depths) and self.depths[end] > self.depths[node]:
            end += 1
        if end - node <= most:
            return range(node, end)
        exits, stop = self.edges[0].tolist(), node + 1
        while stop < end and exits.count(stop) == 1:
            stop += 1
        return range(node, stop)

    def totals(self, steps: Tensor) -> tuple[Tensor, Tensor]:
        """Sums along the branches.

        Args:
            steps: (B, N + C) log-probabilities of the edges.

        Returns:
            (B, N), from the root to each node, and (B, C), to the end of each candidate.
        """
        nodes = len(self.tokens)
        to_nodes = steps[:, :nodes] @ self.ancestors.to(steps).T
        before = torch.cat([to_nodes, to_nodes.new_zeros(len(steps), 1)], dim=1)
        return to_nodes, before[:, self.last] + steps[:, nodes:]


def score(
    llm: nn.Module, prompts: Tensor, trie: CandidateTrie, beginning: PrefixCache | None = None
) -> Tensor:
    """Exact log-likelihood of every candidate after every prompt.

    log p(name | prompt) is the sum over the name's tokens, the end token included, of
    log p(token | prompt, tokens before). Needs an LLM whose attention takes a 4-D mask ("sdpa" or
    "eager").

    Args:
        llm: causal LM, with or without an adapter, in evaluation mode.
        prompts: (B, P, width) input embeddings, all of one length.
        trie: the C candidates.
        beginning: one prompt, read before, that all of these continue.

    Returns:
        (B, C) float32 on the prompts' device, in the order of ``trie.names``.
    """
    # A single piece, if it is small enough, is read in the same pass as the prompts.
    few = len(trie.pieces) == 1 and len(prompts) * len(trie.tokens) <= MAX_ROWS
    first = trie.pieces[0] if few else torch.empty(0, dtype=torch.long)
    first = first.expand(len(prompts), -1)
    reading, logits = prefill_and_decode(llm, prompts, words_of(first, trie), beginning)
    steps = reading.logits.new_zeros(len(prompts), trie.edges.shape[1])
    everyone = torch.arange(len(prompts))
    note(steps, everyone, torch.full((len(prompts), 1), ROOT), reading.logits[:, None], trie)
    note(steps, everyone, first, logits, trie)
    for nodes in [] if few else trie.pieces:
        for rows in everyone.split(max(1, MAX_ROWS // len(nodes))):
            here = nodes.expand(len(rows), -1)
            note(steps, rows, here, read_nodes(llm, reading, rows, here, trie), trie)
    return trie.totals(steps)[1]


def read_nodes(
    llm: nn.Module, reading: PrefixCache, rows: Tensor, nodes: Tensor, trie: CandidateTrie
) -> Tensor:
    """Logits (R, N, V) behind nodes (R, N), whose ancestors are among them, or ``PADDING``."""
    return decode_tree(llm, reading, rows, words_of(nodes, trie))


def words_of(nodes: Tensor, trie: CandidateTrie) -> Words:
    """Nodes (R, N), whose ancestors are among them, or ``PADDING``, as words to read."""
    given, nodes = nodes != PADDING, nodes.clamp_min(0)
    tokens, depths = torch.tensor(trie.tokens)[nodes], torch.tensor(trie.depths)[nodes]
    sees = trie.ancestors[nodes[:, :, None], nodes[:, None, :]] & given[:, None, :]
    return Words(tokens, depths, sees)


def note(steps: Tensor, rows: Tensor, nodes: Tensor, logits: Tensor, trie: CandidateTrie) -> None:
    """Write the log-probabilities of all edges that leave nodes into ``steps``, in place.

    Args:
        steps: (B, N + C), of all edges.
        rows: (R,) rows of ``steps``.
        nodes: (R, n) nodes, ``ROOT`` or ``PADDING``.
        logits: (R, n, V) of the words that follow them.
        trie: the candidates.
    """
    words = trie.edges[1]
    given = nodes != PADDING
    row, place = given.nonzero(as_tuple=True)
    edge, count = trie.leaving(nodes[given])
    row, place = row.repeat_interleave(count), place.repeat_interleave(count)
    device = logits.device
    total = _log_totals(logits)[row.to(device), place.to(device)]
    found = logits[row.to(device), place.to(device), words[edge].to(device)] - total
    steps[rows[row].to(device), edge.to(device)] = found


def _log_totals(logits: Tensor) -> Tensor:
    """The logarithm of the sum of exponentials over the words: (R, n, V) to (R, n).

    By pieces that stay in a processor's cache, and by the one operation that goes over them once:
    ``logsumexp`` of all of them takes four times as long (measured, 256 rows of 49,152 words).
    """
    pieces = logits.flatten(0, 1).split(_CACHED_ROWS)
    totals = [piece[:, 0] - piece.log_softmax(-1)[:, 0] for piece in pieces]
    return torch.cat([logits.new_empty(0), *totals]).view(logits.shape[:2])
