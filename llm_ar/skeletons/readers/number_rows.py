"""Text of numbers alone: the same count of them in each line."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError

_Lines = list[tuple[int, str]]
"""Number and text of each line that holds something."""


def number_rows(
    path: Path, data: bytes, fields: int, delimiter: str | None = None
) -> NDArray[np.float64]:
    """All lines ``(N, fields)``; empty lines are passed over, ``NaN`` is a number.

    Args:
        path: what messages call the file.
        data: its bytes.
        fields: numbers in a line.
        delimiter: between numbers; None for blanks and tabs.

    Raises:
        ClipError: not ASCII, no line, a last line without its end, another count of numbers, or a
            word that is no number (the line is named).
    """
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise ClipError(path, f"is not text: byte {error.start} is no ASCII character") from None
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise ClipError(path, "has no frames; copy it again")
    if not text.endswith("\n"):
        # A number cut short is a number still: only the line's end shows that all of it is there.
        number = lines[-1][0]
        raise ClipError(path, f"line {number} has no end; copy the file again, or end the line")
    for number, line in lines:
        found = len(line.split(delimiter))
        if found != fields:
            raise ClipError(path, f"line {number}: expected {fields} numbers, found {found}")
    try:
        joined = io.StringIO("\n".join(line for _, line in lines))
        return np.loadtxt(joined, delimiter=delimiter, ndmin=2, comments=None)
    except ValueError:
        raise _not_a_number(path, lines, delimiter) from None


def _not_a_number(path: Path, lines: _Lines, delimiter: str | None) -> ClipError:
    for number, line in lines:
        for field, word in enumerate(line.split(delimiter), 1):
            try:
                float(word)
            except ValueError:
                shown = word.strip()[:20]
                return ClipError(path, f"line {number}, field {field}: {shown!r} is no number")
    return ClipError(path, "holds what is no table of numbers; copy it again")
