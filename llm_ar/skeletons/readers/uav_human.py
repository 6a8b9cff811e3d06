"""UAV-Human skeleton text (Li et al., CVPR 2021): people seen from the air, in image coordinates.

The text is that of `llm_ar.skeletons.readers.kinect_text` with 17 joints in COCO order, of which x
(to the right) and y (down) are pixels. The file's name is
``P000S00G10B10H10UC022000LC021000A000R0_08241716.txt``: person, setup, gender, backpack, hat,
clothing, action (from 0), replication, time.

A joint at exactly (0, 0), the image's corner, is missing; the tracking states say nothing here.
Where two bodies of a frame have the same ID, IDs say nothing either, and people are taken in the
order in which the frames list them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.datasets.uav_human import describe
from llm_ar.skeletons.layouts import COCO
from llm_ar.skeletons.readers.files import read_bytes
from llm_ar.skeletons.readers.kinect_text import Bodies, follow, head_pattern, parse_bodies

FPS = 30.0

_JOINTS = len(COCO.joints)
_HEAD = head_pattern(_JOINTS)


def sniff(path: Path, head: bytes) -> bool:
    """A text that begins with counts, a body's fields and 17 joints, or a name of this dataset."""
    return _HEAD.match(head) is not None or describe(str(path)) is not None


def read(path: Path) -> Clip:
    """Read one clip; ``label`` and ``subject`` come from the file's name.

    Raises:
        ClipError: truncated, or not this format, with the line that shows it; no body in it.
    """
    return parse(path, read_bytes(path))


def parse(path: Path, data: bytes) -> Clip:
    """The clip in a file's bytes, wherever they came from; otherwise as `read`."""
    bodies = parse_bodies(path, data, _JOINTS)
    tracks = follow(_told_apart(bodies))
    image = tracks.positions[..., :2]
    known = describe(str(path))
    return clean_clip(
        # A half turn brings y up and a facing person's right to +x, as 3-D cameras have it.
        -image,
        (image != 0).any(axis=-1),
        source=str(path),
        layout=COCO,
        fps=FPS,
        label=known.label if known else None,
        subject=known.subject if known else None,
    )


def _told_apart(bodies: Bodies) -> Bodies:
    pairs = list(zip(bodies.frame.tolist(), bodies.identity, strict=True))
    if len(set(pairs)) == len(pairs):
        return bodies
    seen: dict[int, int] = {}
    order = []
    for frame, _ in pairs:
        order.append(seen.get(frame, 0))
        seen[frame] = order[-1] + 1
    return replace(bodies, identity=tuple(order))
