"""The best answers without asking for all of them: best first, with bounds.

A name's log-likelihood is a sum of log-probabilities, none above 0, so what is known of it bounds
it from above; and all names behind one node of the trie have together at most the node's own
probability. Nodes are read only while they could hold one of the best names or matter for the
probabilities.

Where something cheap guesses the answer, the guessed name is read in the same pass as the prompt
(a draft, as in Leviathan et al., "Fast Inference from Transformers via Speculative Decoding", ICML
2023). The guess decides only what is read first, never what is answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from llm_ar.recognizer.fast.prefix_cache import PrefixCache, prefill_and_decode
from llm_ar.recognizer.scoring import (
    MAX_ROWS,
    PADDING,
    ROOT,
    CandidateTrie,
    note,
    read_nodes,
    words_of,
)

EPSILON = 1e-3
"""How far a probability may be off: the share of candidates that were not looked at."""
SUBTREE = 4
"""A branch of so few nodes is read at once: one more pass costs more than words that lose."""
ROW = 8
"""Nodes of one prompt that are read in a row, if they need not be more."""
PASS = 32
"""What a pass costs before it reads anything, in words of a larger pass (measured)."""


@dataclass
class Best:
    """The best of C candidates after each of B prompts.

    Args:
        indices: (B, k) candidates, the likeliest first; exact.
        probabilities: (B, k) float64 among all candidates; none more than ``EPSILON`` too high,
            none too low.
        nodes: (B,) nodes of the trie that were read.
    """

    indices: Tensor
    probabilities: Tensor
    nodes: Tensor


def best_first(
    llm: nn.Module,
    prompts: Tensor,
    trie: CandidateTrie,
    top_k: int,
    beginning: PrefixCache | None = None,
    guess: Tensor | None = None,
    epsilon: float = EPSILON,
) -> Best:
    """The ``top_k`` likeliest candidates after each prompt, as `answers.score` would tell them.

    Args:
        llm: causal LM, with or without an adapter, in evaluation mode.
        prompts: (B, P, width) input embeddings, all of one length.
        trie: the candidates.
        top_k: how many answers, at most as many as there are candidates.
        beginning: one prompt, read before, that all of these continue.
        guess: (B, C) log-probabilities of the candidates, from something cheap, if there is any.
        epsilon: how far a probability may be off.
    """
    batch = len(prompts)
    drafted = _draft(guess, batch, trie)
    reading, logits = prefill_and_decode(llm, prompts, words_of(drafted, trie), beginning)
    steps = reading.logits.new_zeros(batch, trie.edges.shape[1])
    everyone = torch.arange(batch)
    note(steps, everyone, torch.full((batch, 1), ROOT), reading.logits[:, None], trie)
    known = torch.zeros(batch, len(trie.tokens), dtype=torch.bool)
    _enter(steps, known, everyone, drafted, logits, trie)
    while True:
        to_nodes, to_names = trie.totals(steps)
        outlook = _Outlook(to_nodes.cpu().double(), to_names.cpu().double(), known, trie)
        wanted = [outlook.next_nodes(row, top_k, epsilon) for row in range(batch)]
        if not any(wanted):
            break
        for rows, nodes in _passes(wanted, trie):
            logits = read_nodes(llm, reading, rows, nodes, trie)
            _enter(steps, known, rows, nodes, logits, trie)
    likelihoods = outlook.exact.exp()
    found = (likelihoods / likelihoods.sum(-1, keepdim=True)).topk(top_k, dim=-1)
    return Best(found.indices, found.values, known.sum(-1))


def _draft(guess: Tensor | None, batch: int, trie: CandidateTrie) -> Tensor:
    """Nodes (B, n) of each prompt's likeliest name by a guess, with ``PADDING`` behind them.

    One name: with two or three more words are read, and no fewer passes are needed (measured).
    """
    if guess is None:
        return torch.empty(batch, 0, dtype=torch.long)
    rows = [trie.branch(name) for name in guess.argmax(-1).tolist()]
    longest = max(len(nodes) for nodes in rows)
    return torch.tensor([nodes + [PADDING] * (longest - len(nodes)) for nodes in rows])


def _enter(
    steps: Tensor,
    known: Tensor,
    rows: Tensor,
    nodes: Tensor,
    logits: Tensor,
    trie: CandidateTrie,
) -> None:
    """Write what was read of nodes (R, n) of some prompts into ``steps`` and ``known``."""
    note(steps, rows, nodes, logits, trie)
    row, place = (nodes != PADDING).nonzero(as_tuple=True)
    known[rows[row], nodes[row, place]] = True


class _Outlook:
    """What is known of every prompt's candidates, and what must be known next.

    Args:
        nodes: (B, N) float64, upper bounds of the log-likelihood of each node.
        names: (B, C) float64, of each candidate.
        known: (B, N), which nodes were read.
        trie: the candidates.
    """

    def __init__(self, nodes: Tensor, names: Tensor, known: Tensor, trie: CandidateTrie) -> None:
        above = torch.cat([known, known.new_ones(len(known), 1)], dim=1)
        self.nodes, self.trie = nodes, trie
        self.open = ~known & above[:, trie.parents]
        """Nodes that were not read though the one above was: all that is unknown lies there."""
        self.exact = names.masked_fill(~above[:, trie.last], -torch.inf)
        """(B, C) the names' log-likelihoods, minus infinity where unknown."""

    def next_nodes(self, row: int, top_k: int, epsilon: float) -> list[int]:
        """Open nodes of one prompt to be read next; none if its answers are certain."""
        open_nodes = self.open[row].nonzero().flatten()
        if not len(open_nodes):
            return []
        bounds, order = self.nodes[row, open_nodes].sort(descending=True)
        exact = self.exact[row]
        # The k best of what is known and of what can still be: who is open there is looked at.
        threshold = torch.cat([bounds, exact]).topk(min(top_k, len(exact))).values[-1]
        for_order = int((bounds >= threshold).sum())
        # Behind the first so many, what is left weighs too little to change a probability.
        left = bounds.exp().flip(0).cumsum(0).flip(0)
        for_mass = int((left > epsilon * (exact.exp().sum() + left[0] - left)).sum())
        return open_nodes[order[: max(for_order, for_mass)]].tolist()


