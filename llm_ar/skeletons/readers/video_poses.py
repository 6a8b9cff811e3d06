"""The poses that were estimated in a video, kept in a file so that they are estimated once."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llm_ar.skeletons.layouts import MEDIAPIPE
from llm_ar.skeletons.readers.files import version_of

_ESTIMATE = "mediapipe 0.10.21 full, 4 people, 1"
"""Changes when the same video would give other poses."""
_SHAPE = (len(MEDIAPIPE.joints), 7)


@dataclass(frozen=True)
class VideoPoses:
    """What a pose estimator found in a video's frames.

    Args:
        frame: the frame of each pose, ``(N,)``, from 0 and never falling.
        poses: of each pose x, y (down), z in pixels, the visibility 0..1, and x, y, z in meters
            around the middle of the hips, ``(N, 33, 7)``.
        frames: how many frames were decoded.
        stated: how many the file says it has, 0 where it does not say.
        fps: frames a second.
    """

    frame: NDArray[np.int64]
    poses: NDArray[np.float32]
    frames: int
    stated: int
    fps: float

    def save(self, file: Path, video: Path) -> None:
        """Keep them in a file, whole or not at all.

        Args:
            file: NumPy's ``.npz``; its folder is made.
            video: what they are of; `load` gives them for this version of it alone.

        Raises:
            OSError: it cannot be written.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_name(f"{file.name}.{os.getpid()}")
        with unfinished.open("wb") as stream:
            np.savez(
                stream,
                frame=self.frame,
                poses=self.poses,
                numbers=np.array([self.frames, self.stated, self.fps], dtype=np.float64),
                of=np.array(_of(video)),
            )
        os.replace(unfinished, file)

    @classmethod
    def load(cls, file: Path, video: Path) -> VideoPoses | None:
        """The poses that a file keeps; None where it keeps none of this version of the video."""
        try:
            with np.load(file, allow_pickle=False) as kept:
                if str(kept["of"]) != _of(video):
                    return None
                frame, poses, numbers = kept["frame"], kept["poses"], kept["numbers"]
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
            return None
        if poses.shape != (len(frame), *_SHAPE) or numbers.shape != (3,):
            return None
        return cls(frame, poses, int(numbers[0]), int(numbers[1]), float(numbers[2]))


def _of(video: Path) -> str:
    """What the poses depend on."""
    size, changed = version_of(video)
    return f"{_ESTIMATE}, {size} bytes of {changed}"
