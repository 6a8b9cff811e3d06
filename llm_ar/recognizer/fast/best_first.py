"""Best-first search: the best candidates without scoring all of them.

A name's log-likelihood is a sum of log-probabilities, none above 0, so that a partial sum bounds it
from above, and all names below one node of the trie have together at most the node's own
probability. Nodes are decoded only while they could lead to one of the best names, or have enough
probability mass to change the answers' probabilities.

Where something cheap predicts the answer, the predicted name is decoded in the same pass as the
prompt (a draft, as in Leviathan et al., "Fast Inference from Transformers via Speculative
Decoding", ICML 2023). The draft decides only what is decoded first; it changes no answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from llm_ar.recognizer.fast.prefix_cache import PrefixCache, decode_tree, prefill_and_decode
from llm_ar.recognizer.scorer import ExactScorer, PromptedLlm
from llm_ar.recognizer.scoring import (
    MAX_ROWS,
    PADDING,
    CandidateTrie,
    Ranking,
    no_steps,
    tree_tokens,
    write_steps,
)

EPSILON = 1e-3
"""Tolerance of a probability: the share of the candidates that may be left unscored."""
SUBTREE_NODES = 4
"""A subtree of at most so many nodes is decoded at once: another pass would cost more."""
ROW_NODES = 8
"""Nodes of one prompt in one row of a pass, unless a branch needs more."""
PASS_COST = 32
"""Fixed cost of a pass, in tokens of a larger pass (measured)."""
SINGLE_PASS_NODES = 64
"""With at most so many nodes over the whole batch, all are decoded in one pass: a search for
several names needs more passes, each of which takes as long as that many tokens (one clip, 27
names: 224 ms against 344, one thread). A search for one drafted name mostly ends with its first
pass."""


class BestFirstScorer:
    """Scores only candidates that can be among the best (see `Scorer`).

    The ranking is exact. Probabilities are at most ``EPSILON`` too high, and none is too low.

    Args:
        llm: the LLM behind its instruction.
        draft: cheap log-probabilities (B, C) of names after sentences (B, W), which make the search
            shorter; None if there are none for these names.
    """

    def __init__(
        self,
        llm: PromptedLlm,
        draft: Callable[[Tensor, tuple[str, ...]], Tensor | None] | None = None,
    ) -> None:
        self._llm, self._draft = llm, draft
        self._exact = ExactScorer(llm)

    def rank(self, tokens: Tensor, names: tuple[str, ...], top_k: int) -> Ranking:
        """See `llm_ar.recognizer.scoring.Scorer`."""
        trie = self._llm.trie(names)
        top_k = min(top_k, len(trie.names))
        draft = None if self._draft is None else self._draft(tokens, names)
        few = len(tokens) * len(trie.tokens) <= SINGLE_PASS_NODES
        if few and (draft is None or top_k > 1):
            return self._exact.rank(tokens, names, top_k)
        prompts = self._llm.prompts(tokens)
        return best_first(self._llm.llm, prompts, trie, top_k, self._llm.shared_prefix, draft)


def best_first(
    llm: nn.Module,
    prompts: Tensor,
    trie: CandidateTrie,
    top_k: int,
    shared_prefix: PrefixCache | None = None,
    draft: Tensor | None = None,
    epsilon: float = EPSILON,
) -> Ranking:
    """The ``top_k`` most probable candidates after each prompt, in the order of `scoring.score`.

    Args:
        llm: causal LM, with or without an adapter, in evaluation mode.
        prompts: (B, P, width) input embeddings, all of one length.
        trie: the candidates.
        top_k: number of answers, at most the number of candidates.
        shared_prefix: cache of one prompt that all of these continue.
        draft: (B, C) log-probabilities of the candidates, from something cheap, if there is any.
        epsilon: tolerance of a probability.
    """
    batch = len(prompts)
    drafted = _drafted_nodes(draft, batch, trie)
    prefix, logits = prefill_and_decode(llm, prompts, tree_tokens(drafted, trie), shared_prefix)
    steps = no_steps(prefix, trie)
    decoded = torch.zeros(batch, len(trie.tokens), dtype=torch.bool)
    _enter(steps, decoded, torch.arange(batch), drafted, logits, trie)
    while True:
        to_nodes, to_names = trie.totals(steps)
        frontier = _Frontier(to_nodes.cpu(), to_names.cpu(), decoded, trie)
        wanted = [frontier.next_nodes(row, top_k, epsilon) for row in range(batch)]
        if not any(wanted):
            break
        for rows, nodes in _passes(wanted, trie):
            logits = decode_tree(llm, prefix, rows, tree_tokens(nodes, trie))
            _enter(steps, decoded, rows, nodes, logits, trie)
    best = frontier.exact.log_softmax(-1).topk(top_k, dim=-1)
    return Ranking(best.indices, best.values, decoded.sum(-1), torch.zeros(batch, dtype=torch.bool))


def _drafted_nodes(draft: Tensor | None, batch: int, trie: CandidateTrie) -> Tensor:
    """Nodes (B, n) of each prompt's most probable name by the draft, padded with ``PADDING``.

    One name: with two or three, more tokens are decoded and no passes are saved (measured).
    """
    if draft is None:
        return torch.empty(batch, 0, dtype=torch.long)
    rows = [trie.branch(trie.last[name]) for name in draft.argmax(-1).tolist()]
    longest = max(len(nodes) for nodes in rows)
    return torch.tensor([nodes + [PADDING] * (longest - len(nodes)) for nodes in rows])


def _enter(
    steps: Tensor,
    decoded: Tensor,
    rows: Tensor,
    nodes: Tensor,
    logits: Tensor,
    trie: CandidateTrie,
) -> None:
    """Write the result of nodes (R, n) of some prompts into ``steps`` and ``decoded``."""
    write_steps(steps, rows, nodes, logits, trie)
    row, place = (nodes != PADDING).nonzero(as_tuple=True)
    decoded[rows[row], nodes[row, place]] = True


class _Frontier:
    """Bounds of every prompt's candidates, and the nodes to decode next.

    Args:
        nodes: (B, N) float64, upper bounds of the log-likelihoods below each node.
        names: (B, C) float64, of each candidate.
        decoded: (B, N), the nodes decoded so far.
        trie: the candidates.
    """

    def __init__(self, nodes: Tensor, names: Tensor, decoded: Tensor, trie: CandidateTrie) -> None:
        with_root = torch.cat([decoded, decoded.new_ones(len(decoded), 1)], dim=1)
        self.nodes, self.trie = nodes, trie
        self.open = ~decoded & with_root[:, trie.parents]
        """Nodes not decoded whose parent is: all candidates without a score lie below them."""
        self.exact = names.masked_fill(~with_root[:, trie.last], -torch.inf)
        """(B, C) the names' log-likelihoods, minus infinity where unknown."""

    def next_nodes(self, row: int, top_k: int, epsilon: float) -> list[int]:
        """Open nodes of one prompt to decode next; none if its answers are final."""
        open_nodes = self.open[row].nonzero().flatten()
        if not len(open_nodes):
            return []
        bounds, order = self.nodes[row, open_nodes].sort(descending=True)
        exact = self.exact[row]
        # Open nodes whose bound reaches the k-th best of all bounds and scores are decoded.
        threshold = torch.cat([bounds, exact]).topk(min(top_k, len(exact))).values[-1]
        for_order = int((bounds >= threshold).sum())
        # The open nodes from the j-th on may be left out if their mass is at most epsilon times
        # the mass of all that is scored by then. All in the log domain: masses may underflow.
        left = bounds.flip(0).logcumsumexp(0).flip(0)
        scored = bounds.new_full((len(bounds),), -torch.inf)
        scored[1:] = bounds.logcumsumexp(0)[:-1]
        scored = torch.logaddexp(scored, exact.logsumexp(0))
        tolerance = math.log(epsilon) if epsilon else -math.inf
        for_mass = int((left > tolerance + scored).sum())
        return open_nodes[order[: max(for_order, for_mass)]].tolist()