def _passes(wanted: Sequence[list[int]], trie: CandidateTrie) -> Iterator[tuple[Tensor, Tensor]]:
    """What is read together: numbers of prompts (R,) and nodes (R, n), few of them padding.

    Rows of much fewer nodes than others go into a pass of their own, once the padding that this
    saves outweighs the pass.
    """
    rows = [(row, list(nodes)) for row, open_ in enumerate(wanted) for nodes in _rows(open_, trie)]
    rows.sort(key=lambda row: len(row[1]), reverse=True)
    while rows:
        longest, stop = len(rows[0][1]), 1
        while stop < len(rows) and (stop + 1) * longest <= MAX_ROWS:
            if (longest - len(rows[stop][1])) * (len(rows) - stop) > PASS:
                break
            stop += 1
        padded = [nodes + [PADDING] * (longest - len(nodes)) for _, nodes in rows[:stop]]
        yield torch.tensor([row for row, _ in rows[:stop]]), torch.tensor(padded)
        rows = rows[stop:]


def _rows(open_nodes: Sequence[int], trie: CandidateTrie) -> list[set[int]]:
    """The open nodes of one prompt with all above them, and of what is below as much as pays.

    A prompt of many nodes makes several rows, so that others are not padded to its length.
    """
    rows: list[set[int]] = []
    for node in sorted(open_nodes):
        branch = {*trie.ancestors[node].nonzero().flatten().tolist(), *trie.below(node, SUBTREE)}
        if rows and len(rows[-1] | branch) <= ROW:
            rows[-1] |= branch
        else:
            rows.append(branch)
    return rows
