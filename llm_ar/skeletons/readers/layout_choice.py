"""Which joint layout positions are in, where the file does not say: by count, then by anatomy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError, LayoutError
from llm_ar.skeletons.anatomy import Fit, best_fits
from llm_ar.skeletons.layouts import LAYOUTS, Layout

LAYOUT_FILE = "layout.yaml"
"""A user's own layout, in the recording's folder."""

_CLEAR = 0.6
"""The best layout costs at most this share of the second, or a user has to say."""
_WRONG = {3: 0.75, 2: 1.0}
"""A layout that costs more is not that of the recording, by its dimensions. Right ones cost 0.1 to
0.6 in 3-D and up to 0.85 in images, where lengths change with the view."""
_RIGHT = 0.6
"""Of two layouts the one that costs less than this is right where the other is `_WRONG`."""


def known_layouts(path: Path, name: str | None = None) -> tuple[Layout, ...]:
    """The layouts that a file may be in: the named one, or all, the one beside the file first.

    Raises:
        ClipError: none has that name, or the file beside is broken.
    """
    own = path.parent / LAYOUT_FILE
    try:
        layouts = (*([Layout.from_yaml(own)] if own.is_file() else []), *LAYOUTS)
    except LayoutError as error:
        raise ClipError(path, str(error)) from None
    if name is None:
        return layouts
    named = tuple(layout for layout in layouts if layout.name == name)[:1]
    if not named:
        known = ", ".join(layout.name for layout in layouts)
        raise ClipError(path, f"no joint layout is called {name[:40]!r}; known are {known}")
    return named


def choose_layout(
    path: Path,
    positions: NDArray[np.float64],
    present: NDArray[np.bool_],
    name: str | None = None,
) -> tuple[Layout, str]:
    """The layout of positions, and why.

    Args:
        path: the file; a `LAYOUT_FILE` beside it comes first.
        positions: ``(T, M, V, C)`` in any axes; missing ones may hold any finite number.
        present: ``(T, M, V)``.
        name: the layout's name where the file or the user states it.

    Raises:
        ClipError: no layout has V joints or fits the body, or several fit alike.
    """
    joints = positions.shape[2]
    known = known_layouts(path, name)
    fitting = [layout for layout in known if len(layout.joints) == joints]
    if not fitting:
        listed = ", ".join(f"{layout.name} ({len(layout.joints)})" for layout in known)
        raise ClipError(
            path,
            f"has {joints} joints, as no known layout has: {listed}; describe its joints in a file "
            f"{LAYOUT_FILE} in the same folder",
        )
    if name is not None:
        return fitting[0], "as stated"
    if fitting[0] not in LAYOUTS:
        return fitting[0], f"{LAYOUT_FILE} in the same folder"
    if not present.any():
        return fitting[0], f"one of those with {joints} joints; no joint is seen"
    wrong = _WRONG[2 if positions.shape[3] == 2 else 3]
    return _fitting(path, joints, best_fits(positions, present, fitting), wrong)


def _fitting(path: Path, joints: int, fits: Sequence[Fit], wrong: float) -> tuple[Layout, str]:
    best, others = fits[0], fits[1:]
    options = " or ".join(f"--layout {fit.layout.name}" for fit in fits)
    names = " or ".join(sorted((fit.layout.name for fit in fits), key=_listed))
    if best.cost > wrong:
        raise ClipError(
            path,
            f"has {joints} joints, which do not fit {names} (least badly {best.layout.name}: "
            f"{best.sentence}); if one is right all the same say {options}, otherwise describe the "
            f"joints in a file "
            f"{LAYOUT_FILE} in the same folder",
        )
    one_wrong = best.cost < _RIGHT and bool(others) and others[0].cost > _WRONG[3]
    if others and best.cost > _CLEAR * others[0].cost and not one_wrong:
        raise ClipError(
            path,
            f"has {joints} joints, which may be {best.layout.name} ({best.sentence}) or "
            f"{others[0].layout.name} ({others[0].sentence}); say which with {options}",
        )
    if not others:
        return best.layout, f"the only one with {joints} joints; {best.sentence}"
    sure = "clearly" if best.cost < 0.5 * _CLEAR * others[0].cost else "probably"
    rest = "; ".join(
        f"for {fit.layout.name} it would be "
        f"{fit.variation:.0%}, {fit.asymmetry:.0%} and {fit.excess:.0%}"
        for fit in others
    )
    return best.layout, f"{sure}, by anatomy: {best.sentence}; {rest}"


def _listed(name: str) -> int:
    """The place of a built-in layout among them."""
    return [layout.name for layout in LAYOUTS].index(name)
