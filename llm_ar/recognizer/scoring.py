"""Scores of candidate names: their exact log-likelihoods, computed over a trie of their tokens.

No text is generated, so no answer can be invalid. Names share the nodes of the trie, so that a
common prefix is computed once. All scores stay in the log domain and in double precision: the
likelihood of a name of some hundred tokens is below the smallest positive float.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from llm_ar.errors import ConfigError
from llm_ar.recognizer.fast.prefix_cache import (
    PrefixCache,
    TreeTokens,
    decode_tree,
    prefill_and_decode,
)
from llm_ar.recognizer.prompt import answer_ids, checked_names

MAX_NODES = 256
"""Trie nodes in one pass; larger tries are split (attention is quadratic in their number)."""
MAX_ROWS = 512
"""Rows of logits (vocabulary wide) in one pass: 100 MB for 49,152 tokens."""
_CACHED_ROWS = 16
"""Rows of logits that are normalized at a time."""
ROOT, PADDING = -1, -2
"""Numbers in place of a node: the prompt itself, and none."""


@dataclass
class Ranking:
    """The k best of C candidates after each of B sentences, on the CPU.

    Args:
        indices: (B, k) candidates, the most probable first.
        log_probabilities: (B, k) float64, normalized over all candidates.
        nodes: (B,) nodes of the candidates' trie that the LLM decoded.
        early_exit: (B,) bool, whether the token classifier answered without the LLM.
    """

    indices: Tensor
    log_probabilities: Tensor
    nodes: Tensor
    early_exit: Tensor

    @classmethod
    def from_scores(
        cls, scores: Tensor, top_k: int, nodes: int = 0, *, early_exit: bool = False
    ) -> Ranking:
        """Rank all candidates by their scores.

        Args:
            scores: (B, C), whose softmax gives the probabilities.
            top_k: number of answers; C at most.
            nodes: decoded for each sentence.
            early_exit: whether the scores are those of the token classifier.
        """
        normalized = scores.cpu().double().log_softmax(-1)
        best = normalized.topk(min(top_k, scores.shape[1]), dim=-1)
        batch = len(scores)
        return cls(
            best.indices,
            best.values,
            torch.full((batch,), nodes),
            torch.full((batch,), early_exit, dtype=torch.bool),
        )

    @property
    def probabilities(self) -> Tensor:
        """(B, k) float64."""
        return self.log_probabilities.exp()

    def in_order(self) -> Tensor:
        """(B, C) log-probabilities in the candidates' order, where all are ranked (k = C)."""
        return torch.empty_like(self.log_probabilities).scatter_(
            1, self.indices, self.log_probabilities
        )

    def replace(self, rows: Tensor, other: Ranking) -> None:
        """Take some rows, a mask (B,), from a ranking of as many answers."""
        self.indices[rows] = other.indices
        self.log_probabilities[rows] = other.log_probabilities
        self.nodes[rows] = other.nodes
        self.early_exit[rows] = other.early_exit


class Scorer(Protocol):
    """Ranks candidate names after action sentences.

    Implementations agree on the ranking: `llm_ar.recognizer.scorer.ExactScorer` scores all
    candidates, `llm_ar.recognizer.fast.best_first.BestFirstScorer` only those that can be among
    the best, and `llm_ar.recognizer.fast.early_exit.EarlyExitScorer` asks another scorer only
    where the token classifier is not confident.
    """

    def rank(self, tokens: Tensor, names: tuple[str, ...], top_k: int) -> Ranking:
        """The best candidates after each sentence.

        Args:
            tokens: (B, W) action sentences.
            names: the C candidates.
            top_k: number of answers; if it is above C, all are ranked.

        Raises:
            ConfigError: if the names are empty or not distinct.
        """


