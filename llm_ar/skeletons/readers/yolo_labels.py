"""Ultralytics' pose labels: a folder of text files, one a frame.

A line a person: class, the box's center, width and height, then x, y and visibility of 17 joints,
all as shares of the image's sides; the box's confidence or the person's number may follow. Files
are named ``VIDEO_12.txt``; a frame without a file is one without people. The images' sides are not
known: 16 to 9 is assumed.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers.clock import Frames, frame_numbers
from llm_ar.skeletons.readers.files import check_frames, read_bytes, read_head
from llm_ar.skeletons.readers.json_files import FPS, Estimates

_BOX = 5
_JOINTS = 17
_WIDTHS = {_BOX + 2 * _JOINTS: 2, _BOX + 3 * _JOINTS: 3}
"""Fields of a line without and with visibility, and those of a joint."""
_NAME = re.compile(r"(.*?)_?(\d{1,15})(\D*)\.txt", re.IGNORECASE)
_TRIED = 20
"""Files of a folder that are looked at for labels."""


def sniff(path: Path, head: bytes) -> bool:
    """A line of a class, a box within the image, and joints."""
    words = head.partition(b"\n")[0].split()
    if not _coordinates(len(words)):
        return False
    try:
        values = [float(word) for word in words]
    except ValueError:
        return False
    return values[0] >= 0 and values[0].is_integer() and all(0 <= x <= 1 for x in values[1:_BOX])


def is_folder(path: Path) -> bool:
    """Whether a folder holds labels of frames: one of its first files is one."""
    files = (file for file in sorted(path.glob("*.txt")) if not file.name.startswith("."))
    return any(
        file.is_file() and file.stat().st_size > 0 and sniff(file, read_head(file, 4096))
        for file in islice(files, _TRIED)
    )


def read(path: Path) -> Clip:
    """Read a folder of frames, or a file as a clip of one frame.

    Raises:
        ClipError: a line is no label of a pose (it is named), the files are not numbered, or
            nobody is in any frame.
    """
    files, clock = _frames(path) if path.is_dir() else ({0: path}, Frames([0], 1))
    check_frames(path, clock.count)
    found = Estimates()
    for frame, file in files.items():
        text = read_bytes(file).decode("utf-8", "replace") if file.stat().st_size else ""
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            words = line.split()
            width = _coordinates(len(words))
            try:
                values = [float(word) for word in words]
            except ValueError:
                width = None
            if width is None:
                raise ClipError(
                    file,
                    f"line {number}: {len(words)} fields, expected class, box and x, y, visibility "
                    f"of {_JOINTS} joints ({_BOX + 3 * _JOINTS} numbers)",
                )
            joints = values[_BOX : _BOX + width * _JOINTS]
            rows = [joints[i : i + width] for i in range(0, len(joints), width)]
            scores = None if width == 3 else [1.0] * _JOINTS
            more = values[_BOX + width * _JOINTS :]
            person = int(more[-1]) if more and more[-1].is_integer() else None
            found.add(file, f"line {number}", rows, frame, person, scores=scores)
    return found.clip(path, clock.count, fps=clock.rate(FPS), understood=clock.understood)


def _coordinates(fields: int) -> int | None:
    """Numbers a joint of a line of so many fields; confidence and track may follow."""
    return next((_WIDTHS[fields - more] for more in (0, 1, 2) if fields - more in _WIDTHS), None)


def _frames(path: Path) -> tuple[dict[int, Path], Frames]:
    """The folder's files by the number of their frame, from 0."""
    files = [file for file in sorted(path.glob("*.txt")) if _NAME.fullmatch(file.name)]
    frames = frame_numbers(path, files, _NAME, "VIDEO_12.txt")
    return dict(sorted(zip(frames.numbers, files, strict=True))), frames
