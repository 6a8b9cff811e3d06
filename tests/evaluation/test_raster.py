"""PNG of the pictures: what is where, by its colour."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from llm_ar.evaluation.metrics import calibration
from llm_ar.evaluation.report.plots import confusion_matrix, reliability
from llm_ar.evaluation.report.raster import to_png


def pixels(svg: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(to_png(svg))).convert("RGB")).astype(int)


def test_cells_of_the_matrix_have_the_ink_of_their_share() -> None:
    svg = confusion_matrix(np.array([[4, 0], [0, 4]]), ["sit down", "stand up"])
    found = pixels(svg)
    _, _, width, height = map(float, ElementTree.fromstring(svg).attrib["viewBox"].split())
    assert found.shape == (round(height * 2), round(width * 2), 3)
    ground = next(e for e in ElementTree.fromstring(svg).iter("rect") if e.get("class") == "ground")
    left, top, side = (float(ground.attrib[name]) * 2 for name in ("x", "y", "width"))

    def cell(row: int, column: int) -> np.ndarray:
        """Colour near a cell's upper left corner, where no figure stands."""
        y, x = top + side * row / 2 + 8, left + side * column / 2 + 8
        return found[round(y), round(x)]

    for row in range(2):
        assert np.abs(cell(row, row) - (47, 111, 222)).max() < 12
        assert np.abs(cell(row, 1 - row) - (247, 247, 244)).max() < 12


def test_labels_are_written_beside_and_above() -> None:
    svg = confusion_matrix(np.eye(2, dtype=np.int64), ["sit down", "stand up"])
    found = pixels(svg)
    ground = next(e for e in ElementTree.fromstring(svg).iter("rect") if e.get("class") == "ground")
    left, top = (round(float(ground.attrib[name]) * 2) for name in ("x", "y"))
    dark = found.max(axis=-1) < 160
    assert dark[top:, : left - 4].sum() > 50
    above = dark[: top - 4]
    assert above.sum() > 50
    # Turned by 45 degrees upwards: ink further right stands higher.
    rows, columns = np.nonzero(above[:, : found.shape[1]])
    assert np.corrcoef(rows, columns)[0, 1] < -0.3


def test_bars_of_the_reliability_reach_their_accuracy() -> None:
    probabilities = np.array([[0.95, 0.05], [0.92, 0.08]])
    found = pixels(reliability(calibration(probabilities, np.array([0, 1]))))
    column = found[:, round((48 + 0.95 * 300) * 2)]
    blue = np.flatnonzero(column[:, 2] - column[:, 0] > 60)
    # One of two is right: the bar rises from the bottom (12 + 300) to the middle (12 + 150).
    assert abs(blue.min() - 2 * 162) <= 12 and abs(blue.max() - 2 * 312) <= 4


def test_control_characters_in_names_do_no_harm() -> None:
    assert to_png(confusion_matrix(np.eye(2, dtype=np.int64), ["a\x00b", "c\nd"]))[:4] == b"\x89PNG"
