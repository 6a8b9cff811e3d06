"""Curves of a training, read from its logs: each term of stage 1, and the loss of stage 2."""

from __future__ import annotations

import math
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from llm_ar.errors import ModelError
from llm_ar.evaluation.report.picture import THEME, Picture, settings

STAGES = {"tokenizer": "stage 1", "recognizer": "stage 2"}
PANEL, COLUMNS = (3.6, 2.6), 4
"""Inches of a panel, and panels in a row."""
_LEFT_OUT = ("train_", "total_flos", "grad_norm", "epoch", "seconds")
"""Beginnings of what a log has beside losses."""

Curve = tuple[list[int], list[float]]


def read_logs(model: Path) -> dict[str, Curve]:
    """Steps and values of each loss that the folder of a trained model has in its logs.

    Raises:
        ModelError: it has none; shipped models come without.
    """
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    curves: dict[str, Curve] = {}
    for stage, title in STAGES.items():
        logs = model / "training" / stage / "logs"
        if not logs.is_dir():
            continue
        events = EventAccumulator(str(logs), size_guidance={"scalars": 0}).Reload()
        for tag in sorted(events.Tags()["scalars"]):
            name = tag.removeprefix("train/")
            values = events.Scalars(tag)
            if name.startswith(_LEFT_OUT) or len(values) < 2:
                continue
            curves[f"{title}: {name.replace('_', ' ')}"] = (
                [value.step for value in values],
                [value.value for value in values],
            )
    if not curves:
        raise ModelError(f"{model}: it has no logs of a training; name a folder of llm-ar train")
    return curves


def training_curves(curves: dict[str, Curve]) -> Picture:
    """A panel a curve, over steps."""
    rows = math.ceil(len(curves) / COLUMNS)
    columns = min(COLUMNS, len(curves))
    with settings():
        size = (PANEL[0] * columns, PANEL[1] * rows)
        figure = Figure(figsize=size, layout="constrained")
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for axes, (title, curve) in zip(panels, curves.items(), strict=False):
            _panel(axes, title, curve)
        for axes in panels[len(curves) :]:
            axes.set_axis_off()
    return Picture(figure, "Curves of a training over its steps", texts=list(curves), whole=True)


def _panel(axes: Axes, title: str, curve: Curve) -> None:
    axes.plot(*curve, color=THEME["right"], linewidth=1.6)
    axes.set_title(title, loc="left", size=11)
    axes.set_xlabel("step", size=10)
    axes.tick_params(labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
