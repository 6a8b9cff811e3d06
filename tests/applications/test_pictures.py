"""Pictures of a model: the projection keeps what it promises, and each command draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from llm_ar.applications.cli import main
from llm_ar.evaluation.report import codebook_picture
from llm_ar.evaluation.report.codebook_picture import disk, geodesic, token_uses, tree_in_disk
from llm_ar.evaluation.report.training_curves import read_logs, training_curves
from llm_ar.tokenizer.model import ActionTokenizer

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "procedural"


@pytest.fixture(scope="module")
def tokenizer() -> ActionTokenizer:
    return ActionTokenizer.from_pretrained(MODEL / "tokenizer")


def test_a_token_keeps_its_distance_from_the_origin(tokenizer: ActionTokenizer) -> None:
    points, distances = disk(tokenizer)
    # The model's curvature is 1, so that its ball and the disk have the same distances.
    drawn = 2 * np.arctanh(np.linalg.norm(points, axis=1))
    assert np.allclose(drawn, 2 * tokenizer.embeddings().norm(dim=1).numpy(), rtol=1e-4)
    assert distances.shape == (512, 512)
    assert np.allclose(distances, distances.T, atol=1e-4)


def test_a_geodesic_has_even_steps_and_is_perpendicular_to_the_rim() -> None:
    a, b = np.array([0.5, 0.3]), np.array([-0.2, 0.7])
    way = geodesic(a, b, 40)
    assert np.allclose(way[0], a) and np.allclose(way[-1], b)
    x, y = way[:-1], way[1:]
    squared = ((x - y) ** 2).sum(1)
    room = (1 - (x**2).sum(1)) * (1 - (y**2).sum(1))
    steps = np.arccosh(1 + 2 * squared / room)
    assert np.allclose(steps, steps[0])
    # On a circle whose center has |center|^2 = 1 + radius^2.
    center = np.linalg.solve(2 * np.stack([a, b]), 1 + np.array([a @ a, b @ b]))
    assert np.allclose(np.linalg.norm(way - center, axis=1) ** 2, center @ center - 1)


def test_the_tree_has_every_token_once(tokenizer: ActionTokenizer) -> None:
    places, edges = tree_in_disk(tokenizer)
    assert len(places) == 2 * 512 - 1 and len(edges) == 2 * 511
    assert sorted(child for _, child in edges) == list(range(2 * 512 - 2))
    assert (np.linalg.norm(places, axis=1) < 1).all()


def test_uses_are_counted() -> None:
    assert token_uses([[1, 1, 3], [0, 1, 3]], 5).tolist() == [1, 3, 0, 2, 0]


@pytest.mark.parametrize("kind", ["codebook", "zipf"])
def test_a_picture_is_drawn(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_ar.applications.pictures.CLIPS", 8)
    out = tmp_path / "picture.png"
    assert main(["pictures", kind, "--model", str(MODEL), "--out", str(out)]) == 0
    with Image.open(out) as image:
        assert min(image.size) > 300 and len(image.convert("L").getcolors() or []) > 5


def test_a_tree_is_the_same_for_the_same_codebook(tokenizer: ActionTokenizer) -> None:
    uses = np.arange(512)
    first = codebook_picture.codebook_tree(tokenizer, uses).png()
    assert codebook_picture.codebook_tree(tokenizer, uses).png() == first


def test_a_training_is_drawn_from_its_logs(tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(tmp_path / "training" / "tokenizer" / "logs"))
    for step in range(5):
        writer.add_scalar("train/loss", torch.tensor(5.0 - step), step)
        writer.add_scalar("train/epoch", step, step)
    writer.close()
    curves = read_logs(tmp_path)
    assert curves == {"stage 1: loss": ([0, 1, 2, 3, 4], [5.0, 4.0, 3.0, 2.0, 1.0])}
    assert training_curves(curves).png().startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "picture.png")
    assert main(["pictures", "training", "--model", str(MODEL), "--out", out]) != 0
    assert "no logs of a training" in capsys.readouterr().err
    assert main(["pictures", "zipf", "--out", str(tmp_path / "picture.jpg")]) != 0
    assert "ends in .png" in capsys.readouterr().err
