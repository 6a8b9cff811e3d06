"""Short movements as strips of stick figures, in inline SVG."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
from numpy.typing import NDArray

from llm_ar.evaluation.report.samples import bones
from llm_ar.skeletons.layouts import Layout

_TURN = np.radians(20)
"""Seen a little from the side, so that reaching forward shows."""
_PANEL, _HEIGHT, _EDGE = 62.0, 96.0, 6.0
_SMALLEST = 0.25
"""People lower than this share of the tallest are left out: absent ones decode to a point."""

Screen = NDArray[np.float64]


def strip(movements: NDArray[np.float32], layout: Layout) -> list[str]:
    """One SVG a movement: its frames side by side, the first one faintly behind each.

    All movements have one scale and one ground, so that crouching and jumping show; the way walked
    between frames stays in.

    Args:
        movements: ``(N, T, M, J, 3)``, y up.
        layout: of the J joints.
    """
    joints = movements.astype(np.float64)
    across = joints[..., 0] * np.cos(_TURN) + joints[..., 2] * np.sin(_TURN)
    screen = np.stack([-across, -joints[..., 1]], axis=-1)
    heights = np.ptp(screen[..., 1], axis=-1).max(axis=1)
    drawn = heights >= _SMALLEST * heights.max(axis=1, keepdims=True)
    bodies = np.broadcast_to(drawn[:, None], screen.shape[:3])
    low, high = screen[bodies][..., 1].min(), screen[bodies][..., 1].max()
    scale = (_HEIGHT - 2 * _EDGE) / max(high - low, 1e-6)
    listed = bones(layout)
    pictures = []
    for figures, people in zip(screen, drawn, strict=True):
        shown = figures[:, people]
        middle = np.array([np.median(shown[..., 0]), low])
        at = (shown - middle) * scale + np.array([_PANEL / 2, _EDGE])
        pictures.append(_strip(at, listed))
    return pictures


def _strip(at: Screen, listed: list[list[int | str]]) -> str:
    """Figures at pixels ``(T, M, J, 2)`` of their own panels as one SVG."""
    width = len(at) * _PANEL
    size = {"viewBox": f"0 0 {width:.0f} {_HEIGHT:.0f}", "width": f"{width:.0f}"}
    svg = Element("svg", size | {"role": "img", "class": "strip", "aria-label": "stick figures"})
    for frame, figures in enumerate(at):
        shift = {"transform": f"translate({frame * _PANEL:.0f})"}
        group = SubElement(svg, "g", shift)
        if frame:
            _figure(SubElement(group, "g", {"class": "before"}), at[0], listed)
        _figure(group, figures, listed)
    return tostring(svg, encoding="unicode")


def _figure(group: Element, figures: Screen, listed: list[list[int | str]]) -> None:
    """One path a side of the body, for all people ``(M, J, 2)``."""
    for side in ("middle", "left", "right"):
        lines = [
            "M{:.1f} {:.1f}L{:.1f} {:.1f}".format(*points[int(parent)], *points[int(joint)])
            for points in figures
            for joint, parent, of in listed
            if of == side
        ]
        if lines:
            SubElement(group, "path", {"class": side, "d": "".join(lines)})
