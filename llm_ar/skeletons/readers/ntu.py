"""NTU RGB+D 60 / 120 ``.skeleton`` text (Shahroudy et al., CVPR 2016; Liu et al., PAMI 2019).

The text is that of `llm_ar.skeletons.readers.kinect_text` with 25 joints, x, y, z in meters. The
file's name is ``SsssCcccPpppRrrrAaaa.skeleton``: setup, camera, performer, replication, action.

A frame without bodies keeps its time. A body is followed by its ID: one that vanishes and returns
keeps its person and the gap between. Joints that are not tracked are missing.
"""

from __future__ import annotations

from pathlib import Path

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.datasets.ntu import describe
from llm_ar.skeletons.layouts import KINECT_V2
from llm_ar.skeletons.readers.files import read_bytes
from llm_ar.skeletons.readers.kinect_text import follow, head_pattern, parse_bodies

FPS = 30.0

_JOINTS = len(KINECT_V2.joints)
_HEAD = head_pattern(_JOINTS)


def sniff(path: Path, head: bytes) -> bool:
    """The ending, or a text that begins with counts, a body's fields and 25 joints."""
    return path.suffix.lower() == ".skeleton" or _HEAD.match(head) is not None


def read(path: Path) -> Clip:
    """Read one clip with the sensor's tracks as its people, in order of their appearance.

    The tracks are raw: `llm_ar.skeletons.repair` separates people from furniture. ``label``,
    ``subject`` and ``camera`` come from the file's name.

    Raises:
        ClipError: truncated, or not this format, with the line that shows it; no body in it.
    """
    return parse(path, read_bytes(path))


def parse(path: Path, data: bytes) -> Clip:
    """The clip in a file's bytes, wherever they came from; otherwise as `read`."""
    bodies = parse_bodies(path, data, _JOINTS)
    seen: set[tuple[int, int]] = set()
    for frame, body in zip(bodies.frame.tolist(), bodies.identity, strict=True):
        if (frame, body) in seen:
            raise ClipError(path, f"body {body} appears twice in frame {frame}; copy it again")
        seen.add((frame, body))
    tracks = follow(bodies)
    known = describe(str(path))
    total = len(tracks.identity) + tracks.dropped
    return clean_clip(
        tracks.positions,
        tracks.tracking > 0,
        source=str(path),
        layout=KINECT_V2,
        fps=FPS,
        label=known.label if known else None,
        subject=known.subject if known else None,
        camera=known.camera if known else None,
        repairs=(f"{tracks.dropped} of {total} bodies dropped, the least seen",)
        if tracks.dropped
        else (),
        tracks=tracks.identity,
    )
