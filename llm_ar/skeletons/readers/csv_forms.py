"""Tables in other forms than one named row a frame: one row a joint, and numbers without names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llm_ar.errors import ClipError

_JOINT_COLUMNS = (
    "landmark",
    "landmark_id",
    "landmark_index",
    "landmark_name",
    "joint",
    "joint_id",
    "joint_index",
    "joint_name",
    "keypoint",
    "keypoint_id",
    "keypoint_name",
    "marker",
    "type",
    "name",
)
_AXES = ("x", "y", "z", "visibility", "score", "confidence", "v")
FEWEST_NUMBERS = 26
"""Numbers in a row without names: the 13 joints of the smallest layout, x and y."""

Rows = list[tuple[int, list[str]]]
"""Line number and cells of each row."""


def is_number(cell: str) -> bool:
    """Whether a cell is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def is_long(header: Sequence[str]) -> bool:
    """Whether each row is a joint: a column names it, and others are just x and y."""
    names = {name.strip().lower() for name in header}
    return {"x", "y"} <= names and bool(names & set(_JOINT_COLUMNS))


def is_nameless(cells: Sequence[str]) -> bool:
    """Whether the first row holds positions already; a label may stand before them."""
    rest = cells[1:]
    return len(rest) >= FEWEST_NUMBERS - 1 and all(is_number(cell) for cell in rest)


def wide(path: Path, header: Sequence[str], rows: Rows) -> tuple[list[str], Rows]:
    """A table of one row a joint as one of one row a frame, person and time.

    Raises:
        ClipError: a row has another number of cells, or a joint stands twice in a frame.
    """
    names = [name.strip().lower() for name in header]
    joint = next(place for place, name in enumerate(names) if name in _JOINT_COLUMNS)
    axes = [place for place, name in enumerate(names) if name in _AXES]
    others = [place for place in range(len(names)) if place not in (joint, *axes)]
    joints: dict[str, None] = {}
    frames: dict[tuple[str, ...], tuple[int, dict[tuple[str, int], str]]] = {}
    for line, row in rows:
        if len(row) != len(names):
            raise ClipError(
                path, f"row {line}: {len(row)} cells, expected {len(names)} as in row 1"
            )
        name = row[joint].strip()
        joints.setdefault(name)
        key = tuple(row[place] for place in others)
        _, cells = frames.setdefault(key, (line, {}))
        if (name, axes[0]) in cells:
            raise ClipError(
                path,
                f"row {line}: joint {name[:40]!r} stands there twice in one frame; a column "
                "'frame' (and 'person') must tell the rows of different frames apart",
            )
        cells.update({(name, place): row[place] for place in axes})
    columns = [(name, place) for name in joints for place in axes]
    titles = [names[place] for place in others] + [f"{name}_{names[at]}" for name, at in columns]
    table = [
        (line, [*key, *(cells.get(column, "") for column in columns)])
        for key, (line, cells) in frames.items()
    ]
    return titles, table
