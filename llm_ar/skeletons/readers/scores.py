"""Whether the third number of a joint is its depth or the estimator's confidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import finite

_PIXELS = 10.0
"""Coordinates spread over more than this many units, beside a third of 0..1, are pixels."""


def third_is_score(
    path: Path,
    positions: NDArray[np.float64],
    stated: str | None = None,
) -> bool:
    """Whether the last of three coordinates is a score.

    A third number within 0..1 beside x and y in pixels is a score. Beside x and y within 0..1 it
    is one if it is high and jumps from frame to frame, and a depth if it is low.

    Args:
        path: the file, for messages.
        positions: ``(T, M, V, 3)``, NaN where missing.
        stated: the user's ``--axes``, which may end in ``:xys`` or ``:xyz``.

    Raises:
        ClipError: both are possible.
    """
    coordinates = (stated or "").partition(":")[2]
    if coordinates:
        return coordinates == "xys"
    seen = finite(positions) & (positions != 0).any(axis=-1)
    shown = positions[seen]
    if not len(shown) or shown[:, 2].min() < 0 or shown[:, 2].max() > 1 or not shown[:, 2].any():
        return False
    spread = np.ptp(shown[:, :2], axis=0).max()
    if spread > _PIXELS:
        return True
    if shown[:, :2].min() < -0.5 or shown[:, :2].max() > 1.5:
        return False
    return _normalized(path, positions, seen)


def _normalized(path: Path, positions: NDArray[np.float64], seen: NDArray[np.bool_]) -> bool:
    """Whether the third number beside x and y within the image is a score."""
    person = int(seen.sum(axis=(0, 2)).argmax())
    both = seen[1:, person] & seen[:-1, person]
    third = positions[:, person, :, 2]
    jump = float(np.median(np.abs(np.diff(third, axis=0))[both])) if both.any() else 0.0
    spread = float(np.ptp(third[seen[:, person]]))
    high = float(np.median(third[seen[:, person]]))
    if spread < 1e-6 or (high > 0.5 and jump > 0.02 * spread):
        return True
    if high < 0.3:
        return False
    raise ClipError(
        path,
        "has a third number a joint within 0..1 beside x and y within 0..1, which may be a score "
        "or a depth; say which with --axes TVC:xys (score) or --axes TVC:xyz (depth), with the "
        "array's axes in front of the colon",
    )
