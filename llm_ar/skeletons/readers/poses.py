"""Poses of several people in images, by MediaPipe and the two models that its package holds.

MediaPipe's landmarker takes its models from a bundle, which is a download elsewhere. What it needs
is in the package, for its older interface: the detector of people and the 33 landmarks' model. Here
they are put into a bundle in memory, each with a note of how it wants its image's numbers.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import MissingExtraError
from llm_ar.skeletons.readers.people import MAX_PEOPLE

Estimate = Callable[[NDArray[np.uint8], int], list[NDArray[np.float32]]]
"""From an image ``(H, W, 3)``, blue first, and its time in milliseconds, later than the last
one's: of each person x, y, z in pixels, the visibility, and x, y, z in meters around the middle of
the hips, ``(33, 7)``."""

_MODELS = (
    # Name in the bundle, file in the package, mean and deviation that the model's input has.
    ("pose_detector.tflite", "modules/pose_detection/pose_detection.tflite", 127.5, 127.5),
    ("pose_landmarks_detector.tflite", "modules/pose_landmark/pose_landmark_full.tflite", 0, 255),
)


def libraries() -> tuple[Any, Any]:
    """OpenCV and MediaPipe.

    Raises:
        MissingExtraError: they are not installed.
    """
    # Its log lines say nothing to those who only read a video.
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import cv2
        import mediapipe
    except ImportError:
        raise MissingExtraError("reading video", "video") from None
    return cv2, mediapipe


@contextmanager
def estimator() -> Iterator[Estimate]:
    """A landmarker that follows up to `MAX_PEOPLE` people from image to image.

    Raises:
        MissingExtraError: MediaPipe is not installed.
    """
    cv2, mediapipe = libraries()
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=_bundle(Path(mediapipe.__file__).parent)),
        running_mode=vision.RunningMode.VIDEO,
        num_poses=MAX_PEOPLE,
    )
    with vision.PoseLandmarker.create_from_options(options) as model:

        def estimate(image: NDArray[np.uint8], milliseconds: int) -> list[NDArray[np.float32]]:
            height, width = image.shape[:2]
            shown = mediapipe.Image(
                image_format=mediapipe.ImageFormat.SRGB,
                data=cv2.cvtColor(image, cv2.COLOR_BGR2RGB),
            )
            found = model.detect_for_video(shown, milliseconds)
            scale = (width, height, width, 1, 1, 1, 1)
            return [
                (np.array([_row(*marks) for marks in zip(*person, strict=True)]) * scale).astype(
                    np.float32
                )
                for person in zip(found.pose_landmarks, found.pose_world_landmarks, strict=True)
            ]

        yield estimate


def _row(mark: Any, world: Any) -> tuple[float, ...]:
    return (mark.x, mark.y, mark.z, mark.visibility, world.x, world.y, world.z)


@contextmanager
def silenced() -> Iterator[TextIO]:
    """Keep what native code prints off standard error; the stream given still leads there."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        with os.fdopen(os.dup(kept), "w", encoding="utf-8") as stream:
            yield stream
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


def _bundle(package: Path) -> bytes:
    from mediapipe.tasks.python.metadata.metadata_writers.metadata_writer import MetadataWriter

    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_STORED) as archive:
        for name, file, mean, deviation in _MODELS:
            writer = MetadataWriter.create(bytearray((package / file).read_bytes()))
            writer.add_image_input([float(mean)], [float(deviation)])
            archive.writestr(name, bytes(writer.populate()[0]))
    return bundle.getvalue()
