"""Candidate names widened by their synonyms, whose likelihoods count for the name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.recognition import Recognition, check_top_k, ranked
from llm_ar.recognizer.zero_shot.descriptions import Descriptions, built_in, same_name
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers import as_clip


@dataclass(frozen=True)
class SynonymExpansion:
    """Names and, behind them, their synonyms: what is scored and what it is folded back to."""

    names: tuple[str, ...]
    """The C names asked for."""
    candidates: tuple[str, ...]
    """The N candidates: the names in their order, then the synonyms."""
    owners: tuple[int, ...]
    """For each candidate the name it counts for."""

    def fold(self, log_likelihoods: Tensor) -> Tensor:
        """Log-likelihood that the answer is a name or one of its synonyms.

        log sum over a name's candidates of p(candidate).

        Args:
            log_likelihoods: (B, N), of the candidates.

        Returns:
            (B, C), of the names.
        """
        owners = torch.tensor(self.owners, device=log_likelihoods.device)
        columns = [log_likelihoods[:, owners == name] for name in range(len(self.names))]
        return torch.stack([column.logsumexp(1) for column in columns], dim=1)


def widen(names: Sequence[str], known: Descriptions | None = None) -> SynonymExpansion:
    """The names with the synonyms that tell them apart.

    A synonym that is a candidate itself, or belongs to several of the names, is left out.

    Args:
        names: the candidates, all different.
        known: where synonyms are looked up; the built-in descriptions by default.
    """
    known = built_in() if known is None else known
    asked = {same_name(name) for name in names}
    found = [known.find(name) for name in names]
    others = [
        (owner, other)
        for owner, entry in enumerate(found)
        for other in (entry.names if entry else ())
        if same_name(other) not in asked
    ]
    claims = Counter(same_name(other) for _, other in others)
    kept = [(owner, other) for owner, other in others if claims[same_name(other)] == 1]
    return SynonymExpansion(
        tuple(names),
        (*names, *(other for _, other in kept)),
        (*range(len(names)), *(owner for owner, _ in kept)),
    )


def recognize_with_synonyms(
    model: ActionRecognizer,
    clips: Sequence[Clip | str | Path],
    labels: Sequence[str] | None,
    top_k: int,
    known: Descriptions | None = None,
) -> list[Recognition]:
    """As ``model.recognize``, with the names' synonyms as candidates that count for the names.

    Every candidate is scored, so that this takes longer than without synonyms.

    Args:
        model: who answers.
        clips: clips, or files in a known format.
        labels: candidate names; the names of the training by default.
        top_k: how many answers to give, at most.
        known: where synonyms are looked up; the built-in descriptions by default.

    Raises:
        ClipError: if a file cannot be read.
        LayoutError: if a clip's layout cannot be mapped to the model's.
        ConfigError: if the labels are empty or not distinct, or ``top_k`` is below 1.
    """
    check_top_k(top_k)
    widened = widen(model.labels if labels is None else labels, known)
    read = [as_clip(clip, model.repair) for clip in clips]
    tokens = model.tokenizer.encode_clips(read)
    with torch.inference_mode():
        folded = widened.fold(model.log_likelihoods(tokens, widened.candidates))
    answers = ranked(widened.names, folded.softmax(-1), top_k)
    return [
        Recognition(clip.source, top, sentence)
        for clip, top, sentence in zip(read, answers, tokens.tolist(), strict=True)
    ]
