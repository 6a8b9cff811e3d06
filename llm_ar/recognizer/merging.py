"""Windows' scores become segments: averaged over time, then the likeliest sequence (Viterbi).

Time is divided into cells. The score of an action in a cell is the mean of its probabilities in all
windows over the cell; "nothing known" has a constant score. The sequence of the greatest sum is
taken, where each change costs as much as `SWITCH` cells of certainty: a short rival does not break
an action up. Settings were chosen on recordings made of training clips (docs/timeline.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm_ar.skeletons.windows import Window

CELL = 0.1
"""Seconds of a cell."""
NOTHING = 0.25
"""Score of "nothing known": an action below it on average is left out."""
SWITCH = 0.4
"""What a change costs."""


@dataclass(frozen=True)
class Segment:
    """A stretch of time with one action.

    Args:
        start: in seconds.
        end: in seconds, after the start.
        action: its name; None where nothing known happens.
        probability: the action's mean over the windows at its clearest moment; None without one.
    """

    start: float
    end: float
    action: str | None
    probability: float | None = None


def merge(
    windows: Sequence[Window],
    probabilities: NDArray[np.float64],
    seconds: float,
    names: Sequence[str],
    nothing: float = NOTHING,
    switch: float = SWITCH,
) -> list[Segment]:
    """Segments in order, without gaps or overlaps, from 0 to the recording's end.

    Args:
        windows: N stretches of time.
        probabilities: (N, C) of the names in each; zeros where nothing known was seen.
        seconds: that the recording lasts.
        names: the C names.
        nothing: score of "nothing known".
        switch: what a change costs.
    """
    scores = cell_scores(windows, probabilities, seconds)
    edges = np.minimum(np.arange(len(scores) + 1) * CELL, seconds)
    edges[-1] = seconds
    path = viterbi(np.pad(scores, ((0, 0), (0, 1)), constant_values=nothing), switch)
    found = []
    first = 0
    for cell in range(1, len(path) + 1):
        if cell < len(path) and path[cell] == path[first]:
            continue
        place = int(path[first])
        start, end = float(edges[first]), float(edges[cell])
        if place == len(names):
            found.append(Segment(start, end, None))
        else:
            clearest = float(scores[first:cell, place].max())
            found.append(Segment(start, end, names[place], clearest))
        first = cell
    return found


def cell_scores(
    windows: Sequence[Window], probabilities: NDArray[np.float64], seconds: float
) -> NDArray[np.float64]:
    """(K, C) mean probabilities over the windows that contain each cell's middle; 0 without one."""
    cells = max(1, int(np.ceil(seconds / CELL - 1e-6)))
    middles = (np.arange(cells) + 0.5) * CELL
    sums = np.zeros((cells, probabilities.shape[1]))
    counts = np.zeros(cells)
    for window, row in zip(windows, probabilities, strict=True):
        inside = slice(*np.searchsorted(middles, (window.start - 1e-9, window.end - 1e-9)))
        sums[inside] += row
        counts[inside] += 1
    return sums / np.maximum(counts, 1)[:, None]


def viterbi(scores: NDArray[np.float64], switch: float) -> NDArray[np.int64]:
    """The path (K,) through states (K, S) of the greatest sum, each change costing ``switch``."""
    cells, states = scores.shape
    best = scores[0].copy()
    came_from = np.zeros((cells, states), dtype=np.int64)
    stay = np.arange(states)
    for cell in range(1, cells):
        leader = int(best.argmax())
        changed = best[leader] - switch
        came_from[cell] = np.where(best >= changed, stay, leader)
        best = np.maximum(best, changed) + scores[cell]
    path = np.empty(cells, dtype=np.int64)
    path[-1] = int(best.argmax())
    for cell in range(cells - 1, 0, -1):
        path[cell - 1] = came_from[cell, path[cell]]
    return path
