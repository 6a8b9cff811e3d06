"""The method in one picture, drawn from a real clip, its tokens and the model's real answer.

``python -m llm_ar.evaluation.report.architecture_picture docs/pictures/architecture.png`` makes it
from a procedural clip and the model that comes with the package.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon
from numpy.typing import NDArray

from llm_ar.evaluation.report.codebook_picture import disk, draw_tokens
from llm_ar.evaluation.report.picture import POINTS, THEME, Picture, settings
from llm_ar.evaluation.report.readme_picture import clip_of, turned
from llm_ar.evaluation.report.stick_figures import SIDES, limbs
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.prompt import instruction
from llm_ar.recognizer.recognition import Recognition
from llm_ar.skeletons.layout import Layout
from llm_ar.tokenizer.model import ActionTokenizer

ACTION = "raise both arms"
WIDTH, HEIGHT = 960.0, 400.0
_TRAINED, _FROZEN = "#fff0e2", "#e9ebee"
_ACCENT = "#d06018"
_MIDDLE = 262.0
"""Height at which the parts of the pipeline stand."""
_SHOWN = 4
"""Poses of the clip and of what the decoder makes of its sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the picture into the file that is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("out", type=Path, metavar="OUT.png")
    out = parser.parse_args(arguments).out
    model = ActionRecognizer.from_pretrained()
    clip = clip_of(ACTION)
    answer = model.recognize(clip, top_k=3)
    joints, _ = model.tokenizer.prepare_clips([clip])
    template = model.run.recognizer.template
    picture = architecture(model.tokenizer, joints[0].double().numpy(), answer, template)
    out.write_bytes(picture.png())
    return 0


def architecture(
    tokenizer: ActionTokenizer, joints: NDArray[np.float64], answer: Recognition, template: str
) -> Picture:
    """The clip, encoder, codebook, decoder, sentence, language model and answer, left to right.

    Args:
        tokenizer: whose codebook and decoder are drawn.
        joints: (T, M, J, 3), what the encoder reads of the clip.
        answer: what the recognizer said of it.
        template: the name of its instruction.

    Raises:
        ConfigError: there is no instruction of that name.
    """
    sentence = list(answer.sentence)
    with settings():
        figure = Figure(figsize=(WIDTH / POINTS, HEIGHT / POINTS), facecolor=THEME["card"])
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, WIDTH), ylim=(0, HEIGHT))
        axes.set_axis_off()
        _stages(axes)
        _poses(axes, joints[:, 0], tokenizer.layout, (20, _MIDDLE - 46))
        axes.text(86, _MIDDLE + 72, "skeleton sequence", ha="center", color=THEME["faint"], size=11)
        _encoder(axes)
        _codebook(figure, tokenizer, sentence)
        _decoder(axes, tokenizer, sentence)
        _sentence(axes, sentence)
        _language_model(axes, template)
        _answer(axes, answer)
        for start, end in ((156, 172), (246, 262), (416, 436), (556, 579), (778, 798)):
            _arrow(axes, (start, _MIDDLE), (end, _MIDDLE))
        _arrow(axes, (338, _MIDDLE - 78), (338, 142))
        _arrow(axes, (286, 102), (172, 102))
    return Picture(figure, "The method from a recording to a name", whole=True)


def _stages(axes: Axes) -> None:
    """The two stages as areas, with what each of them trains."""
    for left, right, title, trained in (
        (
            8,
            570,
            "stage 1: action-based VQ-VAE with a hyperbolic codebook",
            "losses: reconstruction, embedding, commitment, Zipf, context, MMD; here the names too",
        ),
        (
            578,
            952,
            "stage 2: language model with LoRA",
            "loss: the words of the name; the model's own weights stay",
        ),
    ):
        box = FancyBboxPatch(
            (left, 8),
            right - left,
            HEIGHT - 16,
            boxstyle="round,pad=0,rounding_size=10",
            facecolor="#f8f9fa",
            edgecolor=THEME["line"],
        )
        axes.add_patch(box)
        axes.text(left + 14, HEIGHT - 32, title, size=12.5, weight="bold", color=THEME["ink"])
        axes.text(left + 14, 22, trained, size=10.5, color=THEME["faint"])


def _poses(
    axes: Axes, joints: NDArray[np.float64], layout: Layout, corner: tuple[float, float]
) -> None:
    """Some frames ``(T, J, 3)`` side by side, on one ground and in one scale."""
    screen = turned(joints[np.linspace(0, len(joints) - 1, _SHOWN).round().astype(int)])
    low, high = screen[..., 1].min(), screen[..., 1].max()
    scale = 96 / max(high - low, 1e-6)
    for number, points in enumerate(screen):
        center = (points[:, 0].min() + points[:, 0].max()) / 2
        at = (points - [center, low]) * scale + [corner[0] + 18 + 32 * number, corner[1]]
        for side, line in limbs(at[None], np.ones((1, len(at)), bool), layout).items():
            axes.plot(*line.T, color=SIDES[side], linewidth=2, solid_capstyle="round")
        if "head" in layout.joints:
            head = at[layout.joints.index("head")]
            axes.plot(*head, "o", color=SIDES["middle"], markersize=9, markeredgewidth=0)


def _encoder(axes: Axes) -> None:
    corners = [(174, -62), (174, 62), (244, 34), (244, -34)]
    _trapezoid(axes, [(x, _MIDDLE + y) for x, y in corners])
    axes.text(209, _MIDDLE, "encoder", ha="center", va="center", size=12)


