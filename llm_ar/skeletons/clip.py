"""The clip: one recorded action as joint positions over time, with a mask of what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.layout import Layout
from llm_ar.skeletons.read_options import FASTEST, FPS_RANGE, SLOWEST

Joints = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Understanding:
    """How a file was understood where its format leaves it open; one phrase each.

    Args:
        axes: of an array, which axis is which, and why.
        layout: which joint layout, and why.
        unit: of the positions.
        up: which axis of the file points up, and why.
        handedness: whether the file's axes are a mirror image, and why.
        fps: whether the frame rate was stated or assumed.
        notes: what else the reader decided.
    """

    axes: str | None = None
    layout: str | None = None
    unit: str | None = None
    up: str | None = None
    handedness: str | None = None
    fps: str | None = None
    notes: tuple[str, ...] = ()


NOTHING_OPEN = Understanding()
"""Of a format that states all of it."""


@dataclass(frozen=True, eq=False)
class Clip:
    """One action, performed by one or more people.

    Axes are the Kinect's: x to the camera's left (a facing person's right), y up, z away from the
    camera, so that the frame is right-handed. Readers turn other conventions into this one.

    Args:
        joints: positions ``(T, M, J, 3)``, float32, in the source's unit (meters for 3-D cameras,
            pixels for images); missing joints hold 0.
        present: ``(T, M, J)``, False where a joint was not seen.
        fps: frames a second.
        layout: names and structure of the J joints.
        dimensions: 2 where depth was not measured; z is 0 then.
        label: name of the action, if known.
        subject: who performs, if known.
        camera: which camera, if known.
        source: file (or dataset row) that the clip came from.
        split: ``train``, ``test`` or another word of the dataset's own split column.
        repairs: what a reader had to mend, one sentence each; reported, not stored.
        tracks: of a tracking sensor's raw output, the ID of each of the M tracks, which may be
            people, parts of one, or furniture; `llm_ar.skeletons.repair` makes people of them.
            Empty where the M are people already; not stored.
        understood: how the file was understood; reported, not stored.
        place: row of ``labels.csv`` that names it, if one does; reported, not stored.

    Raises:
        ClipError: the arrays disagree in shape, hold no frame, or no joint is present.
    """

    joints: Joints
    present: Mask
    fps: float
    layout: Layout
    dimensions: Literal[2, 3] = 3
    label: str | None = None
    subject: str | None = None
    camera: str | None = None
    source: str = "unnamed clip"
    split: str | None = None
    repairs: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()
    understood: Understanding = NOTHING_OPEN
    place: str = ""

    def __post_init__(self) -> None:
        """Refuse arrays that are no clip."""
        joints, present, expected = self.joints, self.present, len(self.layout.joints)
        if joints.dtype != np.float32 or present.dtype != np.bool_:
            raise self._error(
                f"joints must be float32 and present bool, not {joints.dtype} and {present.dtype}"
            )
        if joints.ndim != 4 or joints.shape[3] != 3 or present.shape != joints.shape[:3]:
            raise self._error(
                "joints must have shape (frames, people, joints, 3) and present its first three, "
                f"not {joints.shape} and {present.shape}"
            )
        if joints.shape[0] < 1 or joints.shape[1] < 1:
            raise self._error("it has no frames or no people; at least one of each is needed")
        if joints.shape[2] != expected:
            raise self._error(
                f"it has {joints.shape[2]} joints, but layout {self.layout.name} has {expected}"
            )
        if self.dimensions not in (2, 3):
            raise self._error(f"dimensions must be 2 or 3, not {self.dimensions}")
        if self.dimensions == 2 and joints[..., 2].any():
            raise self._error("it has 2 dimensions, but z differs from 0")
        if not SLOWEST <= self.fps <= FASTEST:
            raise self._error(f"frames a second must be {FPS_RANGE}, not {self.fps}")
        if self.tracks and len(self.tracks) != joints.shape[1]:
            raise self._error(
                f"it names {len(self.tracks)} tracks, but holds {joints.shape[1]}; name each"
            )
        if not present.any():
            raise self._error("no joint is present in any frame, so nothing can be recognized")
        if not np.isfinite(joints).all():
            raise self._error("joints hold NaN or infinite values; mark them missing instead")

    @property
    def frames(self) -> int:
        """Number of frames T."""
        return int(self.joints.shape[0])

    @property
    def people(self) -> int:
        """Number of people M, absent ones included."""
        return int(self.joints.shape[1])

    @property
    def name(self) -> str:
        """The source without folders and ending."""
        return PurePosixPath(self.source.replace("\\", "/")).stem

    def _error(self, problem: str) -> ClipError:
        return ClipError(self.source, problem)


def finite(positions: NDArray[Any]) -> Mask:
    """Which positions ``(..., C)`` a clip can hold: all of their numbers are finite as float32."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.isfinite(positions.astype(np.float32)).all(axis=-1))


