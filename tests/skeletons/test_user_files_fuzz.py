"""Whatever is in a user's file, its reader gives a whole clip or one clear error."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_ar.errors import ClipError
from llm_ar.skeletons.layouts import COCO
from llm_ar.skeletons.readers import (
    Reader,
    alphapose,
    bvh,
    coco_keypoints,
    csv_table,
    landmarks,
    openpose,
    pyskl,
    read_clip,
)
from tests.bodies import body

RNG = np.random.default_rng(0)
# x, y and a score for each joint of a person in an image.
NUMBERS = np.concatenate([200 - 90 * body(1, COCO)[0, :, :2], np.full((17, 1), 0.9)], axis=1)
NUMBERS = NUMBERS.round(1).ravel().tolist()
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _pickle(protocol: int) -> bytes:
    points = RNG.normal(size=(1, 3, 17, 2)).astype("f2")
    clip = {"frame_dir": "a", "label": 1, "keypoint": points, "keypoint_score": points[..., 0] ** 0}
    return pickle.dumps({"split": {"train": ["a"]}, "annotations": [clip]}, protocol)


def _bvh() -> bytes:
    head = "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
    tail = "End Site\n{\nOFFSET 0 9 0\n}\n}\nMOTION\nFrames: 3\nFrame Time: 0.1\n"
    return (head + tail + "1 2 3\n4 5 6\n7 8 9\n").encode()


def _csv() -> bytes:
    header = ",".join(f"{i}_{axis}" for i in range(17) for axis in ("x", "y", "score"))
    return "\n".join(
        [f"frame,{header}", *(f"{i}," + str(NUMBERS)[1:-1] for i in range(3))]
    ).encode()


LANDMARK = {"x": 0.5, "y": 0.5, "z": 0.1, "visibility": 0.9}
SAMPLES: list[tuple[Reader, str, bytes]] = [
    (pyskl, "x.pkl", _pickle(2)),
    (pyskl, "x.pkl", _pickle(4)),
    (pyskl, "x.pkl", _pickle(5)),
    (openpose, "x.json", json.dumps({"people": [{"pose_keypoints_2d": NUMBERS}]}).encode()),
    (
        alphapose,
        "x.json",
        json.dumps([{"image_id": f"{i}.jpg", "keypoints": NUMBERS} for i in range(3)]).encode(),
    ),
    (
        coco_keypoints,
        "x.json",
        json.dumps(
            {"images": [{"id": 3}], "annotations": [{"image_id": 3, "keypoints": NUMBERS}]}
        ).encode(),
    ),
    (landmarks, "x.json", json.dumps([[LANDMARK] * 33] * 2).encode()),
    (bvh, "x.bvh", _bvh()),
    (csv_table, "x.csv", _csv()),
]


@pytest.mark.parametrize(("reader", "name", "content"), SAMPLES)
def test_the_undamaged_samples_are_read_and_found_by_content(read_bytes_as, reader, name, content):
    assert read_bytes_as(reader.read, name, content) is not None
    assert read_bytes_as(read_clip, "recording", content) is not None


# A warning on the screen is one message too many.
@pytest.mark.filterwarnings("error::RuntimeWarning")
@FUZZ
@given(data=st.data())
def test_damaged_files_are_read_whole_or_refused(damaged, read_bytes_as, data):
    reader, name, content = data.draw(damaged(SAMPLES))
    read_bytes_as(reader.read, name, content)
    read_bytes_as(read_clip, name, content)


@FUZZ
@given(st.sampled_from([sample[0] for sample in SAMPLES]), st.binary(max_size=300))
def test_rubbish_is_refused(read_bytes_as, reader, content):
    assert read_bytes_as(reader.read, "rubbish.bin", content) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(
            st.sampled_from(
                "people images annotations frames image_id keypoints idx id landmarks fps "
                "pose_keypoints_2d person_id frame_dir keypoint label file_name x y z".split()
            ),
            inner,
        )
    ),
    max_leaves=40,
)


@FUZZ
@given(VALUES)
def test_any_values_are_refused(read_bytes_as, values):
    content = json.dumps(values).encode()
    for reader in (openpose, alphapose, coco_keypoints, landmarks):
        assert read_bytes_as(reader.read, "x.json", content) is None
    assert read_bytes_as(pyskl.read, "x.pkl", pickle.dumps(values)) is None
    assert read_bytes_as(pyskl.read, "x.pkl", pickle.dumps({"annotations": values})) is None


@FUZZ
@given(st.lists(st.sampled_from([bytes([code]) for code in range(256)]), max_size=60))
def test_any_program_is_refused(read_bytes_as, codes):
    for start in (b"", b"\x80\x04", b"\x80\x04}]" + b"(" * 8):
        assert read_bytes_as(pyskl.read, "x.pkl", start + b"".join(codes) + b".") is None


@pytest.mark.parametrize("reader", [openpose, alphapose, coco_keypoints, landmarks])
def test_deep_json_is_refused(read_bytes_as, reader):
    for start in (b"[", b'{"people":[', b'[{"image_id":', b'{"images":[', b'{"frames":['):
        assert read_bytes_as(reader.read, "x.json", start * 50_000) is None


def test_absurd_counts_are_refused_at_once(tmp_path):
    far = json.dumps([{"image_id": i, "keypoints": NUMBERS} for i in (0, 10**12)])
    (tmp_path / "x.json").write_text(far)
    with pytest.raises(ClipError, match="run from 0 to 1000000000000; .* at most 108,000 frames"):
        read_clip(tmp_path / "x.json")
    (tmp_path / "x.csv").write_bytes(_csv().replace(b"\n2,", b"\n1000000000,"))
    with pytest.raises(ClipError, match="has 1,000,000,001 frames, a clip may have 108,000"):
        read_clip(tmp_path / "x.csv")


def test_a_bvh_of_too_many_joints_is_refused(read_bytes_as):
    deep = "HIERARCHY\nROOT a\n{\n" + "JOINT b\n{\n" * 100_000
    assert read_bytes_as(read_clip, "x.bvh", deep.encode()) is None
