"""The plots hold what they are given, and nothing that a label could smuggle in."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, Rectangle
from PIL import Image

from llm_ar.evaluation.metrics import Calibration, calibration
from llm_ar.evaluation.report.picture import Picture
from llm_ar.evaluation.report.plots import confusion_matrix, reliability


def titles(picture: Picture) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture.svg()).iter("title")]


def words(picture: Picture) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture.svg()).iter("text")]


def pixels(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.png())).convert("RGB")).astype(int)


def some_calibration() -> Calibration:
    probabilities = np.array([[0.95, 0.05], [0.92, 0.08], [0.55, 0.45]])
    return calibration(probabilities, np.array([0, 1, 0]))


def test_the_matrix_tells_every_count() -> None:
    counts = np.random.default_rng(0).integers(0, 5, (6, 6))
    counts[3] = 0
    labels = [f"action {n}" for n in range(6)]
    found = {}
    for title in titles(confusion_matrix(counts, labels)):
        row, column, count, clips = re.fullmatch(
            r"action (\d) → action (\d): (\d+) of (\d+)", title
        ).groups()
        found[int(row), int(column)] = int(count)
        assert int(clips) == counts[int(row)].sum()
    assert found == {(i, j): counts[i, j] for i in range(6) for j in range(6) if counts[i, j]}


def test_cells_of_the_matrix_have_the_ink_of_their_share() -> None:
    axes = confusion_matrix(np.array([[3, 1], [0, 2]]), ["a", "b"]).figure.axes[0]
    cells = {cell.get_gid(): cell for cell in axes.patches}
    assert list(cells) == ["cell-0-0", "cell-0-1", "cell-1-1"]
    right, wrong = cells["cell-0-0"], cells["cell-0-1"]
    assert to_hex(right.get_facecolor()) != to_hex(wrong.get_facecolor())
    assert np.allclose([cell.get_alpha() for cell in cells.values()], [0.78, 0.34, 1.0])
    assert right.get_y() < cells["cell-1-1"].get_y() and right.get_x() < wrong.get_x()
    assert axes.yaxis_inverted(), "the first row is above"


def test_figures_stand_in_cells_that_have_room() -> None:
    counts = np.diag(np.arange(101, 141))
    assert "117" in words(confusion_matrix(counts, [f"n{n}" for n in range(40)]))
    many = confusion_matrix(np.diag([7] * 60), [f"n{n}" for n in range(60)])
    assert "7" not in words(many) and len(titles(many)) == 60


def test_labels_are_text_whatever_they_hold() -> None:
    label = '<script>alert("x")</script>&$a_b$'
    picture = confusion_matrix(np.eye(2, dtype=np.int64), [label, "a\x00b"])
    assert "<script" not in picture.svg()
    assert titles(picture)[0] == f"{label} → {label}: 1 of 1"
    assert f"{label[:25]}…" in words(picture) and "a b" in words(picture)


def test_labels_are_not_cut_by_the_edges() -> None:
    labels = ["the longest of all names", "ходить"]
    found = pixels(confusion_matrix(np.eye(2, dtype=np.int64), labels))
    inked = found.min(axis=-1) < 200
    assert not inked[:5].any() and not inked[-5:].any()
    assert not inked[:, :5].any() and not inked[:, -5:].any()
    # 72 points of cells, of which two pixels each; the names take more, above and to the left.
    rows, columns = (np.flatnonzero(inked.any(axis=axis)) for axis in (1, 0))
    assert np.ptp(columns) > 2 * 72 + 300 and np.ptp(rows) > 2 * 72 + 200


def test_reliability_has_a_bar_for_each_bin_with_clips() -> None:
    picture = reliability(some_calibration())
    assert titles(picture) == [
        "1 clips with confidence 50-60 %: 55.0 % sure on average, 100.0 % right",
        "2 clips with confidence 90-100 %: 93.5 % sure on average, 50.0 % right",
    ]
    drawn = picture.figure.axes[0].patches
    bars = [patch for patch in drawn if isinstance(patch, Rectangle)]
    dots = [patch.center for patch in drawn if isinstance(patch, Circle)]
    assert [round(bar.get_height()) for bar in bars] == [100, 50]
    assert np.allclose(dots, [[55, 100], [93.5, 50]])
    assert {"1", "2", "confidence, %", "right, %"} < set(words(picture))


def test_bars_are_seen_in_the_png() -> None:
    found = pixels(reliability(some_calibration()))
    blue = (found[..., 2] - found[..., 0] > 60).sum()
    # Of 600 by 600 pixels, a tenth as high as all, and one half as high.
    assert 0.9 < blue / (600 * 60 * 1.5) < 1.05
