"""Whatever is in a file, a reader gives a whole clip or one clear error; never anything else."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from llm_ar.errors import MissingExtraError
from llm_ar.skeletons.layouts import KARD
from llm_ar.skeletons.readers import (
    READERS,
    Reader,
    arrays,
    joint_lines,
    joint_table,
    named_clips,
    ntu,
    nw_ucla,
    penn_action,
    read_clip,
    utd_mhad,
    video,
)
from tests.bodies import body

POSITIONS = body(3).astype(np.float64)


def _json() -> bytes:
    content = {"file_name": "x", "skeletons": POSITIONS.round(3).tolist(), "label": 1}
    return json.dumps(content).encode()


def _mat(compressed: bool) -> bytes:
    stream = io.BytesIO()
    savemat(stream, {"d_skel": POSITIONS.transpose(1, 2, 0)}, do_compression=compressed)
    return stream.getvalue()


def _penn() -> bytes:
    stream = io.BytesIO()
    x, y = POSITIONS[:, :13, 0] + 300, POSITIONS[:, :13, 1] + 200
    content = {"x": x, "y": y, "visibility": np.ones(x.shape), "action": "squat", "train": 1}
    savemat(stream, content, do_compression=True)
    return stream.getvalue()


def _named_npz() -> bytes:
    stream = io.BytesIO()
    points = np.ones((3, 2, 17, 3), dtype=np.float16)
    points[:, 0, :, :2] += POSITIONS[:, :17, :2] + 300
    np.savez_compressed(stream, **{"Walking/Walking (1)": points})
    return stream.getvalue()


def _npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, POSITIONS)
    return stream.getvalue()


def _npz() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, joints=POSITIONS, fps=30, layout="kinect-v1")
    return stream.getvalue()


def _skeleton() -> bytes:
    joint = "0.1 -0.2 3.1 276.1 190.1 1032.3 514.1 -0.17 0.04 0.97 -0.16 2"
    body = ["72057594037931648 0 1 1 1 1 0 -0.1 0.2 2", "25", *[joint] * 25]
    return "\r\n".join(["3", "1", *body, "0", "1", *body, ""]).encode()


def _lines() -> bytes:
    rows = body(3, KARD).reshape(-1, 3) * 1000
    return "".join(f"{x:.2f} {y:.2f} {z:.2f}\n" for x, y, z in rows).encode()


def _table() -> bytes:
    rows = [
        f"{frame} {joint} {x:.3f} {y:.3f} {z:.3f}\r\n"
        for frame, joints in enumerate(POSITIONS, 1)
        for joint, (x, y, z) in enumerate(joints, 1)
    ]
    return "".join(rows).encode()


SAMPLES: list[tuple[Reader, str, bytes]] = [
    (nw_ucla, "a01_s01_e00_v01.json", _json()),
    (utd_mhad, "a1_s1_t1_skeleton.mat", _mat(compressed=False)),
    (utd_mhad, "a1_s1_t1_skeleton.mat", _mat(compressed=True)),
    (penn_action, "0001.mat", _penn()),
    (named_clips, "x.npz", _named_npz()),
    (arrays, "x.npy", _npy()),
    (arrays, "x.npz", _npz()),
    (ntu, "S001C001P001R001A001.skeleton", _skeleton()),
    (joint_lines, "a01_s01_e01_realworld.txt", _lines()),
    (joint_lines, "x.txt", _lines()),
    (joint_table, "a01_s01_e01_skeleton_proj.txt", _table()),
]


# Named by their number: the bytes of a MATLAB file hold the second in which they were written, and
# processes that share the tests must call each by the same name.
@pytest.mark.parametrize(("reader", "name", "content"), SAMPLES, ids=range(len(SAMPLES)))
def test_the_undamaged_samples_are_read(read_bytes_as, reader, name, content):
    assert read_bytes_as(reader.read, name, content) is not None


# A warning on the screen is one message too many.
@pytest.mark.filterwarnings("error::RuntimeWarning")
@settings(max_examples=400, deadline=2000, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_files_are_read_whole_or_refused(damaged, read_bytes_as, data):
    reader, name, content = data.draw(damaged(SAMPLES))
    read_bytes_as(reader.read, name, content)
    read_bytes_as(read_clip, name, content)


@settings(max_examples=100, deadline=2000)
@given(st.sampled_from(READERS), st.binary(max_size=300))
def test_rubbish_is_refused(read_bytes_as, reader, content):
    try:
        assert read_bytes_as(reader.read, "rubbish.bin", content) is None
    except MissingExtraError:
        # It begins as videos do, and the libraries that look at the rest are not installed.
        assert reader is video and video.sniff(Path("rubbish.bin"), content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=60,
)


@settings(max_examples=100, deadline=2000)
@given(JSON)
def test_any_json_under_skeletons_is_refused(read_bytes_as, frames):
    content = json.dumps({"file_name": "x", "skeletons": frames, "label": 1}).encode()
    assert read_bytes_as(nw_ucla.read, "x.json", content) is None


@pytest.mark.parametrize("cut", range(3, len(_skeleton()), 97))
def test_a_truncated_skeleton_is_never_a_shorter_clip(read_bytes_as, cut):
    assert read_bytes_as(ntu.read, "x.skeleton", _skeleton()[:-cut]) is None
