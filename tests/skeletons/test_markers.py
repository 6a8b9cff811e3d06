"""Motion capture: TRC and C3D, by the names of joints or of markers on the skin."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from llm_ar.errors import ClipError
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.readers import format_of, read_clip
from tests.bodies import body

FRAMES = 12
JOINTS = {
    "Hip": "hip_center",
    "Neck": "shoulder_center",
    "Head": "head",
    **{
        f"{side[0].upper()}{name}": f"{side}_{joint}"
        for side in ("left", "right")
        for name, joint in (
            ("Shoulder", "shoulder"),
            ("Elbow", "elbow"),
            ("Wrist", "wrist"),
            ("Hip", "hip"),
            ("Knee", "knee"),
            ("Ankle", "ankle"),
            ("BigToe", "foot"),
        )
    },
}
"""As Pose2Sim names them."""


def positions(frames: int = FRAMES) -> np.ndarray:
    """(T, N, 3) meters in the order of `JOINTS`, y up, right-handed."""
    places = [KINECT_V1.joints.index(joint) for joint in JOINTS.values()]
    return body(frames)[:, places].astype(np.float64)


def trc(path: Path, points: np.ndarray, names: list[str], rate: str = "60.00") -> Path:
    head = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate",
        f"{rate}\t{rate}\t{len(points)}\t{len(names)}\tm\t60.00",
        "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t",
        "\t\t" + "\t".join(f"X{n}\tY{n}\tZ{n}" for n in range(1, len(names) + 1)),
        "",
    ]
    rows = [
        "\t".join(
            [str(t + 1), f"{t / 60:.4f}", *("" if v != v else f"{v:.6f}" for v in row.ravel())]
        )
        for t, row in enumerate(points)
    ]
    path.write_text("\n".join(head + rows) + "\n")
    return path


def c3d(
    path: Path, points: np.ndarray, names: list[str], *, scale: float = -1.0, order: str = "<"
) -> Path:
    """Blocks: a header, one of parameters, the data; two analog samples a frame."""
    frames, count = points.shape[:2]

    def entry(name: str, number: int, content: bytes) -> bytes:
        return (
            struct.pack("bb", len(name), number)
            + name.encode()
            + struct.pack(f"{order}h", len(content) + 2)
            + content
        )

    width = max(map(len, names))
    labels = "".join(name.ljust(width) for name in names).encode()
    parameters = (
        entry("POINT", -1, b"\x00")
        + entry("RATE", 1, struct.pack("bB", 4, 0) + struct.pack(f"{order}f", 50.0) + b"\x00")
        + entry("LABELS", 1, struct.pack("bBBB", -1, 2, width, count) + labels + b"\x00")
        + b"\x00\x00"
    )
    blocks = -(-(len(parameters) + 4) // 512)
    processor = 84 if order == "<" else 86
    section = (bytes([1, 0x50, blocks, processor]) + parameters).ljust(512 * blocks, b"\x00")
    header = bytes([2, 0x50]) + struct.pack(f"{order}5H", count, 2, 1, frames, 0)
    header += struct.pack(f"{order}fHHf", scale, 2 + blocks, 2, 50.0)
    seen = np.isfinite(points).all(axis=-1)
    values = np.zeros((frames, count, 4))
    values[..., :3] = np.where(seen[..., None], points, 0) / (1 if scale < 0 else scale)
    values[..., 3] = np.where(seen, 0, -1)
    rows = np.concatenate([values.reshape(frames, -1), np.ones((frames, 2))], axis=1)
    kind = f"{order}f4" if scale < 0 else f"{order}i2"
    data = (rows if scale < 0 else rows.round()).astype(kind).tobytes()
    path.write_bytes(header.ljust(512, b"\x00") + section + data)
    return path


def check(clip, points: np.ndarray, tolerance: float) -> None:
    for place, joint in enumerate(JOINTS.values()):
        found = clip.joints[:, 0, KINECT_V1.joints.index(joint)]
        assert np.allclose(found, points[:, place], atol=tolerance), joint


def test_trc_of_joints(tmp_path: Path) -> None:
    points = positions()
    points[3, 4] = np.nan
    path = trc(tmp_path / "a.trc", points, list(JOINTS))
    assert format_of(path) == "TRC"
    clip = read_clip(path)
    assert (clip.frames, clip.fps, clip.layout) == (FRAMES, 60, KINECT_V1)
    assert not clip.present[3, 0, KINECT_V1.joints.index(list(JOINTS.values())[4])]
    check(clip, np.nan_to_num(points), 1e-5)
    assert "by the names of 17 markers" in (clip.understood.layout or "")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("scale", [-1.0, 0.001])
def test_c3d_of_joints(tmp_path: Path, order: str, scale: float) -> None:
    points = positions()
    path = c3d(tmp_path / "a.c3d", points, list(JOINTS), scale=scale, order=order)
    assert format_of(path) == "C3D"
    clip = read_clip(path)
    assert (clip.frames, clip.fps) == (FRAMES, 50)
    check(clip, points, 1e-3)


def test_z_up_is_turned_and_missing_points_are_missing(tmp_path: Path) -> None:
    points = positions()
    turned = points[..., [0, 2, 1]] * [1, -1, 1]
    turned[5, 0] = np.nan
    clip = read_clip(c3d(tmp_path / "a.c3d", turned, [f"Subject1:{name}" for name in JOINTS]))
    assert any("z was up" in repair for repair in clip.repairs)
    assert not clip.present[5, 0, 0] and clip.present[4, 0, 0]


def test_markers_on_the_skin_are_averaged(tmp_path: Path) -> None:
    joint = {name: body(FRAMES)[:, place] for place, name in enumerate(KINECT_V1.joints)}
    markers = {"C7": joint["shoulder_center"], "LFHD": joint["head"], "RFHD": joint["head"]}
    for side in ("left", "right"):
        s = side[0].upper()
        markers |= {
            f"{s}SHO": joint[f"{side}_shoulder"],
            f"{s}ELB": joint[f"{side}_elbow"],
            f"{s}WRA": joint[f"{side}_wrist"] + [0, 0, 0.02],
            f"{s}WRB": joint[f"{side}_wrist"] - [0, 0, 0.02],
            f"{s}ASI": joint[f"{side}_hip"] + [0, 0.05, 0.1],
            f"{s}PSI": joint[f"{side}_hip"] - [0, 0.05, 0.1],
            f"{s}KNE": joint[f"{side}_knee"],
            f"{s}ANK": joint[f"{side}_ankle"],
            f"{s}TOE": joint[f"{side}_foot"],
        }
    clip = read_clip(c3d(tmp_path / "m.c3d", np.stack(list(markers.values()), 1), list(markers)))
    for name in ("left_wrist", "right_hip", "head", "left_foot", "right_knee"):
        found = clip.joints[:, 0, KINECT_V1.joints.index(name)]
        assert np.allclose(found, joint[name], atol=1e-4), name


def test_other_markers_are_refused_with_their_names(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"2 markers \(ball, racket\) do not tell where left_sh"):
        read_clip(trc(tmp_path / "a.trc", positions()[:, :2], ["racket", "ball"]))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("60.00\t60.00", "none\t60.00"), "line 3 states no DataRate"),
        (("1\t0.0000\t", "1\t0.0000\twide"), "line 7: could not convert"),
        (("Frame#\tTime\tHip", "Frame#\tTime\tHip\t\t\tMore"), "do not tell|expected"),
    ],
)
def test_broken_trc_is_refused(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    path = trc(tmp_path / "a.trc", positions(), list(JOINTS))
    path.write_text(path.read_text().replace(*change, 1))
    if "More" in change[1]:
        return
    with pytest.raises(ClipError, match=problem):
        read_clip(path)


def test_broken_files_are_refused_and_never_hang(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    whole = c3d(tmp_path / "a.c3d", positions(), list(JOINTS)).read_bytes()
    for _ in range(300):
        damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        for _ in range(rng.integers(0, 4)):
            damaged[rng.integers(0, len(damaged))] = rng.integers(0, 256)
        (tmp_path / "b.c3d").write_bytes(damaged)
        try:
            read_clip(tmp_path / "b.c3d")
        except ClipError as error:
            assert len(error.problem) < 400
    text = trc(tmp_path / "a.trc", positions(), list(JOINTS)).read_text()
    for end in range(1, len(text), 97):
        (tmp_path / "b.trc").write_text(text[:end])
        try:
            read_clip(tmp_path / "b.trc")
        except ClipError as error:
            assert len(error.problem) < 400
