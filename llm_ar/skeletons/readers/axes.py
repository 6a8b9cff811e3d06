"""Which axis of an array is which: time T, people M, joints V, coordinates C, clips N.

All readings whose sizes are possible are listed (a known number of joints, 2 or 3 coordinates, at
most `MOST_PEOPLE` people). Where there are several, the content decides: over time a person moves
little from frame to frame, and bones keep their length. Where it does not decide, the array is
refused with the readings named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.anatomy import best_fits, step
from llm_ar.skeletons.clip import finite
from llm_ar.skeletons.layout import Layout
from llm_ar.skeletons.layouts import MEDIAPIPE
from llm_ar.skeletons.readers.files import check_frames

MOST_PEOPLE = 10

_USUAL = ("TVC", "TMVC")
"""The orders that the documentation names, which come first."""
_LANDMARKS = len(MEDIAPIPE.joints)
_CLEAR = 0.6
"""The best reading costs at most this share of the second, or the array is ambiguous."""
_PLAUSIBLE = 0.6
"""Readings that cost more are no bodies."""


@dataclass(frozen=True)
class Reading:
    """One way to read an array's axes.

    Args:
        letters: one of N, T, M, V, C for each axis of ``shape``.
        shape: the array's shape, a merged axis split up.
        merged: how many letters make the array's merged axis; 1 where none is merged.
        first: the merged axis is the array's first one, not its last.
    """

    letters: str
    shape: tuple[int, ...]
    merged: int = 1
    first: bool = False

    def __str__(self) -> str:
        """The letters, those of a merged axis in brackets: ``T(VC)``."""
        if self.merged == 1:
            return self.letters
        if self.first:
            return f"({self.letters[: self.merged]}){self.letters[self.merged :]}"
        return f"{self.letters[: -self.merged]}({self.letters[-self.merged :]})"

    def arranged(self, values: NDArray[Any]) -> NDArray[Any]:
        """The array as ``(T, M, V, C)``."""
        split = values.reshape(self.shape)
        order = [self.letters.index(letter) for letter in "NTMVC" if letter in self.letters]
        result = split.transpose(order)
        if "N" in self.letters:
            result = result[0]
        return result if "M" in self.letters else result[:, None]

    def size(self, letter: str) -> int:
        """Length of an axis, 1 if the array lacks it."""
        return self.shape[self.letters.index(letter)] if letter in self.letters else 1


def arrange(
    path: Path,
    values: NDArray[Any],
    layouts: Sequence[Layout],
    stated: str | None = None,
    what: str = "the array",
) -> tuple[NDArray[np.float64], str]:
    """An array of positions as ``(T, M, V, C)``, C = 2, 3, or up to 5 for MediaPipe's landmarks.

    Args:
        path: the file, for messages.
        values: numbers of any shape.
        layouts: those whose numbers of joints are possible.
        stated: the axes that the user names, such as ``TMVC`` or ``TVC:xys``.
        what: how messages call the array.

    Returns:
        the positions, and how the axes were read and why.

    Raises:
        ClipError: no reading fits, the stated one does not, or several do.
    """
    if 0 in values.shape:
        raise ClipError(path, f"{what} holds no positions at all (shape {values.shape})")
    check_frames(path, max(values.shape))
    found = list(_readings(values.shape, {len(layout.joints) for layout in layouts}))
    letters = (stated or "").partition(":")[0]
    if letters:
        found = [reading for reading in found if reading.letters == letters]
    if not found:
        raise ClipError(path, _nothing_fits(what, values.shape, layouts, letters))
    numbers = np.ascontiguousarray(values, dtype=np.float64)
    found = _different(numbers, found)
    moving = [reading for reading in found if reading.size("T") > 1]
    found = moving or found
    if len(found) == 1:
        why = "as stated" if letters else "the only reading that fits"
    else:
        found, why = _decided(path, what, numbers, found, layouts)
    chosen = found[0]
    people, noun = chosen.size("M"), "people" if chosen.size("M") > 1 else "person"
    said = (
        f"{values.shape} is {chosen}: {chosen.size('T')} frames, {people} {noun}, "
        f"{chosen.size('V')} joints, {chosen.size('C')} coordinates; {why}"
    )
    return chosen.arranged(numbers), said


def _readings(shape: tuple[int, ...], counts: Collection[int]) -> Iterator[Reading]:
    """All readings of a shape, usual ones first."""
    orders: list[str] = []
    if len(shape) == 3:
        orders = ["TVC", *("".join(order) for order in permutations("TVC"))]
    elif len(shape) == 4:
        orders = ["TMVC", *("".join(order) for order in permutations("TMVC"))]
    elif len(shape) == 5:
        orders = ["NCTVM", "NMTVC", "NTMVC"]
    for order in dict.fromkeys(orders):
        reading = Reading(order, shape)
        if _possible(reading, counts):
            yield reading
    if len(shape) in (2, 3):
        for before in {2: ("T",), 3: ("MT", "TM", "NT")}[len(shape)]:
            for merged in ("VC", "CV", "MVC", "MCV"):
                if not set(before) & set(merged):
                    yield from _split(shape[:-1], before, shape[-1], merged, counts)
    if len(shape) == 2:
        for merged in ("VC", "CV"):
            yield from _split(shape[1:], "T", shape[0], merged, counts, first=True)


def _split(
    kept: tuple[int, ...],
    letters: str,
    size: int,
    merged: str,
    counts: Collection[int],
    first: bool = False,
) -> Iterator[Reading]:
    """The readings of an axis of that size that holds several letters at once."""
    for joints in sorted(counts):
        for coordinates in (2, 3, 4, 5):
            people, rest = divmod(size, joints * coordinates)
            if rest or not people or ("M" not in merged and people != 1):
                continue
            if "M" in merged and people == 1:
                continue
            sizes = {"M": people, "V": joints, "C": coordinates}
            parts = tuple(sizes[letter] for letter in merged)
            reading = (
                Reading(merged + letters, parts + kept, len(merged), first=True)
                if first
                else Reading(letters + merged, kept + parts, len(merged))
            )
            if _possible(reading, counts):
                yield reading


def _possible(reading: Reading, counts: Collection[int]) -> bool:
    landmarks = reading.size("V") == _LANDMARKS
    return (
        reading.size("V") in counts
        and reading.size("C") in ((2, 3, 4, 5) if landmarks else (2, 3))
        and reading.size("M") <= MOST_PEOPLE
        and reading.size("N") == 1
    )


def _different(values: NDArray[np.float64], readings: list[Reading]) -> list[Reading]:
    """Of readings that give the same positions, the first."""
    seen: dict[tuple[object, ...], Reading] = {}
    for reading in readings:
        view = reading.arranged(values)
        strides = tuple(
            stride if size > 1 else 0 for stride, size in zip(view.strides, view.shape, strict=True)
        )
        seen.setdefault((view.shape, strides), reading)
    return list(seen.values())


def _decided(
    path: Path,
    what: str,
    values: NDArray[np.float64],
    readings: list[Reading],
    layouts: Sequence[Layout],
) -> tuple[list[Reading], str]:
    """The reading whose content is a body that moves as bodies do, and why."""
    costs = [(_cost(reading.arranged(values), layouts), reading) for reading in readings]
    costs.sort(key=lambda pair: pair[0])
    (best, chosen), (second, other) = costs[:2]
    if best <= _CLEAR * second:
        return [chosen], f"by the movement, which does not fit {_told_apart(other, chosen)}"
    usual = [reading for _, reading in costs if str(reading) in _USUAL]
    if best > _PLAUSIBLE and usual:
        return usual[:1], "the usual order; the content fits no body in any order"
    close = [reading for cost, reading in costs if best > _CLEAR * cost]
    options = " or ".join(f"--axes {reading.letters}" for reading in close[:3])
    raise ClipError(
        path,
        f"{what} of shape {values.shape} can be read as {' or '.join(map(str, close[:3]))} "
        f"(T frames, M people, V joints, C coordinates); say which with {options}",
    )


def _told_apart(other: Reading, chosen: Reading) -> str:
    """A reading's letters, with its sizes where another reading has the same letters."""
    if str(other) != str(chosen):
        return str(other)
    people, joints, numbers = (other.size(letter) for letter in "MVC")
    return f"{people} people of {joints} joints with {numbers} coordinates"


