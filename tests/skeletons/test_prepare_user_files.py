"""Users' own files become a dataset: containers clip by clip, and any hierarchy of joints."""

from __future__ import annotations

import os
import pickle

import numpy as np

from llm_ar.skeletons.layouts import COCO, KINECT_V1, KINECT_V2
from llm_ar.skeletons.prepare.prepare import prepare
from llm_ar.skeletons.store import ClipStore
from tests.bodies import body

RNG = np.random.default_rng(0)


def test_all_clips_of_a_pickle_with_their_own_labels(tmp_path):
    clips = [
        {"frame_dir": f"c{i}", "label": i % 2, "keypoint": RNG.normal(size=(1, 5, 17, 2))}
        for i in range(6)
    ]
    clips[3]["keypoint"] = np.zeros((1, 5, 17, 2))
    raw = tmp_path / "raw"
    raw.mkdir()
    path = raw / "all.pkl"
    path.write_bytes(pickle.dumps({"annotations": clips}))
    (raw / "label_map.txt").write_text("sit\nstand\n")
    (raw / "labels.csv").write_text("file,label,subject\nall.pkl,*,ann\nall.pkl#c0,fall,bob\n")
    report = prepare("folder", raw, tmp_path / "out")
    assert report.read == 6 and [note.source for note in report.refused] == [
        "labels.csv row 2, all.pkl#c3"
    ]
    store = ClipStore.open(tmp_path / "out")
    assert store.layout == COCO
    found = {(info.source, info.label, info.subject) for info in store.metadata()}
    expected = {(f"all.pkl#c{i}", ("sit", "stand")[i % 2], "ann") for i in (0, 1, 2, 4, 5)}
    assert found == expected | {("all.pkl#c0", "fall", "bob")}
    assert prepare("folder", raw, tmp_path / "out").unchanged
    os.utime(path, (1, 1))
    assert not prepare("folder", raw, tmp_path / "out").unchanged


def test_a_dataset_that_begins_with_bvh_takes_other_files_too(tmp_path):
    limbs = ""
    for side, x in (("Left", 1), ("Right", -1)):
        for names in (("UpLeg", "Leg", "Foot"), ("Arm", "ForeArm", "Hand")):
            for name in names:
                limbs += f"JOINT {side}{name}\n{{\nOFFSET {x} 1 0\nCHANNELS 0\n"
            limbs += "}\n" * 3
    text = (
        "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 3 Xrotation Yrotation Zrotation\n"
        "JOINT Spine\n{\nOFFSET 0 1 0\nCHANNELS 0\nJOINT Neck\n{\nOFFSET 0 1 0\nCHANNELS 0\n"
        f"JOINT Head\n{{\nOFFSET 0 1 0\nCHANNELS 0\n}}\n}}\n}}\n{limbs}}}\n"
        "MOTION\nFrames: 2\nFrame Time: 0.1\n0 0 0\n0 5 0\n"
    )
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.bvh").write_text(text)
    np.save(tmp_path / "raw/b.npy", body(4, KINECT_V2))
    (tmp_path / "raw/labels.csv").write_text("file,label\na.bvh,turn\nb.npy,wave\n")
    report = prepare("folder", tmp_path / "raw", tmp_path / "out")
    assert report.read == 2 and not report.refused
    assert ClipStore.open(tmp_path / "out").layout == KINECT_V1
