"""Files that users bring: each is read to the digit, and refused with place and cure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from llm_ar.errors import ClipError
from llm_ar.skeletons.layouts import (
    BODY_25,
    COCO,
    COCO_18,
    KINECT_V1,
    MEDIAPIPE,
    map_clip,
)
from llm_ar.skeletons.readers import format_of, members, read_clip
from llm_ar.skeletons.readers.people import MAX_PEOPLE
from tests.bodies import body

RNG = np.random.default_rng(0)


def save(path: Path, content: object) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def image_people(frames: int, people: int, joints: int) -> np.ndarray:
    """x, y, score (T, M, J, 3); people stand 300 pixels apart and move a little."""
    layout = next(known for known in (BODY_25, COCO, COCO_18) if len(known.joints) == joints)
    points = np.zeros((frames, people, joints, 3))
    for person in range(people):
        # x right and y down, as images have it.
        points[:, person, :, :2] = 300 - 100 * body(frames, layout, seed=person)[..., :2]
    points[..., 0] += 300 * np.arange(people)[:, None]
    points[..., 2] = RNG.uniform(0.2, 1, size=points.shape[:3])
    return points.round(3)


def assert_upright(clip, points, frames=None):
    """The clip holds these image points after a half turn."""
    shown = clip.joints if frames is None else clip.joints[frames]
    assert clip.dimensions == 2
    assert np.allclose(shown[..., :2], -points[..., :2], atol=1e-3)


class TestOpenPose:
    def frame(self, people, key="pose_keypoints_2d"):
        listed = [{"person_id": [-1], key: person.ravel().tolist()} for person in people]
        return {"version": 1.3, "people": listed}

    @pytest.mark.parametrize(("joints", "layout"), [(25, BODY_25), (18, COCO_18), (17, COCO)])
    def test_a_folder_of_frames(self, tmp_path, joints, layout):
        points = image_people(5, 2, joints)
        for frame, people in enumerate(points):
            # OpenPose orders people anew in each frame.
            save(tmp_path / f"v_{frame:012}_keypoints.json", self.frame(people[:: (-1) ** frame]))
        clip = read_clip(tmp_path)
        assert format_of(tmp_path) == "OpenPose JSON" and clip.layout is layout
        assert_upright(clip, points if clip.joints[0, 0, 0, 0] > -450 else points[:, ::-1])
        assert map_clip(clip, KINECT_V1).present.all()

    def test_a_missing_frame_keeps_its_time_and_a_weak_joint_is_missing(self, tmp_path):
        points = image_people(2, 1, 25)
        points[1, 0, 4] = 0
        save(tmp_path / "v_7_keypoints.json", self.frame(points[0]))
        save(tmp_path / "v_8_keypoints.json", self.frame([]))
        save(tmp_path / "v_10_keypoints.json", self.frame(points[1]))
        clip = read_clip(tmp_path)
        assert clip.present[:, 0, 0].tolist() == [True, False, False, True]
        assert np.argwhere(~clip.present[3, 0]).tolist() == [[4]]

    def test_a_single_file_is_one_frame(self, tmp_path):
        points = image_people(1, 1, 25)
        path = save(tmp_path / "x.json", self.frame(points[0]))
        assert_upright(read_clip(path), points)

    def test_what_is_wrong_names_the_frame(self, tmp_path):
        points = image_people(1, 1, 25)
        save(tmp_path / "v_0.json", self.frame(points[0]))
        bad = save(tmp_path / "v_1.json", self.frame(points[0, :, :20]))
        with pytest.raises(ClipError, match=r"v_1.json: .*of person 0 has 60 numbers, expected"):
            read_clip(tmp_path)
        save(bad, {"people": [3]})
        with pytest.raises(ClipError, match="v_1.json: .*not a list of numbers"):
            read_clip(tmp_path)
        bad.unlink()
        save(tmp_path / "w_1.json", self.frame(points[0]))
        with pytest.raises(ClipError, match="several videos, 'v' and 'w'"):
            read_clip(tmp_path)
        (tmp_path / "w_1.json").rename(tmp_path / "v_2000000000.json")
        with pytest.raises(ClipError, match="2,000,000,001 frames"):
            read_clip(tmp_path)

    def test_nobody_is_refused(self, tmp_path):
        with pytest.raises(ClipError, match="shows nobody"):
            read_clip(save(tmp_path / "x.json", self.frame([])))


class TestAlphaPoseAndCoco:
    def test_people_keep_their_place_without_identities(self, tmp_path):
        points = image_people(6, 2, 17)
        entries = [
            {"image_id": f"{frame}.jpg", "keypoints": person.ravel().tolist(), "score": 1.0 + order}
            for frame, people in enumerate(points)
            for order, person in enumerate(people[:: (-1) ** frame])
        ]
        clip = read_clip(save(tmp_path / "x.json", entries))
        assert format_of(tmp_path / "x.json") == "AlphaPose JSON"
        assert clip.joints.shape == (6, 2, 17, 3)
        assert_upright(clip, points if clip.joints[0, 0, 0, 0] > -450 else points[:, ::-1])

    def test_identities_and_gaps(self, tmp_path):
        points = image_people(1, 2, 17)[0]
        frames = [(3, 0, 5), (3, 1, [6.0]), (4, 1, 5), (6, 0, 6)]
        entries = [
            {"image_id": frame, "keypoints": points[who].ravel().tolist(), "idx": idx}
            for frame, who, idx in frames
        ]
        clip = read_clip(save(tmp_path / "x.json", entries))
        assert clip.present[:, :, 0].tolist() == [
            [True, True],
            [True, False],
            [False, False],
            [False, True],
        ]
        assert_upright(clip, points[[1]], frames=(1, [0]))

    def test_the_most_seen_of_many_stay(self, tmp_path):
        points = image_people(3, MAX_PEOPLE + 1, 17)
        entries = [
            {"image_id": frame, "keypoints": person.ravel().tolist(), "idx": number}
            for frame, people in enumerate(points)
            for number, person in enumerate(people)
            if number or not frame
        ]
        clip = read_clip(save(tmp_path / "x.json", entries))
        assert_upright(clip, points[:, 1:])
        assert clip.repairs == (f"1 of {MAX_PEOPLE + 1} bodies dropped, the least seen",)

    def test_coco_annotations(self, tmp_path):
        points = image_people(3, 1, 17)
        points[..., 2] = 2
        points[1, 0, 9] = 0
        content = {
            "images": [{"id": 100 - i, "file_name": f"frame_{i}.png"} for i in range(4)],
            "annotations": [
                {"image_id": 100 - i, "track_id": 4, "keypoints": people[0].ravel().tolist()}
                for i, people in enumerate(points)
            ],
        }
        clip = read_clip(save(tmp_path / "x.json", content))
        assert format_of(tmp_path / "x.json") == "COCO keypoints JSON"
        assert clip.frames == 4 and not clip.present[3].any()
        assert np.argwhere(~clip.present[:3]).tolist() == [[1, 0, 9]]
        assert_upright(clip, points[[0, 2]], frames=[0, 2])

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ('[{"image_id": "1.jpg", "keypoints": [1, 2', "not complete JSON"),
            ([{"keypoints": [1.0] * 51}], 'entry 0 has no "image_id"'),
            ([{"image_id": "a", "keypoints": [1.0] * 51}], 'entry 0 has no "image_id"'),
            ([{"image_id": 1, "keypoints": [1.0] * 50}], "entry 0 has 50 numbers, expected"),
            ([{"image_id": 1, "keypoints": "x"}], "not a list of numbers"),
            ([{"image_id": i, "keypoints": [1] * 51} for i in (0, 10**9)], "run from 0 to 10"),
            ([{"image_id": 1, "keypoints": [0] * 51}], "no joint is present"),
            ({"images": [], "annotations": [{"keypoints": [1] * 51}]}, "that no image has"),
            ({"images": [], "annotations": []}, "shows nobody"),
            ({"images": [3], "annotations": []}, "something else than a list of images"),
        ],
    )
    def test_other_content_is_refused(self, tmp_path, content, problem):
        with pytest.raises(ClipError, match=f"x.json: .*{problem}"):
            read_clip(save(tmp_path / "x.json", content))


class TestMediaPipe:
    POINTS = np.full((4, 33, 4), 0.9)
    # As MediaPipe counts: x right, y down, z away.
    POINTS[..., :3] = body(4, MEDIAPIPE) * (-1, -1, 1)
    # A face and fingers: no two joints at one place.
    POINTS[..., :3] += RNG.normal(0, 0.02, size=(33, 3))
    POINTS = POINTS.round(4)
    POINTS[1, 20, 3] = 0.2

    def check(self, clip):
        assert clip.layout is MEDIAPIPE and clip.dimensions == 3
        assert np.argwhere(~clip.present[:, 0]).tolist() == [[1, 20]]
        expected = self.POINTS[..., :3] * (-1, -1, 1)
        assert np.allclose(clip.joints[:, 0][clip.present[:, 0]], expected[clip.present[:, 0]])

    def named(self, frame):
        return [dict(zip(("x", "y", "z", "visibility"), row, strict=True)) for row in frame]

    def test_json_in_its_ways(self, tmp_path):
        frames = self.POINTS.tolist()
        for content in (
            frames,
            [self.named(frame) for frame in frames],
            [{"pose_landmarks": self.named(frame)} for frame in frames],
            {"fps": 24, "frames": [{"frame": 1, "landmarks": [frame]} for frame in frames]},
            {"data": [{"pose_world_landmarks": f, "pose_landmarks": None} for f in frames]},
        ):
            path = save(tmp_path / "x.json", content)
            assert format_of(path) == "MediaPipe landmarks JSON"
            self.check(read_clip(path))
        save(path, {"fps": 24, "frames": [None, [], {"landmarks": frames[0]}]})
        clip = read_clip(path)
        assert clip.fps == 24 and clip.present[:, 0, 0].tolist() == [False, False, True]

    def test_numpy_in_its_ways(self, tmp_path):
        for array in (self.POINTS, self.POINTS[:, None], self.POINTS.reshape(4, 132)):
            np.save(tmp_path / "x.npy", array)
            self.check(read_clip(tmp_path / "x.npy"))

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ([[[1, 2, 3]] * 31], "frame 0 is not 33 landmarks"),
            ([[[1, 2, 3]] * 33, {"landmarks": 5}], "frame 1 has no landmarks under"),
            ([[{"x": 1, "y": 2, "visibility": 1}] * 33], "frame 0 is not 33"),
            ({"landmarks": []}, "has no list of frames"),
            ({"fps": "fast", "frames": [{"landmarks": []}]}, "not a positive number"),
            ({"frames": [{"landmarks": []}]}, "shows nobody"),
        ],
    )
    def test_other_content_is_refused(self, tmp_path, content, problem):
        with pytest.raises(ClipError, match=f"x.json: .*{problem}"):
            read_clip(save(tmp_path / "x.json", content))


BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 1 2 3
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Spine
  {
    OFFSET 0 10 0
    CHANNELS 3 Yrotation Zrotation Xrotation
    End Site
    {
      OFFSET 0 5 1
    }
  }
  JOINT LeftUpLeg
  {
    OFFSET 4 0 0
    CHANNELS 4 Yposition Xrotation Yrotation Zrotation
    JOINT LeftLeg
    {
      OFFSET 0 -20 0
    }
  }
}
MOTION
Frames: 3
Frame Time: 0.04
"""


