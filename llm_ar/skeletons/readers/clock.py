"""The clock of a recording: which number of a file's name counts frames, what time stamps mean.

Names of images may hold several numbers (``00012_cam1.jpg``). The frame is the one that varies and
tells all images apart; of several, the one that steps most evenly, then the last.

Time stamps are seconds, or a thousandth, millionth, ten-millionth (the ticks of Kinect and .NET) or
billionth of one. Their size shows where they count from 1970 or from the calendar's beginning;
otherwise the unit is the one that makes their step nearest to a thirtieth of a second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Understanding

SLOWEST, FASTEST = 1.0, 1000.0
"""Frames a second that cameras have; others are pointed out."""

_USUAL = 30.0
_UNITS = {
    "seconds": 1.0,
    "milliseconds": 1e-3,
    "microseconds": 1e-6,
    "ticks of 100 nanoseconds": 1e-7,
    "nanoseconds": 1e-9,
}
_NAMED = {
    "s": "seconds",
    "sec": "seconds",
    "seconds": "seconds",
    "ms": "milliseconds",
    "msec": "milliseconds",
    "millis": "milliseconds",
    "milliseconds": "milliseconds",
    "us": "microseconds",
    "usec": "microseconds",
    "micros": "microseconds",
    "microseconds": "microseconds",
    "ticks": "ticks of 100 nanoseconds",
    "ns": "nanoseconds",
    "nsec": "nanoseconds",
    "nanos": "nanoseconds",
    "nanoseconds": "nanoseconds",
}
"""Last words of a time stamp's name that state its unit."""
_ERAS = (
    # Lowest and highest value between 2000 and 2100, and the unit that gives it.
    (9.4e8, 4.2e9, "seconds"),
    (9.4e11, 4.2e12, "milliseconds"),
    (9.4e14, 4.2e15, "microseconds"),
    (1.25e17, 1.6e17, "ticks of 100 nanoseconds"),  # from 1601, as Windows counts
    (6.3e17, 6.63e17, "ticks of 100 nanoseconds"),  # from year 1, as .NET counts
    (9.4e17, 4.2e18, "nanoseconds"),
)
_FEWEST = 4
"""Frame numbers below which nothing is said about their step."""
_NUMBER = re.compile(r"\d{1,15}")


@dataclass(frozen=True)
class Rate:
    """Frames a second by time stamps.

    Args:
        fps: frames a second.
        how: what was found, as a phrase for `Understanding.fps`.
    """

    fps: float
    how: str


@dataclass(frozen=True)
class Frames:
    """Frame numbers from 0, without the step of regular sampling.

    Args:
        numbers: as many as were given.
        step: 1, or the step of the numbers where only every so-manieth frame is there.
    """

    numbers: list[int]
    step: int

    @property
    def count(self) -> int:
        """Number of frames T, gaps between the numbers included."""
        return max(self.numbers) + 1

    def rate(self, fps: float) -> float:
        """The frame rate, where that of the whole recording is ``fps``."""
        return fps / self.step

    @property
    def understood(self) -> Understanding:
        """That frames were numbered anew, if so."""
        if self.step == 1:
            return Understanding()
        return Understanding(
            fps=f"assumed {_USUAL:g}, of which every frame of {self.step} is there",
            notes=(f"frame numbers step by {self.step}; counted in such steps",),
        )


