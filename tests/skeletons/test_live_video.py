"""Cameras and videos as frames that come one by one; the libraries are stood in for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from llm_ar.applications import live
from llm_ar.applications.cli import main
from llm_ar.errors import ClipError
from llm_ar.recognizer.live import LiveAnswer, LiveRecognizer
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.layouts import MEDIAPIPE
from llm_ar.skeletons.readers import live_video
from llm_ar.skeletons.readers.live_video import LiveVideo, open_live
from llm_ar.skeletons.readers.people import MAX_PEOPLE, Detection, Follower

JOINTS = len(MEDIAPIPE.joints)
FPS = 50.0
IMAGE = np.zeros((4, 4, 3), np.uint8)


def pose(left: float) -> NDArray[np.float32]:
    """A person 300 pixels high, whose left side is there; the last joint is hidden."""
    spread = np.linspace(0, 1, JOINTS)
    found = np.ones((JOINTS, 7), np.float32)
    found[:, 0], found[:, 1] = left + 100 * np.sin(9 * spread), 300 * spread
    found[-1, 3] = 0
    return found


def person(frame: int, left: float) -> Detection:
    joints = pose(left)[:, :2].astype(np.float64)
    return Detection(frame, joints, np.ones(JOINTS, bool))


def test_people_keep_their_places() -> None:
    follower = Follower()
    assert follower.places([person(0, 0), person(0, 1000)]) == [0, 1]
    assert follower.places([person(1, 1010), person(1, 10)]) == [1, 0]
    assert follower.places([]) == []
    # The first one is hidden; somebody else comes.
    assert follower.places([person(5, 1020), person(5, 3000)]) == [1, 2]
    assert follower.places([person(6, 20)]) == [0]
    # After a long time places are free again.
    assert follower.places([person(90, 5000)]) == [0]


def test_no_more_people_than_are_kept() -> None:
    places = Follower().places([person(0, 1000 * place) for place in range(MAX_PEOPLE + 2)])
    assert places == [*range(MAX_PEOPLE), None, None]


def test_dropped_images_are_frames_that_show_nobody() -> None:
    shown = {0: [pose(0)], 3: [pose(900), pose(5)], 4: []}
    times: list[int] = []

    def estimate(image: Any, milliseconds: int) -> list[NDArray[np.float32]]:
        times.append(milliseconds)
        return shown[round(milliseconds * FPS / 1000)]

    video = LiveVideo(iter([(0, IMAGE), (3, IMAGE), (4, IMAGE)]), estimate, FPS)
    frames = list(video.frames())
    assert times == [0, 60, 80]
    assert [len(frame) for frame in frames] == [1, 1, 1, 2, 1]
    for empty in (1, 2, 4):
        assert np.isnan(frames[empty]).all()
    # Pixels count to the left and upwards; the hidden joint is missing.
    np.testing.assert_allclose(frames[0][0, :-1], -pose(0)[:-1, :2])
    assert np.isnan(frames[0][0, -1]).all()
    np.testing.assert_allclose(frames[3][0, :-1], -pose(5)[:-1, :2])
    np.testing.assert_allclose(frames[3][1, :-1], -pose(900)[:-1, :2])


class Capture:
    """A video of 40 images, or a camera without an end."""

    def __init__(self, source: str | int) -> None:
        self.camera = isinstance(source, int)
        self.left, self.released = 40, False

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def get(self, what: int) -> float:
        return FPS

    def read(self) -> tuple[bool, Any]:
        if self.camera:
            time.sleep(1 / FPS)
            return True, IMAGE
        self.left -= 1
        return self.left >= 0, IMAGE

    def release(self) -> None:
        self.released = True


@pytest.fixture()
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that begins as a video; decoder and estimator are stood in for."""
    cv2 = SimpleNamespace(VideoCapture=Capture, CAP_PROP_FPS=5)

    @contextmanager
    def estimator() -> Iterator[Any]:
        def estimate(image: Any, milliseconds: int) -> list[NDArray[np.float32]]:
            time.sleep(0.005)
            return [pose(milliseconds / 10)]

        yield estimate

    monkeypatch.setattr(live_video, "libraries", lambda: (cv2, None))
    monkeypatch.setattr(live_video, "estimator", estimator)
    path = tmp_path / "x.mp4"
    path.write_bytes(b"\x00\x00\x00\x20ftypisom\x00\x00")
    return path


def test_a_video_plays_at_its_speed_and_the_newest_counts(video: Path) -> None:
    start = time.monotonic()
    numbers = []
    with open_live(video) as opened:
        for _, (number, _) in zip(range(100), opened._images, strict=False):
            numbers.append(number)
            time.sleep(0.1)  # five frames
    assert time.monotonic() - start > 39 / FPS
    assert numbers == sorted(set(numbers)) and numbers[-1] == 39
    assert len(numbers) < 20


def test_every_frame_of_a_video(video: Path) -> None:
    with open_live(video, every_frame=True) as opened:
        frames = list(opened.frames())
    assert len(frames) == 40 and not any(np.isnan(frame).all() for frame in frames)
    assert opened.milliseconds >= 5


def test_a_camera_for_some_time(video: Path) -> None:
    with open_live(Path("webcam:0:1")) as opened:
        frames = list(opened.frames())
    assert 20 < len(frames) <= FPS


def test_what_is_no_video(video: Path, tmp_path: Path) -> None:
    (tmp_path / "y.mp4").write_bytes(b"text")
    for path in (tmp_path / "y.mp4", tmp_path / "none.mp4"):
        with pytest.raises(ClipError), open_live(path):
            pass


def test_ctrl_c_ends_a_video_and_counts_its_answers(
    video: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(recognizer: Any, frames: Any) -> Iterator[LiveAnswer]:
        next(frames)
        yield LiveAnswer(0.0, "walk", 0.5, 0)
        raise KeyboardInterrupt

    monkeypatch.setattr(live, "newest", interrupted)
    assert main(["live", "webcam:0", "--model", str(tiny_model)]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["action"] == "walk"
    assert "1 answers" in shown.err


def test_an_error_of_any_kind_while_frames_are_read_is_not_waited_for(
    tiny_model: Path,
) -> None:
    def broken() -> Iterator[NDArray[np.float64]]:
        yield np.full((1, JOINTS, 2), np.nan)
        raise RuntimeError("the estimator has gone")

    recognizer = LiveRecognizer(ActionRecognizer.from_pretrained(tiny_model), MEDIAPIPE, FPS)
    with pytest.raises(RuntimeError, match="has gone"):
        list(live.newest(recognizer, broken()))


def test_nothing_is_estimated_after_the_end(video: Path) -> None:
    with open_live(video, every_frame=True) as opened:
        frames = opened.frames()
        next(frames)
    assert list(frames) == []


def test_the_command(video: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["live", str(video), "--model", str(tiny_model), "--lengths", "0.4"]
    for more in ([], ["--every-frame"]):
        assert main([*words, *more]) == 0
        shown = capsys.readouterr()
        answers = [json.loads(line) for line in shown.out.splitlines()]
        assert answers and answers[-1]["time"] == pytest.approx(39 / FPS, abs=1e-3)
        assert all(answer["milliseconds"]["poses"] >= 5 for answer in answers)
        assert "answers" in shown.err
        passed = sum(answer["skipped"] for answer in answers)
        assert len(answers) + passed >= 39
    assert len(answers) == 39 and passed <= 1
    assert main([*words, "--fps", "30"]) == 2
    assert "a video has its own" in capsys.readouterr().err