class CandidateTrie:
    """A trie over the tokens of candidate names.

    Every name ends with the end token, so that a name which is a prefix of another one has an end
    of its own. The root, number -1, is the prompt. Nodes are numbered depth first: a node's
    descendants follow it.

    Args:
        text_tokenizer: the LLM's.
        names: the C candidates.

    Attributes:
        names: the candidates, without surrounding spaces.
        tokens: the token of each of the N nodes.
        parents: the parent of each node.
        depths: tokens from the root to each node, at least 1.
        stops: for each node the number after its last descendant.
        last: each candidate's last node, after which the end token completes it.
        end: the end token.

    Raises:
        ConfigError: if the list is empty, or a name is empty, a duplicate, or has the same tokens
            as another one.
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
        self.stops: list[int] = []
        self.last = [ROOT] * len(answers)
        self.end = answers[0][-1]
        open_nodes: list[int] = []
        previous: tuple[int, ...] = ()
        # In sorted order, a name continues the branch of the one before it after their common
        # prefix; the nodes of that branch below are complete.
        for candidate in sorted(range(len(answers)), key=lambda index: answers[index][:-1]):
            ids = answers[candidate][:-1]
            shared = _common_prefix(previous, ids)
            for node in open_nodes[shared:]:
                self.stops[node] = len(self.tokens)
            del open_nodes[shared:]
            for depth in range(shared, len(ids)):
                self.parents.append(open_nodes[-1] if open_nodes else ROOT)
                open_nodes.append(len(self.tokens))
                self.tokens.append(ids[depth])
                self.depths.append(depth + 1)
                self.stops.append(ROOT)
            self.last[candidate] = open_nodes[-1] if open_nodes else ROOT
            previous = ids
        for node in open_nodes:
            self.stops[node] = len(self.tokens)

    @cached_property
    def columns(self) -> Tensor:
        """(3, N) int64: token, depth and stop of each node."""
        return torch.tensor([self.tokens, self.depths, self.stops], dtype=torch.long)

    def branch(self, node: int) -> list[int]:
        """The nodes from the root to a node, which is the last of them."""
        nodes = []
        while node != ROOT:
            nodes.append(node)
            node = self.parents[node]
        return nodes[::-1]

    @cached_property
    def edges(self) -> Tensor:
        """(2, N + C) int64: the source node (+ 1, the root being 0) and the token of each edge.

        The first N edges lead to the nodes, the others to the ends of the candidates.
        """
        steps = [self.parents + self.last, self.tokens + [self.end] * len(self.last)]
        return torch.tensor(steps) + torch.tensor([[1], [0]])

    def leaving(self, nodes: Tensor) -> tuple[Tensor, Tensor]:
        """The edges that leave nodes (K,), node after node, and their number for each node (K,)."""
        order, counts = self._by_source
        count = counts[nodes + 1]
        first = (counts.cumsum(0) - counts)[nodes + 1]
        offset = torch.arange(int(count.sum())) - (count.cumsum(0) - count).repeat_interleave(count)
        return order[first.repeat_interleave(count) + offset], count

    @cached_property
    def _by_source(self) -> tuple[Tensor, Tensor]:
        """The edges in order of their source nodes, and the number that leave each (root first)."""
        sources = self.edges[0]
        return sources.argsort(stable=True), sources.bincount(minlength=len(self.tokens) + 1)

    @cached_property
    def _exits(self) -> list[int]:
        """How many edges leave each node."""
        return list(self._by_source[1][1:].tolist())

    @cached_property
    def pieces(self) -> list[Tensor]:
        """All nodes in pieces of whole branches from the root.

        A piece has ``MAX_NODES`` nodes at most, or it is one branch.
        """
        pieces: list[set[int]] = []
        for last in sorted(set(self.last) - {ROOT}):
            branch = set(self.branch(last))
            if not pieces or len(pieces[-1] | branch) > MAX_NODES:
                pieces.append(set())
            pieces[-1] |= branch
        return [torch.tensor(sorted(piece)) for piece in pieces]

    def below(self, node: int, most: int) -> range:
        """A node and its descendants, or, if these are more than ``most``, up to the next fork."""
        stop = self.stops[node]
        if stop - node <= most:
            return range(node, stop)
        fork = node
        while fork + 1 < stop and self._exits[fork] == 1:
            fork += 1
        return range(node, fork + 1)

    @cached_property
    def _jumps(self) -> list[Tensor]:
        """Ancestors (N,) of all nodes at distances 1, 2, 4, ... up to the depth; N is the root."""
        nodes = len(self.tokens)
        above = torch.tensor([*self.parents, nodes])
        above[above == ROOT] = nodes
        jumps = []
        while (above[:-1] < nodes).any():
            jumps.append(above[:-1])
            above = above[above]
        return jumps

    def totals(self, steps: Tensor) -> tuple[Tensor, Tensor]:
        """Sums along the branches.

        Args:
            steps: (B, N + C) log-probabilities of the edges.

        Returns:
            (B, N), from the root to each node, and (B, C), to the end of each candidate.
        """
        nodes = len(self.tokens)
        sums = torch.cat([steps[:, :nodes], steps.new_zeros(len(steps), 1)], dim=1)
        # After each round a sum covers twice as many nodes, so that log2(depth) rounds suffice.
        for above in self._jumps:
            sums = torch.cat([sums[:, :nodes] + sums[:, above.to(sums.device)], sums[:, nodes:]], 1)
        return sums[:, :nodes], sums[:, self.last] + steps[:, nodes:]


def _common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """Length of the common prefix of two sequences."""
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length


def score(
    llm: nn.Module, prompts: Tensor, trie: CandidateTrie, shared_prefix: PrefixCache | None = None
) -> Tensor:
    """Exact log-likelihood of every candidate after every prompt.

    log p(name | prompt) is the sum over the name's tokens, the end token included, of
    log p(token | prompt, previous tokens). Needs an LLM whose attention takes a 4-D mask ("sdpa"
    or "eager").

    Args:
        llm: causal LM, with or without an adapter, in evaluation mode.
        prompts: (B, P, width) input embeddings, all of one length.
        trie: the C candidates.
        shared_prefix: cache of one prompt that all of these continue.

    Returns:
        (B, C) float64 on the prompts' device, in the order of ``trie.names``.
    """
    # A single piece, if it is small enough, is decoded in the same pass as the prompts.
    few = len(trie.pieces) == 1 and len(prompts) * len(trie.tokens) <= MAX_ROWS
    first = trie.pieces[0] if few else torch.empty(0, dtype=torch.long)
    first = first.expand(len(prompts), -1)
    prefix, logits = prefill_and_decode(llm, prompts, tree_tokens(first, trie), shared_prefix)
    steps = no_steps(prefix, trie)
    everyone = torch.arange(len(prompts))
    write_steps(steps, everyone, first, logits, trie)
    for nodes in [] if few else trie.pieces:
        for rows in everyone.split(max(1, MAX_ROWS // len(nodes))):
            here = nodes.expand(len(rows), -1)
            decoded = decode_tree(llm, prefix, rows, tree_tokens(here, trie))
            write_steps(steps, rows, here, decoded, trie)
    return trie.totals(steps)[1]


def tree_tokens(nodes: Tensor, trie: CandidateTrie) -> TreeTokens:
    """Tokens of nodes (R, N), which include all their ancestors, or ``PADDING``."""
    given, nodes = nodes != PADDING, nodes.clamp_min(0)
    tokens, depths, stops = trie.columns[:, nodes]
    # Descendants follow their node in the numbering, up to its stop.
    node, ancestor = nodes[:, :, None], nodes[:, None, :]
    mask = (ancestor <= node) & (node < stops[:, None, :]) & given[:, None, :]
    return TreeTokens(tokens, depths, mask)


def no_steps(prefix: PrefixCache, trie: CandidateTrie) -> Tensor:
    """Log-probabilities (B, N + C) float64 of all edges: those of the root's, and 0 elsewhere."""
    batch = len(prefix.logits)
    steps = prefix.logits.new_zeros(batch, trie.edges.shape[1], dtype=torch.float64)
    root = torch.full((batch, 1), ROOT)
    write_steps(steps, torch.arange(batch), root, prefix.logits[:, None], trie)
    return steps


