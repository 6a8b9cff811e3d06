"""Video and webcam: MediaPipe Pose finds the 33 landmarks of one person in each frame.

Its model travels inside its package, so nothing is downloaded. Positions are in pixels, with the
depth that MediaPipe estimates in the same unit; the video's frame rate is kept, and a frame that
shows nobody keeps its time. `webcam:0` records from camera 0 for `SECONDS`, `webcam:0:12` for 12.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from llm_ar.errors import ClipError, MissingExtraError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import MEDIAPIPE
from llm_ar.skeletons.readers.files import check_frames, read_head
from llm_ar.skeletons.readers.json_files import FPS, clip_of
from llm_ar.skeletons.readers.landmarks import upright
from llm_ar.skeletons.readers.people import Detection

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


def read(path: Path) -> Clip:
    """Estimate the pose in each frame of a video, or of what a webcam shows.

    Raises:
        MissingExtraError: MediaPipe is not installed.
        ClipError: the video or the camera cannot be opened, is too long, or shows nobody.
    """
    camera = _CAMERA.fullmatch(str(path))
    if camera is None and not sniff(path, read_head(path)):
        raise ClipError(path, "is no MP4, MOV, AVI, Matroska or WebM video; convert it to MP4")
    cv2, pose = _libraries()
    capture = cv2.VideoCapture(int(camera[1]) if camera else str(path))
    try:
        if not capture.isOpened():
            what = "there is no such camera" if camera else "it is no video that can be decoded"
            raise ClipError(path, f"cannot be opened; {what}")
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        fps = fps if math.isfinite(fps) and 0 < fps < 1000 else FPS
        if camera:
            seconds = int(camera[2] or SECONDS)
            total = round(seconds * fps)
            start = time.monotonic()
            images = _images(capture, until=start + seconds)
        else:
            total = round(max(0, capture.get(cv2.CAP_PROP_FRAME_COUNT)))
            check_frames(path, total)
            images = _images(capture)
        found, frames = _estimate(path, cv2, pose, images, total)
        if camera:
            fps = max(1.0, frames / (time.monotonic() - start))
    finally:
        capture.release()
    repairs: tuple[str, ...] = ()
    if not camera and frames < total:
        repairs = (f"{frames} of {total} frames of the video can be decoded",)
    return clip_of(path, MEDIAPIPE, found, frames, fps, repairs)


def _libraries() -> tuple[Any, Any]:
    # Its log lines say nothing to those who only read a video.
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import cv2
        import mediapipe
    except ImportError:
        raise MissingExtraError("Reading video", "video") from None
    return cv2, mediapipe.solutions.pose


def _images(capture: Any, until: float = math.inf) -> Iterator[NDArray[np.uint8]]:
    while time.monotonic() < until:
        whole, image = capture.read()
        if not whole:
            return
        yield image


def _estimate(
    path: Path, cv2: Any, pose: Any, images: Iterator[NDArray[np.uint8]], total: int
) -> tuple[list[Detection], int]:
    """The person in each frame, and the number of frames; a bar shows how far it is."""
    found: list[Detection] = []
    frames = 0
    with pose.Pose(model_complexity=1) as model, _progress() as bar:
        task = bar.add_task(f"Poses in {path.name}", total=total or None)
        for image in images:
            check_frames(path, frames + 1)
            height, width = image.shape[:2]
            result = model.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
            if result.pose_landmarks:
                points = [
                    (mark.x * width, mark.y * height, mark.z * width, mark.visibility)
                    for mark in result.pose_landmarks.landmark
                ]
                joints, visible = upright(np.array(points))
                found.append(Detection(frames, joints, visible))
            frames += 1
            bar.advance(task)
    return found, max(frames, 1)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
