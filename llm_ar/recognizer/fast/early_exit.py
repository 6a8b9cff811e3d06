"""The fast path: what the tokens say by themselves, so that clear clips need no language model.

Every token votes for the names, and the votes of a sentence are added up. How certain that must be
to be trusted is found on training clips, by what the language model says of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from llm_ar.tokenizer.extensions.name_head import whitened

AGREEMENT = 0.999
"""Share of the clips above the threshold on which the language model says the same."""


@dataclass(frozen=True)
class EarlyExit:
    """Votes of the action tokens for the names of the training.

    Args:
        votes: (U, C) float32.
        threshold: the probability of the best name from which on it is trusted.
    """

    votes: Tensor
    threshold: float

    def log_posteriors(self, tokens: Tensor) -> Tensor:
        """Log-probabilities (B, C) of the names for sentences (B, W)."""
        return log_posteriors(self.votes, tokens)

    def certain(self, tokens: Tensor) -> Tensor:
        """(B,) bool: for which sentences (B, W) the language model need not be asked."""
        best = self.log_posteriors(tokens).max(dim=-1).values
        return best.exp() >= self.threshold


def log_posteriors(votes: Tensor, tokens: Tensor) -> Tensor:
    """Log-probabilities (B, C) of the names for sentences (B, W), from votes (U, C)."""
    return votes[tokens.to(votes.device)].sum(dim=1).log_softmax(dim=-1)


def among(posteriors: Tensor, known: Sequence[str], names: Sequence[str]) -> Tensor | None:
    """Log-probabilities (B, N) of some names, from those (B, C) of the names of the training.

    Names that the training did not know get minus infinity; None if it knew none of them.
    """
    places = {name: place for place, name in enumerate(known)}
    columns = [places.get(name, len(places)) for name in names]
    if all(column == len(places) for column in columns):
        return None
    unknown = posteriors.new_full((len(posteriors), 1), -torch.inf)
    return torch.cat([posteriors, unknown], dim=1)[:, columns].log_softmax(dim=-1)


def votes_from_name_head(
    token_text_embeddings: Tensor, name_text_embeddings: Tensor, words: int
) -> Tensor:
    """Votes (U, C) that add up to the logits of the tokenizer's reader.

    Args:
        token_text_embeddings: (U, width) of the tokenizer.
        name_text_embeddings: (C, width) of the names it was trained with.
        words: W, tokens in a sentence.
    """
    names = whitened(name_text_embeddings).to(token_text_embeddings.device)
    return token_text_embeddings.float() @ names.T / words


def calibrate(posteriors: Tensor, answers: Tensor) -> float | None:
    """The smallest threshold from which on glance and language model agree.

    Args:
        posteriors: (N, C) log-probabilities at a glance.
        answers: (N,) what the language model answers.

    Returns:
        The threshold, or None if there is none at which they agree often enough.
    """
    best = posteriors.max(dim=-1)
    certainty, order = best.values.exp().sort(descending=True)
    agree = (best.indices == answers)[order].double()
    share = agree.cumsum(0) / torch.arange(1, len(agree) + 1, device=agree.device)
    # Clips of equal certainty are above the threshold together.
    last = torch.ones_like(certainty, dtype=torch.bool)
    last[:-1] = certainty[:-1] > certainty[1:]
    enough = ((share >= AGREEMENT) & last).nonzero()
    return float(certainty[enough[-1]]) if len(enough) else None
