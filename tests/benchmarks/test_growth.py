"""Exponents and the picture, and the command on work that takes no time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import growth
from benchmarks.curves import COLUMNS, PANEL
from benchmarks.tiny_llm import scoring, stage2_step, tiny_backbone


def test_exponents_of_powers() -> None:
    sizes = (2, 4, 8, 32)
    assert growth.exponent(sizes, [3 * size**2 for size in sizes]) == 2
    assert growth.exponent(sizes, [0.1 * size for size in sizes]) == 1
    flat_at_first = [1 + size for size in sizes]
    assert growth.exponent(sizes, flat_at_first) < growth.exponent(sizes[-2:], flat_at_first[-2:])


def test_every_curve_can_be_made_at_its_smallest_size() -> None:
    names = [curve.name for curve in growth.curves()]
    assert names == [
        "clips",
        "frames",
        "people",
        "codebook size",
        "candidates",
        "LLM width",
        "LLM layers",
    ]
    for curve in growth.curves():
        assert list(curve.sizes) == sorted(set(curve.sizes))


def test_candidates_and_names_are_what_is_scored() -> None:
    scores = scoring(tiny_backbone(width=32, layers=1), 12)()
    assert scores.shape == (8, 12)
    assert (scores < 0).all()
    stage2_step(tiny_backbone(width=32, layers=1))()


def test_the_command_draws_and_ends_with_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(size: int) -> growth.Work:
        numbers = np.ones(size)
        return lambda: [np.sqrt(numbers) for _ in range(50)]

    curve = growth.Curve("numbers", "roots", 1, "one by one", (100, 10_000, 1_000_000), work)
    monkeypatch.setattr(growth, "curves", lambda: [curve] * 5)
    arguments = ["--out", str(tmp_path / "growth.json"), "--picture", str(tmp_path / "g.png")]
    growth.main(arguments)
    lines = capsys.readouterr().out.splitlines()
    figures = json.loads(lines[-1])
    assert figures == json.loads((tmp_path / "growth.json").read_text())
    assert [found["sizes"] for found in figures["curves"]] == [[100, 10_000, 1_000_000]] * 5
    for found in figures["curves"]:
        assert found["exponent"] == growth.exponent(found["sizes"], found["seconds"])
    with Image.open(tmp_path / "g.png") as picture:
        assert picture.size == (round(144 * COLUMNS * PANEL[0]), round(144 * 2 * PANEL[1]))
        inked = np.asarray(picture.convert("L")) < 200
        height, width = inked.shape
        fifth = inked[height // 2 :, : width // 4]
        assert fifth.any() and not inked[height // 2 :, width // 4 :].any()
