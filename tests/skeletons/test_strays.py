"""Files beside the frames, JSON as programs leave it, and advice for what cannot be read."""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from llm_ar.errors import ClipError
from llm_ar.skeletons.layouts import BODY_25, COCO, MEDIAPIPE
from llm_ar.skeletons.readers import read_clip
from tests.bodies import body

FRAMES = 10


def in_image(layout) -> np.ndarray:
    points = np.ones((FRAMES, len(layout.joints), 3))
    points[..., :2] = 400 - 100 * body(FRAMES, layout)[..., :2]
    return points


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    for i, person in enumerate(in_image(BODY_25)):
        text = json.dumps({"people": [{"pose_keypoints_2d": person.ravel().tolist()}]})
        (tmp_path / f"v_{i:012d}_keypoints.json").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("._v_000000000003_keypoints.json", "\x00\x05\x16\x07"),
        ("camera.json", '{"fx": 1}'),
        ("camera_1.json", '{"fx": 1}'),
        ("intrinsics02.json", "[]"),
        ("empty.json", ""),
    ],
)
def test_strays_in_an_openpose_folder_are_skipped_and_said(
    frames: Path, name: str, content: str
) -> None:
    (frames / name).write_text(content)
    clip = read_clip(frames)
    assert (clip.frames, clip.people) == (FRAMES, 1)
    assert f"{name} skipped, no frame of OpenPose" in clip.repairs


def test_a_damaged_frame_is_no_stray(frames: Path) -> None:
    file = frames / "v_000000000004_keypoints.json"
    file.write_text('{"version"')
    with pytest.raises(ClipError, match="v_000000000004_keypoints.json"):
        read_clip(frames)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("before", [[], [None, None], [[], None], [{}]])
def test_json_that_begins_with_nothing_in_any_encoding(
    tmp_path: Path, encoding: str, before: list
) -> None:
    marks = body(FRAMES, MEDIAPIPE) * [-1, -1, 1]
    rows = [[{"x": x, "y": y, "z": z} for x, y, z in row] for row in marks.tolist()]
    path = tmp_path / "m.json"
    path.write_bytes(json.dumps([*before, *rows]).encode(encoding))
    clip = read_clip(path)
    assert clip.frames == FRAMES + len(before)
    assert clip.present[len(before) :].all() and not clip.present[: len(before)].any()


def test_world_landmarks_come_first(tmp_path: Path) -> None:
    world = body(FRAMES, MEDIAPIPE) * [-1, -1, 1]
    rows = [
        {"landmarks": (0.1 * row + 0.5).tolist(), "worldLandmarks": row.tolist()} for row in world
    ]
    (tmp_path / "m.json").write_text(json.dumps(rows))
    clip = read_clip(tmp_path / "m.json")
    assert np.allclose(clip.joints[:, 0], body(FRAMES, MEDIAPIPE), atol=1e-5)


def test_coco_categories_give_the_order(tmp_path: Path) -> None:
    order = list(reversed(range(17)))
    data = {
        "images": [{"id": i, "file_name": f"{i:04d}_cam2.jpg"} for i in range(FRAMES)],
        "categories": [{"id": 1, "keypoints": [COCO.joints[place] for place in order]}],
        "annotations": [
            {"image_id": i, "category_id": 1, "keypoints": person[order].ravel().tolist()}
            for i, person in enumerate(in_image(COCO))
        ],
    }
    (tmp_path / "c.json").write_text(json.dumps(data))
    clip = read_clip(tmp_path / "c.json")
    assert np.allclose(clip.joints[:, 0, :, :2], -in_image(COCO)[..., :2], atol=1e-3)


def test_zipped_pickles_and_low_scores_get_the_right_advice(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(gzip.compress(pickle.dumps({"annotations": []})))
    with pytest.raises(ClipError, match="compressed with gzip; unpack it"):
        read_clip(tmp_path / "a.pkl")
    people = in_image(COCO)
    people[..., 2] = 0.04
    entries = [
        {"image_id": f"{i}.jpg", "keypoints": person.ravel().tolist(), "score": 1.0}
        for i, person in enumerate(people)
    ]
    (tmp_path / "a.json").write_text(json.dumps(entries))
    with pytest.raises(ClipError, match=r"none has a score of 0\.1 or more, the highest is 0\.04"):
        read_clip(tmp_path / "a.json")


@pytest.mark.parametrize("suffix", [".json.gz", ".npy.gz", ".csv.gz"])
def test_other_zipped_files_are_to_be_unpacked(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(gzip.compress(b"[1, 2]"))
    with pytest.raises(ClipError, match="compressed with gzip; unpack it"):
        read_clip(tmp_path / f"a{suffix}")


def test_landmarks_of_an_image_get_equal_units(tmp_path: Path) -> None:
    expected = body(FRAMES, MEDIAPIPE)
    image = expected * [-1, -1, 1] * 0.3 * [9 / 16, 1, 9 / 16] + [0.5, 0.4, 0]
    np.save(tmp_path / "m.npy", image)
    rows = [[{"x": x, "y": y, "z": z} for x, y, z in row] for row in image.tolist()]
    (tmp_path / "m.json").write_text(json.dumps(rows))
    center = expected.mean(axis=(0, 1))
    for name in ("m.npy", "m.json"):
        clip = read_clip(tmp_path / name)
        found = clip.joints[:, 0] / 0.3
        assert np.allclose(found - found.mean(axis=(0, 1)), expected - center, atol=1e-4), name
        assert "assumed to be 16 to 9" in clip.understood.notes[-1]
    np.save(tmp_path / "world.npy", expected * [-1, -1, 1])
    assert read_clip(tmp_path / "world.npy").understood.notes == ()