def _cost(positions: NDArray[np.float64], layouts: Sequence[Layout]) -> float:
    """How little positions ``(T, M, V, C)`` look like moving bodies; 0 is best.

    It is the mean over the people, weighted by how much of each is seen: in a wrong reading one
    person alone may look right, such as the face of 33 landmarks taken for a body of 22 joints.
    """
    positions = positions[..., :3]
    present = finite(positions) & (positions != 0).any(axis=-1)
    seen = present.sum(axis=(0, 2))
    if not seen.any():
        return 10.0
    fitting = [layout for layout in layouts if len(layout.joints) == positions.shape[2]]
    costs = [
        _person_cost(positions[:, [person]], present[:, [person]], fitting)
        for person in np.flatnonzero(seen)
    ]
    return float(np.average(costs, weights=seen[seen > 0]))


def _person_cost(
    positions: NDArray[np.float64], present: NDArray[np.bool_], layouts: Sequence[Layout]
) -> float:
    """How little one person ``(T, 1, V, C)`` looks like a moving body."""
    # In a body's own axes at least two coordinates extend.
    flat = float((np.ptp(positions[present], axis=0)[:2] == 0).sum())
    positions = np.where(present[..., None], positions, 0.0)
    return best_fits(positions, present, layouts)[0].cost + 4 * step(positions, present) + flat


def _nothing_fits(
    what: str, shape: tuple[int, ...], layouts: Sequence[Layout], letters: str
) -> str:
    counts = ", ".join(map(str, sorted({len(layout.joints) for layout in layouts})))
    known = f"known layouts have {counts}"
    if len(layouts) == 1:
        known = f"layout {layouts[0].name} has {counts}"
    if letters:
        return (
            f"{what} has shape {shape}, which --axes {letters} does not fit: V must be one of "
            f"{counts} joints, C 2 or 3, M at most {MOST_PEOPLE}"
        )
    clips = ""
    if len(shape) == 5 and shape[0] > 1:
        clips = f"; it may hold {shape[0]} clips, save each by itself"
    joints = f", so {shape[-2]} joints" if len(shape) in (3, 4) and shape[-1] in (2, 3) else ""
    return (
        f"{what} has shape {shape}{joints}, expected (frames, joints, 2 or 3) or (frames, people, "
        f"joints, 2 or 3) in any order; {known} joints{clips}; describe other joints in a file "
        "layout.yaml in the same folder"
    )
