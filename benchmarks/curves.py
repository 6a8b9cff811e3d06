"""Curves of cost over size as one picture: a panel each, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from llm_ar.evaluation.report.picture import Picture, settings

PANEL, COLUMNS = (4.2, 3.4), 4
"""Inches of a panel, and panels in a row."""
_MEASURED, _THEORY = "#1769aa", "#c2571a"


def draw(curves: Sequence[dict[str, Any]]) -> Picture:
    """All panels; dots are measured, the broken line has the theory's slope through the last."""
    rows = math.ceil(len(curves) / COLUMNS)
    with settings():
        size = (PANEL[0] * COLUMNS, PANEL[1] * rows)
        figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.1))
        panels = figure.subplots(rows, COLUMNS, squeeze=False).flat
        for axes, curve in zip(panels, curves, strict=False):
            _panel(axes, curve)
        for axes in panels[len(curves) :]:
            axes.set_axis_off()
    return Picture(figure, "Curves of cost over size", whole=True)


def _panel(axes: Axes, curve: dict[str, Any]) -> None:
    sizes, milliseconds = curve["sizes"], [1000 * value for value in curve["seconds"]]
    ends = [sizes[0], sizes[-1]]
    theory = [milliseconds[-1] * (size / sizes[-1]) ** curve["theory"] for size in ends]
    axes.loglog(ends, theory, "--", color=_THEORY, label="theory")
    axes.loglog(sizes, milliseconds, "o-", color=_MEASURED, linewidth=2, label="measured")
    axes.set_title(f"{curve['name']}: {curve['what']}", loc="left", y=1.1, fontsize=11)
    slopes = f"exponent {curve['exponent']:.2f}, at the end {curve['last_exponent']:.2f}"
    axes.text(0, 1.03, f"{slopes}; theory {curve['theory']:.0f}", transform=axes.transAxes, size=10)
    axes.set_xlabel("size", fontsize=10)
    axes.set_ylabel("milliseconds of processor time", fontsize=10)
    axes.legend(frameon=False, fontsize=10)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)