def frames_of(numbers: Sequence[int]) -> Frames:
    """Frame numbers as indices: from 0, and by their step where they are sampled regularly.

    Every fifth frame of a video (0, 5, 10, ...) is a clip of consecutive frames. Numbers are
    sampled regularly if their usual step is longer than 1 and divides all of their steps.

    Args:
        numbers: of each detection's frame, in any order, with repetitions.
    """
    start = min(numbers)
    unique = sorted(set(numbers))
    steps = [after - before for before, after in zip(unique, unique[1:], strict=False)]
    step = math.gcd(*steps) if len(unique) >= _FEWEST else 1
    if step > 1 and sorted(steps)[len(steps) // 2] != step:
        step = 1
    return Frames([(number - start) // step for number in numbers], step)


def numbered(names: Sequence[object]) -> tuple[list[int], bool] | None:
    """The frame's number in each name, and whether it tells all names apart.

    Where it does not, the names are those of several videos.

    Args:
        names: of images, one a detection, with repetitions; or whole numbers.

    Returns:
        None where a name has no number.
    """
    if all(isinstance(name, int) and not isinstance(name, bool) for name in names):
        whole = [int(str(name)) for name in names]
        return (whole, True) if all(0 <= number < 10**15 for number in whole) else None
    if not all(isinstance(name, str) for name in names):
        return None
    files = [str(name).replace("\\", "/").rpartition("/")[2] for name in names]
    found = {file: [int(number) for number in _NUMBER.findall(file)] for file in files}
    if not all(found.values()):
        return None
    if len({_NUMBER.sub("#", file) for file in found}) > 1:
        # Names of different forms: the last number counts, as programs write it.
        return [found[file][-1] for file in files], False
    table = np.array(list(found.values()), dtype=np.int64)
    column = _counting(table)
    alone = len(set(table[:, column].tolist())) == len(table)
    return [found[file][column] for file in files], alone


def frame_numbers(path: Path, files: Sequence[Path], form: re.Pattern[str], example: str) -> Frames:
    """The frames of a folder that has a file each, by the numbers in the files' names.

    Args:
        path: the folder, for messages.
        files: those of its frames.
        form: what a file's name is; its first group is the video's name.
        example: such a name, for messages.

    Raises:
        ClipError: the files are of several videos, or have no numbers.
    """
    found = numbered([file.name for file in files]) if files else None
    if found is not None and found[1]:
        return frames_of(found[0])
    videos = sorted({name[1] for file in files if (name := form.fullmatch(file.name))})
    if len(videos) > 1:
        raise ClipError(
            path,
            f"has frames of several videos, {videos[0]!r} and {videos[1]!r}; give each video a "
            "folder of its own",
        )
    raise ClipError(path, f"its files are not numbered by frame, as {example}")


def rate_of(stamps: Sequence[float], name: str = "") -> Rate | None:
    """Frames a second by time stamps; None where they do not go forward.

    Args:
        stamps: one a frame, in order; NaN where unknown.
        name: the column or key they stand under, which may end in a unit (``timestamp_us``).
    """
    values = np.array(stamps, dtype=np.float64)
    values = values[np.isfinite(values)]
    steps = np.diff(values)
    steps = steps[steps > 0]
    if not len(steps):
        return None
    step = float(np.median(steps))
    stated = _NAMED.get(re.split(r"[^a-z]+", name.lower().strip(")] "))[-1])
    if stated is None and step == 1 and bool((steps == 1).mean() > 0.9):
        return Rate(_USUAL, f"assumed {_USUAL:g}, the time stamps count frames")
    unit = stated or _era(values) or min(_UNITS, key=lambda unit: _distance(step * _UNITS[unit]))
    fps = 1 / (step * _UNITS[unit])
    if not math.isfinite(fps) or fps <= 0:
        return None
    why = "as their name says" if stated else "by their size" if _era(values) else "by their step"
    return Rate(fps, f"by the time stamps, in {unit} ({why})")


def seconds(cell: str) -> float:
    """A time stamp in text: a number, or an ISO date with a time, or a time alone, as seconds.

    Raises:
        ValueError: it is none of them.
    """
    if ":" not in cell:
        return float(cell)
    try:
        return datetime.fromisoformat(cell).timestamp()
    except ValueError:
        of_day = time.fromisoformat(cell)
        return datetime.combine(date(2000, 1, 1), of_day).timestamp()


def unusual_rate(fps: float) -> str | None:
    """What to say of a frame rate that no camera has; None for others."""
    if SLOWEST <= fps <= FASTEST:
        return None
    return f"{fps:.3g} frames a second are unusual; state the rate with --fps"


def _counting(table: NDArray[np.int64]) -> int:
    """Of numbers (names, columns) the column that counts the frames."""
    best, place = (False, -1.0), table.shape[1] - 1
    for column in range(table.shape[1]):
        unique = np.unique(table[:, column])
        if len(unique) < 2:
            continue
        steps = np.diff(unique)
        even = float((steps == np.median(steps)).mean())
        rank = (len(unique) == len(table), even)
        if rank >= best:
            best, place = rank, column
    return place


def _era(values: NDArray[np.float64]) -> str | None:
    """The unit by the size of absolute times."""
    middle = float(np.median(values))
    return next((unit for low, high, unit in _ERAS if low <= middle <= high), None)


def _distance(step: float) -> float:
    return abs(math.log(max(step, 1e-300) * _USUAL))
