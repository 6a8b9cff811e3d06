"""Stick figures of a clip: a strip of frames (PNG), or an animation (GIF or HTML)."""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path
from typing import cast

import numpy as np
from matplotlib.animation import PillowWriter
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray

from llm_ar.errors import ConfigError
from llm_ar.evaluation.report.picture import POINTS, THEME, Picture, printable, settings, shortened
from llm_ar.evaluation.report.stick_figures import SIDES, Screen, limbs
from llm_ar.skeletons.clip import Clip

ENDINGS = (".png", ".gif", ".html")
PANELS = 8
"""Frames of a strip, evenly over the clip."""

_PANEL = (108.0, 140.0)
"""Width and height of a frame of the strip, in points."""
_HEAD, _FOOT = 24.0, 20.0
"""Height of the title and of the times."""
_LEGEND_WIDTH = 230.0
"""What the title leaves free for the legend and the edges."""
_GIF_SIDE, _GIF_FRAMES = 320, 120
_MARGIN = 0.08
_LEGEND = {"left": "the person's left", "right": "right"}


def draw(clip: Clip, path: Path) -> None:
    """Draw a clip into a file, of the kind that its ending names (`ENDINGS`).

    Raises:
        ConfigError: another ending, or the file cannot be written.
    """
    kinds = {".png": _strip, ".gif": _gif, ".html": _page}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise ConfigError(f"{path}: a picture ends in {', '.join(ENDINGS)}; rename it")
    partial = path.with_name(f".{path.stem}.partial-{os.getpid()}{path.suffix}")
    try:
        kind(clip, partial)
        os.replace(partial, path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        partial.unlink(missing_ok=True)


def on_screen(clip: Clip) -> Screen:
    """Positions as the camera sees them, x right and y up ``(T, M, J, 2)``, in body heights.

    Where a joint is missing, the value means nothing.
    """
    screen = clip.joints[..., :2].astype(np.float64) * [-1, 1]
    heights = [np.ptp(frame[seen][:, 1]) for frame, seen in _bodies(screen, clip) if seen.any()]
    height = float(np.median(heights)) if heights else 0.0
    if not height > 0:
        height = float(np.ptp(screen[clip.present], axis=0).max()) or 1.0
    middle = np.median(screen[clip.present], axis=0)
    # Far outliers stay far, but within what can be drawn.
    return np.clip((screen - middle) / height, -50, 50)


def _bodies(screen: Screen, clip: Clip) -> list[tuple[Screen, NDArray[np.bool_]]]:
    step = max(1, clip.frames // 200)
    return [
        (screen[frame, person], clip.present[frame, person])
        for frame in range(0, clip.frames, step)
        for person in range(clip.people)
    ]


def _strip(clip: Clip, path: Path) -> None:
    screen = on_screen(clip)
    shown = np.flatnonzero(clip.present.any(axis=(1, 2)))
    count = min(PANELS, len(shown))
    chosen = shown[np.linspace(0, len(shown) - 1, count).round().astype(int)]
    middles = np.array([_middle(screen, clip.present, frame) for frame in chosen])
    reaches = np.array(
        [
            np.abs(screen[frame][clip.present[frame]] - middle).max(axis=0)
            for frame, middle in zip(chosen, middles, strict=True)
        ]
    )
    # All of everybody, but no outlier.
    reach = np.minimum(reaches.max(axis=0), 2 * np.median(reaches, axis=0))
    half = max(np.maximum(reach, 0.15) / _PANEL) / (1 - 2 * _MARGIN) * np.array(_PANEL)
    width, height = max(count, 4) * _PANEL[0], _HEAD + _PANEL[1] + _FOOT
    title = printable(_title(clip))
    with settings(title):
        figure = _figure(width, height)
        for panel, (frame, middle) in enumerate(zip(chosen, middles, strict=True)):
            left, side = panel * _PANEL[0] / width, _PANEL[0] / width
            axes = figure.add_axes((left, _FOOT / height, side, _PANEL[1] / height))
            _frame(axes, middle - half, middle + half)
            _show(_lines(axes), clip, screen, frame)
            time = figure.text(left + side / 2, 6 / height, _seconds(clip, frame), ha="center")
            time.set_color(THEME["faint"])
        heading = figure.text(8 / width, 1 - 6 / height, title, va="top", color=THEME["ink"])
        _fit(heading, width - _LEGEND_WIDTH)
        picture = Picture(figure, title, texts=(title,), whole=True)
        path.write_bytes(picture.png())


def _middle(screen: Screen, present: NDArray[np.bool_], frame: int) -> Screen:
    """What a frame of the strip is centered on, ``(2,)``.

    Up and down stay half as they are, so that sitting and jumping show.
    """
    seen = screen[frame][present[frame]]
    middle: Screen = (seen.min(axis=0) + seen.max(axis=0)) / 2
    middle[1] = 0.5 * (middle[1] + np.median(screen[present][:, 1]))
    return middle


def _gif(clip: Clip, path: Path) -> None:
    screen = on_screen(clip)
    chosen = np.linspace(0, clip.frames - 1, min(clip.frames, _GIF_FRAMES)).round().astype(int)
    low, high = np.percentile(screen[clip.present], [1, 99], axis=0)
    half = np.full(2, max(*(high - low), 0.3) / (1 - 4 * _MARGIN) / 2)
    milliseconds = max(20, min(1000, round(1000 * clip.frames / clip.fps / len(chosen))))
    writer = PillowWriter(fps=cast(int, 1000 / milliseconds))  # any number is taken
    with settings():
        figure = _figure(_GIF_SIDE, _GIF_SIDE)
        axes = figure.add_axes((0, 0, 1, 1))
        _frame(axes, (low + high) / 2 - half, (low + high) / 2 + half)
        lines = _lines(axes)
        time = figure.text(8 / _GIF_SIDE, 8 / _GIF_SIDE, "", color=THEME["faint"])
        with writer.saving(figure, str(path), dpi=POINTS):
            for frame in chosen:
                _show(lines, clip, screen, frame)
                time.set_text(_seconds(clip, frame))
                writer.grab_frame()


def _page(clip: Clip, path: Path) -> None:
    hundredths = (on_screen(clip) * [100, -100]).round().astype(int)
    missing = [[int(i) for i in np.flatnonzero(~seen.ravel())] for seen in clip.present]
    motion = {
        "name": _title(clip),
        "fps": clip.fps,
        "bones": clip.layout.bones(),
        "joints": len(clip.layout.joints),
        "frames": hundredths.reshape(clip.frames, -1).tolist(),
        "missing": missing,
    }
    page = resources.files("llm_ar.applications.ui").joinpath("animation.html").read_text("utf-8")
    # A name could close the script element.
    text = json.dumps(motion, separators=(",", ":")).replace("<", "\\u003c")
    path.write_text(page.replace("/*motion*/ null", text), encoding="utf-8")


def _title(clip: Clip) -> str:
    return clip.name if clip.label in (None, clip.name) else f"{clip.name}: {clip.label}"


def _seconds(clip: Clip, frame: int) -> str:
    return f"{frame / clip.fps:.2f} s"


def _figure(width: float, height: float) -> Figure:
    """An empty figure of so many points, with the legend in its upper right corner."""
    figure = Figure(figsize=(width / POINTS, height / POINTS), dpi=POINTS)
    keys = [
        Line2D([], [], color=SIDES[side], linewidth=3, solid_capstyle="round", label=label)
        for side, label in _LEGEND.items()
    ]
    corner = (1 - 4 / width, 1 - 2 / height)
    figure.legend(
        handles=keys,
        loc="upper right",
        bbox_to_anchor=corner,
        ncols=2,
        frameon=False,
        borderaxespad=0,
        handlelength=1.2,
        columnspacing=1.2,
        labelcolor=THEME["faint"],
    )
    return figure


def _fit(text: Text, width: float) -> None:
    """Cut a text until it is at most so many points wide."""
    whole = text.get_text()
    longest = len(whole)
    while longest > 1 and (found := text.get_window_extent().width) > width:
        longest = min(longest - 1, int(longest * width / found) + 1)
        text.set_text(shortened(whole, longest))


def _frame(axes: Axes, low: Screen, high: Screen) -> None:
    """Axes that show from one point to another, and nothing else."""
    axes.set_axis_off()
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))


def _lines(axes: Axes) -> dict[str, Line2D]:
    """The lines of each side of the body, and the joints."""
    lines = {
        side: axes.plot([], [], color=color, linewidth=2.2, solid_capstyle="round")[0]
        for side, color in SIDES.items()
    }
    (lines["joints"],) = axes.plot([], [], "o", color=THEME["ink"], markersize=3, mew=0)
    return lines


def _show(lines: dict[str, Line2D], clip: Clip, screen: Screen, frame: int) -> None:
    """Put the people of a frame into the lines."""
    points, present = screen[frame], clip.present[frame]
    for side, line in (limbs(points, present, clip.layout) | {"joints": points[present]}).items():
        lines[side].set_data(*line.T)