def _passes(wanted: Sequence[list[int]], trie: CandidateTrie) -> Iterator[tuple[Tensor, Tensor]]:
    """The next passes: indices of prompts (R,) and nodes (R, n), with little padding.

    Rows of much fewer nodes than others get another pass where the padding that this saves
    outweighs the pass.
    """
    rows = [(row, list(nodes)) for row, open_ in enumerate(wanted) for nodes in _rows(open_, trie)]
    rows.sort(key=lambda row: len(row[1]), reverse=True)
    while rows:
        longest, stop = len(rows[0][1]), 1
        while stop < len(rows) and (stop + 1) * longest <= MAX_ROWS:
            if (longest - len(rows[stop][1])) * (len(rows) - stop) > PASS_COST:
                break
            stop += 1
        padded = [nodes + [PADDING] * (longest - len(nodes)) for _, nodes in rows[:stop]]
        yield torch.tensor([row for row, _ in rows[:stop]]), torch.tensor(padded)
        rows = rows[stop:]


def _rows(open_nodes: Sequence[int], trie: CandidateTrie) -> list[set[int]]:
    """Rows of nodes: each open node with its ancestors and, where that pays, its descendants.

    A prompt of many nodes makes several rows, so that others are not padded to its length.
    """
    rows: list[set[int]] = []
    for node in sorted(open_nodes):
        branch = {*trie.branch(node), *trie.below(node, SUBTREE_NODES)}
        if rows and len(rows[-1] | branch) <= ROW_NODES:
            rows[-1] |= branch
        else:
            rows.append(branch)
    return rows
