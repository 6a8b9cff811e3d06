"""What a user states of a recording that its file leaves open."""

from __future__ import annotations

from dataclasses import dataclass, fields

from llm_ar.errors import ConfigError

SLOWEST, FASTEST = 1e-3, 1e6
"""Frames a second of any recording: beyond them a length in seconds cannot be computed with."""
FPS_RANGE = "a number from 0.001 to 1,000,000"

UP_AXES = ("x", "-x", "y", "-y", "z", "-z")
"""Directions of a file's axes that may point up."""


@dataclass(frozen=True)
class ReadOptions:
    """Statements that settle how a file is read; None leaves it to the file and the anatomy.

    Args:
        layout: name of the joint layout.
        fps: frames a second; comes before what the file says.
        axes: of an array, one letter an axis: T frames, M people, V joints, C coordinates, N clips.
            Letters beyond the array's axes are merged into one, so that ``TVC`` of a table
            ``(T, J * 3)`` is one row a frame, joint by joint. ``:xys`` or ``:xyz`` behind the
            letters says whether the third number is a score or a depth.
        up: the direction of the file's axes that points up, one of `UP_AXES`.
        mirror: whether the file's axes are a mirror image, which is turned back.

    Raises:
        ConfigError: the frame rate is not positive, the axes are not such letters, or the direction
            is none of `UP_AXES`.
    """

    layout: str | None = None
    fps: float | None = None
    axes: str | None = None
    up: str | None = None
    mirror: bool | None = None

    def __post_init__(self) -> None:
        """Refuse values that no file can have."""
        if self.fps is not None and not SLOWEST <= self.fps <= FASTEST:
            raise ConfigError(f"--fps must be {FPS_RANGE}, not {self.fps}")
        if self.up is not None and self.up not in UP_AXES:
            raise ConfigError(f"--up must be one of {', '.join(UP_AXES)}, not {self.up!r}")
        if self.axes is not None:
            letters, _, coordinates = self.axes.partition(":")
            repeated = len(set(letters)) != len(letters)
            if repeated or not {"T", "V", "C"} <= set(letters) <= set("NTMVC"):
                raise ConfigError(
                    f"--axes must name T, V, C and, if there, M and N once each, such as TMVC, "
                    f"not {self.axes!r}"
                )
            if coordinates not in ("", "xys", "xyz"):
                raise ConfigError(
                    f"--axes takes :xys (the third number is a score) or :xyz (a depth), not "
                    f"{':' + coordinates!r}"
                )

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the options that were stated."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is not None)


BY_FILE = ReadOptions()
"""Nothing stated."""
