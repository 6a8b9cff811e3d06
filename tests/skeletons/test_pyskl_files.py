"""PYSKL pickles: read to the digit, nothing in them executed, refused with place and cure."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from llm_ar.errors import ClipError
from llm_ar.skeletons.layouts import COCO, KINECT_V2
from llm_ar.skeletons.readers import members, pickles, read_clip
from llm_ar.skeletons.readers.people import MAX_PEOPLE

RNG = np.random.default_rng(0)


class TestPyskl:
    def annotation(self, name="S001C002P003R001A004", people=1, joints=17, axes=2, **more):
        points = RNG.normal(size=(people, 6, joints, axes)).astype(np.float16)
        score = np.full((people, 6, joints), 0.9, np.float16)
        return {
            "frame_dir": name,
            "label": 3,
            "img_shape": (1080, 1920),
            "original_shape": (1080, 1920),
            "total_frames": 6,
            "keypoint": points,
            "keypoint_score": score,
            **more,
        }

    def save(self, folder, *annotations, split=None, protocol=4, name="x.pkl"):
        content = {"split": split or {}, "annotations": list(annotations)}
        (folder / name).write_bytes(pickle.dumps(content, protocol))
        return folder / name

    @pytest.mark.parametrize("protocol", range(6))
    def test_one_clip_in_every_protocol(self, tmp_path, protocol):
        one = self.annotation()
        one["keypoint_score"][0, 2, 5] = 0.01
        clip = read_clip(self.save(tmp_path, one, protocol=protocol, name="x.pkl"))
        expected = -one["keypoint"].astype(np.float32).transpose(1, 0, 2, 3)
        assert np.array_equal(clip.joints[..., :2][clip.present], expected[clip.present])
        assert np.argwhere(~clip.present).tolist() == [[2, 0, 5]]
        assert (clip.layout, clip.subject, clip.camera, clip.label) == (COCO, "3", "2", "3")

    def test_many_clips_are_named(self, tmp_path):
        three = [self.annotation(f"clip {i}", joints=25, axes=3, label=i) for i in range(3)]
        split = {"xsub_train": ["clip 0"], "xsub_val": ["clip 1"]}
        path = self.save(tmp_path, *three, split=split)
        with pytest.raises(ClipError, match="has 3 clips; name one of them, such as x.pkl#clip 0"):
            read_clip(path)
        with pytest.raises(ClipError, match="no clip 'clip 9'"):
            read_clip(Path(f"{path}#clip 9"))
        clips = [read_clip(member) for member in members(path)]
        for clip, one in zip(clips, three, strict=True):
            assert np.array_equal(clip.joints[:, 0], one["keypoint"][0].astype(np.float32))
        assert [clip.split for clip in clips] == ["train", "test", None]
        assert [clip.layout for clip in clips] == [KINECT_V2] * 3

    def test_names_of_classes_beside_the_file(self, tmp_path):
        path = self.save(tmp_path, self.annotation())
        (tmp_path / "label_map.txt").write_text("a\nb\nc\nwave\n")
        assert read_clip(path).label == "wave"

    def test_the_most_seen_of_many_people_stay(self, tmp_path):
        one = self.annotation(people=MAX_PEOPLE + 2)
        one["keypoint_score"][0, 1:] = 0
        clip = read_clip(self.save(tmp_path, one))
        assert clip.people == MAX_PEOPLE and len(clip.repairs) == 1
        first = -one["keypoint"][1].astype(np.float32)
        assert np.array_equal(clip.joints[:, 0, :, :2], first)

    def test_numbers_and_containers_come_through(self, tmp_path):
        content = {
            "half": RNG.normal(size=(3, 4)).astype("f2"),
            "columns": np.asfortranarray(RNG.normal(size=(3, 4))),
            "big": np.array([1, 2], ">i4"),
            "empty": np.zeros((0, 3)),
            "long": np.arange(5000.0),
            "scalars": (np.float32(0.5), np.int64(7), 2**70, True, None, "é", b"bytes", 0.25),
            "ordered": OrderedDict(a=1),
        }
        for protocol in range(6):
            (tmp_path / "x.pkl").write_bytes(pickle.dumps(content, protocol))
            found = pickles.load(tmp_path / "x.pkl")
            for name in ("half", "columns", "big", "empty", "long"):
                assert np.array_equal(found[name], content[name])
                assert found[name].dtype == content[name].dtype
            assert found["scalars"] == content["scalars"] and found["ordered"] == {"a": 1}

    @pytest.mark.parametrize("protocol", range(6))
    def test_a_pickle_that_would_run_code_is_refused_by_name(self, tmp_path, protocol):
        class Trap:
            def __reduce__(self):
                return os.system, (f"touch {tmp_path / 'sprung'}",)

        (tmp_path / "x.pkl").write_bytes(pickle.dumps({"annotations": [Trap()]}, protocol))
        with pytest.raises(ClipError, match=r"x.pkl: asks for '(posix|nt)\.system'.*nothing .*run"):
            read_clip(tmp_path / "x.pkl")
        assert not (tmp_path / "sprung").exists()

    @pytest.mark.parametrize(
        ("program", "problem"),
        [
            (b"\x80\x04cbuiltins\neval\n.", "builtins.eval"),
            (b"\x80\x04c__builtin__\ngetattr\n.", "getattr"),
            (b"\x80\x04(c__main__\nThing\no.", "__main__.Thing"),
            (b"\x80\x04(i__main__\nThing\n.", "instruction INST"),
            (b"\x80\x04\x82\x01.", "instruction EXT1"),
            (b"\x80\x04X\x01\x00\x00\x00aQ.", "instruction BINPERSID"),
            (b"\x80\x04}cnumpy\nndarray\n}\x81.", "instruction NEWOBJ"),
            (b"\x80\x04r\xff\xff\xff\x7f.", "not a complete pickle"),
            (b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x00.", "not a complete pickle"),
            (b"\x80\x04cnumpy\ndtype\nX\x02\x00\x00\x00O8\x85R.", "not a complete pickle"),
            (b"\x80\x04}.", 'no list "annotations"'),
            (b"\x80\x04" + b"(" * 100 + b"l" * 99 + b".", 'no list|"frame_dir"'),
        ],
    )
    def test_other_programs_are_refused(self, tmp_path, program, problem):
        (tmp_path / "x.pkl").write_bytes(program)
        with pytest.raises(ClipError, match=f"x.pkl: .*{problem}"):
            read_clip(tmp_path / "x.pkl")

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"keypoint": None}, 'no array of numbers under "keypoint"'),
            ({"keypoint": np.ones((1, 6, 13, 2))}, r"shape \(1, 6, 13, 2\), expected"),
            ({"keypoint": np.ones((1, 0, 17, 2))}, "has nothing under"),
            ({"keypoint_score": np.ones((1, 6, 16))}, r"shape \(1, 6, 16\), expected"),
            ({"keypoint_score": np.zeros((1, 6, 17))}, "no joint is present"),
            ({"label": "wave", "frame_dir": ""}, 'no name under "frame_dir"'),
            ({"label": -1}, "not a whole number"),
        ],
    )
    def test_other_annotations_are_refused(self, tmp_path, change, problem):
        with pytest.raises(ClipError, match=f"x.pkl.*: .*{problem}"):
            read_clip(self.save(tmp_path, self.annotation(**change)))
