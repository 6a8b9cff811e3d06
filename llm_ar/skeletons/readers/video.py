"""Video and webcam: MediaPipe Pose finds the 33 landmarks of up to four people in each frame.

Its models travel inside its package, so nothing is downloaded. People are followed from frame to
frame, and somebody who is found twice in one counts once. Positions are in pixels, without the
depth that MediaPipe estimates: with it nearest neighbors tell J-HMDB's actions apart less well. The
video's frame rate is kept, and a frame that shows nobody keeps its time. `webcam:0` records from
camera 0 for `SECONDS`, `webcam:0:12` for 12.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import MEDIAPIPE
from llm_ar.skeletons.readers.files import check_frames, read_head
from llm_ar.skeletons.readers.json_files import FPS, clip_of
from llm_ar.skeletons.readers.landmarks import upright
from llm_ar.skeletons.readers.people import Detection, without_doubles
from llm_ar.skeletons.readers.poses import Estimate, estimator, libraries, silenced
from llm_ar.skeletons.readers.video_poses import VideoPoses

SECONDS = 5
"""What is recorded from a webcam where nothing else is asked for."""

_CAMERA = re.compile(r"webcam:(\d{1,3})(?::(\d{1,4}))?")


def sniff(path: Path, head: bytes) -> bool:
    """The first bytes of MP4 and MOV, AVI, or Matroska and WebM."""
    riff = head.startswith(b"RIFF") and head[8:12] == b"AVI "
    return riff or head[4:8] == b"ftyp" or head.startswith(b"\x1a\x45\xdf\xa3")


def is_camera(path: Path) -> bool:
    """Whether this is no file, but ``webcam:0``."""
    return _CAMERA.fullmatch(str(path)) is not None


def camera_of(path: Path) -> tuple[int, float | None] | None:
    """The number of a camera and the seconds that are asked for; None for a file."""
    camera = _CAMERA.fullmatch(str(path))
    if camera is None:
        return None
    return int(camera[1]), None if camera[2] is None else float(camera[2])


def check_video(path: Path) -> None:
    """See that a file begins as a video does.

    Raises:
        ClipError: it does not, or cannot be read.
    """
    if not sniff(path, read_head(path)):
        raise ClipError(path, "is no MP4, MOV, AVI, Matroska or WebM video; convert it to MP4")


def read(path: Path) -> Clip:
    """Estimate the poses in each frame of a video, or of what a webcam shows.

    Raises:
        MissingExtraError: MediaPipe is not installed.
        ClipError: the video or the camera cannot be opened, is too long, or shows nobody.
    """
    return _clip(path, estimate_poses(path))


def read_once(folder: Path, name: str, path: Path) -> Clip:
    """As `read`, but the poses are kept where the folder can be written, and not estimated again.

    Args:
        folder: of all kept poses.
        name: of the video among them.
        path: the video.

    Raises:
        MissingExtraError, ClipError: as `read`.
    """
    file = folder / f"{name}.npz"
    poses = VideoPoses.load(file, path)
    if poses is None:
        poses = estimate_poses(path, shown=False)
        with suppress(OSError):
            poses.save(file, path)
    return _clip(path, poses)


def estimate_poses(path: Path, shown: bool = True) -> VideoPoses:
    """The poses in each frame of a video, or of what a webcam shows.

    Args:
        path: the video, or a webcam.
        shown: whether a bar shows the progress.

    Raises:
        MissingExtraError, ClipError: as `read`, but nobody may be shown.
    """
    camera = camera_of(path)
    if camera is None:
        check_video(path)
    cv2 = libraries()[0]
    with silenced() as terminal:
        capture = cv2.VideoCapture(camera[0] if camera else str(path))
        try:
            if not capture.isOpened():
                what = "there is no such camera" if camera else "it is no video that can be decoded"
                raise ClipError(path, f"cannot be opened; {what}")
            fps = float(capture.get(cv2.CAP_PROP_FPS))
            fps = fps if math.isfinite(fps) and 0 < fps < 1000 else FPS
            stated = 0
            with estimator() as estimate, _progress(terminal, shown) as bar:
                start = time.monotonic()
                if camera:
                    seconds = camera[1] or SECONDS
                    total = round(seconds * fps)
                    images = _images(capture, until=start + seconds)
                else:
                    total = stated = round(max(0, capture.get(cv2.CAP_PROP_FRAME_COUNT)))
                    check_frames(path, total)
                    images = _images(capture)
                tracked = bar.track(images, total or None, description=f"Poses in {path.name}")
                found, frames = _estimates(path, estimate, tracked, fps)
                if camera:
                    fps = max(1.0, frames / (time.monotonic() - start))
        finally:
            capture.release()
    number = [frame for frame, people in enumerate(found) for _ in people]
    poses = np.array([person for people in found for person in people], dtype=np.float32)
    shape = (len(number), len(MEDIAPIPE.joints), 7)
    return VideoPoses(np.array(number, dtype=np.int64), poses.reshape(shape), frames, stated, fps)


def _clip(path: Path, video: VideoPoses) -> Clip:
    """The clip of a video's people, in pixels.

    Raises:
        ClipError: there is nobody.
    """
    found: list[Detection] = []
    for frame, people in groupby(
        zip(video.frame.tolist(), video.poses, strict=True), itemgetter(0)
    ):
        # Those known from the last frame come first.
        upright_people = [upright(pose[:, :4].astype(np.float64)) for _, pose in people]
        found += without_doubles(
            [Detection(frame, joints[:, :2], seen) for joints, seen in upright_people]
        )
    repairs: tuple[str, ...] = ()
    if video.frames < video.stated:
        repairs = (f"{video.frames} of {video.stated} frames of the video can be decoded",)
    return clip_of(path, MEDIAPIPE, found, video.frames, video.fps, repairs)


def _images(capture: Any, until: float = math.inf) -> Iterator[NDArray[np.uint8]]:
    while time.monotonic() < until:
        whole, image = capture.read()
        if not whole:
            return
        yield image


def _estimates(
    path: Path, estimate: Estimate, images: Iterable[NDArray[np.uint8]], fps: float
) -> tuple[list[list[NDArray[np.float32]]], int]:
    """The people in each frame, and the number of frames, 1 at least."""
    found: list[list[NDArray[np.float32]]] = []
    for image in images:
        check_frames(path, len(found) + 1)
        # 1000 frames a second are the most that are believed, so that times always differ.
        found.append(estimate(image, round(1000 * len(found) / fps)))
    return found, max(len(found), 1)


def _progress(terminal: TextIO, shown: bool) -> Progress:
    console = Console(file=terminal, markup=False, emoji=False)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not (shown and console.is_terminal),
    )
