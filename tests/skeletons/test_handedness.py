"""Mirrored axes of a data set are found over all of its clips, said, and put right in all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llm_ar.skeletons.clip import clean_clip
from llm_ar.skeletons.layouts import H36M_17, KINECT_V1, SBU, map_clip
from llm_ar.skeletons.orientation import forward
from llm_ar.skeletons.prepare.handedness import settle
from llm_ar.skeletons.prepare.prepare import prepare
from llm_ar.skeletons.prepare.recordings import Recording
from llm_ar.skeletons.read_options import ReadOptions
from llm_ar.skeletons.readers import read_clip
from llm_ar.skeletons.store import ClipStore
from llm_ar.skeletons.synthetic.body import forward_kinematics, random_body
from llm_ar.skeletons.synthetic.motion import arms, keyed, legs, trunk

KARD = (
    "head neck right_shoulder right_elbow right_hand left_shoulder left_elbow left_hand spine "
    "right_hip right_knee right_foot left_hip left_knee left_foot"
).split()


def person(squats: bool, seed: int) -> np.ndarray:
    """(40, 17, 3): 17 joints without toes, which tell by bent knees alone."""
    rng = np.random.default_rng(seed)
    bent = legs(80, 110) | trunk(lean=20) if squats else {}
    motion = keyed((0.0, {}), (0.5, bent | arms(90, 80, 0, 20)), (1.0, {}))
    joints = forward_kinematics(random_body(rng), motion(np.linspace(0, 1, 40)))
    clip = clean_clip(
        (joints * [-1, 1, -1] + [0.2, -0.8, 3])[:, None], source="p", layout=KINECT_V1, fps=30
    )
    return map_clip(clip, H36M_17).joints[:, 0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve clips, three of which show bent knees."""
    rows = ["file,label"]
    for number in range(12):
        np.save(tmp_path / f"{number}.npy", person(number < 3, number))
        rows.append(f"{number}.npy,{'squat' if number < 3 else 'wave'}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    return tmp_path


def mirrored(folder: Path) -> Path:
    for file in folder.glob("*.npy"):
        np.save(file, np.load(file) * [-1, 1, 1])
    return folder


def prepared(raw: Path, name: str, options: ReadOptions | None = None):
    report = prepare("folder", raw, raw / name, options=options or ReadOptions())
    return report, {clip.source: clip for clip in ClipStore.open(raw / name)}


def test_a_mirrored_copy_becomes_the_same_data_set(folder: Path) -> None:
    plain, expected = prepared(folder, "plain")
    assert not [finding for finding in plain.findings if finding.kind == "mirrored"]
    report, found = prepared(mirrored(folder), "mirrored")
    (finding,) = [finding for finding in report.findings if finding.kind == "mirrored"]
    assert "in 3 of the 3 clips that tell (of 12)" in finding.sentence
    assert "--no-mirror leaves it" in report.summary()
    for source, clip in expected.items():
        assert np.allclose(found[source].joints, clip.joints, atol=1e-5), source


def test_what_is_stated_settles_it(folder: Path) -> None:
    _, expected = prepared(folder, "plain")
    report, found = prepared(mirrored(folder), "left", ReadOptions(mirror=False))
    assert not [finding for finding in report.findings if finding.kind == "mirrored"]
    for source, clip in expected.items():
        assert np.allclose(found[source].joints, clip.joints * [-1, 1, 1], atol=1e-5)


def test_two_kinds_in_one_set_are_said(folder: Path) -> None:
    for number in range(0, 12, 2):
        np.save(folder / f"{number}.npy", np.load(folder / f"{number}.npy") * [-1, 1, 1])
    report, _ = prepared(folder, "mixed")
    (finding,) = [finding for finding in report.findings if finding.kind == "mirrored"]
    assert "2 of the 3 clips that tell (of 12) have mirrored axes" in finding.sentence


def _saved(folder: Path, clips) -> list[Recording]:
    items = []
    for number, clip in enumerate(clips):
        path = folder / f"{number}.npz"
        np.savez(path, joints=clip.joints, present=clip.present, layout=clip.layout.name)
        items.append(Recording(path, path.name, read_clip))
    return items


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("utd_mhad", "**/*_skeleton.mat"),
        ("nw_ucla", "**/a*.json"),
        ("sbu_kinect_interaction", "**/skeleton_pos.txt"),
    ],
)
def test_real_sets_are_not_mirrored(
    real_data: Path, tmp_path: Path, name: str, pattern: str
) -> None:
    files = sorted((real_data / name).glob(pattern))[::12]
    options, findings = settle(_saved(tmp_path, map(read_clip, files)), ReadOptions())
    assert options.mirror is not True and not findings


@pytest.mark.data
def test_kard_is_mirrored(real_data: Path, tmp_path: Path) -> None:
    places = [KARD.index(joint) for joint in SBU.joints]
    clips = [
        clean_clip(
            np.loadtxt(file)[:, -3:].reshape(-1, 1, 15, 3)[:, :, places],
            source=file.name,
            layout=SBU,
            fps=30.0,
        )
        for file in sorted((real_data / "kard").glob("*_realworld.txt"))[::4]
    ]
    assert sum(forward(clip).mirrored is None for clip in clips) > 0.8 * len(clips)
    options, (finding,) = settle(_saved(tmp_path, clips), ReadOptions())
    assert options.mirror is True and "mirror image" in finding.sentence