def _at_origin(values: NDArray[np.float32], layout: Layout) -> Mask:
    """Which joints (T, M, J) of positions (T, M, J, C) are filled with zeros and so missing."""
    zero = (values == 0).all(axis=-1)
    absent = zero.all(axis=-1, keepdims=True)
    roots = {*layout.centre, *(joint for joint, above in enumerate(layout.parents) if above < 0)}
    # A root-centered body: its root lies at 0 in every frame that shows it.
    always = (zero | absent).all(axis=0, keepdims=True)
    always[..., [joint for joint in range(zero.shape[-1]) if joint not in roots]] = False
    if values.shape[-1] == 2 and not _centered(values):
        # In an image (0, 0) is the corner, where estimators put what they did not find.
        always[:] = False
    return absent | (zero & ~always)


def _centered(values: NDArray[np.float32]) -> bool:
    """Whether positions (T, M, J, 2) extend to both sides of 0, as those of no image do."""
    numbers = values[np.isfinite(values).all(axis=-1)]
    if not len(numbers):
        return False
    lowest, highest = numbers.min(axis=0), numbers.max(axis=0)
    return bool(((lowest < 0) & (highest > 0)).all())


def clean_clip(
    positions: NDArray[Any],
    present: Mask | None = None,
    *,
    source: str,
    layout: Layout,
    fps: float,
    label: str | None = None,
    subject: str | None = None,
    camera: str | None = None,
    split: str | None = None,
    repairs: tuple[str, ...] = (),
    tracks: tuple[str, ...] = (),
    understood: Understanding = NOTHING_OPEN,
) -> Clip:
    """Make a clip from positions as recorded: what is not a number becomes a missing joint.

    A joint at exactly 0 is missing: most file formats fill with zeros. Only the root, or a joint of
    the body's center, may lie there in every frame, as in root-centered recordings.

    Args:
        positions: ``(T, M, J, C)`` numbers with C = 2 or 3, in the axes of `Clip`.
        present: ``(T, M, J)`` mask of seen joints, if the recording has one.
        source: file that the positions came from; further arguments as in `Clip`.

    Raises:
        ClipError: nothing usable remains, or the shapes are impossible.
    """
    if positions.ndim != 4 or positions.shape[3] not in (2, 3):
        raise ClipError(
            source, f"expected (frames, people, joints, 2 or 3) numbers, found {positions.shape}"
        )
    if 0 in positions.shape:
        raise ClipError(source, f"it holds no positions at all (shape {positions.shape})")
    frames, people, count, dimensions = positions.shape
    with np.errstate(over="ignore", invalid="ignore"):
        values = positions.astype(np.float32)
    numbers = finite(values)
    seen = np.ones((frames, people, count), dtype=np.bool_) if present is None else present
    if seen.shape != numbers.shape:
        raise ClipError(source, f"present has shape {seen.shape}, expected {numbers.shape}")
    broken = int((seen & ~numbers).sum())
    seen = seen & numbers & ~_at_origin(values, layout)
    if not seen.any():
        cause = " (its values are not numbers)" if broken else " (all are 0 or not tracked)"
        raise ClipError(source, f"no joint is present in any frame{cause}; record it again")
    if broken:
        noun = "joint position" if broken == 1 else "joint positions"
        repairs = (*repairs, f"{broken} {noun} not a finite number, marked as missing")
    joints = np.zeros((frames, people, count, 3), dtype=np.float32)
    joints[..., :dimensions] = np.where(seen[..., None], values, np.float32(0))
    return Clip(
        joints=joints,
        present=seen,
        fps=fps,
        layout=layout,
        dimensions=2 if dimensions == 2 else 3,
        label=label,
        subject=subject,
        camera=camera,
        source=source,
        split=split,
        repairs=repairs,
        tracks=tracks,
        understood=understood,
    )
