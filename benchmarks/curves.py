"""Curves of cost over size as one picture: a panel each, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

PANEL, COLUMNS, SCALE = (330, 290), 4, 2
_MARGIN = (52, 54, 18, 46)
"""Left, top, right, bottom of a panel's axes."""
_INK, _PALE, _LINE, _THEORY = "#1f2933", "#d5dbe1", "#1769aa", "#c2571a"


def draw(curves: Sequence[dict[str, Any]]) -> Image.Image:
    """All panels; dots are measured, the broken line has the theory's slope through the last."""
    rows = math.ceil(len(curves) / COLUMNS)
    width, height = PANEL[0] * COLUMNS, PANEL[1] * rows
    picture = Image.new("RGB", (width * SCALE, height * SCALE), "white")
    for place, curve in enumerate(curves):
        row, column = divmod(place, COLUMNS)
        _panel(ImageDraw.Draw(picture), column * PANEL[0], row * PANEL[1], curve)
    return picture


def _panel(pen: ImageDraw.ImageDraw, left: float, top: float, curve: dict[str, Any]) -> None:
    sizes, milliseconds = curve["sizes"], [1000 * value for value in curve["seconds"]]
    theory = [
        milliseconds[-1] * (size / sizes[-1]) ** curve["theory"] for size in (sizes[0], sizes[-1])
    ]
    x0, x1 = left + _MARGIN[0], left + PANEL[0] - _MARGIN[2]
    y0, y1 = top + PANEL[1] - _MARGIN[3], top + _MARGIN[1]
    low, high = min(*milliseconds, *theory) / 1.3, max(milliseconds) * 1.3

    def at(size: float, value: float) -> tuple[float, float]:
        across = math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])
        up = math.log(value / low) / math.log(high / low)
        return x0 + 10 + across * (x1 - x0 - 20), y0 + up * (y1 - y0)

    _text(pen, (left + _MARGIN[0], top + 12), f"{curve['name']}: {curve['what']}", 13)
    slopes = f"exponent {curve['exponent']:.2f}, at the end {curve['last_exponent']:.2f}"
    _text(pen, (left + _MARGIN[0], top + 30), f"{slopes}; theory {curve['theory']:.0f}", 11)
    _line(pen, [(x0, y1), (x0, y0), (x1, y0)], _PALE, 1.5)
    for size in sizes:
        _text(pen, (at(size, low)[0], y0 + 6), str(size), 11, "ma")
    for exponent in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1):
        for step in (1, 2, 5):
            value = step * 10.0**exponent
            if low <= value <= high:
                height = at(sizes[0], value)[1]
                _line(pen, [(x0 - 4, height), (x0, height)], _PALE, 1.5)
                _text(pen, (x0 - 7, height), f"{value:g}", 11, "rm")
    _text(pen, ((x0 + x1) / 2, y0 + 24), "milliseconds of processor time by size", 10, "ma")
    start, end = at(sizes[0], theory[0]), at(sizes[-1], theory[1])
    for part in range(0, 24, 2):
        dash = [
            tuple(a + (b - a) * share / 24 for a, b in zip(start, end, strict=True))
            for share in (part, part + 1)
        ]
        _line(pen, dash, _THEORY, 1.5)
    points = [at(size, value) for size, value in zip(sizes, milliseconds, strict=True)]
    _line(pen, points, _LINE, 2)
    for x, y in points:
        box = [(x - 3.5) * SCALE, (y - 3.5) * SCALE, (x + 3.5) * SCALE, (y + 3.5) * SCALE]
        pen.ellipse(box, fill=_LINE)


def _line(
    pen: ImageDraw.ImageDraw, points: Sequence[tuple[float, ...]], colour: str, width: float
) -> None:
    flat = [(x * SCALE, y * SCALE) for x, y in points]
    pen.line(flat, fill=colour, width=round(width * SCALE), joint="curve")


def _text(
    pen: ImageDraw.ImageDraw,
    place: tuple[float, float],
    words: str,
    size: int,
    anchor: str = "la",
) -> None:
    font = ImageFont.load_default(size * SCALE)
    pen.text((place[0] * SCALE, place[1] * SCALE), words, fill=_INK, font=font, anchor=anchor)
