"""A camera, or a video at the speed of its recording, as frames of joints that come one by one.

A thread keeps the newest image. Where poses take longer than images come, those in between are
dropped, and each is a frame that shows nobody, so that time stays what it is.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.layouts import MEDIAPIPE
from llm_ar.skeletons.readers.json_files import FPS
from llm_ar.skeletons.readers.landmarks import upright
from llm_ar.skeletons.readers.people import MAX_PEOPLE, Detection, Follower, without_doubles
from llm_ar.skeletons.readers.poses import Estimate, estimator, libraries, silenced
from llm_ar.skeletons.readers.video import camera_of, check_video

Image = NDArray[np.uint8]


class LiveVideo:
    """Joints of what a camera or a video shows.

    Args:
        images: with the number of the frame that each is, in order.
        estimate: of the poses in an image.
        fps: frames a second.

    Attributes:
        fps: frames a second.
        milliseconds: that the newest image's poses took.
    """

    layout = MEDIAPIPE

    def __init__(self, images: Iterator[tuple[int, Image]], estimate: Estimate, fps: float) -> None:
        self.fps = fps
        self.milliseconds = 0.0
        self._images, self._estimate = images, estimate
        self._people = Follower()
        self._estimating = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Wait for the image that is estimated now; no other one will be."""
        with self._estimating:
            self._closed = True

    def frames(self) -> Iterator[NDArray[np.float64]]:
        """Frames (M, 33, 2) in pixels, in the axes of `Clip`; joints that were not seen are NaN."""
        nobody = np.full((1, len(MEDIAPIPE.joints), 2), np.nan)
        before = -1
        for number, image in self._images:
            for _ in range(before + 1, number):
                yield nobody
            before = number
            with self._estimating:
                if self._closed:
                    return
                start = time.perf_counter()
                poses = self._estimate(image, round(1000 * number / self.fps))
                self.milliseconds = round(1000 * (time.perf_counter() - start), 2)
            yield self._placed(number, poses)

    def _placed(self, number: int, poses: list[NDArray[np.float32]]) -> NDArray[np.float64]:
        """The frame, with each person in the place of earlier frames."""
        shown = [upright(pose[:, :4].astype(np.float64)) for pose in poses]
        people = without_doubles([Detection(number, joints[:, :2], seen) for joints, seen in shown])
        frame = np.full((MAX_PEOPLE, len(MEDIAPIPE.joints), 2), np.nan)
        last = 0
        for place, one in zip(self._people.places(people), people, strict=True):
            if place is not None:
                frame[place, one.present] = one.joints[one.present]
                last = max(last, place)
        return frame[: last + 1]


def check_live(path: Path) -> None:
    """See that a camera or a video can be opened, as far as that can be seen at once.

    Raises:
        MissingExtraError, ClipError: as `open_live`.
    """
    if camera_of(path) is None:
        check_video(path)
    libraries()


@contextmanager
def open_live(path: Path, every_frame: bool = False) -> Iterator[LiveVideo]:
    """Open a video, or a camera as ``webcam:0`` or, for 12 seconds, ``webcam:0:12``.

    Args:
        path: it.
        every_frame: a video is read as fast as its poses are found, and no image is dropped.

    Raises:
        MissingExtraError: MediaPipe is not installed.
        ClipError: the video or the camera cannot be opened.
    """
    check_live(path)
    camera, cv2 = camera_of(path), libraries()[0]
    with silenced():
        capture = cv2.VideoCapture(str(path) if camera is None else camera[0])
        try:
            if not capture.isOpened():
                what = "it is no video that can be decoded" if camera is None else "no such camera"
                raise ClipError(path, f"cannot be opened; {what}")
            fps = float(capture.get(cv2.CAP_PROP_FPS))
            fps = fps if math.isfinite(fps) and 0 < fps < 1000 else FPS
            with estimator() as estimate:
                seconds = math.inf if camera is None or camera[1] is None else camera[1]
                player = _Player(capture, fps, paced=camera is None, seconds=seconds)
                whole = camera is None and every_frame
                images = enumerate(_all(capture)) if whole else player.newest()
                video = LiveVideo(images, estimate, fps)
                try:
                    yield video
                finally:
                    # Another thread may still take frames, where Ctrl-C ended the command.
                    player.stop()
                    video.close()
        finally:
            capture.release()


def _all(capture: Any) -> Iterator[Image]:
    while True:
        whole, image = capture.read()
        if not whole:
            return
        yield image


class _Player:
    """Reads images in a thread, at the times that they belong to, and keeps the newest."""

    def __init__(self, capture: Any, fps: float, *, paced: bool, seconds: float) -> None:
        self._capture, self._fps, self._paced, self._seconds = capture, fps, paced, seconds
        self._changed = threading.Condition()
        self._newest: tuple[int, Image] | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._play, daemon=True)

    def newest(self) -> Iterator[tuple[int, Image]]:
        """The newest image each time that one is asked for, and its number; each at most once."""
        self._thread.start()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None or self._ended)
                taken, self._newest = self._newest, None
            if taken is None:
                return
            yield taken

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def _play(self) -> None:
        start, number = time.monotonic(), -1
        for image in _all(self._capture):
            if self._paced:
                number += 1
                time.sleep(max(0.0, start + number / self._fps - time.monotonic()))
            else:
                # A camera's rate is what it is; an image takes the frame of its time.
                number = max(number + 1, int((time.monotonic() - start) * self._fps))
            with self._changed:
                if self._ended or number >= self._seconds * self._fps:
                    break
                self._newest = (number, image)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
