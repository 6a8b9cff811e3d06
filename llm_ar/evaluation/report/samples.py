"""Test clips worth looking at: what was recorded, what its tokens say, and what was answered."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from llm_ar.evaluation.evaluate import Evaluation
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import Layout
from llm_ar.skeletons.store import ClipStore

TOP = 5


def choose(evaluation: Evaluation, right: int = 6, wrong: int = 2) -> list[int]:
    """Positions in the evaluation: right answers of different classes, then the surest mistakes.

    The right ones are those nearest to their class's median confidence, so that they are typical.
    """
    confidence = evaluation.probabilities.max(axis=1)
    correct = evaluation.answers == evaluation.truth
    typical = []
    for label in np.unique(evaluation.truth[correct]):
        mine = np.flatnonzero(correct & (evaluation.truth == label))
        middle = np.median(confidence[mine])
        typical.append(int(mine[np.abs(confidence[mine] - middle).argmin()]))
    step = max(1, len(typical) // right)
    mistakes = sorted(np.flatnonzero(~correct), key=lambda position: -confidence[position])
    return typical[::step][:right] + [int(position) for position in mistakes[:wrong]]


def describe(
    evaluation: Evaluation, position: int, model: ActionRecognizer, store: ClipStore
) -> dict[str, Any]:
    """One test clip as JSON values for the page."""
    clip = store[int(evaluation.indices[position])]
    probabilities = evaluation.probabilities[position]
    best = np.argsort(-probabilities, kind="stable")[:TOP]
    return {
        "name": clip.name,
        "truth": evaluation.labels[evaluation.truth[position]],
        "right": bool(evaluation.answers[position] == evaluation.truth[position]),
        "top": [
            {"action": evaluation.labels[index], "probability": float(probabilities[index])}
            for index in best
        ],
        **retold(clip, evaluation.sentences[position].tolist(), model),
    }


@torch.inference_mode()
def retold(clip: Clip, sentence: list[int], model: ActionRecognizer) -> dict[str, Any]:
    """A clip as recorded and as decoded from its sentence, for ``animation.js``.

    ``recorded`` and ``decoded`` are frames of (M J 3) whole numbers, in hundredths of the body's
    size; ``seconds`` is the clip's real duration, ``steps`` the number of tokens that share it.
    """
    joints, present = model.tokenizer.prepare_clips([clip])
    tokens = torch.tensor([sentence], device=joints.device)
    return {
        "sentence": sentence,
        "steps": model.tokenizer.steps,
        "seconds": round(clip.frames / clip.fps, 2),
        "people": int(present[0].any(dim=-1).any(dim=0).sum()),
        "recorded": _whole_numbers(joints),
        "decoded": _whole_numbers(model.tokenizer.decode(tokens)),
    }


def motion(layout: Layout, shown: list[dict[str, Any]]) -> dict[str, Any]:
    """All that ``animation.js`` needs to play the clips in ``shown``."""
    return {"bones": layout.bones(), "joints": len(layout.joints), "samples": shown}


def _whole_numbers(joints: torch.Tensor) -> list[list[int]]:
    rounded: list[list[int]] = (joints[0] * 100).round().int().flatten(1).tolist()
    return rounded
