"""Whether a whole data set's axes are a mirror image, by all of its clips together.

One clip shows it only where toes or bent knees are seen; most do not. Recordings of one data set
have the same axes, so that the clips that show it decide for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from llm_ar.errors import LlmArError
from llm_ar.skeletons.orientation import forward
from llm_ar.skeletons.prepare.checks import Finding
from llm_ar.skeletons.prepare.recordings import Recording
from llm_ar.skeletons.read_options import ReadOptions
from llm_ar.skeletons.readers import FIXED_AXES, format_of, read_clip

MOST_CLIPS = 1000
"""Clips that are asked, evenly over the data set."""
AGREEING = 0.9
"""Share of the clips that tell which have to say the same."""


def settle(
    recordings: Sequence[Recording | LlmArError], options: ReadOptions, *, stateable: bool = True
) -> tuple[ReadOptions, tuple[Finding, ...]]:
    """The options with ``mirror`` settled for the data set, and what to say of it.

    Nothing is settled where the user states it, the formats define their axes, or no clip shows it.

    Args:
        recordings: of one data set, in any format.
        options: what the user states.
        stateable: whether the user may state it of this data set.
    """
    if options.mirror is not None:
        return options, ()
    # Pieces of one file have its axes.
    files = {item.path: item for item in recordings if isinstance(item, Recording)}
    chosen = [item for item in files.values() if item.read is read_clip]
    if len(chosen) > MOST_CLIPS:
        places = np.linspace(0, len(chosen) - 1, MOST_CLIPS).astype(int)
        chosen = [chosen[place] for place in places]
    said = [found for item in chosen if (found := _shown(item, options)) is not None]
    mirrored, asked = sum(said), len(chosen)
    if not mirrored:
        return (replace(options, mirror=False) if said else options), ()
    if mirrored >= AGREEING * len(said):
        sentence = (
            f"the axes are a mirror image: in {mirrored} of the {len(said)} clips that tell (of "
            f"{asked}) toes or bent knees point backward; x is turned over in all clips"
            f"{', --no-mirror leaves it' if stateable else ''}"
        )
        return replace(options, mirror=True), (Finding("mirrored", sentence, mirrored),)
    if mirrored <= (1 - AGREEING) * len(said):
        return replace(options, mirror=False), ()
    sentence = (
        f"{mirrored} of the {len(said)} clips that tell (of {asked}) have mirrored axes, the "
        "others not, and each is turned by itself"
        f"{'; state --mirror or --no-mirror, or prepare them apart' if stateable else ''}"
    )
    return options, (Finding("mirrored", sentence, mirrored),)


def is_open(recording: Recording) -> bool:
    """Whether the recording's format leaves its axes open."""
    try:
        return format_of(recording.path) not in FIXED_AXES
    except LlmArError:
        return False


def _shown(recording: Recording, options: ReadOptions) -> bool | None:
    """Whether a clip's axes are mirrored; None where it does not tell or cannot be read."""
    if not is_open(recording):
        return None
    try:
        clip = read_clip(recording.path, replace(options, mirror=False))
    except LlmArError:
        return None
    return None if clip.dimensions == 2 else forward(clip).mirrored
