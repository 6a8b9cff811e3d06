"""Northwestern-UCLA Multiview Action3D, one JSON a clip (the packaging that graph networks use).

``{"file_name": str, "skeletons": T x 20 x 3 (Kinect v1, meters), "label": 1..10}``; the file's
name is ``aAA_sSS_eEE_vVV.json``: action, subject, episode, view (camera).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.datasets.nw_ucla import describe
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.readers.files import check_frames, read_bytes

FPS = 30.0

_KEY = re.compile(rb'"(file_name|skeletons|label)"\s*:')


def sniff(path: Path, head: bytes) -> bool:
    """A JSON object whose first key is one of this format's three."""
    text = head.lstrip()
    return text.startswith(b"{") and _KEY.match(text[1:].lstrip()) is not None


def read(path: Path) -> Clip:
    """Read one clip; ``label``, ``subject`` and ``camera`` come from the file's name.

    Raises:
        ClipError: not JSON, another schema, or no usable position.
    """
    try:
        data = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise ClipError(path, f"is not complete JSON ({error}); copy the file again") from None
    frames = data.get("skeletons") if isinstance(data, dict) else None
    if not isinstance(frames, list):
        raise ClipError(path, 'is not an NW-UCLA clip: expected a list under "skeletons"')
    if not frames:
        raise ClipError(path, 'has no frames under "skeletons"; leave this clip out')
    check_frames(path, len(frames))
    positions = np.stack([_frame(path, number, frame) for number, frame in enumerate(frames)])
    known = describe(str(path))
    return clean_clip(
        positions[:, None],
        source=str(path),
        layout=KINECT_V1,
        fps=FPS,
        label=known.label if known else None,
        subject=known.subject if known else None,
        camera=known.camera if known else None,
    )


def _frame(path: Path, number: int, frame: object) -> NDArray[np.float64]:
    expected = (len(KINECT_V1.joints), 3)
    try:
        # null is how some writers put NaN; any other non-number is an error.
        values = np.array(frame, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        values = np.empty(0)
    if values.shape != expected:
        raise ClipError(
            path, f'frame {number} under "skeletons" is not {expected[0]} joints x 3 numbers'
        )
    return values
