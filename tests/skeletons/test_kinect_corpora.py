"""KARD, Florence 3D, CAD-60, MSR Daily Activity 3D and Bandai-Namco: files, names, axes, counts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from llm_ar.applications.protocol import count
from llm_ar.errors import ClipError
from llm_ar.skeletons.datasets.cad60 import PIECE_SECONDS
from llm_ar.skeletons.datasets.protocols import dataset_named, protocol_named
from llm_ar.skeletons.layouts import CAD60, KARD, KINECT_V1, SBU, Layout
from llm_ar.skeletons.orientation import forward
from llm_ar.skeletons.prepare.handedness import settle
from llm_ar.skeletons.prepare.prepare import SOURCES, prepare
from llm_ar.skeletons.read_options import ReadOptions
from llm_ar.skeletons.readers import format_of, read_clip
from llm_ar.skeletons.store import ClipStore
from tests.bodies import body

MIRROR = np.array([-1, 1, 1])
RAW = {
    "kard": "kard",
    "florence3d": "florence3d",
    "cad60": "cad60",
    "msr-daily": "msr_daily_activity3d",
    "bandai-namco": "bandai_namco_1",
}


def lines(joints: np.ndarray) -> str:
    """Text of KARD and Florence, in millimeters."""
    rows = (joints * 1000).reshape(-1, 3)
    return "".join(f"{x:.4f} {y:.4f} {z:.4f} \n" for x, y, z in rows)


def table(joints: np.ndarray) -> str:
    """Text of MSR Daily Activity."""
    return "".join(
        f"{frame} {joint} {x:.6f} {y:.6f} {z:.6f}\r\n"
        for frame, rows in enumerate(joints, 1)
        for joint, (x, y, z) in enumerate(rows, 1)
    )


def save(folder: Path, layout: Layout, frames: int = 40, axes: np.ndarray | int = 1) -> Path:
    """A file of each format with the joints of one person who squats."""
    joints = body(frames, layout) * axes
    if layout is CAD60:
        path = folder / "a06_brushing_teeth_p2.npy"
        np.save(path, (joints * 1000).astype(np.float32))
        return path
    name, text = {
        KARD.name: ("a09_s03_e02_realworld.txt", lines(joints * MIRROR)),
        SBU.name: ("a04_s7_id12.txt", lines(joints)),
        KINECT_V1.name: ("a08_s04_e01_skeleton_proj.txt", table(joints)),
    }[layout.name]
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("layout", "name", "label", "subject", "scale", "fps"),
    [
        (KARD, "KARD or Florence 3D text", "kick forward", "3", 1000, 30),
        (SBU, "KARD or Florence 3D text", "clap", "7", 1000, 10),
        (CAD60, "CAD-60 .npy", "brush teeth", "2", 1000, 30),
        (KINECT_V1, "MSR Daily Activity text", "cheer", "4", 1, 30),
    ],
    ids=lambda value: getattr(value, "name", None),
)
class TestFiles:
    def test_joints_label_and_subject(self, tmp_path, layout, name, label, subject, scale, fps):
        path = save(tmp_path, layout)
        clip = read_clip(path)
        assert format_of(path) == name and clip.layout == layout and clip.fps == fps
        assert (clip.label, clip.subject, clip.people) == (label, subject, 1)
        assert np.allclose(clip.joints[:, 0] / scale, body(40, layout), atol=1e-5)
        assert clip.present.all() and not forward(clip).mirrored

    def test_content_alone_tells_the_format(
        self, tmp_path, layout, name, label, subject, scale, fps
    ):
        path = save(tmp_path, layout).rename(tmp_path / "other")
        clip = read_clip(path)
        assert clip.layout == layout and clip.label is None
        assert np.allclose(clip.joints[:, 0] / scale, body(40, layout), atol=1e-5)

    def test_a_mirrored_file_is_turned_by_the_knees(
        self, tmp_path, layout, name, label, subject, scale, fps
    ):
        clip = read_clip(save(tmp_path, layout, axes=MIRROR))
        assert np.allclose(clip.joints[:, 0] / scale, body(40, layout), atol=1e-5)


@pytest.mark.parametrize(
    ("layout", "damage", "problem"),
    [
        (KARD, lambda text: text[:-1], "line 90 has no end"),
        (KARD, lambda text: text.rpartition("\n")[0].rpartition("\n")[0] + "\n", "89 lines, which"),
        (KARD, lambda text: text + "1 2\n", "line 91: expected 3 numbers, found 2"),
        (KARD, lambda text: text + "1 2 x\n", "line 91, field 3: 'x' is no number"),
        (KINECT_V1, lambda text: text[:-1], "line 120 has no end"),
        (KINECT_V1, lambda text: text.rpartition("\r")[0].rpartition("\n")[0] + "\n", "the middle"),
        (KINECT_V1, lambda text: text + "8 1 0 0 0\n", "row 121: expected joint 1 of frame 7"),
        (KINECT_V1, lambda text: text + "7 2 0 0 0\n", "row 121: expected joint 1 of frame 7"),
        (KINECT_V1, lambda text: text + "7 1 0 0\n", "line 121: expected 5 numbers, found 4"),
    ],
)
def test_damage_is_named(tmp_path, layout, damage, problem):
    path = save(tmp_path, layout, frames=6)
    path.write_bytes(damage(path.read_bytes().decode()).encode())
    with pytest.raises(ClipError, match=problem):
        read_clip(path)


def test_axes_of_lines_are_fixed_but_their_layout_may_be_stated(tmp_path):
    path = save(tmp_path, KARD)
    with pytest.raises(ClipError, match="leave --axes out"):
        read_clip(path, ReadOptions(axes="TVC"))
    assert read_clip(path, ReadOptions(layout="sbu-15")).layout == SBU


def test_numbers_that_are_none_are_missing(tmp_path):
    path = save(tmp_path, KINECT_V1)
    rows = path.read_bytes().decode().splitlines()
    rows[20] = "2 1 0.000   NaN   NaN"
    path.write_text("\n".join(rows) + "\n")
    clip = read_clip(path)
    assert not clip.present[1, 0, 0] and clip.present.sum() == clip.present.size - 1
    assert clip.repairs[0] == "1 joint position not a finite number, marked as missing"


@pytest.mark.parametrize(
    ("dataset", "source", "label", "subject"),
    [
        ("kard", "raw/a04_s10_e03_realworld.txt", "take a cap", "10"),
        ("kard", "a19_s10_e03_realworld.txt", None, "10"),
        ("florence3d", "a05_s10_id200.txt", "tie shoelaces", "10"),
        ("cad60", "x/a11_cooking_(chopping)_p1.npy#12", "chop food", "1"),
        ("cad60", "a18_random2_p4.npy", None, "4"),
        ("msr-daily", "a12_s01_e02_skeleton_proj", "lie down on a sofa", "1"),
        ("bandai-namco", "dataset-1_walk-left_not-confident_001.bvh", "walk to the left", None),
    ],
)
def test_names(dataset, source, label, subject):
    info = dataset_named(dataset).describe(source)
    assert info is not None and (info.label, info.subject) == (label, subject)


@pytest.mark.parametrize("dataset", RAW)
def test_other_names_are_not_theirs(dataset):
    other = ("a1_s1_t1_skeleton.mat", "a01_s01_e00_v01.json", "x.npy", "dataset-1_fly_normal_001")
    assert not any(dataset_named(dataset).describe(name) for name in other)


def test_a_fold_a_person():
    kard = dataset_named("kard")
    names = [f"a01_s{subject:02}_e01_realworld" for subject in range(1, 11)]
    for number, name in enumerate(names, 1):
        rule = protocol_named(kard, f"subject{number}")
        tested = [other for other in names if rule.assign(kard.describe(other)) == "test"]
        assert tested == [name]
    assert count("kard", "subject10", names)["train"] == 9


def test_a_recording_of_cad60_becomes_pieces(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    path = save(raw, CAD60, frames=430)
    np.save(raw / "a17_random1_p2.npy", np.load(path))
    report = prepare("cad60", raw, tmp_path / "out")
    clips = {clip.source: clip for clip in ClipStore.open(tmp_path / "out")}
    assert sorted(clips) == [f"{path.name}#{piece}" for piece in range(4)]
    whole = read_clip(path).joints
    assert [clips[source].frames for source in sorted(clips)] == [120, 120, 120, 70]
    assert np.array_equal(np.concatenate([clips[name].joints for name in sorted(clips)]), whole)
    assert {(clip.label, clip.subject) for clip in clips.values()} == {("brush teeth", "2")}
    (refused,) = report.refused
    assert "shows no named activity" in refused.reason
    assert PIECE_SECONDS * 30 == 120


def test_a_short_rest_is_left_out(tmp_path):
    save(tmp_path, CAD60, frames=299)
    assert len(list(SOURCES["cad60"](tmp_path, None))) == 2
    save(tmp_path, CAD60, frames=5)
    assert len(list(SOURCES["cad60"](tmp_path, None))) == 1


@pytest.mark.parametrize("mirrored", [False, True])
def test_all_clips_of_a_mirrored_kard_are_turned(tmp_path, mirrored):
    """Three clips show bent knees; the others are turned with them."""
    raw = tmp_path / "raw"
    raw.mkdir()
    expected = {}
    for number in range(1, 7):
        joints = body(40, KARD, seed=number)
        if number > 3:
            joints = np.repeat(joints[:1], 40, axis=0)
        path = raw / f"a12_s01_e{number:02}_realworld.txt"
        path.write_text(lines(joints if mirrored else joints * MIRROR))
        expected[path.name] = joints * 1000
    report = prepare("kard", raw, tmp_path / "out")
    said = [finding.sentence for finding in report.findings if finding.kind == "mirrored"]
    assert len(said) == mirrored and not any("--no-mirror" in sentence for sentence in said)
    for clip in ClipStore.open(tmp_path / "out"):
        assert np.allclose(clip.joints[:, 0], expected[clip.source], atol=0.02)


class TestRealData:
    """Of all clips, or of some where reading takes long."""

    @pytest.mark.data
    @pytest.mark.parametrize(
        ("dataset", "clips", "most", "least"),
        [
            ("kard", 540, 30, 30),
            ("florence3d", 215, 30, 20),
            ("cad60", 597, 57, 27),
            ("msr-daily", 320, 20, 20),
            ("bandai-namco", 174, 30, 1),
        ],
    )
    def test_counts(self, real_data, dataset, clips, most, least):
        known = dataset_named(dataset)
        found = list(SOURCES[dataset](real_data / RAW[dataset], None))
        errors = [item for item in found if isinstance(item, ClipError)]
        names = [item.source for item in found if not isinstance(item, ClipError)]
        labels = Counter(known.describe(name).label for name in names)
        assert len(names) == clips and known.clips in (clips, 0)
        assert len(errors) == (8 if dataset == "cad60" else 0)
        assert set(labels) == set(known.classes)
        assert (max(labels.values()), min(labels.values())) == (most, least)
        folds = [p.name for p in known.protocols if p.name.startswith("subject")]
        assert sum(count(dataset, fold, names)["test"] for fold in folds) in (clips, 0)
        for protocol in known.protocols:
            counted = count(dataset, protocol.name, names)
            assert protocol.counts in (None, (counted["train"], counted["test"]))
            assert protocol.unseen or counted["unused"] == 0

    @pytest.mark.data
    def test_cad60_has_72_recordings(self, real_data):
        found = SOURCES["cad60"](real_data / "cad60", None)
        assert len({item.source.partition("#")[0] for item in found}) == 72

    @pytest.mark.data
    @pytest.mark.parametrize("dataset", RAW)
    def test_axes_are_right_and_a_mirrored_copy_is_found(self, real_data, tmp_path, dataset):
        raw = real_data / RAW[dataset]
        files = sorted(path for path in raw.iterdir() if path.suffix in (".txt", ".npy", ".bvh"))
        plain, turned = tmp_path / "plain", tmp_path / "turned"
        plain.mkdir()
        turned.mkdir()
        for file in files if dataset == "cad60" else files[::5]:
            (plain / file.name).symlink_to(file)
            mirrored_copy(file, turned / file.name)
        options, findings = settle(list(SOURCES[dataset](plain, None)), ReadOptions())
        assert options.mirror is False and not findings
        options, (finding,) = settle(list(SOURCES[dataset](turned, None)), ReadOptions())
        assert options.mirror is True and "mirror image" in finding.sentence
        for file in sorted(turned.iterdir())[:4]:
            back = read_clip(file, options)
            assert np.allclose(
                back.joints, read_clip(plain / file.name).joints, rtol=1e-4, atol=1e-2
            )

    @pytest.mark.data
    def test_msr_actions_are_in_this_order(self, real_data):
        """Heights and paths of the hips, in meters, tell some of them."""

        def hips(action: int) -> list[np.ndarray]:
            files = (real_data / RAW["msr-daily"]).glob(f"a{action:02}_*.txt")
            return [read_clip(file).joints[:, 0, 0] for file in sorted(files)]

        def rise(action: int) -> float:
            return float(
                np.median([hip[-8:, 1].mean() - hip[:8, 1].mean() for hip in hips(action)])
            )

        def path(action: int) -> float:
            steps = [np.diff(hip[::5, ::2], axis=0) for hip in hips(action)]
            return float(np.median([np.linalg.norm(step, axis=1).sum() for step in steps]))

        assert rise(15) > 0.2 and rise(16) < -0.2 and rise(12) < -0.1
        assert path(13) > 2 and path(9) < 0.1 and path(7) > 0.8


def mirrored_copy(file: Path, copy: Path) -> None:
    """The recording with its x axis turned over."""
    if file.suffix == ".npy":
        np.save(copy, (np.load(file) * MIRROR).astype(np.float32))
    elif file.suffix == ".bvh":
        copy.write_text(mirrored_bvh(file.read_text()))
    else:
        rows = np.loadtxt(file, ndmin=2)
        rows[:, -3] *= -1
        np.savetxt(copy, rows, fmt="%d %d %.6f %.6f %.6f" if rows.shape[1] == 5 else "%.6f")


def mirrored_bvh(text: str) -> str:
    """Offsets and positions along x change their signs, and so do rotations about y and z."""
    head, _, motion = text.partition("MOTION")
    signs: list[int] = []
    rows = []
    for row in head.splitlines():
        words = row.split()
        if words[:1] == ["OFFSET"]:
            words[1] = str(-float(words[1]))
        if words[:1] == ["CHANNELS"]:
            turned = ("xposition", "yrotation", "zrotation")
            signs += [-1 if word.lower() in turned else 1 for word in words[2:]]
        rows.append(" ".join(words))
    before, (_, *frames) = motion.splitlines()[:3], motion.splitlines()[2:]
    values = np.array([row.split() for row in frames if row.strip()], dtype=float) * signs
    numbers = [" ".join(f"{value:.8g}" for value in row) for row in values]
    return "\n".join([*rows, "MOTION", *before[1:], *numbers]) + "\n"
