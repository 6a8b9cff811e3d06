"""Readers of the published datasets: real and generated files, whole, in zips, and damaged."""

from __future__ import annotations

import io
import json
import pickle
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_ar.errors import ClipError, DatasetError
from llm_ar.skeletons.layouts import KINECT_V1, map_clip
from llm_ar.skeletons.prepare.prepare import prepare
from llm_ar.skeletons.readers import archives, format_of, ntu, sbu, smarthome, uav_human
from llm_ar.skeletons.readers.archives import members
from llm_ar.skeletons.store import ClipStore

RNG = np.random.default_rng(0)
UAV_NAME = "P003S00G10B10H10UC022000LC021000A007R0_08241716.txt"
HOME_NAME = "Drink.Fromcup_p02_r00_v02_c03_pose3d.json"


def kinect_text(frames: list[list[tuple[str, np.ndarray]]], end: str = "\n") -> bytes:
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for identity, joints in bodies:
            lines += [f"{identity} 0 0 0 0 0 0 0 0 0", str(len(joints))]
            lines += [f"{x:.6f} {y:.6f} {z:.6f} 0 0 0 0 0 0 0 0 2" for x, y, z in joints]
    return (end.join(lines) + end).encode()


def uav_text(*frames: list[str]) -> bytes:
    return kinect_text(
        [[(identity, RNG.uniform(1, 900, (17, 3))) for identity in bodies] for bodies in frames]
    )


def home_json(frames: list[list[dict[str, object]]]) -> bytes:
    return json.dumps({"K": 9, "njts": 13, "frames": frames}).encode()


def detection(image: np.ndarray, score: float | None = None, deep: bool = True) -> dict:
    """A detection at ``(13, 2)`` image points, whose depth is their number."""
    found: dict[str, object] = {"pose2d": image.T.ravel().tolist()}
    if deep:
        meters = np.column_stack([image / 100, np.arange(13)])
        found["pose3d"] = meters.T.ravel().tolist()
    return found if score is None else {**found, "cumscore": score}


def sbu_text(rows: np.ndarray) -> bytes:
    lines = [
        ",".join([str(number), *(f"{value:.5g}" for value in row)])
        for number, row in enumerate(rows)
    ]
    return ("\n".join(lines) + "\n").encode()


