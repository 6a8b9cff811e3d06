"""Pictures of an evaluation: the confusion matrix and the reliability plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from numpy.typing import NDArray

from llm_ar.evaluation.metrics import Calibration
from llm_ar.evaluation.report.picture import POINTS, THEME, Picture, settings, shortened

_LONGEST_NAME = 26
_RIGHT, _WRONG, _WHITE = "#2a66d2", "#c9501f", "#fffffe"
"""Of cells and of the figures on them, in either theme."""
_WHITE_FROM = 0.7
"""Share of a row from which its cell's figure is white."""


def confusion_matrix(counts: NDArray[np.int64], labels: Sequence[str]) -> Picture:
    """Counts (C, C), rows = true class; the ink is the share of the row.

    Each cell says its count in words when pointed at, and in figures while there is room.
    """
    classes = len(labels)
    cell = max(12.0, min(36.0, 720 / classes))
    shown = [shortened(label, _LONGEST_NAME) for label in labels]
    titles = {}
    clips = counts.sum(axis=1)
    with settings(*shown):
        figure, axes = _square(cell * classes)
        axes.set(xlim=(0, classes), ylim=(classes, 0), xlabel="answer", ylabel="true action")
        axes.xaxis.labelpad = axes.yaxis.labelpad = 8
        middles = np.arange(classes) + 0.5
        axes.set_yticks(middles, shown)
        axes.set_xticks(middles, shown, rotation=45, ha="left", rotation_mode="anchor")
        axes.tick_params(labeltop=True, labelbottom=False)
        axes.xaxis.set_label_position("bottom")
        for row, answer in np.argwhere(counts).tolist():
            count, share = counts[row, answer], counts[row, answer] / clips[row]
            name = f"cell-{row}-{answer}"
            ink = _RIGHT if row == answer else _WRONG
            at, side = (answer + 0.75 / cell, row + 0.75 / cell), 1 - 1.5 / cell
            box = Rectangle(at, side, side, facecolor=ink, alpha=0.12 + 0.88 * share, gid=name)
            axes.add_patch(box)
            titles[name] = f"{labels[row]} → {labels[answer]}: {count} of {clips[row]}"
            if cell >= 18:
                color = _WHITE if share >= _WHITE_FROM else THEME["ink"]
                _figure(axes, answer + 0.5, row + 0.5, str(count), color)
        _unclip(axes)
    alt = "Confusion matrix: true action by row, answer by column"
    return Picture(figure, alt, titles, shown)


def reliability(calibration: Calibration) -> Picture:
    """Accuracy against confidence, in percent; honest probabilities lie on the diagonal.

    Each bar is a bin, with the number of its clips at its foot and a dot at their mean confidence.
    """
    titles = {}
    with settings():
        figure, axes = _square(300)
        axes.set(xlim=(0, 100), ylim=(0, 100), xlabel="confidence, %", ylabel="right, %")
        axes.set_xticks(range(0, 101, 25))
        axes.set_yticks(range(0, 101, 25))
        for number, row in enumerate(calibration.bins):
            if not row.clips:
                continue
            lower, upper, right = 100 * row.lower, 100 * row.upper, 100 * row.accuracy
            name = f"bin-{number}"
            bar = Rectangle((lower + 0.4, 0), upper - lower - 0.8, max(0.4, right), gid=name)
            bar.set(facecolor=THEME["right"], alpha=0.5)
            axes.add_patch(bar)
            dot = Circle((100 * row.confidence, right), 1.2, facecolor=THEME["ink"], zorder=3)
            axes.add_artist(dot)
            _figure(axes, (lower + upper) / 2, 4, str(row.clips), THEME["ink"])
            titles[name] = (
                f"{row.clips} clips with confidence {lower:.0f}-{upper:.0f} %: "
                f"{100 * row.confidence:.1f} % sure on average, {right:.1f} % right"
            )
        axes.plot([0, 100], [0, 100], color=THEME["faint"], linewidth=1, dashes=(5, 5))
        _unclip(axes)
    return Picture(figure, "Reliability: accuracy by confidence", titles)


def _square(side: float) -> tuple[Figure, Axes]:
    """A figure that is all axes, of so many points; labels stand outside it."""
    figure = Figure(figsize=(side / POINTS, side / POINTS))
    axes = figure.add_axes((0, 0, 1, 1), facecolor=THEME["card"])
    axes.spines[:].set_color(THEME["line"])
    axes.tick_params(left=False, bottom=False, pad=6, labelcolor=THEME["faint"])
    axes.xaxis.label.set_color(THEME["faint"])
    axes.yaxis.label.set_color(THEME["faint"])
    return figure, axes


def _unclip(axes: Axes) -> None:
    """Nothing reaches out of the axes; so nothing in the SVG has to refer to their outline."""
    for artist in axes.get_children():
        artist.set_clip_on(False)


def _figure(axes: Axes, x: float, y: float, words: str, color: str) -> None:
    weight = "bold" if color == _WHITE else "normal"
    axes.text(x, y, words, color=color, ha="center", va="center_baseline", weight=weight)