class TestBvh:
    def text(self, values):
        return BVH + "\n".join(" ".join(f"{v:.6f}" for v in row) for row in values) + "\n"

    def test_kinematics_against_scipy(self, tmp_path):
        values = RNG.uniform(-90, 90, size=(3, 13)).round(6)
        clip = read_clip(save(tmp_path / "x.bvh", self.text(values)))
        assert clip.fps == pytest.approx(25)
        for frame, row in enumerate(values):
            hips = Rotation.from_euler("ZXY", row[3:6], degrees=True)
            spine = Rotation.from_euler("YZX", row[6:9], degrees=True)
            leg = Rotation.from_euler("XYZ", row[10:13], degrees=True)
            root = row[:3]
            chest = root + hips.apply([0, 10, 0])
            thigh = root + hips.apply([4, row[9], 0])
            expected = [
                root,
                chest,
                chest + (hips * spine).apply([0, 5, 1]),
                thigh,
                thigh + (hips * leg).apply([0, -20, 0]),
            ]
            turned = np.array(expected) * (-1, 1, -1)
            assert np.allclose(clip.joints[frame, 0], turned, atol=1e-3)

    def test_the_layout_is_the_hierarchy_under_usual_names(self, tmp_path):
        layout = read_clip(save(tmp_path / "x.bvh", self.text(np.ones((3, 13))))).layout
        assert layout.joints == ("hip_center", "spine", "Spine_end", "left_hip", "left_knee")
        assert layout.parents == (-1, 0, 1, 0, 3)
        assert layout.parts == {"torso": (0, 1, 2), "left_leg": (3, 4)}

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("Frames: 3", "Frames: 4", "line 26: promises 4 frames, 3 follow"),
            ("Frames: 3", "Frames: 1000000000", "promises 1000000000 frames"),
            ("0.04", "0", "line 27: a frame cannot take 0.0 seconds"),
            ("0.04", "fast", "line 27: expected numbers"),
            ("OFFSET 0 10 0", "OFFSET 0 10", "line 8: expected 3 numbers, found 2"),
            ("CHANNELS 3", "CHANNELS 4", "line 9: promises .*4.* channels, 3 follow"),
            ("3 Yrotation", "3 Yscale", "line 9: the channel 'Yscale'"),
            ("JOINT LeftLeg\n", "", "line 19: a bracket without a joint"),
            ("MOTION\n", "}\nMOTION\n", "line 25: a bracket closes"),
            ("}\nMOTION", "MOTION", "line 24: expected the end of the hierarchy"),
            ("MOTION", "", "expected a joint, OFFSET or CHANNELS, found 'Frames:'"),
            ("1.500000 1.500000\n", "1.500000 x\n", "line 28: expected numbers"),
            ("1.500000 1.500000\n", "1.500000\n", "line 28: expected 13 numbers, found 12"),
        ],
    )
    def test_damage_is_refused_with_its_line(self, tmp_path, old, new, problem):
        text = self.text(np.full((3, 13), 1.5))
        assert old in text
        with pytest.raises(ClipError, match=f"x.bvh: .*{problem}"):
            read_clip(save(tmp_path / "x.bvh", text.replace(old, new, 1)))


