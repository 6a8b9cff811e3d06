"""Epochs of the preset ``small-set``: by the number of clips, so that small sets are quick.

Both stages see a number of clips, repetitions counted, that does not depend on the dataset's size.
Stage 1 sees 32,000: on UTD-MHAD 270 clips reached 95.8 % top-1 with 32,400 and 135 clips 93.3 %
with 27,000. Stage 2 sees 500, in small batches: it begins from names that stage 1 has learned. With
297 clips this reaches 94.7 ± 0.9 in three seeds, the preset `ours` 91.4 ± 1.5 (docs/own-data.md).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from llm_ar.config import RunConfig

SMALL_SET = "small-set"
"""The preset's name."""

LARGEST = 2000
"""Training clips above which the fewest epochs see more than this plan says."""

_SEEN = {"tokenizer": 32_000, "recognizer": 500}
"""Clips that a stage sees, repetitions counted."""
_EPOCHS = {"tokenizer": (16, 400), "recognizer": (2, 30)}
"""Fewest and most epochs of a stage."""


def epochs_for(stage: str, clips: int) -> int:
    """Epochs of a stage.

    Args:
        stage: "tokenizer" or "recognizer".
        clips: training clips, at least one.
    """
    fewest, most = _EPOCHS[stage]
    return min(max(round(_SEEN[stage] / clips), fewest), most)


def fitted(settings: RunConfig, clips: int, stated: Collection[str]) -> RunConfig:
    """The settings with the epochs for so many clips.

    Args:
        settings: of the run, with the preset.
        clips: training clips.
        stated: dotted names of the settings that the user states, which stay.
    """
    for stage in _EPOCHS:
        if f"{stage}.optim.epochs" in stated:
            continue
        part = getattr(settings, stage)
        optim = replace(part.optim, epochs=epochs_for(stage, clips))
        settings = replace(settings, **{stage: replace(part, optim=optim)})
    return settings
