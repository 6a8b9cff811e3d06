"""Read a recording's bytes, with a clear error for each thing that can be wrong with a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from llm_ar.errors import ClipError

MAX_BYTES = 64 * 2**20
"""Larger files are refused: a quarter of an hour in the wordiest format takes less."""

MAX_FRAMES = 108_000
"""An hour at 30 frames a second; longer recordings are cut first."""


_LISTED = 160
"""Most characters of a list of names in a message."""


def listed(names: Iterable[str]) -> str:
    """Names that a file holds, in alphabetical order, for a message: cut where they are many."""
    text = ", ".join(sorted(names))
    return text if len(text) <= _LISTED else f"{text[:_LISTED]}..."


def check_file(path: Path, limit: int | None = MAX_BYTES) -> None:
    """Refuse what cannot be a recording before any of it is read.

    Raises:
        ClipError: the file is missing, a folder, empty, or larger than the limit in bytes.
    """
    try:
        if path.is_dir():
            raise ClipError(
                path,
                "this is a folder, and not of frames by OpenPose or ultralytics; name the "
                f"recordings in it, as {path}/*",
            )
        size = path.stat().st_size
    except FileNotFoundError:
        raise ClipError(path, "no such file; check the path") from None
    except (OSError, ValueError) as error:
        raise ClipError(path, f"cannot be opened ({error})") from None
    if size == 0:
        raise ClipError(path, "the file is empty; copy or record it again")
    if limit is not None and size > limit:
        raise ClipError(
            path,
            f"the file has {size / 2**20:,.0f} MiB, a clip may have {limit // 2**20} MiB; "
            "cut it into shorter recordings",
        )


def version_of(path: Path) -> tuple[int, int]:
    """Size and time of the last change: what tells versions of a cached file apart.

    Raises:
        ClipError: the file cannot be opened.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise ClipError(path, f"cannot be opened ({error.strerror or error})") from None
    return stat.st_size, stat.st_mtime_ns


def check_frames(path: Path, frames: int) -> None:
    """Refuse a recording of more than `MAX_FRAMES`.

    Raises:
        ClipError: it is longer.
    """
    if frames > MAX_FRAMES:
        raise ClipError(
            path,
            f"has {frames:,} frames, a clip may have {MAX_FRAMES:,}; cut it into shorter ones",
        )


def read_bytes(path: Path) -> bytes:
    """The whole file.

    Raises:
        ClipError: as `check_file`, or the file may not be read.
    """
    check_file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ClipError(path, f"cannot be read ({error.strerror or error})") from None


def read_head(path: Path, size: int = 512) -> bytes:
    """The file's first bytes, for finding its format.

    Raises:
        ClipError: as `read_bytes`, but the file may have any size.
    """
    check_file(path, limit=None)
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise ClipError(path, f"cannot be read ({error.strerror or error})") from None