class TestCsv:
    def write(self, folder, header, rows, separator=","):
        lines = [header, *([str(cell) for cell in row] for row in rows)]
        return save(folder / "x.csv", "\n".join(separator.join(line) for line in lines) + "\n")

    NAMINGS = {
        "as they are": lambda joint, axis: f"{joint}_{axis}",
        "kinect": lambda joint, axis: (
            "".join(w.title() for w in reversed(joint.split("_"))) + f".{axis.upper()}"
            if joint.startswith(("left", "right"))
            else f"{joint}.{axis.upper()}"
        ),
        "short": lambda joint, axis: (
            f"{axis}_" + joint.replace("left_", "L ").replace("right_", "R ")
        ),
        "numbers": lambda joint, axis: f"joint{KINECT_V1.joints.index(joint)}_{axis}",
        "numbers from 1": lambda joint, axis: f"{axis}{KINECT_V1.joints.index(joint) + 1}",
    }

    @pytest.mark.parametrize("naming", NAMINGS.values(), ids=NAMINGS)
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_joints_by_their_names(self, tmp_path, naming, separator):
        points = RNG.normal(size=(5, 20, 3)).round(4)
        header = [naming(joint, axis) for joint in KINECT_V1.joints for axis in "xyz"]
        clip = read_clip(self.write(tmp_path, header, points.reshape(5, 60), separator))
        assert clip.layout is KINECT_V1 and format_of(tmp_path / "x.csv") == "CSV table"
        assert np.allclose(clip.joints[:, 0], points)

    def test_image_points_with_scores_people_and_clock(self, tmp_path):
        header = [f"{j}_{a}" for j in COCO.joints for a in ("x", "y", "score")]
        points = image_people(3, 2, 17)
        points[1, 0, 5, 2] = 0
        rows = [
            [frame * 2 + 10, frame * 0.08, f"p{person}", "wave", *points[frame, person].ravel()]
            for frame in range(3)
            for person in range(2)
        ]
        header = ["frame", "time", "person", "label", *header]
        clip = read_clip(self.write(tmp_path, header, rows))
        assert clip.frames == 5 and clip.people == 2 and clip.label == "wave"
        assert clip.fps == pytest.approx(12.5) and not clip.present[1::2].any()
        assert_upright(clip, points[[0, 2]], frames=[0, 4])
        assert np.argwhere(~clip.present[2]).tolist() == [[0, 5]]

    def test_an_empty_cell_is_a_missing_joint(self, tmp_path):
        header = [f"{i}_{axis}" for i in range(20) for axis in "xyz"]
        rows = RNG.normal(size=(2, 60)).round(3).tolist()
        rows[1][4] = ""
        clip = read_clip(self.write(tmp_path, header, rows))
        assert np.argwhere(~clip.present[:, 0]).tolist() == [[1, 1]]

    @pytest.mark.parametrize(
        ("edit", "problem"),
        [
            (lambda h, r: h.__setitem__(3, "1_q"), "row 1: column 4, '1_q', is neither"),
            (lambda h, r: h.__setitem__(3, "0_x"), "two columns are x of joint '0'"),
            (lambda h, r: h.__setitem__(5, "frame"), "joint '1' has no column for z"),
            (lambda h, r: h.__setitem__(slice(3), ["a_x", "a_y", "a_z"]), "no known layout"),
            (lambda h, r: r[1].pop(), "row 3: 59 cells, expected 60"),
            (lambda h, r: r[1].__setitem__(7, "wide"), "row 3: could not convert"),
            (lambda h, r: r.clear(), "no row below"),
        ],
    )
    def test_what_is_wrong_names_its_row(self, tmp_path, edit, problem):
        header = [f"{i}_{axis}" for i in range(20) for axis in "xyz"]
        rows = RNG.normal(size=(3, 60)).round(3).tolist()
        edit(header, rows)
        with pytest.raises(ClipError, match=f"x.csv: .*{problem}"):
            read_clip(self.write(tmp_path, header, rows))


