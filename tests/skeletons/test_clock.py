"""Frame numbers in file names, regular sampling, and time stamps in any unit."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from llm_ar.errors import ClipError
from llm_ar.skeletons.doubts import doubts
from llm_ar.skeletons.layouts import AZURE_32, BODY_25, COCO, KINECT_V2, MEDIAPIPE
from llm_ar.skeletons.readers import read_clip
from llm_ar.skeletons.readers.clock import frames_of, numbered, rate_of
from tests.bodies import body

FRAMES = 12


def in_image(layout, frames: int = FRAMES) -> np.ndarray:
    """x, y, score (T, J, 3) of one person, x right and y down."""
    points = np.ones((frames, len(layout.joints), 3))
    points[..., :2] = 400 - 100 * body(frames, layout)[..., :2]
    return points


def alphapose(path: Path, names: list[str]) -> Path:
    people = in_image(COCO, len(names))
    path.write_text(
        json.dumps(
            [
                {"image_id": name, "keypoints": person.ravel().tolist(), "score": 2.5}
                for name, person in zip(names, people, strict=True)
            ]
        )
    )
    return path


@pytest.mark.parametrize(
    "form",
    [
        "{:05d}_cam1.jpg",
        "cam1_{:05d}.jpg",
        "2024-05-01_{:04d}_1080p.png",
        "video7/{:d}.jpg",
        "p3_{:06d}_rendered_2.png",
    ],
)
def test_the_number_that_varies_is_the_frame(tmp_path: Path, form: str) -> None:
    clip = read_clip(alphapose(tmp_path / "r.json", [form.format(i) for i in range(FRAMES)]))
    assert (clip.frames, clip.people) == (FRAMES, 1)
    assert clip.present.all()


def test_of_two_varying_numbers_the_evenly_stepping_one_is_the_frame() -> None:
    times = np.cumsum([33, 34, 33, 33, 36, 33, 34, 31])
    names = [f"{i:04d}_t{time}.jpg" for i, time in enumerate(times)]
    assert numbered(names) == (list(range(8)), True)
    assert numbered([f"t{time}_{i:04d}.jpg" for i, time in enumerate(times)]) == (
        list(range(8)),
        True,
    )


def test_several_videos_in_one_result_are_refused(tmp_path: Path) -> None:
    names = [f"vid{video}_{i:03d}.jpg" for video in (1, 2) for i in range(4)]
    with pytest.raises(ClipError, match="several videos, such as 'vid1_000.jpg'"):
        read_clip(alphapose(tmp_path / "r.json", names))


@pytest.mark.parametrize("form", ["{:012d}_cam2_keypoints.json", "run3_{:012d}_keypoints.json"])
def test_openpose_frames_are_found_wherever_their_number_stands(tmp_path: Path, form: str) -> None:
    for i, person in enumerate(in_image(BODY_25)):
        frame = {"people": [{"pose_keypoints_2d": person.ravel().tolist()}]}
        (tmp_path / form.format(i)).write_text(json.dumps(frame))
    clip = read_clip(tmp_path)
    assert (clip.frames, clip.people) == (FRAMES, 1)


def test_every_fifth_frame_is_a_clip_without_gaps(tmp_path: Path) -> None:
    clip = read_clip(alphapose(tmp_path / "r.json", [f"{5 * i:05d}.jpg" for i in range(FRAMES)]))
    assert clip.frames == FRAMES and clip.present.all()
    assert clip.fps == 6
    assert clip.understood.notes == ("frame numbers step by 5; counted in such steps",)
    assert "every frame of 5" in (clip.understood.fps or "")


@pytest.mark.parametrize(
    "numbers", [[0, 5, 10, 17, 20, 25], [0, 10], [3, 4, 5, 8, 9], [0, 4, 16, 60]]
)
def test_gaps_between_frames_stay(numbers: list[int]) -> None:
    assert frames_of(numbers).step == 1
    assert frames_of(numbers).numbers == [number - numbers[0] for number in numbers]


@pytest.mark.parametrize(
    ("unit", "scale", "start"),
    [
        ("in seconds (by", 1, 0),
        ("in seconds (by", 1, 1.7e9),
        ("in milliseconds (by", 1e3, 0),
        ("in milliseconds (by", 1e3, 1.7e12),
        ("in microseconds (by", 1e6, 0),
        ("in microseconds (by", 1e6, 1.7e15),
        ("in ticks of 100 nanoseconds (by", 1e7, 0),
        ("in ticks of 100 nanoseconds (by", 1e7, 6.38e17),
        ("in nanoseconds (by", 1e9, 1.7e18),
    ],
)
@pytest.mark.parametrize("fps", [15, 30, 60])
def test_the_unit_of_time_stamps_is_found(unit: str, scale: float, start: float, fps: int) -> None:
    rate = rate_of([start + scale * i / fps for i in range(40)])
    assert rate is not None and rate.fps == pytest.approx(fps, rel=0.01)
    assert unit in rate.how


def test_a_unit_in_the_name_comes_first() -> None:
    rate = rate_of([0.0, 2000.0, 4000.0, 6000.0], "timestamp_us")
    assert rate is not None and rate.fps == 500
    assert rate_of([5.0, 5.0]) is None


def kinect_csv(path: Path, column: str, stamps: list[str]) -> Path:
    names = [f"{joint}_{axis}" for joint in KINECT_V2.joints for axis in "xyz"]
    rows = [
        ",".join([stamp, *(f"{value:.5f}" for value in row.ravel())])
        for stamp, row in zip(stamps, body(len(stamps), KINECT_V2), strict=True)
    ]
    path.write_text("\n".join([",".join([column, *names]), *rows]))
    return path


@pytest.mark.parametrize(
    ("column", "stamp"),
    [
        ("timestamp", lambda i: f"{i * 33333}"),
        ("RelativeTime", lambda i: f"{i * 333333}"),
        ("timestamp_us", lambda i: f"{i * 33333}"),
        ("Time (s)", lambda i: f"{i / 30:.4f}"),
        ("t", lambda i: f"{i / 30:.4f}"),
        ("time", lambda i: str(datetime(2024, 1, 1) + timedelta(seconds=i / 30))),
        (
            "time",
            lambda i: (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=i / 30)).isoformat(),
        ),
        ("time", lambda i: f"12:00:00.{int(i * 333333):07d}"),
        ("time", lambda i: str(i)),
    ],
)
def test_tables_with_a_clock(tmp_path: Path, column: str, stamp) -> None:
    clip = read_clip(kinect_csv(tmp_path / "k.csv", column, [stamp(i) for i in range(FRAMES)]))
    assert clip.fps == pytest.approx(30, rel=0.01)
    assert clip.understood.fps
    assert not any("unusual" in doubt for doubt in doubts(clip))


def test_a_rate_that_no_camera_has_is_said(tmp_path: Path) -> None:
    stamps = [f"{20 * i}" for i in range(FRAMES)]
    clip = read_clip(kinect_csv(tmp_path / "k.csv", "time_s", stamps))
    assert clip.fps == 0.05
    assert "0.05 frames a second are unusual; state the rate with --fps" in doubts(clip)
    npz = tmp_path / "fast.npz"
    np.savez(npz, joints=body(FRAMES), fps=25_000)
    assert any("2.5e+04 frames a second" in doubt for doubt in doubts(read_clip(npz)))


def test_times_tell_the_frames_of_several_people(tmp_path: Path) -> None:
    names = [f"{joint}_{axis}" for joint in KINECT_V2.joints for axis in "xyz"]
    rows = [
        ",".join([str(40 * i), str(person), *(f"{value:.5f}" for value in row.ravel())])
        for i in range(FRAMES)
        for person in (0, 1)
        for row in [body(FRAMES, KINECT_V2, seed=person)[i] + 2 * person]
    ]
    path = tmp_path / "two.csv"
    path.write_text("\n".join([",".join(["timestamp", "person", *names]), *rows]))
    clip = read_clip(path)
    assert (clip.frames, clip.people, clip.fps) == (FRAMES, 2, 25)


def test_json_frames_with_times_and_numbers(tmp_path: Path) -> None:
    marks = body(FRAMES, MEDIAPIPE) * [-1, -1, 1]
    frames = [
        {"frame": 2 * i + (i > 5), "timestamp_ms": 40 * i, "pose_world_landmarks": row.tolist()}
        for i, row in enumerate(marks)
    ]
    path = tmp_path / "m.json"
    path.write_text(json.dumps(frames))
    clip = read_clip(path)
    assert clip.frames == 2 * (FRAMES - 1) + 2
    assert clip.fps == 25 and "milliseconds" in (clip.understood.fps or "")


def test_azure_time_stamps_are_microseconds(tmp_path: Path) -> None:
    points = 1000 * body(FRAMES, AZURE_32) * [-1, -1, 1]
    frames = [
        {
            "timestamp_usec": 66_667 * i,
            "bodies": [{"body_id": 1, "joint_positions": row.tolist()}],
        }
        for i, row in enumerate(points)
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"frames": frames}))
    clip = read_clip(path)
    assert clip.fps == pytest.approx(15, rel=1e-3)
    assert clip.understood.fps == "by the time stamps, in microseconds (as their name says)"
