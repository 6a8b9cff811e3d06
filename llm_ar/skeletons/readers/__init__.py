"""Readers, one small module a format: ``sniff`` knows its files, ``read`` makes a clip of one."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers import arrays, ntu, nw_ucla, sbu, smarthome, uav_human, utd_mhad
from llm_ar.skeletons.readers.files import read_head
from llm_ar.skeletons.repair import repair


class Reader(Protocol):
    """What a format's module offers."""

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether the file looks like this format, by its first bytes (and its name)."""

    def read(self, path: Path) -> Clip:
        """The clip in the file; raises `ClipError` for anything that is wrong with it."""


FORMATS: dict[str, Reader] = {
    "NW-UCLA JSON": nw_ucla,
    "UTD-MHAD .mat": utd_mhad,
    "NumPy array": arrays,
    "NTU RGB+D .skeleton": ntu,
    "UAV-Human text": uav_human,
    "SBU skeleton_pos.txt": sbu,
    "Toyota Smarthome JSON": smarthome,
}
"""All formats by name; the first whose ``sniff`` says yes reads the file."""

READERS: tuple[Reader, ...] = tuple(FORMATS.values())


def read_clip(path: Path) -> Clip:
    """Read a recording, whose format is found by its content.

    Raises:
        ClipError: the file is missing, empty, damaged, or of no known format.
    """
    return FORMATS[format_of(path)].read(path)


def format_of(path: Path) -> str:
    """The name of a recording's format, one of `FORMATS`, found by its content.

    Raises:
        ClipError: the file is missing, empty, or of no known format.
    """
    head = read_head(path)
    for name, reader in FORMATS.items():
        if reader.sniff(path, head):
            return name
    raise ClipError(
        path,
        f"is in no format known here ({', '.join(FORMATS)}); save the joints as a NumPy array "
        ".npy or .npz (frames, joints, 3)",
    )


def as_clip(clip: Clip | str | Path) -> Clip:
    """The clip itself, or the one read from that file; a sensor's tracks are made people.

    Raises:
        ClipError: as `read_clip`.
    """
    return repair(clip if isinstance(clip, Clip) else read_clip(Path(clip)))[0]
