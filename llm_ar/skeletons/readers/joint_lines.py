"""Text of one joint a line, ``x y z`` in millimeters, 15 lines a frame: KARD and Florence 3D.

Both have the 15 joints that OpenNI follows, in orders of their own. The file's name says which
(``a01_s01_e01_realworld.txt`` or ``a01_s1_id1.txt``: action, subject, number); of other names the
layout decides that fits the body. y is up. KARD's x grows to the camera's right, so that its axes
are a mirror image; x is turned over.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.datasets import florence3d, kard
from llm_ar.skeletons.datasets.dataset import ClipInfo
from llm_ar.skeletons.layouts import KARD, SBU
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers.arrays import array_clip
from llm_ar.skeletons.readers.files import read_bytes
from llm_ar.skeletons.readers.number_rows import number_rows

FPS = {KARD.name: 30.0, SBU.name: 10.0}
"""By layout. Florence's files do not say it; at the sensor's 30 its people would sit down as fast
as they fall. At 10 they move as fast as those of other datasets."""

_JOINTS = len(KARD.joints)
_NUMBER = rb"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|NaN)"
_LINE = rb"[ \t]*" + _NUMBER + rb"(?:[ \t]+" + _NUMBER + rb"){2}[ \t]*\r?\n"
_HEAD = re.compile(rb"(?:%s){%d}" % (_LINE, _JOINTS), re.IGNORECASE)


def sniff(path: Path, head: bytes) -> bool:
    """Lines of three numbers each, those of one frame at least."""
    return _HEAD.match(head) is not None


def read(path: Path, options: ReadOptions = BY_FILE) -> Clip:
    """Read one clip; ``label`` and ``subject`` come from the file's name.

    Raises:
        ClipError: a line that is not three numbers, named with its number; lines that make no whole
            number of frames; joints of no known layout; no usable position.
    """
    if options.axes is not None:
        raise ClipError(path, "has one joint a line, whose axes are fixed; leave --axes out")
    rows = number_rows(path, read_bytes(path), 3)
    if len(rows) % _JOINTS:
        raise ClipError(
            path,
            f"has {len(rows)} lines, which are no whole number of frames of {_JOINTS} joints; "
            "copy the file again",
        )
    of_kard, of_florence = kard.describe(str(path)), florence3d.describe(str(path))
    known = of_kard or of_florence or ClipInfo(None, None, None, None, str(path))
    named = KARD.name if of_kard else SBU.name if of_florence else None
    clip = array_clip(
        path,
        rows.reshape(-1, 1, _JOINTS, 3),
        np.ones((len(rows) // _JOINTS, 1, _JOINTS), dtype=np.bool_),
        options=replace(options, axes="TVC:xyz", layout=options.layout or named),
        label=known.label,
        subject=known.subject,
    )
    if named and options.layout is None:
        understood = replace(clip.understood, layout="by the file's name")
        clip = replace(clip, understood=understood)
    fps = FPS.get(clip.layout.name)
    if fps is not None:
        understood = replace(clip.understood, fps=f"{fps:g}, usual of this format")
        clip = replace(clip, fps=fps, understood=understood)
    if clip.layout != KARD:
        return clip
    turned = clip.joints * np.array([-1, 1, 1], dtype=np.float32)
    note = "x turned over, since that of this format grows to the camera's right"
    return replace(
        clip,
        # Absent joints hold 0, not -0.
        joints=np.where(clip.present[..., None], turned, np.float32(0)),
        understood=replace(clip.understood, notes=(*clip.understood.notes, note)),
    )
