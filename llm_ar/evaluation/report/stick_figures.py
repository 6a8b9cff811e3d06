"""People as stick figures: their bones as lines, and short movements as strips of figures."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from llm_ar.evaluation.report.picture import POINTS, THEME, Picture, settings
from llm_ar.skeletons.layout import Layout

SIDES = {"middle": THEME["trunk"], "left": THEME["left-limb"], "right": THEME["right-limb"]}
"""Side of the body to the color of its bones, in the order of drawing."""

_TURN = np.radians(20)
"""Seen a little from the side, so that reaching forward shows."""
_PANEL, _HEIGHT, _EDGE = 62.0, 96.0, 6.0
_SMALLEST = 0.25
"""People lower than this share of the tallest are left out: absent ones decode to a point."""

Screen = NDArray[np.float64]


def limbs(points: Screen, present: NDArray[np.bool_], layout: Layout) -> dict[str, Screen]:
    """All people's bones of each side as one line ``(N, 2)``, broken by NaN between bones.

    Args:
        points: ``(M, J, 2)``.
        present: ``(M, J)``; a bone with a missing end is left out.
        layout: of the J joints.
    """
    seen = np.where(present[..., None], points, np.nan)
    gap = np.full((len(points), 1, 2), np.nan)
    return {
        side: np.concatenate(
            [
                np.concatenate([seen[:, [parent, joint]], gap], axis=1).reshape(-1, 2)
                for joint, parent, of in layout.bones()
                if of == side
            ]
            or [np.empty((0, 2))]
        )
        for side in SIDES
    }


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
    screen = np.stack([-across, joints[..., 1]], axis=-1)
    heights = np.ptp(screen[..., 1], axis=-1).max(axis=1)
    drawn = heights >= _SMALLEST * heights.max(axis=1, keepdims=True)
    bodies = np.broadcast_to(drawn[:, None], screen.shape[:3])
    low, high = screen[bodies][..., 1].min(), screen[bodies][..., 1].max()
    scale = (_HEIGHT - 2 * _EDGE) / max(high - low, 1e-6)
    pictures = []
    for figures, people in zip(screen, drawn, strict=True):
        shown = figures[:, people]
        middle = np.array([np.median(shown[..., 0]), low])
        at = (shown - middle) * scale + np.array([_PANEL / 2, _EDGE])
        pictures.append(_strip(at, layout).svg("strip"))
    return pictures


def _strip(at: Screen, layout: Layout) -> Picture:
    """Figures at points ``(T, M, J, 2)`` of their own panels, y up, side by side."""
    width = len(at) * _PANEL
    with settings():
        figure = Figure(figsize=(width / POINTS, _HEIGHT / POINTS))
        for frame, people in enumerate(at):
            for shown, ink in ((at[0], 0.22), (people, 1.0))[not frame :]:
                for side, line in limbs(shown, np.ones(shown.shape[:2], bool), layout).items():
                    x, y = (line + [frame * _PANEL, 0]).T / [[width], [_HEIGHT]]
                    bones = Line2D(x, y, color=SIDES[side], linewidth=3, solid_capstyle="round")
                    bones.set_alpha(ink)
                    figure.add_artist(bones)
    return Picture(figure, f"stick figures: a movement in {len(at)} frames", whole=True)