@pytest.mark.data
class TestRealFiles:
    def test_alphapose(self, real_data):
        path = real_data / "samples/alphapose_json/alphapose-results.json"
        entries = json.loads(path.read_text())
        clip = read_clip(path)
        numbers = [int(entry["image_id"].split(".")[0]) for entry in entries]
        assert clip.frames == max(numbers) - min(numbers) + 1
        shown = {
            (frame + min(numbers), round(-float(x)))
            for frame in range(clip.frames)
            for x, seen in zip(clip.joints[frame, :, 0, 0], clip.present[frame, :, 0], strict=True)
            if seen
        }
        written = {
            (number, round(entry["keypoints"][0]))
            for number, entry in zip(numbers, entries, strict=True)
        }
        assert shown <= written and len(shown) > 0.9 * len(written)

    def test_bvh_bones_keep_their_length(self, real_data):
        paths = sorted((real_data / "samples/bvh").glob("*.bvh"))
        assert len(paths) == 17
        for path in paths:
            clip = read_clip(path)
            mapped = map_clip(clip, KINECT_V1)
            assert mapped.present.all()
            at = {name: mapped.joints[:, 0, i] for i, name in enumerate(KINECT_V1.joints)}
            for first, second in (("elbow", "wrist"), ("knee", "ankle")):
                for side in ("left", "right"):
                    bone = at[f"{side}_{first}"] - at[f"{side}_{second}"]
                    lengths = np.linalg.norm(bone, axis=1)
                    assert np.ptp(lengths) < 0.01 * lengths.mean()
            # People stand: the head above the feet, left and right apart.
            up = (at["head"] - at["left_ankle"])[:, 1]
            assert np.median(up) > 0.5 * np.ptp(mapped.joints[0, 0, :, 1])

    def test_the_real_container_is_read_and_its_clips_refused(self, real_data):
        path = real_data / "samples/pyskl_pkl/mmaction2_tests_sample.pkl"
        assert len(members(path)) == 100
        with pytest.raises(ClipError, match='no array of numbers under "keypoint"'):
            read_clip(members(path)[0])