def write_steps(
    steps: Tensor, rows: Tensor, nodes: Tensor, logits: Tensor, trie: CandidateTrie
) -> None:
    """Write the log-probabilities of all edges that leave nodes into ``steps``, in place.

    Args:
        steps: (B, N + C), of all edges.
        rows: (R,) rows of ``steps``.
        nodes: (R, n) nodes, ``ROOT`` or ``PADDING``.
        logits: (R, n, V) of the tokens that follow them.
        trie: the candidates.
    """
    tokens = trie.edges[1]
    given = nodes != PADDING
    row, place = given.nonzero(as_tuple=True)
    edge, count = trie.leaving(nodes[given])
    row, place = row.repeat_interleave(count), place.repeat_interleave(count)
    device = logits.device
    total = _log_totals(logits)[row.to(device), place.to(device)]
    found = logits[row.to(device), place.to(device), tokens[edge].to(device)] - total
    steps[rows[row].to(device), edge.to(device)] = found.to(steps)


def _log_totals(logits: Tensor) -> Tensor:
    """The log of the sum of exponentials over the vocabulary: (R, n, V) to (R, n).

    In pieces that fit into a processor's cache, by ``log_softmax``, which takes one pass:
    ``logsumexp`` of the whole takes four times as long (measured, 256 rows of 49,152 tokens).
    """
    pieces = logits.flatten(0, 1).split(_CACHED_ROWS)
    totals = [piece[:, 0] - piece.log_softmax(-1)[:, 0] for piece in pieces]
    return torch.cat([logits.new_empty(0), *totals]).view(logits.shape[:2])
