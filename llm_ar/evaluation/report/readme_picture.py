"""README's animation: a clip moves, its action sentence lights up token by token, names follow.

``python -m llm_ar.evaluation.report.readme_picture docs/pictures/recognition.gif`` makes it from
procedural clips and the model that comes with the package. Everything in it is computed.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from llm_ar.evaluation.report.picture import POINTS, THEME, settings
from llm_ar.evaluation.report.stick_figures import SIDES, Screen, limbs
from llm_ar.evaluation.report.vocabulary import movements
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.recognition import Recognition
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layout import Layout
from llm_ar.skeletons.synthetic.dataset import procedural_clips
from llm_ar.tokenizer.model import ActionTokenizer

ACTIONS = ("raise both arms", "squat")
SEED = 2026
SIZE = (840.0, 320.0)
"""Points; a point is ``SCALE`` pixels."""
SCALE = 1.5
RATE, HOLD = 15, 2200
"""Frames a second, and milliseconds that the answer stays."""
_BACK, _DIM, _LIT = "#f4f5f7", "#e9ebee", "#fff0e2"
_ACCENT = "#d06018"
_BARS = 5
_COLUMNS = 4
_TURN = np.radians(25)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the animation into the file that is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("out", type=Path, metavar="OUT.gif")
    out = parser.parse_args(arguments).out
    model = ActionRecognizer.from_pretrained()
    chosen = [clip_of(action) for action in ACTIONS]
    answers = model.recognize(chosen, top_k=_BARS)
    pictures: list[Image.Image] = []
    lengths: list[int] = []
    for clip, answer in zip(chosen, answers, strict=True):
        for image, milliseconds in frames(clip, answer, model.tokenizer):
            pictures.append(image)
            lengths.append(milliseconds)
    save(pictures, lengths, out)
    return 0


def clip_of(action: str) -> Clip:
    """The first procedural clip of an action, of people that no model was trained on."""
    return next(clip for clip in procedural_clips(seed=SEED) if clip.label == action)


def save(pictures: Sequence[Image.Image], lengths: Sequence[int], out: Path) -> None:
    """Write a GIF in the colors that all its frames share."""
    palette = pictures[len(pictures) // 2 - 1].quantize(64)
    drawn = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in pictures]
    drawn[0].save(
        out, save_all=True, append_images=drawn[1:], duration=list(lengths), loop=0, optimize=True
    )


def frames(
    clip: Clip, answer: Recognition, tokenizer: ActionTokenizer
) -> Iterator[tuple[Image.Image, int]]:
    """Each picture of one clip and the milliseconds that it stays."""
    with settings():
        stage = _Stage(clip, answer, tokenizer)
        count = round(clip.frames / clip.fps * RATE)
        for number in range(count):
            frame = round(number * (clip.frames - 1) / max(count - 1, 1))
            stage.move(frame)
            stage.light((number + 1) / count)
            yield stage.picture(), 1000 // RATE
        for step in range(1, 9):
            stage.answer(1 - (1 - step / 8) ** 3)
            yield stage.picture(), 1000 // RATE if step < 8 else HOLD


class _Stage:
    """The figure of one clip: the person, the sentence, the names."""

    def __init__(self, clip: Clip, answer: Recognition, tokenizer: ActionTokenizer) -> None:
        self.clip, self.recognition = clip, answer
        width, height = SIZE
        self.figure = Figure(figsize=(width / POINTS, height / POINTS), facecolor=_BACK)
        person = self._card(14, 196, "a skeleton recording")
        sentence = self._card(224, 342, "its action sentence")
        names = self._card(580, 246, "the language model's answer")
        self.screen = turned(clip.joints.astype(np.float64))
        self._place_person(person)
        self.steps = tokenizer.steps
        self.chips = _chips(sentence, answer.sentence, tokenizer)
        self.bars = _bars(names, answer)

    def _card(self, left: float, wide: float, title: str) -> Axes:
        width, height = SIZE
        axes = self.figure.add_axes((left / width, 14 / height, wide / width, 1 - 28 / height))
        axes.set(xlim=(0, wide), ylim=(0, height - 28))
        axes.set_axis_off()
        box = FancyBboxPatch(
            (1, 1),
            wide - 2,
            height - 30,
            boxstyle="round,pad=0,rounding_size=9",
            facecolor=THEME["card"],
            edgecolor=THEME["line"],
        )
        axes.add_patch(box)
        axes.text(16, height - 52, title, color=THEME["faint"], size=12.5)
        return axes

    def _place_person(self, axes: Axes) -> None:
        seen = self.screen[self.clip.present]
        low, high = seen.min(axis=0), seen.max(axis=0)
        scale = min(164 / (high[0] - low[0]), 214 / (high[1] - low[1]))
        center = np.array([(low[0] + high[0]) / 2, low[1]])
        self.screen = (self.screen - center) * scale + np.array([98, 24])
        axes.plot([20, 176], [20, 20], color=THEME["line"], linewidth=2)
        self.lines = {
            side: axes.plot([], [], color=color, linewidth=4.5, solid_capstyle="round")[0]
            for side, color in SIDES.items()
        }
        (self.joints,) = axes.plot([], [], "o", color=THEME["ink"], markersize=4.5, mew=0)
        (self.head,) = axes.plot([], [], "o", color=THEME["trunk"], markersize=17, mew=0)
        self.head_joint = self.clip.layout.joints.index("head")

    def move(self, frame: int) -> None:
        """Show the person at a frame."""
        points, present = self.screen[frame], self.clip.present[frame]
        for side, line in limbs(points, present, self.clip.layout).items():
            self.lines[side].set_data(*line.T)
        self.joints.set_data(*points[present].T)
        heads = points[present[:, self.head_joint], self.head_joint]
        self.head.set_data(*heads.T)

    def light(self, share: float) -> None:
        """Light the tokens of the clip's first part; clip tokens come with the end."""
        lit = int(share * self.steps + 1e-9) if share < 1 else len(self.chips)
        for place, (box, artists) in enumerate(self.chips):
            on, now = place < lit, place == lit - 1 and share < 1
            box.set(facecolor=_LIT if on else _DIM, linewidth=2.2 if now else 1.2)
            box.set_edgecolor(_ACCENT if on else THEME["line"])
            for artist in artists:
                artist.set_alpha(1.0 if on else 0.0)

    def answer(self, share: float) -> None:
        """Let the bars grow to a share of their lengths."""
        for bar, name, figure, probability in self.bars:
            bar.set_data([16, 16 + 170 * max(probability * share, 0.004)], bar.get_ydata())
            for artist in (bar, name, figure):
                artist.set_alpha(min(1.0, 2 * share))

    def picture(self) -> Image.Image:
        """What is shown now."""
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=POINTS * SCALE, facecolor=_BACK)
        return Image.open(file).convert("RGB")


