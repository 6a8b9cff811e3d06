"""A timeline as a picture: a bar a person, segments colored by their actions."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from llm_ar.applications.ui.timeline_output import NOTHING, who
from llm_ar.evaluation.report.picture import POINTS, THEME, Picture, settings, shortened
from llm_ar.recognizer.timeline import Timeline

COLORS = (
    "#2f6fde",
    "#e2683c",
    "#2a9d6f",
    "#9b5de5",
    "#c9a227",
    "#d1495b",
    "#1b9aaa",
    "#7a5c3e",
    "#ef7fb0",
    "#6b8e23",
)
"""Of the actions in order of time; from the eleventh on they repeat, and the names tell."""

_WIDTH, _ROW, _ASIDE = 720.0, 42.0, 70.0
_LETTER = 4.9
"""Width of a small letter."""


def colors(timeline: Timeline) -> dict[str, str]:
    """Each action that occurs, in order of its first time, to its color."""
    found = sorted(
        (segment.start, segment.action)
        for line in timeline.people
        for segment in line.segments
        if segment.action is not None
    )
    names = list(dict.fromkeys(action for _, action in found))
    return {name: COLORS[place % len(COLORS)] for place, name in enumerate(names)}


def picture(timeline: Timeline) -> Picture:
    """The bars with a legend below."""
    shades = colors(timeline)
    texts = [timeline.file, *shades]
    rows = max(1, len(timeline.people))
    height = 60 + rows * _ROW
    with settings(*texts):
        figure = Figure(figsize=(_WIDTH / POINTS, height / POINTS))
        left, wide = _ASIDE / _WIDTH, (_WIDTH - _ASIDE - 10) / _WIDTH
        axes = figure.add_axes((left, 30 / height, wide, rows * _ROW / height))
        axes.set_title(shortened(timeline.file, 90), loc="left", color=THEME["ink"], size=11)
        for row, line in enumerate(timeline.people):
            for segment in line.segments:
                span = segment.end - segment.start
                if segment.action is None:
                    color, strength = THEME["line"], 1.0
                else:
                    color = shades[segment.action]
                    strength = 0.35 + 0.65 * (segment.probability or 0)
                bar = Rectangle((segment.start, row + 0.12), span, 0.76, color=color, lw=0)
                bar.set_alpha(strength)
                axes.add_patch(bar)
                room = int(span / timeline.seconds * wide * _WIDTH / _LETTER)
                name = _in_lines(segment.action or "", room)
                if name:
                    axes.text(
                        segment.start + span / 2,
                        row + 0.5,
                        name,
                        ha="center",
                        va="center",
                        size=8,
                        color=THEME["ink"],
                        clip_on=True,
                    )
        axes.set_xlim(0, timeline.seconds)
        axes.set_ylim(rows, 0)
        axes.set_yticks([row + 0.5 for row in range(len(timeline.people))])
        axes.set_yticklabels([who(line) for line in timeline.people], size=9)
        axes.set_xlabel("seconds", size=9, color=THEME["faint"])
        axes.tick_params(colors=THEME["faint"], labelsize=9, length=3)
        for side in ("top", "left", "right"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(THEME["faint"])
        handles = [Patch(color=color, label=shortened(name, 40)) for name, color in shades.items()]
        handles.append(Patch(color=THEME["line"], label=NOTHING))
        axes.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0, -34 / (rows * _ROW)),
            ncols=4,
            frameon=False,
            fontsize=9,
        )
    return Picture(figure, "actions over time", texts=texts)


def _in_lines(name: str, room: int) -> str:
    """The name with a word a line where it is too long; empty where a word is too long."""
    shown = shortened(name, 60)
    if len(shown) > room:
        shown = shown.replace(" ", "\n")
    fits = shown.count("\n") < 3 and all(len(word) <= room for word in shown.split("\n"))
    return shown if fits else ""
