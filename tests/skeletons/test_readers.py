"""Each format is read to the digit, found by its content, and refused with place and cure."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
import yaml
from scipy.io import loadmat, savemat

from llm_ar.errors import ClipError
from llm_ar.skeletons.layouts import COCO, KINECT_V1, KINECT_V2, SBU
from llm_ar.skeletons.readers import arrays, as_clip, files, ntu, nw_ucla, read_clip, utd_mhad
from tests.bodies import body

RNG = np.random.default_rng(0)


def ucla_json(frames: int = 5) -> dict[str, object]:
    return {"file_name": "x", "skeletons": RNG.normal(size=(frames, 20, 3)).tolist(), "label": 3}


class TestNwUcla:
    def read(self, folder, content, name="a08_s03_e01_v02.json"):
        path = folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return read_clip(path)

    def test_reads_positions_and_name(self, tmp_path):
        content = ucla_json()
        clip = self.read(tmp_path, content)
        assert np.array_equal(clip.joints[:, 0], np.float32(content["skeletons"]))
        assert (clip.label, clip.subject, clip.camera) == ("put on clothes", "3", "2")
        assert clip.layout is KINECT_V1 and clip.fps == 30

    def test_another_name_tells_nothing(self, tmp_path):
        clip = self.read(tmp_path, ucla_json(), "mine.json")
        assert (clip.label, clip.subject, clip.camera) == (None, None, None)

    def test_null_and_nan_are_missing(self, tmp_path):
        content = ucla_json()
        content["skeletons"][1][4] = [None, 1, 2]
        content["skeletons"][2][5] = [float("nan"), 1, 2]
        clip = self.read(tmp_path, content)
        assert np.argwhere(~clip.present).tolist() == [[1, 0, 4], [2, 0, 5]]
        assert len(clip.repairs) == 1

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ("", "is empty"),
            ('{"skeletons": [[[0, 1, ', "not complete JSON"),
            ('{"skeletons": ' + "[" * 100_000, "not complete JSON"),
            ('{"label": 3}', "expected a list under"),
            ('{"skeletons": "none"}', "expected a list under"),
            ('{"skeletons": []}', "no frames"),
            ('{"skeletons": [[]]}', "frame 0 .* 20 joints x 3"),
            ('{"skeletons": [[[1, 2, 3]]]}', "frame 0 .* 20 joints x 3"),
            ({"skeletons": [[[1, 2, 3]] * 20, [[1, 2, 3]] * 19 + [[1, 2]]]}, "frame 1"),
            ({"skeletons": [[[1, 2, "x"]] * 20]}, "frame 0"),
            ({"skeletons": [[[1, 2, 10**400]] * 20]}, "frame 0"),
            ({"skeletons": [[[None] * 3] * 20]}, "no joint is present"),
            ({"skeletons": [[[0, 0, 0]] * 20]}, "no joint is present"),
            ('{"poses": []}', "no list of frames"),
        ],
    )
    def test_other_content_is_refused(self, tmp_path, content, problem):
        with pytest.raises(ClipError, match=f"v02.json: .*{problem}"):
            self.read(tmp_path, content)


class TestUtdMhad:
    ORDER = (  # Skeleton_joint_order.txt of the dataset
        "head shoulder_center spine hip_center left_shoulder left_elbow left_wrist left_hand "
        "right_shoulder right_elbow right_wrist right_hand left_hip left_knee left_ankle left_foot "
        "right_hip right_knee right_ankle right_foot"
    ).split()

    def read(self, folder, name="a13_s4_t2_skeleton.mat", **variables):
        savemat(folder / name, variables)
        return read_clip(folder / name)

    def test_joints_come_in_kinect_order(self, tmp_path):
        positions = RNG.normal(size=(20, 3, 7))
        clip = self.read(tmp_path, d_skel=positions)
        for joint, name in enumerate(KINECT_V1.joints):
            expected = positions[self.ORDER.index(name)].T.astype(np.float32)
            assert np.array_equal(clip.joints[:, 0, joint], expected)
        assert (clip.label, clip.subject, clip.camera) == ("boxing", "4", None)

    def test_a_single_frame(self, tmp_path):
        assert self.read(tmp_path, d_skel=np.ones((20, 3))).frames == 1

    @pytest.mark.parametrize(
        ("variables", "problem"),
        [
            ({"d_iner": np.ones((5, 6, 4))}, r"'d_iner' has shape \(5, 6, 4\), expected"),
            ({"a": np.ones((20, 3, 4)), "b": np.ones((20, 3, 4))}, "has the arrays a, b; expected"),
            ({"d_skel": np.ones((3, 21, 4))}, r"shape \(3, 21, 4\)"),
            ({"d_skel": np.ones((20, 3, 0))}, r"shape \(20, 3, 0\)"),
            ({"d_skel": np.full((20, 3, 2), np.nan)}, "no joint is present"),
            ({"d_skel": np.full((20, 3, 2), "x")}, "no array of numbers"),
            ({"d_skel": np.ones((20, 3, 2)) * 1j}, "not hold numbers"),
        ],
    )
    def test_other_content_is_refused(self, tmp_path, variables, problem):
        with pytest.raises(ClipError, match=f"skeleton.mat: .*({problem})"):
            self.read(tmp_path, **variables)

    def test_a_truncated_file_is_refused(self, tmp_path):
        path = tmp_path / "a1_s1_t1_skeleton.mat"
        savemat(path, {"d_skel": np.ones((20, 3, 9))})
        path.write_bytes(path.read_bytes()[:700])
        with pytest.raises(ClipError, match="not a complete MATLAB 5 file"):
            read_clip(path)


class TestArrays:
    def npz(self, folder, **content):
        np.savez(folder / "x.npz", **content)
        return read_clip(folder / "x.npz")

    @pytest.mark.parametrize("shape", [(6, 20, 3), (6, 2, 20, 3)])
    @pytest.mark.parametrize("dtype", ["float32", "float64", ">f4", "int16"])
    def test_npy_of_one_or_more_people(self, tmp_path, shape, dtype):
        people = [
            body(shape[0], seed=person) for person in range(shape[1] if len(shape) == 4 else 1)
        ]
        joints = (np.stack(people, axis=1).reshape(shape) * 1000).astype(dtype)
        np.save(tmp_path / "x.npy", joints)
        clip = read_clip(tmp_path / "x.npy")
        assert np.array_equal(clip.joints.reshape(shape), joints.astype(np.float32))
        assert clip.layout is KINECT_V1 and clip.present.all()

    def test_fortran_order(self, tmp_path):
        joints = body(6, KINECT_V2)
        np.save(tmp_path / "x.npy", np.asfortranarray(joints))
        clip = read_clip(tmp_path / "x.npy")
        assert np.array_equal(clip.joints[:, 0], joints) and clip.layout is KINECT_V2

    def test_image_coordinates_are_turned_upright(self, tmp_path):
        joints = body(6, COCO)[..., :2] * [100, -100] + 320
        np.save(tmp_path / "x.npy", joints)
        clip = read_clip(tmp_path / "x.npy")
        assert clip.dimensions == 2 and clip.layout is COCO
        assert np.array_equal(clip.joints[:, 0, :, :2], -joints.astype(np.float32))

    def test_npz_says_more(self, tmp_path):
        present = RNG.random((6, 20)) < 0.8
        joints = RNG.normal(size=(6, 20, 3))
        clip = self.npz(
            tmp_path,
            joints=joints,
            present=present,
            fps=25,
            layout="kinect-v1",
            label="wave",
            subject=7,
            camera="left",
        )
        assert np.array_equal(clip.present[:, 0], present)
        assert np.array_equal(clip.joints[:, 0][present], joints[present].astype(np.float32))
        assert (clip.fps, clip.label, clip.subject, clip.camera) == (25.0, "wave", "7", "left")

    def test_compressed_and_found_by_content(self, tmp_path):
        np.savez_compressed(tmp_path / "x.npz", joints=body(3, SBU))
        (tmp_path / "x.npz").rename(tmp_path / "recording.dat")
        assert read_clip(tmp_path / "recording.dat").layout.name == "sbu-15"

    def test_the_only_array_of_positions_may_have_any_name(self, tmp_path):
        joints = body(4)
        assert np.array_equal(self.npz(tmp_path, keypoints=joints).joints[:, 0], joints)

    def test_many_arrays_are_listed_in_short(self, tmp_path):
        many = {f"array_{number}": np.ones((4, 20, 3)) for number in range(90)}
        with pytest.raises(ClipError, match="but has array_0, .*name the positions") as refused:
            self.npz(tmp_path, **many)
        assert len(refused.value.problem) < 400
        savemat(tmp_path / "x.mat", many)
        with pytest.raises(ClipError, match="has the arrays array_0, .*expected one") as refused:
            read_clip(tmp_path / "x.mat")
        assert len(refused.value.problem) < 400

    @pytest.mark.filterwarnings("error")
    def test_numbers_too_large_to_hold_are_missing_joints(self, tmp_path):
        joints = body(12).astype(np.float64)
        joints[3, 5] = 1e200
        clip = self.npz(tmp_path, joints=joints)
        assert np.argwhere(~clip.present).tolist() == [[3, 0, 5]]
        assert clip.repairs == ("1 joint position not a finite number, marked as missing",)
        assert clip.layout == KINECT_V1

    def test_own_layout_beside_the_file(self, tmp_path):
        own = {
            "name": "stick",
            "joints": ["hip", "neck"],
            "parents": [None, "hip"],
            "pairs": [],
            "parts": {"torso": ["hip", "neck"]},
            "centre": ["hip"],
            "size_bones": [["hip", "neck"]],
        }
        (tmp_path / "layout.yaml").write_text(yaml.safe_dump(own))
        np.save(tmp_path / "x.npy", np.ones((4, 2, 3)))
        assert read_clip(tmp_path / "x.npy").layout.name == "stick"
        assert self.npz(tmp_path, joints=np.ones((4, 2, 3)), layout="stick").people == 1
        (tmp_path / "layout.yaml").write_text("joints: [")
        with pytest.raises(ClipError, match="x.npy: .*layout.yaml: cannot be read"):
            read_clip(tmp_path / "x.npy")

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ({"a": np.ones((4, 20, 3)), "b": np.ones((4, 20, 3))}, "one array .* has a, b; name"),
            ({"label": "wave"}, "one array of positions, but has label; name .* 'joints'"),
            ({"joints": np.ones((4, 19, 3))}, "19 joints.*layouts have 13, .*layout.yaml"),
            ({"joints": np.ones((4, 20, 3)), "layout": "kinect"}, "no joint layout.*'kinect'"),
            (
                {"joints": np.ones((4, 20, 3)), "layout": "coco-17"},
                "20 joints.*layout coco-17 has 17 joints",
            ),
            ({"joints": np.ones((4, 60))}, r"shape \(4, 60\) can be read as .*--axes"),
            ({"joints": np.ones((4, 20, 4))}, r"shape \(4, 20, 4\), expected"),
            ({"joints": np.ones((0, 20, 3))}, "no positions at all"),
            ({"joints": np.ones((4, 0, 3))}, "no positions at all"),
            ({"joints": np.ones((files.MAX_FRAMES + 1, 17, 2), np.int8)}, "cut it into shorter"),
            ({"joints": np.full((4, 20, 3), "a")}, "expected numbers"),
            ({"joints": np.full((4, 20, 3), None)}, "holds object, expected numbers"),
            (
                {"joints": np.ones((4, 20, 3)), "present": np.ones((4, 19))},
                "expected True or False",
            ),
            ({"joints": np.ones((4, 20, 3)), "present": np.zeros((4, 20))}, "no joint is present"),
            ({"joints": np.ones((4, 20, 3)), "fps": -1}, "one positive number"),
            ({"joints": np.ones((4, 20, 3)), "fps": [1, 2]}, "one positive number"),
            ({"joints": np.ones((4, 20, 3)), "label": ["a", "b"]}, "'label' must be one"),
        ],
    )
    def test_other_content_is_refused(self, tmp_path, content, problem):
        with pytest.raises(ClipError, match=f"x.npz: .*{problem}"):
            self.npz(tmp_path, **content)

    def test_a_pickle_is_refused_unread(self, tmp_path):
        class Trap:
            def __reduce__(self):
                return (tmp_path.joinpath("sprung").touch, ())

        np.save(tmp_path / "x.npy", np.array([Trap()], dtype=object))
        with pytest.raises(ClipError, match="holds object"):
            read_clip(tmp_path / "x.npy")
        assert not (tmp_path / "sprung").exists()

    @pytest.mark.parametrize("shape", [(4, 20, 3), (10**9, 20, 3), (10**30,), (-4, 20, 3)])
    def test_a_header_that_promises_other_bytes_is_refused(self, tmp_path, shape):
        stream = io.BytesIO()
        header = {"descr": "<f8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)
        (tmp_path / "x.npy").write_bytes(stream.getvalue() + bytes(100))
        with pytest.raises(ClipError, match="x.npy: .*(should have|impossible shape)"):
            read_clip(tmp_path / "x.npy")

    def test_an_archive_that_unpacks_to_too_much_is_refused(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("joints.npy", "w", force_zip64=True) as member:
                for _ in range(files.MAX_BYTES // 2**20 + 1):
                    member.write(bytes(2**20))
        with pytest.raises(ClipError, match="x.npz: unpacks to more than 64 MiB"):
            read_clip(tmp_path / "x.npz")


class TestSmarthomeArrays:
    NAME = "Drink.Fromcup_p02_r03_v05_c05_Alphapose2d.npz"

    def test_converted_poses_are_coco_with_the_names_facts(self, tmp_path):
        points = np.random.default_rng(0).uniform(1, 600, (6, 17, 2)).astype("f4")
        points[2] = 0
        points[4, 3] = 0
        np.savez(tmp_path / self.NAME, kpts=points)
        clip = read_clip(tmp_path / self.NAME)
        assert (clip.frames, clip.layout, clip.dimensions, clip.fps) == (6, COCO, 2, 20)
        assert (clip.label, clip.subject, clip.camera) == ("drink from a cup", "2", "5")
        assert not clip.present[2].any() and clip.present[4, 0].sum() == 16
        assert not clip.present[4, 0, 3] and clip.present[[0, 1, 3, 5]].all()
        assert np.array_equal(clip.joints[0, 0, :, :2], -points[0])

    def test_both_names_of_the_joints_are_one_too_many(self, tmp_path):
        np.savez(tmp_path / "x.npz", kpts=np.ones((4, 17, 2)), joints=np.ones((4, 17, 2)))
        with pytest.raises(ClipError, match="needs one array of positions, but has joints, kpts;"):
            read_clip(tmp_path / "x.npz")


class TestNtu:
    """Of a body: ``(ID, joints (25, 3), tracking (25,))``."""

    TRACKED = [2] * 25

    def test_reads_positions_states_and_name(self, tmp_path, write_skeleton):
        joints = body(6, KINECT_V2)
        states = RNG.integers(0, 3, size=(6, 25))
        frames = [[(72057594037931648, *body)] for body in zip(joints, states, strict=True)]
        path = write_skeleton(tmp_path / "S003C002P015R001A034.skeleton", frames)
        clip = read_clip(path)
        assert clip.joints.shape == (6, 1, 25, 3) and clip.layout is KINECT_V2
        assert np.array_equal(clip.present[:, 0], states > 0)
        kept = np.where((states > 0)[..., None], joints, 0)
        assert np.allclose(clip.joints[:, 0], kept, rtol=1e-6)
        assert (clip.subject, clip.camera, clip.label) == ("15", "2", "rub both hands together")

    def test_a_body_that_returns_keeps_its_gap_and_its_person(self, tmp_path, write_skeleton):
        first, second = 72057594037931101, 72057594037931102  # equal as doubles
        body = {i: (i, np.full((25, 3), k), self.TRACKED) for k, i in enumerate((first, second), 1)}
        frames = [[body[first]], [], [body[second], body[first]], [body[second]], [body[first]], []]
        clip = read_clip(write_skeleton(tmp_path / "x.skeleton", frames))
        assert clip.frames == 6 and clip.people == 2
        assert clip.present[:, :, 0].tolist() == [
            [True, False],
            [False, False],
            [True, True],
            [False, True],
            [True, False],
            [False, False],
        ]
        assert clip.joints[2, :, 0, 0].tolist() == [1, 2]

    def test_all_bodies_are_kept_with_their_ids_as_tracks(self, tmp_path, write_skeleton):
        frames = [
            [
                (body, np.full((25, 3), body), self.TRACKED)
                for body in range(1, 7)
                if frame < 3 * body
            ]
            for frame in range(18)
        ]
        clip = read_clip(write_skeleton(tmp_path / "x.skeleton", frames))
        assert clip.joints[0, :, 0, 0].tolist() == [1, 2, 3, 4, 5, 6]
        assert clip.tracks == ("1", "2", "3", "4", "5", "6") and clip.repairs == ()

    def test_of_absurdly_many_bodies_the_most_seen_are_kept(self, tmp_path, write_skeleton):
        frames = [[(body, np.ones((25, 3)), self.TRACKED)] for body in (*range(20), 19)]
        clip = read_clip(write_skeleton(tmp_path / "x.skeleton", frames))
        assert clip.people == 16 and clip.tracks[-1] == "19"
        assert clip.repairs == ("4 of 20 bodies dropped, the least seen",)

    def test_unusual_spacing_and_the_ending_do_not_matter(self, tmp_path, write_skeleton):
        frames = [[(5, RNG.normal(size=(25, 3)), self.TRACKED)] for _ in range(3)]
        path = write_skeleton(tmp_path / "x.skeleton", [[], *frames])
        spaced = path.read_bytes().replace(b"\r\n", b"  \n").replace(b" 276", b"\t  276")
        (tmp_path / "mine.txt").write_bytes(spaced)
        assert np.array_equal(read_clip(tmp_path / "mine.txt").joints, read_clip(path).joints)

    def test_nan_is_a_missing_joint(self, tmp_path, write_skeleton):
        joints = RNG.normal(size=(25, 3))
        joints[7, 1] = np.nan
        clip = read_clip(write_skeleton(tmp_path / "x.skeleton", [[(5, joints, self.TRACKED)]]))
        assert np.flatnonzero(~clip.present[0, 0]).tolist() == [7]
        assert len(clip.repairs) == 1

    @pytest.mark.parametrize(
        ("edit", "problem"),
        [
            (lambda lines: lines[:40], "line 40: the file ends in the middle of a body"),
            (lambda lines: lines[:29], "line 29: the file ends where the number of bodies"),
            (lambda lines: lines[:2], "line 2: the file ends where a body's ID"),
            (lambda lines: ["1000000000", *lines[1:]], "promises 1000000000 frames"),
            (lambda lines: ["0"], "promises 0 frames"),
            (lambda lines: ["two", *lines[1:]], "line 1: expected the number of frames.*'two'"),
            (lambda lines: [lines[0], "999999", *lines[2:]], "line 30: expected a body's ID"),
            (lambda lines: [lines[0], "-1", *lines[2:]], "line 2: expected the number of bodies"),
            (lambda lines: [*lines[:3], "17", *lines[4:]], "line 4: expected 25 joints"),
            (lambda lines: [*lines[:8], "1 2 x" + lines[8][5:], *lines[9:]], "line 9: expected"),
            (lambda lines: [*lines[:8], lines[8][:-2], *lines[9:]], "line 9: .*12 fields.* 11"),
            (lambda lines: [*lines[:8], "", *lines[9:]], "line 9: .* found 0"),
            (lambda lines: ["1", *lines[1:]], "line 30: expected the end after the 1 frames"),
            (lambda lines: ["2", "0", "0"], "no body in any of its 2 frames"),
        ],
    )
    def test_damage_is_refused_with_its_line(self, tmp_path, write_skeleton, edit, problem):
        frames = [[(5, np.ones((25, 3)), self.TRACKED)]] * 2
        path = write_skeleton(tmp_path / "x.skeleton", frames)
        path.write_text("\n".join(edit(path.read_text().splitlines())))
        with pytest.raises(ClipError, match=f"x.skeleton: .*{problem}"):
            read_clip(path)

    def test_the_same_body_twice_in_a_frame_is_refused(self, tmp_path, write_skeleton):
        body = (5, np.ones((25, 3)), self.TRACKED)
        path = write_skeleton(tmp_path / "x.skeleton", [[body, body]])
        with pytest.raises(ClipError, match="body 5 appears twice in frame 0"):
            read_clip(path)


class TestAnyFile:
    def test_missing_empty_and_folder(self, tmp_path):
        with pytest.raises(ClipError, match="none.json: no such file"):
            read_clip(tmp_path / "none.json")
        with pytest.raises(ClipError, match="this is a folder"):
            read_clip(tmp_path)
        (tmp_path / "empty.skeleton").touch()
        with pytest.raises(ClipError, match="empty.skeleton: the file is empty"):
            read_clip(tmp_path / "empty.skeleton")

    def test_too_large_is_refused_unread(self, tmp_path):
        with (tmp_path / "huge.npy").open("wb") as file:
            file.truncate(files.MAX_BYTES + 1)
        with pytest.raises(ClipError, match="cut it into shorter recordings"):
            read_clip(tmp_path / "huge.npy")

    @pytest.mark.parametrize(
        "content",
        [b"\x00\xff" * 40, b"hello", b"PK\x03\x04"],
        ids=["bytes", "text", "zip"],
    )
    def test_unknown_formats_name_the_known(self, tmp_path, content):
        (tmp_path / "x.bin").write_bytes(content)
        with pytest.raises(ClipError, match=r"no format known here .*\.skeleton.*\.npz"):
            read_clip(tmp_path / "x.bin")

    def test_a_picture_is_no_recording(self, tmp_path):
        (tmp_path / "x.bin").write_bytes(b"GIF89a")
        with pytest.raises(ClipError, match="is a picture; give a video, or the joints"):
            read_clip(tmp_path / "x.bin")

    def test_as_clip_takes_clips_and_paths(self, tmp_path, body_clip):
        clip = body_clip()
        assert as_clip(clip) is clip
        np.save(tmp_path / "x.npy", clip.joints)
        assert np.array_equal(as_clip(str(tmp_path / "x.npy")).joints, clip.joints)


@pytest.mark.data
class TestRealFiles:
    def test_nw_ucla(self, real_data):
        path = real_data / "nw_ucla/all_sqe/a01_s01_e00_v01.json"
        clip = read_clip(path)
        assert np.array_equal(
            clip.joints[:, 0], np.float32(json.loads(path.read_text())["skeletons"])
        )
        assert (clip.frames, clip.label, clip.camera) == (44, "pick up with one hand", "1")

    def test_utd_mhad(self, real_data):
        path = real_data / "utd_mhad/Skeleton/a27_s8_t3_skeleton.mat"
        clip = read_clip(path)
        head = loadmat(path)["d_skel"][0].T
        assert np.array_equal(clip.joints[:, 0, 3], head.astype(np.float32))
        assert (clip.label, clip.subject) == ("squat", "8")

    def test_smarthome_arrays(self, real_data):
        paths = sorted((real_data / "samples/toyota_smarthome").glob("WatchTV_*.npz"))
        assert len(paths) == 3
        for path in paths:
            clip, raw = read_clip(path), np.load(path)["kpts"]
            assert clip.layout is COCO and clip.frames == len(raw) in (1379, 1380)
            assert (clip.label, clip.subject, clip.camera) == ("watch television", "2", "5")
            assert np.array_equal(clip.present[:, 0], (raw != 0).any(axis=-1))
        # OpenPose saw this person from behind, and few of the joints.
        assert 0.3 < clip.present.mean() < 0.5

    def test_ntu_against_a_line_by_line_reading(self, real_data):
        paths = sorted((real_data / "samples/ntu_rgbd").glob("*.skeleton"))
        assert len(paths) == 5
        for path in paths:
            lines = iter(path.read_text().splitlines())
            bodies: dict[str, dict[int, list[list[float]]]] = {}
            for frame in range(int(next(lines))):
                for _ in range(int(next(lines))):
                    body = next(lines).split()[0]
                    rows = [
                        [float(word) for word in next(lines).split()[:3]]
                        for _ in range(int(next(lines)))
                    ]
                    bodies.setdefault(body, {})[frame] = rows
            clip = read_clip(path)
            assert clip.people == len(bodies)
            for person, track in enumerate(bodies.values()):
                assert np.flatnonzero(clip.present[:, person].any(axis=1)).tolist() == sorted(track)
                for frame, rows in track.items():
                    shown = clip.present[frame, person]
                    expected = np.array(rows, np.float32)
                    assert np.allclose(clip.joints[frame, person][shown], expected[shown], 1e-6)


def test_no_two_formats_claim_the_same_file(tmp_path, write_skeleton):
    (tmp_path / "a.json").write_text(json.dumps(ucla_json()))
    savemat(tmp_path / "b.mat", {"d_skel": np.ones((20, 3, 4))})
    np.save(tmp_path / "c.npy", np.ones((4, 20, 3)))
    np.savez(tmp_path / "d.npz", joints=np.ones((4, 20, 3)))
    write_skeleton(tmp_path / "e.skeleton", [[(5, np.ones((25, 3)), [2] * 25)]])
    readers = [nw_ucla, utd_mhad, arrays, arrays, ntu]
    for path, expected in zip(sorted(tmp_path.iterdir()), readers, strict=True):
        head = path.read_bytes()[:512]
        for reader in set(readers):
            assert reader.sniff(path, head) == (reader is expected)