def turned(joints: NDArray[np.float64]) -> Screen:
    """Positions ``(..., 3)`` seen a little from the side, x right and y up ``(..., 2)``."""
    across = joints[..., 0] * np.cos(_TURN) + joints[..., 2] * np.sin(_TURN)
    return np.stack([-across, joints[..., 1]], axis=-1)


def _chips(
    axes: Axes, sentence: Sequence[int], tokenizer: ActionTokenizer
) -> list[tuple[FancyBboxPatch, list[Artist]]]:
    """A box a token, with its number and the pose that it decodes to.

    Clip tokens stand below, without a pose.
    """
    steps = tokenizer.steps
    shown = movements(tokenizer, list(sentence[:steps]))[:, 1, 0].astype(np.float64)
    rows = -(-steps // _COLUMNS)
    wide, gap, last = 70.0, 9.0, 26.0
    clip_tokens = len(sentence) - steps
    base = 14 + (last + gap if clip_tokens else 0)
    high = (254 - base - gap * (rows - 1)) / rows
    chips = []
    for place, token in enumerate(sentence):
        row, column = divmod(place, _COLUMNS)
        whole = place >= steps
        share = _COLUMNS * (wide + gap) / clip_tokens if whole else 0.0
        size = (share - gap, last) if whole else (wide, high)
        left, bottom = 16 + column * (wide + gap), 254 - (row + 1) * high - row * gap
        if whole:
            left, bottom = 16 + (place - steps) * share, 14.0
        box = FancyBboxPatch((left, bottom), *size, boxstyle="round,pad=0,rounding_size=6")
        axes.add_patch(box)
        middle = left + size[0] / 2
        words = f"{token}, of the whole clip" if whole and clip_tokens == 1 else str(token)
        height = bottom + (size[1] / 2 if whole else 10)
        text = axes.text(middle, height, words, ha="center", va="center", size=11.5)
        text.set_color(_ACCENT)
        artists: list[Artist] = [text]
        if not whole:
            foot = (middle, bottom + 20)
            artists += _figure(axes, turned(shown[place]), foot, high - 28, tokenizer.layout)
        chips.append((box, artists))
    return chips


def _figure(
    axes: Axes, points: Screen, foot: tuple[float, float], height: float, layout: Layout
) -> list[Line2D]:
    """A small person who stands at a place."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min(height / max(high[1] - low[1], 1e-6), 58 / max(high[0] - low[0], 1e-6))
    at = (points - [(low[0] + high[0]) / 2, low[1]]) * scale + foot
    present = np.ones((1, len(points)), dtype=bool)
    return [
        axes.plot(*line.T, color=SIDES[side], linewidth=2, solid_capstyle="round")[0]
        for side, line in limbs(at[None], present, layout).items()
    ]


def _bars(axes: Axes, answer: Recognition) -> list[tuple[Line2D, Text, Text, float]]:
    """A bar a name, the likeliest first and largest."""
    bars = []
    for rank, given in enumerate(answer.top):
        y = 226 - rank * 46
        color = _ACCENT if rank == 0 else THEME["faint"]
        weight = "bold" if rank == 0 else "normal"
        size = 13.5 if rank == 0 else 12.5
        (bar,) = axes.plot([16, 16], [y - 14, y - 14], color=color, linewidth=9)
        bar.set_solid_capstyle("butt")
        name = axes.text(16, y, given.action, size=size, weight=weight, color=color)
        percent = f"{100 * given.probability:.1f} %"
        figure = axes.text(230, y, percent, size=size, weight=weight, color=color, ha="right")
        for artist in (bar, name, figure):
            artist.set_alpha(0.0)
        bars.append((bar, name, figure, given.probability))
    return bars


if __name__ == "__main__":
    raise SystemExit(main())
