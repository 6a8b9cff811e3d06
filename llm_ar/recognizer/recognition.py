"""What is said of one clip: the best names, and the sentence that they were read in."""

from __future__ import annotations

from dataclasses import dataclass


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
