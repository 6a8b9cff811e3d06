"""Azure Kinect body tracking, as its offline processor writes it in JSON.

``{"frames": [{"frame_id", "timestamp_usec", "bodies": [{"body_id", "joint_positions":
[[x, y, z], ...]}]}, ...], "joint_names": [...]}``: 32 joints in millimeters, x right and y down in
the image, z away from the camera; a half turn makes them the axes of `Clip`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, Understanding
from llm_ar.skeletons.layouts import AZURE_32
from llm_ar.skeletons.readers.alphapose import identity
from llm_ar.skeletons.readers.clock import rate_of
from llm_ar.skeletons.readers.files import check_frames
from llm_ar.skeletons.readers.json_files import FPS, clip_of, is_json, numbers, read_json
from llm_ar.skeletons.readers.people import Detection


def sniff(path: Path, head: bytes) -> bool:
    """A JSON object of frames with bodies."""
    if not is_json(head):
        return False
    frames = _frames(read_json(path))
    return bool(frames) and isinstance(frames[0], dict) and "bodies" in frames[0]


def read(path: Path) -> Clip:
    """Read one recording.

    Raises:
        ClipError: not JSON, a body without its 32 joints (the frame is named), or nobody in it.
    """
    frames = _frames(read_json(path))
    check_frames(path, len(frames))
    found, times = [], []
    for place, frame in enumerate(frames):
        bodies = frame.get("bodies") if isinstance(frame, dict) else None
        if not isinstance(bodies, list):
            raise ClipError(path, f'frame {place} has no list "bodies"')
        times.append(frame.get("timestamp_usec"))
        for body in bodies:
            entry = body if isinstance(body, dict) else {}
            rows = entry.get("joint_positions")
            where = f'"joint_positions" in frame {place}'
            listed = rows if isinstance(rows, list) else []
            joints = [numbers(path, where, row) for row in listed]
            if len(joints) != len(AZURE_32.joints) or {len(row) for row in joints} != {3}:
                raise ClipError(path, f"{where} are not 32 joints of x, y, z")
            positions = np.stack(joints) * (-1, -1, 1)
            seen = np.asarray(np.isfinite(positions).all(axis=1))
            found.append(Detection(place, positions, seen, identity=identity(entry.get("body_id"))))
    known = [float(time) for time in times if isinstance(time, int | float)]
    rate = rate_of(known, "timestamp_usec")
    how = Understanding(fps=rate.how if rate else None)
    return clip_of(path, AZURE_32, found, len(frames), rate.fps if rate else FPS, understood=how)


def _frames(data: Any) -> list[Any]:
    frames = data.get("frames") if isinstance(data, dict) else None
    return frames if isinstance(frames, list) else []
