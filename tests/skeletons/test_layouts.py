"""Layouts are whole trees, travel through YAML, and clips can be mapped between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import yaml

from llm_ar.errors import LayoutError
from llm_ar.skeletons.clip import clean_clip
from llm_ar.skeletons.layout import PARTS
from llm_ar.skeletons.layouts import (
    AZURE_32,
    BODY_25,
    COCO,
    COCO_18,
    COCO_WHOLEBODY,
    H36M_17,
    HALPE_26,
    KINECT_V1,
    KINECT_V2,
    LAYOUTS,
    MEDIAPIPE,
    PENN_13,
    SBU,
    SMPL_22,
    SMPL_24,
    Layout,
    layout_named,
    map_clip,
)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
class TestBuiltIn:
    def test_parts_cover_each_joint_once(self, layout):
        assert tuple(layout.parts) == PARTS
        assert sorted(i for part in layout.parts.values() for i in part) == list(
            range(len(layout.joints))
        )

    def test_one_root_reaches_all(self, layout):
        assert layout.parents.count(-1) == 1

    def test_pairs_are_the_two_sides(self, layout):
        for left, right in layout.pairs:
            assert layout.joints[left].replace("left", "right") == layout.joints[right]
        sided = [joint for joint in layout.joints if joint.startswith(("left", "right"))]
        assert len(sided) == 2 * len(layout.pairs)

    def test_mirroring_is_its_own_inverse_and_keeps_bones(self, layout):
        mirror = layout.mirror_index()
        assert np.array_equal(mirror[mirror], np.arange(len(layout.joints)))
        for joint, parent in enumerate(layout.parents):
            if parent >= 0:
                assert layout.parents[mirror[joint]] in (mirror[parent], parent)

    def test_survives_yaml(self, layout, tmp_path):
        path = tmp_path / "layout.yaml"
        path.write_text(yaml.safe_dump(layout.to_dict()))
        assert Layout.from_yaml(path) == layout


def test_sizes_and_known_indices():
    sizes = {layout.name: len(layout.joints) for layout in LAYOUTS}
    assert (sizes["kinect-v1"], sizes["kinect-v2"], sizes["sbu-15"]) == (20, 25, 15)
    assert all(size == int(name[-2:]) for name, size in sizes.items() if name[-2:].isdigit())
    # Positions by the makers' own numbering: Kinect SDK 1 and 2, COCO.
    assert KINECT_V1.joints[3] == "head" and KINECT_V1.joints[19] == "right_foot"
    assert KINECT_V2.joints[20] == "shoulder_center" and KINECT_V2.joints[24] == "right_thumb"
    assert COCO.joints[11] == "left_hip" and SBU.joints[5] == "left_hand"
    # OpenPose's and MediaPipe's tables.
    assert BODY_25.joints[4] == "right_wrist" and BODY_25.joints[8] == "hip_center"
    assert BODY_25.joints[19] == "left_big_toe" and BODY_25.joints[24] == "right_heel"
    assert COCO_18.joints[1] == "neck" and COCO_18.joints[11] == "left_hip"
    assert COCO_18.joints[17] == "left_ear" and MEDIAPIPE.joints[0] == "nose"
    assert MEDIAPIPE.joints[12] == "right_shoulder" and MEDIAPIPE.joints[31] == "left_foot_index"
    # SMPL's, Human3.6M's, Azure Kinect's, Halpe's, COCO-WholeBody's and Penn Action's tables.
    assert SMPL_22.joints[15] == "head" and SMPL_24.joints[21:23] == ("right_wrist", "left_hand")
    assert H36M_17.joints[8] == "shoulder_center" and H36M_17.joints[11] == "left_shoulder"
    assert AZURE_32.joints[18] == "left_hip" and AZURE_32.joints[26] == "head"
    assert AZURE_32.joints[31] == "right_ear" and HALPE_26.joints[17:20] == (
        "head",
        "neck",
        "hip_center",
    )
    assert HALPE_26.joints[24] == "left_heel" and COCO_WHOLEBODY.joints[20] == "right_big_toe"
    assert PENN_13.joints[6] == "right_wrist" and PENN_13.joints[12] == "right_ankle"


def test_unknown_name_lists_the_known():
    with pytest.raises(LayoutError, match="'kinect'.*kinect-v1, kinect-v2, coco-17, sbu-15"):
        layout_named("kinect")


SMALL = {
    "name": "stick",
    "joints": ["hip", "neck"],
    "parents": [None, "hip"],
    "pairs": [],
    "parts": {"torso": ["hip", "neck"]},
    "centre": ["hip"],
    "size_bones": [["hip", "neck"]],
}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"parents": ["neck", "hip"]}, "form a ring"),
        ({"parents": [None]}, "one parent"),
        ({"parents": [None, "nek"]}, "'nek' is not among"),
        ({"joints": ["hip", "neck", "neck"]}, "names differ"),
        ({"joints": []}, "'hip' is not among"),
        ({"parts": {"tail": ["hip"]}}, "unknown body parts"),
        ({"parts": 3}, "not of the expected kind"),
        ({"pairs": [["hip"]]}, "not of the expected kind"),
        ({"centre": []}, "at least one joint"),
        ({"center": ["hip"]}, "exactly the keys"),
    ],
)
def test_broken_yaml_names_the_file_and_the_fault(tmp_path, change, problem):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({**SMALL, **change}))
    with pytest.raises(LayoutError, match=f"mine.yaml: .*({problem})"):
        Layout.from_yaml(path)


@pytest.mark.parametrize("text", ["", "[1, 2", "!!python/object:os.system {}", "a: b"])
def test_yaml_of_something_else_is_refused(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(LayoutError, match="mine.yaml: "):
        Layout.from_yaml(path)
    with pytest.raises(LayoutError, match="cannot be read"):
        Layout.from_yaml(tmp_path / "none.yaml")


class TestMapping:
    def test_same_layout_is_the_same_clip(self, make_clip):
        clip = make_clip()
        assert map_clip(clip, KINECT_V1) is clip

    def test_namesakes_keep_their_place(self, make_clip):
        clip = make_clip(layout=KINECT_V2, people=2)
        mapped = map_clip(clip, KINECT_V1)
        for joint, name in enumerate(KINECT_V1.joints):
            expected = clip.joints[:, :, KINECT_V2.joints.index(name)]
            assert np.array_equal(mapped.joints[:, :, joint], expected)
        assert (mapped.layout, mapped.source) == (KINECT_V1, clip.source)

    def test_coco_gets_middle_joints_from_both_sides(self, make_clip):
        clip = make_clip(layout=COCO)
        mapped = map_clip(clip, KINECT_V1)
        at = {name: clip.joints[:, 0, i] for i, name in enumerate(COCO.joints)}
        expected = {
            "hip_center": (at["left_hip"] + at["right_hip"]) / 2,
            "shoulder_center": (at["left_shoulder"] + at["right_shoulder"]) / 2,
            "head": (at["left_ear"] + at["right_ear"]) / 2,
            "right_foot": at["right_ankle"],
        }
        for name, joints in expected.items():
            assert np.allclose(mapped.joints[:, 0, KINECT_V1.joints.index(name)], joints, atol=1e-6)

    def test_a_mean_with_a_missing_part_is_missing(self):
        positions = np.ones((3, 1, 17, 3))
        positions[1, 0, COCO.joints.index("left_hip")] = np.nan
        clip = clean_clip(positions, source="x", layout=COCO, fps=30.0)
        mapped = map_clip(clip, KINECT_V1)
        hips = KINECT_V1.joints.index("hip_center")
        assert mapped.present[:, 0, hips].tolist() == [True, False, True]
        assert not mapped.joints[~mapped.present].any()

    @pytest.mark.parametrize("target", LAYOUTS, ids=lambda layout: layout.name)
    @pytest.mark.parametrize("source", LAYOUTS, ids=lambda layout: layout.name)
    def test_each_built_in_layout_reaches_each(self, make_clip, source, target):
        mapped = map_clip(make_clip(layout=source), target)
        assert mapped.present.all() and mapped.layout is target

    def test_what_cannot_be_mapped_names_both_layouts(self, make_clip):
        hidden = replace(COCO, name="mine", joints=("tail", *COCO.joints[1:]))
        with pytest.raises(LayoutError, match="layout mine .* layout coco-17: .*'nose'"):
            map_clip(make_clip(layout=hidden), COCO)
