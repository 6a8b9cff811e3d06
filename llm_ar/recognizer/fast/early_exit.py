"""Early exit: a classifier on the tokens answers clips of which it is confident, without the LLM.

Every action token has a logit for each trained name; a sentence's logits are their sum. The
confidence from which on that answer is taken is calibrated on training clips, by agreement with the
LLM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from llm_ar.recognizer.scoring import Ranking, Scorer

AGREEMENT = 0.999
"""Share of the clips above the threshold on which the LLM gives the same answer."""


@dataclass(frozen=True)
class EarlyExit:
    """The token classifier and its confidence threshold.

    Args:
        votes: (U, C) float32, logits of the trained names for each action token.
        threshold: the probability of the best name from which on it is the answer.
    """

    votes: Tensor
    threshold: float

    def log_posteriors(self, tokens: Tensor) -> Tensor:
        """Log-probabilities (B, C) of the trained names for sentences (B, W)."""
        return log_posteriors(self.votes, tokens)

    def is_confident(self, tokens: Tensor) -> Tensor:
        """(B,) bool: whether the classifier alone answers for sentences (B, W)."""
        best = self.log_posteriors(tokens).max(dim=-1).values
        return best.exp() >= self.threshold


class EarlyExitScorer:
    """Ranks by the token classifier where it is confident, else by another scorer (see `Scorer`).

    Args:
        early_exit: the token classifier; its names are the candidates.
        fallback: the scorer of the other sentences.
    """

    def __init__(self, early_exit: EarlyExit, fallback: Scorer) -> None:
        self._early_exit, self._fallback = early_exit, fallback

    def rank(self, tokens: Tensor, names: tuple[str, ...], top_k: int) -> Ranking:
        """See `Scorer`; the names must be the trained ones, in their order."""
        posteriors = self._early_exit.log_posteriors(tokens)
        ranking = Ranking.from_scores(posteriors, top_k, early_exit=True)
        unsure = ~self._early_exit.is_confident(tokens).cpu()
        if unsure.any():
            ranking.replace(unsure, self._fallback.rank(tokens.cpu()[unsure], names, top_k))
        return ranking


def log_posteriors(votes: Tensor, tokens: Tensor) -> Tensor:
    """Log-probabilities (B, C) of the names for sentences (B, W), from votes (U, C)."""
    return votes[tokens.to(votes.device)].sum(dim=1).log_softmax(dim=-1)


def restrict_to(names: Sequence[str], trained: Sequence[str], posteriors: Tensor) -> Tensor | None:
    """Log-probabilities (B, N) of some names, from those (B, C) of the trained names.

    Names that were not trained get minus infinity; None if none of them was.
    """
    places = {name: place for place, name in enumerate(trained)}
    columns = [places.get(name, len(places)) for name in names]
    if all(column == len(places) for column in columns):
        return None
    unknown = posteriors.new_full((len(posteriors), 1), -torch.inf)
    return torch.cat([posteriors, unknown], dim=1)[:, columns].log_softmax(dim=-1)


def votes_from_name_head(token_text_embeddings: Tensor, targets: Tensor, words: int) -> Tensor:
    """Votes (U, C) whose sum over a sentence is the logits of the tokenizer's name head.

    Args:
        token_text_embeddings: (U, width) of the tokenizer.
        targets: (C, width) of the names it was trained with (see `name_targets`).
        words: W, tokens in a sentence; the votes are divided by it.
    """
    texts = token_text_embeddings.float()
    return texts @ targets.to(texts).T / words


def calibrate(posteriors: Tensor, answers: Tensor) -> float | None:
    """The smallest confidence from which on token classifier and LLM agree.

    Args:
        posteriors: (N, C) log-probabilities by the token classifier.
        answers: (N,) the LLM's answers.

    Returns:
        The threshold, or None if there is none at which they agree often enough.
    """
    best = posteriors.max(dim=-1)
    confidence, order = best.values.exp().sort(descending=True)
    agree = (best.indices == answers)[order].double()
    share = agree.cumsum(0) / torch.arange(1, len(agree) + 1, device=agree.device)
    # A threshold lies between two different confidences, so clips of equal ones go together.
    last = torch.ones_like(confidence, dtype=torch.bool)
    last[:-1] = confidence[:-1] > confidence[1:]
    enough = ((share >= AGREEMENT) & last).nonzero()
    return float(confidence[enough[-1]]) if len(enough) else None
