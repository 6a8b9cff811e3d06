"""A small recording in each format that the readers know, and damage to it."""

from __future__ import annotations

import io
import json
import pickle
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from llm_ar.skeletons.layouts import AZURE_32, CAD60, COCO
from tests.bodies import body
from tests.skeletons import (
    test_markers,
    test_published_readers,
    test_readers_fuzz,
    test_user_files_fuzz,
)

FRAMES = 12
IMAGE = np.concatenate([200 - 90 * body(FRAMES, COCO)[..., :2], np.ones((FRAMES, 17, 1))], axis=-1)
WORDS = (b"1e400", b"-1", b"NaN", b"99999999999", b'"', b"\x00", b"null", b"[", b"\xff\xfe", b"")


def _saved(write: Any) -> bytes:
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _kinetics() -> bytes:
    frames = [
        {
            "frame_index": number,
            "skeleton": [
                {
                    "pose": (np.resize(points[:, :2], (18, 2)) / 480).round(3).ravel().tolist(),
                    "score": [0.9] * 18,
                }
            ],
        }
        for number, points in enumerate(IMAGE, 1)
    ]
    return _json({"data": frames, "label": "wave", "label_index": 1})


def _mmpose() -> bytes:
    frames = [
        {
            "frame_id": number,
            "instances": [
                {"keypoints": points[:, :2].round(1).tolist(), "keypoint_scores": [0.9] * 17}
            ],
        }
        for number, points in enumerate(IMAGE)
    ]
    return _json({"meta_info": {}, "instance_info": frames})


def _azure() -> bytes:
    frames = [
        {
            "bodies": [{"body_id": 1, "joint_positions": (1000 * points).round(1).tolist()}],
            "frame_id": number,
            "num_bodies": 1,
            "timestamp_usec": 33_333 * number,
        }
        for number, points in enumerate(body(FRAMES, AZURE_32))
    ]
    return _json({"frames": frames, "joint_names": [name.upper() for name in AZURE_32.joints]})


def _labels() -> bytes:
    rows = (
        " ".join(["0", "0.5", "0.5", "0.4", "0.8", *numbers])
        for numbers in ([f"{v:.4f}" for v in (IMAGE[0] / [480, 480, 1]).ravel()],)
    )
    return ("\n".join(rows) + "\n").encode()


def _markers(write: Any, name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path, test_markers.positions(), list(test_markers.JOINTS))
        return path.read_bytes()


def samples() -> list[tuple[str, bytes]]:
    """Names and contents."""
    kinect = body(FRAMES).astype(np.float64)
    known = [
        (name, content)
        for module in (test_readers_fuzz, test_user_files_fuzz, test_published_readers)
        for _, name, content in module.SAMPLES
    ]
    graph = {"x_train": kinect.reshape(1, FRAMES, -1), "y_train": np.eye(2)[:1]}
    named = {"Walk/one": IMAGE[:, None].astype(np.float16), "Run/two": IMAGE[:, None]}
    penn = {"x": IMAGE[:, :13, 0], "y": IMAGE[:, :13, 1], "visibility": np.ones((FRAMES, 13))}
    penn |= {"action": "squat", "train": 1, "dimensions": [480, 640, FRAMES]}
    return [
        *known,
        ("x.mat", _saved(lambda stream: savemat(stream, {"joints": kinect}))),
        ("penn.mat", _saved(lambda stream: savemat(stream, penn))),
        ("graph.npz", _saved(lambda stream: np.savez(stream, **graph))),
        ("named.npz", _saved(lambda stream: np.savez(stream, **named))),
        (
            "a06_brushing_teeth_p2.npy",
            _saved(lambda stream: np.save(stream, 1000 * body(FRAMES, CAD60).astype("f4"))),
        ),
        ("array.pkl", pickle.dumps(kinect)),
        ("array.json", _json(kinect.round(3).tolist())),
        ("kinetics.json", _kinetics()),
        ("mmpose.json", _mmpose()),
        ("azure.json", _azure()),
        ("labels_000001.txt", _labels()),
        ("x.trc", _markers(test_markers.trc, "x.trc")),
        ("x.c3d", _markers(test_markers.c3d, "x.c3d")),
    ]


def damaged(name: str, content: bytes, seed: int) -> tuple[str, bytes]:
    """One to four changes of a file, the same for the same seed; sometimes its name changes too."""
    chance = random.Random(f"{name} {seed}")
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(content) + 1)
        kind = chance.choice(("cut", "bytes", "insert", "remove", "double", "word", "number"))
        if kind == "cut":
            content = content[:place]
        elif kind == "bytes":
            new = chance.randbytes(chance.randint(1, 8))
            content = content[:place] + new + content[place + len(new) :]
        elif kind == "insert":
            content = content[:place] + chance.randbytes(chance.randint(1, 40)) + content[place:]
        elif kind == "remove":
            content = content[:place] + content[place + chance.randint(1, 200) :]
        elif kind == "double":
            end = place + chance.randint(1, 4000)
            content = content[:end] + content[place:end] * chance.randint(1, 3) + content[end:]
        else:
            mark = chance.choice([mark for mark in (b",", b" ", b"\n", b":", b"\t")])
            pieces = content.split(mark)
            pieces[chance.randrange(len(pieces))] = chance.choice(WORDS)
            content = mark.join(pieces)
    endings = (".npz", ".json", ".csv", ".mat", ".bvh", ".pkl", ".c3d", "")
    if chance.random() < 0.1:
        name = Path(name).stem + chance.choice(endings)
    return name, content
