"""TRC: markers or joints over time as text, as OpenSim, Pose2Sim and motion capture write them.

Five lines of head (``PathFileType``; names of fields; their values, such as ``DataRate``; marker
names, each above three columns; ``X1 Y1 Z1 ...``), then one line a frame: its number, its time, x,
y, z of each marker, separated by tabs. An empty field is a missing marker.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers.files import read_bytes
from llm_ar.skeletons.readers.markers import clip_of_markers

_RATE = "datarate"


def sniff(path: Path, head: bytes) -> bool:
    """The word PathFileType at the start."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:12].lower() == b"pathfiletype"


def read(path: Path) -> Clip:
    """Read one recording.

    Raises:
        ClipError: the head is incomplete, a line has another number of fields or no numbers (it is
            named), or the markers are no body's.
    """
    lines = read_bytes(path).decode("utf-8-sig", "replace").splitlines()
    if len(lines) < 6:
        raise ClipError(path, "ends within its head; five lines and the frames were expected")
    keys, values = lines[1].split(), lines[2].split()
    fields = {key.lower(): value for key, value in zip(keys, values, strict=False)}
    names = [name.strip() for name in lines[3].split("\t")[2:] if name.strip()]
    if not names:
        raise ClipError(path, "line 4 names no marker; expected Frame#, Time and markers, by tabs")
    rows = []
    for number, line in enumerate(lines[4:], 5):
        cells = line.split("\t")
        first = cells[0].strip()
        if not first or first[:1].lower() == "x":
            continue  # the line of axes, an empty one, or the axes behind two empty fields
        rows.append(_row(path, number, cells[2:], len(names)))
    if not rows:
        raise ClipError(path, "has no frame below its head; export it again")
    return clip_of_markers(
        path, names, np.array(rows).reshape(-1, len(names), 3), _fps(path, fields)
    )


def _row(path: Path, number: int, cells: list[str], markers: int) -> list[float]:
    """The numbers of a line; empty fields at its end may be left out."""
    wanted = 3 * markers
    shown = [cell.strip() for cell in cells]
    if any(shown[wanted:]):
        raise ClipError(
            path, f"line {number}: {len(cells)} fields, expected x, y, z of {markers} markers"
        )
    shown = (shown + [""] * wanted)[:wanted]
    try:
        return [float(cell) if cell else math.nan for cell in shown]
    except ValueError as error:
        raise ClipError(path, f"line {number}: {str(error)[:80]}") from None


def _fps(path: Path, fields: dict[str, str]) -> float:
    try:
        fps = float(fields[_RATE])
    except (KeyError, ValueError):
        fps = math.nan
    if not 0 < fps < 1e6:
        raise ClipError(path, "line 3 states no DataRate above 0; write the frames a second there")
    return fps
