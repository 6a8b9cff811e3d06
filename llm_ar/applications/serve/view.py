"""A recording as the page draws it: joints in body sizes, facing the viewer, and bones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layout import Layout
from llm_ar.skeletons.preprocess import preprocess_clip, shown
from llm_ar.tokenizer.model import ActionTokenizer

MOST_FRAMES = 900
MOST_PEOPLE = 4


def skeleton_of(layout: Layout) -> dict[str, Any]:
    """Joints, parents and body parts of a layout."""
    parts = {joint: part for part, joints in layout.parts.items() for joint in joints}
    return {
        "layout": layout.name,
        "joints": list(layout.joints),
        "parents": list(layout.parents),
        "parts": [parts.get(joint, "torso") for joint in range(len(layout.joints))],
    }


def movement_of(clip: Clip, tokenizer: ActionTokenizer) -> dict[str, Any]:
    """A clip's skeleton, frame by frame, with gaps filled.

    Args:
        clip: in its own layout, with people for tracks.
        tokenizer: whose view of the clip it is.
    """
    # Own proportions: standard bones are known for the one layout that such a model reads.
    people = min(clip.people, MOST_PEOPLE)
    preprocess = replace(tokenizer.preprocess, people=people, standard_bones=False)
    order, frames = shown(clip, preprocess)
    count = min(len(frames), MOST_FRAMES)
    joints, present = preprocess_clip(clip, preprocess, moments=count)
    drawn = int(present.any(axis=(0, 2)).sum())
    seen = np.flatnonzero(clip.present[:, order].any(axis=(0, 2)))[: max(1, drawn)]
    seconds = max(1, len(frames) - 1) / clip.fps
    return {
        "skeleton": skeleton_of(clip.layout),
        "start": round(frames.start / clip.fps, 4),
        "fps": round(max(1, count - 1) / seconds, 4),
        "joints": joints[:, seen].round(3).tolist(),
        "dimensions": clip.dimensions,
    }


def spans_of(spans: Sequence[tuple[tuple[float, float], tuple[int, int]]]) -> list[list[float]]:
    """The seconds of each token, rounded."""
    return [[round(begin, 3), round(end, 3)] for (begin, end), _ in spans]
