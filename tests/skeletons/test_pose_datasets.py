"""Penn Action, HAR-6 and J-HMDB: generated files of their form, and the real ones if present."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from llm_ar.errors import ClipError, DatasetError
from llm_ar.skeletons.datasets.protocols import ClipInfo, dataset_named, protocol_named
from llm_ar.skeletons.layouts import COCO, KINECT_V1, MEDIAPIPE, PENN_13, map_clip
from llm_ar.skeletons.prepare.jhmdb import jhmdb_recordings
from llm_ar.skeletons.prepare.prepare import prepare
from llm_ar.skeletons.readers import format_of, members, penn_action, read_clip, video
from llm_ar.skeletons.readers.video_poses import VideoPoses
from llm_ar.skeletons.store import ClipStore
from tests.bodies import body

FRAMES = 6


def image_points(layout, frames: int = FRAMES) -> np.ndarray:
    """Pixels ``(T, J, 2)`` of a person who faces the camera, y down."""
    # The axes of clips have x to the camera's left.
    return 300 - 100 * body(frames, layout)[..., :2].astype(np.float64)


# --- Penn Action ---


def save_penn(path: Path, **changed: object) -> np.ndarray:
    """A file of a person who faces the camera; its points, the right joint of a pair first."""
    points = image_points(PENN_13)[:, PENN_13.mirror_index()]
    savemat(
        path,
        {
            "action": "baseball_swing",
            "x": points[..., 0],
            "y": points[..., 1],
            "visibility": np.ones(points.shape[:2], dtype=np.uint8),
            "train": 1,
            "dimensions": [[480, 360, FRAMES]],
            **changed,
        },
    )
    return points


def test_penn_action_is_read_to_the_digit(tmp_path):
    path = tmp_path / "0007.mat"
    points = save_penn(path)
    clip = read_clip(path)
    assert format_of(path) == "Penn Action .mat"
    assert (clip.layout, clip.dimensions, clip.frames, clip.people) == (PENN_13, 2, FRAMES, 1)
    assert (clip.label, clip.split) == ("baseball swing", "train")
    assert clip.present.all()
    named = dict(zip(PENN_13.joints, range(13), strict=True))
    assert np.allclose(clip.joints[:, 0, named["head"], :2], -points[:, 0])
    assert np.allclose(clip.joints[:, 0, named["right_wrist"], :2], -points[:, 5])
    assert np.allclose(clip.joints[:, 0, named["left_wrist"], :2], -points[:, 6])
    assert (clip.joints[:, 0, named["head"], 1] > clip.joints[:, 0, named["left_ankle"], 1]).all()
    assert map_clip(clip, KINECT_V1).frames == FRAMES


def test_penn_action_keeps_hidden_joints_but_not_those_out_of_the_image(tmp_path):
    points = save_penn(tmp_path / "x.mat")
    seen = np.ones(points.shape[:2], dtype=np.uint8)
    seen[:, :3] = 0
    points[2:, 1] = 0.67
    points[2:, 2] = 1.5
    save_penn(tmp_path / "x.mat", x=points[..., 0], y=points[..., 1], visibility=seen)
    present = read_clip(tmp_path / "x.mat").present[:, 0]
    assert present[:, 0].all() and present[:, 3:].all()
    assert present[:2, 1:3].all() and not present[2:, 1:3].any()


def test_penn_action_in_small_whole_numbers(tmp_path):
    points = np.clip(image_points(PENN_13).round(), 3, 255).astype(np.uint8)
    save_penn(tmp_path / "x.mat", x=points[..., 0], y=points[..., 1])
    read = read_clip(tmp_path / "x.mat").joints[:, 0, PENN_13.mirror_index(), :2]
    assert (read == -points.astype(np.float32)).all()


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"visibility": np.ones((FRAMES, 12))}, r"frames x 13, found x \(6, 13\), y .*\(6, 12\)"),
        ({"x": "text"}, r"found x \(1,\)"),
        ({"x": np.full((FRAMES, 13), "a", dtype=object)}, "is not a complete MATLAB 5 file"),
        ({"y": np.full((FRAMES, 13), np.nan)}, "no joint is present"),
    ],
)
def test_penn_action_refuses_other_content(tmp_path, changed, problem):
    save_penn(tmp_path / "x.mat", **changed)
    with pytest.raises(ClipError, match=problem):
        penn_action.read(tmp_path / "x.mat")


def test_penn_action_refuses_damaged_files(tmp_path):
    save_penn(tmp_path / "x.mat")
    data = (tmp_path / "x.mat").read_bytes()
    (tmp_path / "x.mat").write_bytes(data[: len(data) // 2])
    with pytest.raises(ClipError, match="has no variables x, y and visibility; copy it again"):
        penn_action.read(tmp_path / "x.mat")


def test_penn_action_is_prepared_with_its_own_split(tmp_path):
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    save_penn(raw / "0001.mat")
    save_penn(raw / "0002.mat", action="tennis_forehand", train=-1)
    report = prepare("penn-action", raw, out)
    assert (report.read, report.refused) == (2, ())
    said = [finding.sentence for finding in report.findings]
    assert said.count("protocol split: 1 clips train, 1 test") == 1
    store = ClipStore.open(out)
    assert store.split("split") == ([0], [1])
    assert [info.label for info in store.metadata()] == ["baseball swing", "tennis swing"]


# --- HAR-6 ---


def har6_clip(people: int = 1) -> np.ndarray:
    points = np.concatenate([image_points(COCO), np.full((FRAMES, 17, 1), 0.9)], axis=-1)
    values = np.stack([points + 400 * number for number in range(people)], axis=1)
    values[..., 2] = 0.9
    return values.astype(np.float16)


@pytest.fixture
def har6(tmp_path) -> Path:
    second = har6_clip(people=2)
    second[2:, 1] = np.nan
    second[:, 0, 3, 2] = 0.01
    clips = {
        "Walking/Walking (3)": har6_clip(),
        "Standing_Still/Standing Still (12)": second,
        "Dancing/mine": har6_clip(),
    }
    path = tmp_path / "har6.npz"
    np.savez_compressed(path, **clips)
    return path


def test_har6_is_a_file_of_many_clips(har6):
    assert format_of(har6) == "named clips .npz"
    found = [str(path).partition("#")[2] for path in members(har6)]
    assert found == ["Walking/Walking (3)", "Standing_Still/Standing Still (12)", "Dancing/mine"]
    clips = [read_clip(path) for path in members(har6)]
    assert [clip.label for clip in clips] == ["walk", "stand still", "Dancing"]
    for clip in clips:
        assert (clip.layout, clip.dimensions, clip.frames) == (COCO, 2, FRAMES)
        nose, ankle = COCO.joints.index("nose"), COCO.joints.index("left_ankle")
        assert (clip.joints[:, 0, nose, 1] > clip.joints[:, 0, ankle, 1]).all()
    first = har6_clip().astype(np.float32)
    assert (clips[0].joints[:, 0, :, :2] == -first[:, 0, :, :2]).all()
    assert clips[1].people == 2 and not clips[1].present[2:, 1].any()
    assert not clips[1].present[:, 0, 3].any() and clips[1].present[:, 0, 4].all()


def test_har6_asks_for_one_of_its_clips(har6):
    with pytest.raises(ClipError, match=r"has 3 clips; name one of them, such as 'har6.npz#Walk"):
        read_clip(har6)
    with pytest.raises(ClipError, match="has no clip 'Walking/none'"):
        read_clip(Path(f"{har6}#Walking/none"))


def test_har6_refuses_other_shapes_and_objects(tmp_path):
    clips = {"A/whole": har6_clip(), "A/flat": np.ones((4, 34)), "A/o": np.array([{}, {}])}
    np.savez(tmp_path / "x.npz", **clips)
    with pytest.raises(ClipError, match=r"A/flat holds float64 of shape \(4, 34\), expected"):
        read_clip(Path(f"{tmp_path / 'x.npz'}#A/flat"))
    with pytest.raises(ClipError, match="is not a complete .npz file"):
        read_clip(Path(f"{tmp_path / 'x.npz'}#A/o"))


def test_har6_refuses_damaged_files(har6):
    data = bytearray(har6.read_bytes())
    data[200:260] = b"\x00" * 60
    har6.write_bytes(data)
    with pytest.raises(ClipError, match="is not a complete .npz file"):
        read_clip(Path(f"{har6}#Walking/Walking (3)"))


def test_har6_is_prepared_and_drawn(har6, tmp_path):
    report = prepare("har6", har6.parent, tmp_path / "out")
    assert (report.read, report.refused) == (3, ())
    train, test = ClipStore.open(tmp_path / "out").split("seeded:50")
    assert sorted(train + test) == [0, 1, 2]


# --- J-HMDB ---

CLIPS = ("Old_film_1_pick_f_cm_np1_ba_goo_0", "Home_video_shoot_ball_u_nm_np2_ri_bad_12")


@pytest.fixture
def jhmdb(tmp_path) -> Path:
    raw = tmp_path / "raw"
    for clip, action in zip(CLIPS, ("pick", "shoot_ball"), strict=True):
        (raw / "videos" / action).mkdir(parents=True)
        (raw / "videos" / action / f"{clip}.mp4").write_bytes(b"\x00\x00\x00\x20ftypisom")
    (raw / "splits").mkdir()
    for number, parts in enumerate(("12", "21", "11"), 1):
        for clip, action, part in zip(CLIPS, ("pick", "shoot_ball"), parts, strict=True):
            file = raw / "splits" / f"{action}_test_split{number}.txt"
            file.write_text(f"{clip}.avi {part}\n")
    return raw


def poses_of(path: Path, shown: bool = True) -> VideoPoses:
    """What an estimator finds in a video of one person."""
    joints = image_points(MEDIAPIPE)
    pixels = np.concatenate([joints, np.zeros((FRAMES, 33, 1)), np.ones((FRAMES, 33, 1))], axis=-1)
    poses = np.concatenate([pixels, body(FRAMES, MEDIAPIPE)], axis=-1).astype(np.float32)
    return VideoPoses(np.arange(FRAMES), poses, FRAMES, FRAMES, 25.0)


def test_jhmdb_names():
    known = dataset_named("jhmdb")
    info = known.describe(f"videos/pick/{CLIPS[0]}.mp4")
    assert info is not None and info[:4] == ("pick something up", "Old_film_1", None, None)
    assert known.describe(CLIPS[1]).label == "basketball shoot"
    assert known.describe("videos/pick/clip.mp4") is None


def test_jhmdb_has_three_splits(jhmdb, tmp_path, monkeypatch):
    monkeypatch.setattr(video, "estimate_poses", poses_of)
    report = prepare("jhmdb", jhmdb, tmp_path / "out")
    assert (report.read, report.refused) == (2, ())
    store = ClipStore.open(tmp_path / "out")
    assert [store.split(f"split{n}") for n in (1, 2, 3)] == [
        ([0], [1]),
        ([1], [0]),
        ([0, 1], []),
    ]
    assert [info.label for info in store.metadata()] == ["pick something up", "basketball shoot"]
    clip = store[0]
    assert (clip.layout, clip.fps, clip.frames) == (MEDIAPIPE, 25.0, FRAMES)
    nose, heel = MEDIAPIPE.joints.index("nose"), MEDIAPIPE.joints.index("left_heel")
    assert (clip.joints[:, 0, nose, 1] > clip.joints[:, 0, heel, 1]).all()


def test_poses_of_videos_are_estimated_once(jhmdb, tmp_path, monkeypatch):
    asked = []

    def estimate(path, shown=True):
        asked.append(path.stem)
        return poses_of(path)

    monkeypatch.setattr(video, "estimate_poses", estimate)
    out = tmp_path / "out"
    prepare("jhmdb", jhmdb, out)
    assert asked == list(CLIPS)
    first = [clip.joints.copy() for clip in ClipStore.open(out)]
    for file in out.iterdir():
        file.unlink()
    out.rmdir()
    prepare("jhmdb", jhmdb, out)
    assert asked == list(CLIPS), "they are kept in out.poses"
    again = [clip.joints for clip in ClipStore.open(out)]
    assert all((one == other).all() for one, other in zip(first, again, strict=True))
    changed = next(jhmdb.rglob(f"{CLIPS[0]}.mp4"))
    changed.write_bytes(changed.read_bytes() + b"changed")
    prepare("jhmdb", jhmdb, out)
    assert asked == [*CLIPS, CLIPS[0]]


def test_jhmdb_needs_its_lists(jhmdb):
    bad = next((jhmdb / "splits").glob("pick*"))
    bad.write_text("a clip without a number\n")
    with pytest.raises(DatasetError, match=f"{bad.name}: line 1 is no name of a clip with 1"):
        list(jhmdb_recordings(jhmdb, None))
    for file in (jhmdb / "splits").iterdir():
        file.unlink()
    with pytest.raises(DatasetError, match="has no lists of the splits, such as splits/catch_"):
        list(jhmdb_recordings(jhmdb, None))


def test_kept_poses_are_those_of_this_video_alone(tmp_path):
    path, file = tmp_path / "x.mp4", tmp_path / "kept" / "x.mp4.npz"
    path.write_bytes(b"a video")
    poses = poses_of(path)
    assert VideoPoses.load(file, path) is None
    poses.save(file, path)
    kept = VideoPoses.load(file, path)
    assert kept is not None and (kept.poses == poses.poses).all()
    assert (kept.frame == poses.frame).all()
    assert (kept.frames, kept.stated, kept.fps) == (FRAMES, FRAMES, 25.0)
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    assert VideoPoses.load(file, path) is None
    file.write_bytes(data)
    path.write_bytes(b"another video")
    assert VideoPoses.load(file, path) is None


# --- the real ones ---


@pytest.fixture(scope="module")
def penn(real_data, tmp_path_factory) -> ClipStore:
    if not (real_data / "penn_action").is_dir():
        pytest.skip("Penn Action is not among the real recordings")
    out = tmp_path_factory.mktemp("penn") / "out"
    report = prepare("penn-action", real_data / "penn_action", out)
    assert (report.read, report.refused) == (2_326, ())
    return ClipStore.open(out)


def test_penn_action_has_the_published_clips(penn):
    known = dataset_named("penn-action")
    train, test = penn.split("split")
    assert (len(train), len(test)) == protocol_named(known, "split").counts == (1_258, 1_068)
    assert {info.label for info in penn.metadata()} == set(known.classes)


def test_people_of_penn_action_stand_upright_and_are_not_mirrored(penn):
    head, ankles = PENN_13.joints.index("head"), [11, 12]
    left, right = (PENN_13.joints.index(f"{side}_shoulder") for side in ("left", "right"))
    upright, facing, wrists = [], [], []
    for info, clip in zip(penn.metadata(), penn, strict=True):
        joints, seen = clip.joints[:, 0], clip.present[:, 0]
        if info.label in ("jumping jacks", "squat") and seen[:, [head, *ankles]].all():
            upright.append((joints[:, head, 1] > joints[:, ankles, 1].mean(axis=1)).mean())
        # Whoever jumps faces the camera: the left shoulder is at its left, the smaller x.
        if info.label == "jumping jacks":
            facing.append((joints[:, left, 0] < joints[:, right, 0]).mean())
        if info.label == "baseball pitch" and seen.all():
            relative = joints[:, [5, 6]] - joints[:, [left, right]].mean(axis=1, keepdims=True)
            wrists.append(np.linalg.norm(np.diff(relative, axis=0), axis=-1).max(axis=0))
    assert len(upright) > 100 and np.mean(upright) > 0.99
    assert np.mean(facing) > 0.9
    # Most people throw with the right hand.
    assert np.mean([right > left for left, right in wrists]) > 0.6


def test_har6_has_its_clips(real_data):
    path = real_data / "har6" / "har6.npz"
    if not path.is_file():
        pytest.skip("HAR-6 is not among the real recordings")
    clips = members(path)
    known = dataset_named("har6")
    assert len(clips) == known.clips == 966
    labels = Counter(known.describe(str(clip)).label for clip in clips)
    assert set(labels) == set(known.classes) and labels["walk"] == 171
    nose, ankles = COCO.joints.index("nose"), [15, 16]
    for clip in map(read_clip, clips[::50]):
        seen = clip.present[:, 0][:, [nose, *ankles]].all(axis=1)
        joints = clip.joints[seen, 0]
        assert (joints[:, nose, 1] > joints[:, ankles, 1].mean(axis=1)).all()


def test_jhmdb_has_the_published_splits(real_data):
    if not (real_data / "jhmdb").is_dir():
        pytest.skip("J-HMDB is not among the real recordings")
    known = dataset_named("jhmdb")
    found = list(jhmdb_recordings(real_data / "jhmdb", None))
    assert len(found) == known.clips == 928
    infos = [ClipInfo(one.label, one.subject, None, one.split, one.source) for one in found]
    assert {info.label for info in infos} == set(known.classes)
    for protocol in known.protocols:
        parts = Counter(protocol.assign(info) for info in infos)
        assert (parts["train"], parts["test"]) == protocol.counts
        trained = {(i.subject, i.label) for i in infos if protocol.assign(i) == "train"}
        assert not trained & {(i.subject, i.label) for i in infos if protocol.assign(i) == "test"}
