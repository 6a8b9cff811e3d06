"""Pictures as inline SVG: the confusion matrix and the reliability plot.

Colours are the CSS classes of the page that they stand in, so they follow its light or dark theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
from numpy.typing import NDArray

from llm_ar.evaluation.metrics import Calibration

_LONGEST_NAME = 26


def confusion_matrix(counts: NDArray[np.int64], labels: Sequence[str]) -> str:
    """SVG of counts (C, C), rows = true class; the ink is the share of the row.

    Each cell says its count in words when pointed at, and in figures while there is room.
    """
    classes = len(labels)
    cell = max(12.0, min(36.0, 720 / classes))
    margin = 10 + 7.2 * min(_LONGEST_NAME, max(len(label) for label in labels))
    side = cell * classes
    width, height = margin + side + margin * 0.7, margin * 0.74 + side + 8
    svg = _svg(width, height, "Confusion matrix: true action by row, answer by column")
    top = margin * 0.74
    SubElement(svg, "rect", _box(margin, top, side, side) | {"class": "ground"})
    clips = counts.sum(axis=1)
    for row, label in enumerate(labels):
        middle = top + (row + 0.5) * cell
        _text(svg, label, margin - 8, middle + 4, "end")
        column = margin + (row + 0.5) * cell
        turned = _text(svg, label, 0, 0, "start")
        turned.set("transform", f"translate({column + 2:.1f} {top - 8:.1f}) rotate(-45)")
        for answer in np.flatnonzero(counts[row]).tolist():
            share = counts[row, answer] / clips[row]
            kind = "right" if answer == row else "wrong"
            group = SubElement(svg, "g")
            title = SubElement(group, "title")
            told = f"{label} → {labels[answer]}: {counts[row, answer]} of {clips[row]}"
            title.text = _printable(told)
            place = _box(margin + answer * cell + 0.75, top + row * cell + 0.75, cell - 1.5)
            ink = {"class": kind, "fill-opacity": f"{0.12 + 0.88 * share:.3f}", "rx": "2"}
            SubElement(group, "rect", place | ink)
            if cell >= 18:
                number = _text(
                    group,
                    str(counts[row, answer]),
                    margin + (answer + 0.5) * cell,
                    middle + 4,
                    "middle",
                )
                number.set("class", "on-ink" if share > 0.45 else "figure")
    return tostring(svg, encoding="unicode")


def reliability(calibration: Calibration) -> str:
    """SVG of accuracy against confidence; honest probabilities lie on the diagonal.

    Each bar is a bin, with the number of its clips at its foot and a dot at their mean confidence.
    """
    side, left, top = 300.0, 48.0, 12.0
    svg = _svg(left + side + 12, top + side + 44, "Reliability: accuracy by confidence")
    SubElement(svg, "rect", _box(left, top, side, side) | {"class": "ground"})
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        offset = tick * side
        _text(svg, f"{100 * tick:.0f}", left - 8, top + side - offset + 4, "end")
        _text(svg, f"{100 * tick:.0f}", left + offset, top + side + 18, "middle")
    for row in calibration.bins:
        if not row.clips:
            continue
        height = max(1.0, row.accuracy * side)
        group = SubElement(svg, "g")
        title = SubElement(group, "title")
        title.text = (
            f"{row.clips} clips with confidence {100 * row.lower:.0f}-{100 * row.upper:.0f} %: "
            f"{100 * row.confidence:.1f} % sure on average, {100 * row.accuracy:.1f} % right"
        )
        place = _box(
            left + row.lower * side + 1,
            top + side - height,
            (row.upper - row.lower) * side - 2,
            height,
        )
        SubElement(group, "rect", place | {"class": "right", "fill-opacity": "0.5", "rx": "2"})
        middle = left + (row.lower + row.upper) / 2 * side
        _text(group, str(row.clips), middle, top + side - 6, "middle").set("class", "figure")
        dot = {"cx": f"{left + row.confidence * side:.1f}", "cy": f"{top + side - height:.1f}"}
        SubElement(group, "circle", dot | {"r": "3.5", "class": "dot"})
    line = {"x1": f"{left}", "y1": f"{top + side}", "x2": f"{left + side}", "y2": f"{top}"}
    SubElement(svg, "line", line | {"class": "diagonal"})
    _text(svg, "confidence, %", left + side / 2, top + side + 38, "middle")
    upright = _text(svg, "right, %", 0, 0, "middle")
    upright.set("transform", f"translate(13 {top + side / 2}) rotate(-90)")
    return tostring(svg, encoding="unicode")


def _svg(width: float, height: float, title: str) -> Element:
    size = {"viewBox": f"0 0 {width:.0f} {height:.0f}", "width": f"{width:.0f}"}
    return Element("svg", size | {"role": "img", "aria-label": title, "class": "picture"})


def _box(x: float, y: float, width: float, height: float | None = None) -> dict[str, str]:
    sides = {"x": x, "y": y, "width": width, "height": width if height is None else height}
    return {name: f"{value:.2f}" for name, value in sides.items()}


def _text(parent: Element, words: str, x: float, y: float, anchor: str) -> Element:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    element = SubElement(parent, "text", place)
    shown = words if len(words) <= _LONGEST_NAME else words[: _LONGEST_NAME - 1] + "…"
    element.text = _printable(shown)
    return element


def _printable(words: str) -> str:
    """Without control characters, which XML cannot hold."""
    return "".join(letter if letter.isprintable() else " " for letter in words)