def zipped(path: Path, **content: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


SAMPLES: list[tuple[ModuleType, str, bytes]] = [
    (ntu, "S001C001P001R001A001.skeleton", kinect_text([[("7", RNG.normal(size=(25, 3)))], []])),
    (uav_human, UAV_NAME, uav_text(["000"], [], ["000", "000"])),
    (sbu, "skeleton_pos.txt", sbu_text(RNG.uniform(0.1, 1, (3, 90)))),
    (smarthome, HOME_NAME, home_json([[detection(RNG.uniform(0, 640, (13, 2)), 9.5)], []])),
]


# --- NTU ---


def test_ntu_files_in_zips_are_read_as_files_are(real_data, tmp_path):
    paths = sorted((real_data / "samples/ntu_rgbd").glob("*.skeleton"))
    archive = zipped(
        tmp_path / "nturgbd_skeletons_s001_to_s017.zip",
        **{f"nturgb+d_skeletons/{path.name}": path.read_bytes() for path in paths},
    )
    found = list(members(archive, ".skeleton"))
    assert [Path(member.name).name for member in found] == [path.name for path in paths]
    for member, path in zip(found, paths, strict=True):
        inside = ntu.parse(Path(member.source), pickle.loads(pickle.dumps(member)).read())
        outside = ntu.read(path)
        assert (inside.joints == outside.joints).all()
        assert (inside.present == outside.present).all()
        assert inside.label == outside.label and inside.tracks == outside.tracks


def test_ntu_is_prepared_from_a_folder_and_from_zips_alike(real_data, tmp_path):
    samples = real_data / "samples/ntu_rgbd"
    raw = tmp_path / "raw"
    raw.mkdir()
    content = {path.name: path.read_bytes() for path in samples.glob("*.skeleton")}
    first = next(iter(content.values()))
    # One that the publishers list as missing, and one of NTU RGB+D 120 alone.
    content |= {"S001C002P005R002A008.skeleton": first, "S018C001P008R001A061.skeleton": first}
    zipped(raw / "all.zip", **{f"nturgb+d_skeletons/{name}": d for name, d in content.items()})
    report = prepare("ntu60", raw, tmp_path / "ntu60")
    assert report.read == 5 and len(report.refused) == 1
    assert "publishers list it" in report.refused[0].reason
    store = ClipStore.open(tmp_path / "ntu60")
    assert {info.label for info in store.metadata()} >= {"shake hands", "brush teeth"}
    train, test = store.split("xview")
    assert (len(train), len(test)) == (2, 3)
    assert prepare("ntu120", raw / "all.zip", tmp_path / "ntu120").read == 6


# --- UAV-Human ---


def test_uav_human_text(tmp_path):
    joints = RNG.uniform(1, 900, (17, 3))
    joints[4] = 0
    path = tmp_path / UAV_NAME
    path.write_bytes(kinect_text([[], [("000", joints)]], end="\r\n"))
    clip = uav_human.read(path)
    assert (clip.frames, clip.people, clip.dimensions) == (2, 1, 2)
    assert not clip.present[0].any() and clip.present[1, 0].sum() == 16
    np.testing.assert_allclose(clip.joints[1, 0, :, :2], -joints[:, :2], atol=1e-3)
    assert (clip.label, clip.subject) == ("stand up", "3")
    assert format_of(path) == "UAV-Human text"


def test_uav_human_bodies_that_share_an_id_are_two_people(tmp_path):
    path = tmp_path / UAV_NAME
    path.write_bytes(uav_text(["000", "000"], ["000"]))
    clip = uav_human.read(path)
    assert clip.people == 2
    assert clip.present.any(axis=2).tolist() == [[True, True], [True, False]]


# --- Toyota Smarthome ---


@pytest.mark.parametrize("scored", [True, False])
@pytest.mark.parametrize("deep", [True, False])
def test_smarthome_json(tmp_path, scored, deep):
    image = RNG.uniform(0, 640, (13, 2))
    path = tmp_path / HOME_NAME
    score = 10.0 if scored else None
    path.write_bytes(home_json([[], [detection(image, score, deep)], []]))
    clip = smarthome.read(path)
    assert clip.dimensions == (3 if deep else 2) and clip.frames == 3
    assert clip.present.any(axis=(1, 2)).tolist() == [False, True, False]
    shown = clip.joints[1, 0]
    scale = 100 if deep else 1
    np.testing.assert_allclose(shown[:, :2] * scale, -image, rtol=1e-4)
    if deep:
        np.testing.assert_allclose(shown[:, 2], np.arange(13))
    assert (clip.label, clip.subject, clip.camera) == ("drink from a cup", "2", "3")
    assert format_of(path) == "Toyota Smarthome JSON"
    assert map_clip(clip, KINECT_V1).layout == KINECT_V1
    assert smarthome.read(path, dimensions=2).dimensions == 2


def test_smarthome_axes_that_already_point_up_are_kept(tmp_path):
    image = RNG.uniform(0, 640, (13, 2))
    found = detection(image)
    pose = np.array(found["pose3d"]).reshape(3, 13)
    pose[1] *= -1
    path = tmp_path / HOME_NAME
    path.write_bytes(home_json([[{**found, "pose3d": pose.ravel().tolist()}]]))
    joints = smarthome.read(path).joints[0, 0]
    np.testing.assert_allclose(joints[:, :2] * 100, -image, rtol=1e-4)


def test_smarthome_takes_the_best_of_several_detections(tmp_path):
    one, two = (RNG.uniform(0, 640, (13, 2)) for _ in range(2))
    path = tmp_path / HOME_NAME
    path.write_bytes(home_json([[detection(one, 1.0, False), detection(two, 2.0, False)]]))
    clip = smarthome.read(path)
    np.testing.assert_allclose(clip.joints[0, 0, :, :2], -two, rtol=1e-4)
    assert clip.repairs == ("1 detections beside the best ones left out",)


@pytest.mark.parametrize(
    ("frames", "place"),
    [
        ([[]], "nobody"),
        ([[{"pose2d": [1.0] * 25}]], "frame 0: expected 26"),
        ([[], [{"pose2d": [1.0] * 26, "pose3d": ["x"] * 39}]], "frame 1: expected 39"),
        ([[{"pose2d": [1.0] * 26, "cumscore": "high"}]], "frame 0"),
        ([7], "frame 0"),
        ([], "frames"),
    ],
)
def test_smarthome_files_that_are_wrong_say_where(tmp_path, frames, place):
    path = tmp_path / HOME_NAME
    path.write_bytes(home_json(frames))
    with pytest.raises(ClipError, match=place):
        smarthome.read(path)


# --- SBU ---


def test_sbu_bodies_have_human_proportions(real_data):
    folder = real_data / "sbu_kinect_interaction/SBU"
    path = folder / "s01s02/03/001/skeleton_pos.txt"
    clip = sbu.read(path)
    assert (clip.people, clip.label, clip.subject) == (2, "kick another person", "s01s02")
    assert format_of(path) == "SBU skeleton_pos.txt"
    names = clip.layout.joints
    head, feet = names.index("head"), [names.index("left_foot"), names.index("right_foot")]
    height = np.median(clip.joints[:, :, head, 1] - clip.joints[:, :, feet, 1].min(axis=2))
    assert 1.2 < height < 2.1
    hips = [names.index("left_hip"), names.index("right_hip")]
    apart = np.linalg.norm(
        clip.joints[:, 0, hips].mean(1) - clip.joints[:, 1, hips].mean(1), axis=1
    )
    assert 0.3 < np.median(apart) < 3


def test_sbu_formula_against_the_readme(tmp_path):
    rows = RNG.uniform(0.1, 1, (2, 90)).round(5)
    path = tmp_path / "s01s02/05/001/skeleton_pos.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(sbu_text(rows))
    clip = sbu.read(path)
    x, y, z = rows.reshape(2, 2, 15, 3).transpose(3, 0, 1, 2)
    original = np.stack([1280 - 2560 * x, 960 - 1920 * y, z * 10000 / 7.8125], axis=-1)
    np.testing.assert_allclose(clip.joints * 1000, original, rtol=1e-4, atol=0.1)
    assert clip.label == "shake hands"


def test_sbu_is_prepared_with_its_folds(real_data, tmp_path):
    report = prepare("sbu", real_data / "sbu_kinect_interaction", tmp_path / "sbu")
    assert report.read == 282 and not report.refused
    store = ClipStore.open(tmp_path / "sbu")
    sizes = [tuple(map(len, store.split(f"fold{fold}"))) for fold in range(1, 6)]
    assert all(sum(size) == 282 for size in sizes) and sum(test for _, test in sizes) == 282


# --- zip files ---


@pytest.mark.parametrize(
    "name", ["../x.skeleton", "/x.skeleton", "a/../../x.skeleton", "C:x.skeleton"]
)
def test_members_that_point_outside_are_refused(tmp_path, name):
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(name, SAMPLES[0][2])
    (member,) = members(archive, ".skeleton")
    with pytest.raises(ClipError, match="outside"):
        member.read()


def test_bombs_are_refused_before_they_go_off(tmp_path):
    archive = zipped(tmp_path / "bomb.zip", **{"a.skeleton": b"0" * (8 * 2**20)})
    (member,) = members(archive, ".skeleton")
    with pytest.raises(ClipError, match="100 times its size"):
        member.read()
    # The promise of a few bytes does not let more of them out.
    data = archive.read_bytes()
    lying = data.replace((8 * 2**20).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    archive.write_bytes(lying)
    (member,) = members(archive, ".skeleton")
    with pytest.raises(ClipError):
        member.read()


def test_large_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1000)
    archive = zipped(tmp_path / "large.zip", **{"a.skeleton": RNG.bytes(2000), "b.skeleton": b""})
    large, empty = members(archive, ".skeleton")
    with pytest.raises(ClipError, match="a clip may have"):
        large.read()
    with pytest.raises(ClipError, match="empty"):
        empty.read()


def test_what_zip_files_hold_besides_is_passed_over(tmp_path):
    names = ["__MACOSX/a.skeleton", "x/._a.skeleton", ".git/a.skeleton", "readme.txt", "b.SKELETON"]
    archive = zipped(tmp_path / "x.zip", **dict.fromkeys(names, b"1"))
    assert [member.name for member in members(archive, ".skeleton")] == ["b.SKELETON"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all" * 50])
def test_files_that_are_no_zips_are_refused(tmp_path, content):
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="complete zip"):
        list(members(path, ".skeleton"))
    with pytest.raises(DatasetError, match="complete zip"):
        prepare("ntu60", tmp_path, tmp_path / "out")


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_damaged_zips_give_whole_members_or_errors(data):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/S001C001P001R001A001.skeleton", SAMPLES[0][2])
    content = bytearray(stream.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.zip"
        path.write_bytes(bytes(content))
        try:
            for member in members(path, ".skeleton"):
                assert member.read() == SAMPLES[0][2]
        except (ClipError, DatasetError) as error:
            assert len(str(error).splitlines()) == 1


# --- damaged files ---


@pytest.mark.parametrize(("reader", "name", "content"), SAMPLES)
def test_the_undamaged_samples_are_read(reader, name, content, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    assert reader.sniff(path, content[:512])
    assert reader.read(path).present.any()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_are_read_whole_or_refused(data):
    reader, name, content = data.draw(st.sampled_from(SAMPLES))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(len(content) - 1, 0)))
        kind = data.draw(st.sampled_from(["cut", "flip", "lines", "word"]))
        if kind == "cut":
            content = content[:at]
        elif kind == "flip":
            content = (
                content[:at] + data.draw(st.binary(min_size=1, max_size=4)) + content[at + 1 :]
            )
        elif kind == "lines":
            lines = content.split(b"\n")
            a, b = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
            lines[a], lines[b] = lines[b], lines[a]
            content = b"\n".join(lines)
        else:
            blank = b"," if reader in (sbu, smarthome) else b" "
            words = content.split(blank)
            bad = [b"1000000000", b"-1", b"1e999", b"NaN", b"9" * 400, b"null", b"[" * 2000]
            words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.sampled_from(bad))
            content = blank.join(words)
    try:
        clip = reader.parse(Path(name), content)
    except ClipError as error:
        assert str(error).startswith(f"{name}: ")
        assert len(str(error).splitlines()) == 1 and len(error.problem) < 400
    else:
        assert np.isfinite(clip.joints).all() and clip.present.any()


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(SAMPLES), st.binary(max_size=300))
def test_rubbish_is_refused(sample, content):
    reader, name, _ = sample
    with pytest.raises(ClipError):
        reader.parse(Path(name), content)


@pytest.mark.parametrize(("reader", "name", "content"), SAMPLES[:3])
def test_a_truncated_text_is_never_a_shorter_clip(reader, name, content):
    for cut in range(3, len(content), 211):
        # A last frame cut off at a line's end is all that a text without counts can lose.
        if reader is sbu and content[: len(content) - cut].endswith(b"\n"):
            continue
        with pytest.raises(ClipError):
            reader.parse(Path(name), content[: len(content) - cut])
