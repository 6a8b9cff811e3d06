"""Data sets of graph networks in one ``.npz``: clips by name, labels, and their split."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from llm_ar.applications.cli import main
from llm_ar.errors import ClipError
from llm_ar.skeletons.layouts import KINECT_V2
from llm_ar.skeletons.prepare.prepare import prepare
from llm_ar.skeletons.readers import format_of, members, read_clip
from llm_ar.skeletons.store import ClipStore
from tests.bodies import body

FRAMES, PADDED, CLASSES = 20, 300, 60


def rows(seeds: range) -> np.ndarray:
    """(N, 300, 150): one person, the second is zeros, frames of zeros behind the end."""
    values = np.zeros((len(seeds), PADDED, 2, 25, 3), np.float32)
    for place, seed in enumerate(seeds):
        values[place, :FRAMES, 0] = body(FRAMES, KINECT_V2, seed=seed)
    return values.reshape(len(seeds), PADDED, 150)


def one_hot(classes: list[int]) -> np.ndarray:
    return np.eye(CLASSES)[classes]


@pytest.fixture(params=["stored", "compressed"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    save = np.savez if request.param == "stored" else np.savez_compressed
    path = tmp_path / "NTU60_CS.npz"
    save(
        path,
        x_train=rows(range(4)),
        y_train=one_hot([0, 7, 0, 59]),
        x_test=rows(range(4, 6)),
        y_test=one_hot([7, 0]),
    )
    return path


def test_each_clip_is_read_by_name(file: Path) -> None:
    assert format_of(file) == "graph network arrays"
    names = [str(path).partition("#")[2] for path in members(file)]
    assert names == ["train/0", "train/1", "train/2", "train/3", "test/0", "test/1"]
    clip = read_clip(Path(f"{file}#test/0"))
    assert (clip.frames, clip.layout.name, clip.label, clip.split) == (
        FRAMES,
        "kinect-v2",
        "7",
        "test",
    )
    assert np.allclose(clip.joints[:, 0], body(FRAMES, KINECT_V2, seed=4), atol=1e-5)


def test_no_name_and_a_wrong_one_are_refused_with_an_example(file: Path) -> None:
    with pytest.raises(ClipError, match=r"has 6 clips.*such as NTU60_CS.npz#train/0") as error:
        read_clip(file)
    assert len(str(error.value)) < 400 + len(str(file))
    with pytest.raises(ClipError, match="has no clip 'test/2' .*test 0 to 1"):
        read_clip(Path(f"{file}#test/2"))


def test_prepare_takes_labels_and_split(file: Path, tmp_path: Path) -> None:
    (tmp_path / "label_map.txt").write_text("\n".join(f"action {n}" for n in range(CLASSES)))
    (tmp_path / "labels.csv").write_text(f"file,label\n{file.name},*\n")
    report = prepare("folder", tmp_path, tmp_path / "out")
    assert report.read == 6
    clips = list(ClipStore.open(tmp_path / "out"))
    assert [clip.split for clip in clips] == ["train"] * 4 + ["test"] * 2
    assert {clip.label for clip in clips} == {"action 0", "action 7", "action 59"}


def test_inspect_lists_the_clips(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(file), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["clips"]) == 6


def test_channels_first_and_class_numbers(tmp_path: Path) -> None:
    values = rows(range(2)).reshape(2, PADDED, 2, 25, 3).transpose(0, 4, 1, 3, 2)
    path = tmp_path / "x.npz"
    np.savez(path, x_test=values, y_test=np.array([3, 4]))
    clip = read_clip(Path(f"{path}#test/1"))
    assert (clip.frames, clip.label) == (FRAMES, "4")
    assert np.allclose(clip.joints[:, 0], body(FRAMES, KINECT_V2, seed=1), atol=1e-5)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"x_test": rows(range(2)), "y_test": one_hot([1])}, "2 clips, but y_test 1 labels"),
        ({"x_test": rows(range(1)), "y_test": np.full((1, 60), 0.5)}, "expected one-hot rows"),
        ({"x_test": np.zeros((1, 300, 150))}, "shows nobody"),
        ({"x_test": np.ones((1, 150))}, r"shape \(1, 150\), expected \(clips, frames"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], problem: str
) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(ClipError, match=f"x.npz.*: .*{problem}"):
        read_clip(tmp_path / "x.npz")


def test_damaged_files_are_refused(file: Path) -> None:
    whole = file.read_bytes()
    for end in range(0, len(whole), max(len(whole) // 17, 1)):
        file.write_bytes(whole[:end])
        with pytest.raises(ClipError):
            read_clip(Path(f"{file}#test/0"))
