"""The recognition loop: read the clips, encode them, score the names, rank the answers.

An answer policy decides which names are scored and how their scores become probabilities: the
candidates alone (:class:`CandidatePolicy`), with synonyms
(`llm_ar.recognizer.zero_shot.synonyms`), or by ConSE (`llm_ar.recognizer.zero_shot.conse`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import Tensor

from llm_ar.config import RepairConfig
from llm_ar.errors import ConfigError
from llm_ar.recognizer.scoring import Ranking, Scorer
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers import as_clip
from llm_ar.tokenizer.model import ActionTokenizer

BATCH = 16
"""Clips encoded and scored in one batch."""


@dataclass(frozen=True)
class Answer:
    """A candidate name and its probability among the candidates."""

    action: str
    probability: float


@dataclass(frozen=True)
class Recognition:
    """The result for one clip: the best answers in descending order and the action sentence."""

    file: str
    top: list[Answer]
    sentence: list[int]
    early_exit: bool = False
    """Whether the token classifier answered, without the language model."""


class AnswerPolicy(Protocol):
    """Ranks answer names after action sentences.

    Attributes:
        names: the C names that can be answered.
    """

    @property
    def names(self) -> Sequence[str]:
        """See the class."""

    def rank(self, tokens: Tensor, top_k: int) -> Ranking:
        """The ``top_k`` most probable of the names after sentences (B, W); k is at most C."""


@dataclass(frozen=True)
class CandidatePolicy:
    """The candidates are the answers.

    Args:
        scorer: how they are scored.
        names: the C candidates, distinct and without surrounding spaces.
    """

    scorer: Scorer
    names: tuple[str, ...]

    def rank(self, tokens: Tensor, top_k: int) -> Ranking:
        """See `AnswerPolicy`."""
        return self.scorer.rank(tokens, self.names, top_k)


def recognize(
    tokenizer: ActionTokenizer,
    repair: RepairConfig,
    clips: Sequence[Clip | str | Path],
    policy: AnswerPolicy,
    top_k: int,
) -> list[Recognition]:
    """Name the action in each clip.

    Args:
        tokenizer: makes action sentences of clips.
        repair: the rules by which raw tracks in files become people.
        clips: clips, or files in a known format.
        policy: ranks the answers.
        top_k: number of answers for each clip, at most.

    Raises:
        ClipError: if a file cannot be read.
        LayoutError: if a clip's layout cannot be mapped to the tokenizer's.
        ConfigError: if ``top_k`` is below 1.
    """
    if top_k < 1:
        raise ConfigError(f"top_k: {top_k} is not a number of answers; give at least 1.")
    found: list[Recognition] = []
    for start in range(0, len(clips), BATCH):
        sources = clips[start : start + BATCH]
        read = [as_clip(clip, repair) for clip in sources]
        tokens = tokenizer.encode_clips(read)
        ranking = policy.rank(tokens, top_k)
        found += [
            Recognition(
                file=source.source if isinstance(source, Clip) else str(source),
                top=[
                    Answer(policy.names[index], probability)
                    for index, probability in zip(indices, probabilities, strict=True)
                ],
                sentence=sentence,
                early_exit=nodes == 0,
            )
            for source, indices, probabilities, nodes, sentence in zip(
                sources,
                ranking.indices.tolist(),
                ranking.probabilities.tolist(),
                ranking.nodes.tolist(),
                tokens.tolist(),
                strict=True,
            )
        ]
    return found