def _codebook(figure: Figure, tokenizer: ActionTokenizer, sentence: Sequence[int]) -> None:
    """The tokens in the Poincaré disk; those of the sentence are joined in their order."""
    side = 150.0
    place = (264 / WIDTH, (_MIDDLE - side / 2) / HEIGHT, side / WIDTH, side / HEIGHT)
    axes = figure.add_axes(place)
    axes.set(xlim=(-1.03, 1.03), ylim=(-1.03, 1.03))
    axes.set_axis_off()
    points, _ = disk(tokenizer)
    draw_tokens(axes, points, np.zeros(len(points), np.int64))
    steps = points[list(sentence[: tokenizer.steps])]
    axes.plot(*steps.T, "o-", color=_ACCENT, linewidth=1.2, markersize=5, zorder=5)
    axes.text(0, 1.12, "codebook in the Poincaré ball", ha="center", size=11, color=THEME["faint"])


def _decoder(axes: Axes, tokenizer: ActionTokenizer, sentence: Sequence[int]) -> None:
    corners = [(288, 82), (288, 122), (388, 138), (388, 66)]
    _trapezoid(axes, corners)
    axes.text(338, 102, "decoder", ha="center", va="center", size=12)
    with torch.inference_mode():
        decoded = tokenizer.decode(torch.tensor([list(sentence)], device=tokenizer.device))[0, :, 0]
    _poses(axes, decoded.double().cpu().numpy(), tokenizer.layout, (20, 56))
    axes.text(86, 164, "reconstruction", ha="center", color=THEME["faint"], size=11)


def _sentence(axes: Axes, sentence: Sequence[int]) -> None:
    """The tokens as chips, three in a row."""
    columns, wide, high = 3, 36, 22
    rows = -(-len(sentence) // columns)
    top = _MIDDLE + rows * (high + 4) / 2
    axes.text(496, top + 10, "action sentence", ha="center", size=11, color=THEME["faint"])
    for number, token in enumerate(sentence):
        row, column = divmod(number, columns)
        left, bottom = 438 + column * (wide + 4), top - (row + 1) * (high + 4)
        _box(axes, (left, bottom, wide, high), _TRAINED, _ACCENT)
        axes.text(left + wide / 2, bottom + high / 2 - 1, str(token), ha="center", va="center")
        axes.texts[-1].set(size=10, color=_ACCENT)


def _language_model(axes: Axes, template: str) -> None:
    """The language model, its adapters, and the instruction that it reads."""
    _box(axes, (582, _MIDDLE - 70, 194, 140), _FROZEN, THEME["line"])
    axes.text(679, _MIDDLE + 28, "causal language model", ha="center", size=12)
    _box(axes, (600, _MIDDLE - 36, 158, 32), _TRAINED, _ACCENT)
    axes.text(679, _MIDDLE - 24, "LoRA adapters", ha="center", size=12, color=_ACCENT)
    _box(axes, (582, 74, 194, 62), _FROZEN, THEME["line"])
    before, after = instruction(template)
    words = "\n".join(wrap(f"“{before.strip()} ⟨action sentence⟩{after}”", 32))
    axes.text(679, 105, words, ha="center", va="center", size=9.5)
    axes.text(679, 56, "instruction", ha="center", size=11, color=THEME["faint"])
    _arrow(axes, (679, 138), (679, _MIDDLE - 72))
    for y, color, edge, kind in (
        (116, _TRAINED, _ACCENT, "trained"),
        (86, _FROZEN, "#c3c9d0", "fixed"),
    ):
        _box(axes, (812, y, 26, 16), color, edge)
        axes.text(846, y + 3, kind, size=11, color=THEME["faint"])


def _answer(axes: Axes, answer: Recognition) -> None:
    """The likeliest names with a bar each."""
    axes.text(802, _MIDDLE + 62, "name", size=11, color=THEME["faint"])
    for rank, given in enumerate(answer.top):
        y = _MIDDLE + 30 - 42 * rank
        color = _ACCENT if rank == 0 else THEME["faint"]
        weight = "bold" if rank == 0 else "normal"
        axes.text(802, y, given.action, size=11.5, color=color, weight=weight)
        end = 802 + 100 * max(given.probability, 0.01)
        axes.plot([802, end], [y - 11, y - 11], color=color, linewidth=6, solid_capstyle="butt")
        axes.text(end + 5, y - 15, f"{100 * given.probability:.0f} %", size=10, color=color)


def _trapezoid(axes: Axes, corners: Sequence[tuple[float, float]]) -> None:
    axes.add_patch(Polygon(corners, closed=True, facecolor=_TRAINED, edgecolor=_ACCENT))


def _box(axes: Axes, place: tuple[float, float, float, float], face: str, edge: str) -> None:
    left, bottom, wide, high = place
    style = "round,pad=0,rounding_size=6"
    axes.add_patch(
        FancyBboxPatch((left, bottom), wide, high, boxstyle=style, facecolor=face, edgecolor=edge)
    )


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    arrow = FancyArrowPatch(
        start, end, arrowstyle="-|>", mutation_scale=13, shrinkA=0, shrinkB=0, color=THEME["faint"]
    )
    axes.add_patch(arrow)


if __name__ == "__main__":
    raise SystemExit(main())
