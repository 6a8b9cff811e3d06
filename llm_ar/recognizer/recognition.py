"""What is said of one clip: the best names, and the sentence that they were read in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from llm_ar.errors import ConfigError


@dataclass(frozen=True)
class Answer:
    """A candidate name and its probability among the candidates."""

    action: str
    probability: float


@dataclass(frozen=True)
class Recognition:
    """What was recognised in one clip: the best answers, best first, and the action sentence."""

    file: str
    top: list[Answer]
    sentence: list[int]
    glance: bool = False
    """Whether the fast path answered, without the language model."""


def check_top_k(top_k: int) -> None:
    """Refuse a number of answers below 1.

    Raises:
        ConfigError: if it is.
    """
    if top_k < 1:
        raise ConfigError(f"top_k: {top_k} answers make no sense; ask for at least 1.")


def ranked(names: Sequence[str], probabilities: Tensor, top_k: int) -> list[list[Answer]]:
    """The best answers of each clip, best first.

    Args:
        names: the N candidates.
        probabilities: (B, N).
        top_k: how many answers, at most.
    """
    best = probabilities.topk(min(top_k, len(names)))
    return [
        [Answer(names[place], value) for place, value in zip(places, values, strict=True)]
        for places, values in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
