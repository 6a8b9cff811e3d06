"""A table of what people's files can be: form x layout x axes, each read to the same person.

Files are generated: a person who bends and raises the arms, written in each form, in the joints of
each layout, with the file's axes turned in each way. A file is right if joints, frames and people
are those that were written.
"""

from __future__ import annotations

import csv
import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from llm_ar.skeletons.layouts import layout_named
from llm_ar.skeletons.read_options import ReadOptions
from llm_ar.skeletons.readers import read_clip
from tests.bodies import body

FRAMES = 24
Writer = Callable[[Path, np.ndarray], Path]


def _npy(path: Path, values: np.ndarray) -> Path:
    np.save(path / "x.npy", values)
    return path / "x.npy"


def _npz(path: Path, values: np.ndarray) -> Path:
    np.savez(path / "x.npz", values)
    return path / "x.npz"


def _mat(path: Path, values: np.ndarray) -> Path:
    savemat(path / "x.mat", {"positions": values})
    return path / "x.mat"


def _pickle(path: Path, values: np.ndarray) -> Path:
    (path / "x.pkl").write_bytes(pickle.dumps(values))
    return path / "x.pkl"


def _json(path: Path, values: np.ndarray) -> Path:
    (path / "x.json").write_text(json.dumps(values.tolist()))
    return path / "x.json"


def _table(path: Path, values: np.ndarray) -> Path:
    text = io.StringIO()
    csv.writer(text).writerows(values.reshape(len(values), -1).tolist())
    (path / "x.csv").write_text(text.getvalue())
    return path / "x.csv"


FORMS: dict[str, Writer] = {
    "npy": _npy,
    "npz": _npz,
    "mat": _mat,
    "pickle": _pickle,
    "json": _json,
    "table": _table,
}
LAYOUTS = ("kinect-v1", "kinect-v2", "h36m-17", "sbu-15", "smpl-22", "azure-32")
TURNS = {
    "y": np.eye(3),
    "z": np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]),  # motion capture
    "-y": np.diag([-1, -1, 1]),  # an image's axes
}
"""The direction that is up in the file, and the rotation to it from y."""
ORDERS = ("TVC", "VCT", "CTV", "TMVC", "MTVC", "CTVM", "NCTVM", "T(VC)")


def ordered(positions: np.ndarray, order: str) -> np.ndarray:
    """Positions (T, V, C) in an order of axes, those in brackets merged."""
    letters = order.replace("(", "").replace(")", "")
    values, start = positions, "TVC"
    for letter in "MN":
        if letter in letters:
            values, start = values[None], letter + start
    values = values.transpose([start.index(letter) for letter in letters])
    return values.reshape(len(values), -1) if "(" in order else values


def check(path: Path, expected: np.ndarray, layout: str) -> None:
    clip = read_clip(path)
    assert (clip.frames, clip.people, clip.layout.name) == (FRAMES, 1, layout)
    assert np.allclose(clip.joints[:, 0], expected, atol=1e-3)


@pytest.mark.parametrize("up", TURNS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_every_layout(tmp_path: Path, form: str, layout: str, up: str) -> None:
    expected = body(FRAMES, layout_named(layout))
    check(FORMS[form](tmp_path, expected @ TURNS[up].T), expected, layout)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_order_of_axes(tmp_path: Path, layout: str, order: str) -> None:
    expected = body(FRAMES, layout_named(layout))
    check(_npy(tmp_path, ordered(expected, order)), expected, layout)


@pytest.mark.parametrize("scale", [1, 100, 1000])
@pytest.mark.parametrize("layout", ["kinect-v1", "smpl-22"])
def test_every_unit(tmp_path: Path, layout: str, scale: int) -> None:
    expected = body(FRAMES, layout_named(layout))
    clip = read_clip(_npy(tmp_path, scale * expected))
    assert np.allclose(clip.joints[:, 0] / scale, expected, atol=1e-3)


@pytest.mark.parametrize("score", [False, True])
@pytest.mark.parametrize("layout", ["coco-17", "body-25", "halpe-26"])
@pytest.mark.parametrize("form", ["npy", "npz", "mat", "pickle", "json"])
def test_images_with_and_without_scores(
    tmp_path: Path, form: str, layout: str, score: bool
) -> None:
    known = layout_named(layout)
    image = 400 - 100 * body(FRAMES, known)[..., :2]
    values = np.dstack([image, np.full(image.shape[:2], 0.9)]) if score else image
    values[3, 4] = 0
    clip = read_clip(FORMS[form](tmp_path, values), ReadOptions(layout=layout))
    assert (clip.frames, clip.dimensions, clip.layout.name) == (FRAMES, 2, layout)
    assert not clip.present[3, 0, 4] and clip.present.sum() == clip.present.size - 1
    shown = clip.present[:, 0]
    assert np.allclose(clip.joints[:, 0, :, :2][shown], -image[shown], atol=1e-3)
