"""Recordings inside a zip file, read one by one without unpacking it.

Nothing is ever written to disk, so no member's name can reach outside a folder; names that try are
refused all the same. A member says its size before it is unpacked: sizes and compression ratios
that no recording has are refused, and no more than the promised bytes are ever taken out of it.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from llm_ar.errors import ClipError, DatasetError
from llm_ar.skeletons.readers.files import MAX_BYTES

MAX_RATIO = 100
"""Text of positions packs to a third or a fifth; what packs a hundredfold is no recording."""
_ALWAYS_FINE = 2**20
"""Members smaller than this may pack as well as they like."""
MAX_MEMBERS = 2_000_000
"""More entries than any dataset has recordings."""

_ESCAPES = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|\x00")
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Member:
    """One file in a zip file; small, so that other processes can be handed many of them.

    Args:
        archive: the zip file.
        name: the member's path inside it, with ``/``.
        size: its unpacked bytes, as the zip file promises.
        checksum: its CRC-32, which shows whether its content has changed.
    """

    archive: Path
    name: str
    size: int
    checksum: int

    @property
    def source(self) -> str:
        """What messages call it: ``archive.zip/name``, on one line whatever the name holds."""
        shown = "".join(letter if letter.isprintable() else "?" for letter in self.name)
        return f"{self.archive.name}/{shown}"

    def read(self) -> bytes:
        """The member's bytes.

        Raises:
            ClipError: it is too large, suspiciously well packed, encrypted, damaged or gone.
        """
        try:
            archive = _opened(self.archive)
            info = archive.getinfo(self.name)
            self._check(info)
            with archive.open(info) as stream:
                data = stream.read(info.file_size + 1)
        except ClipError:
            raise
        except Exception as error:  # zipfile and zlib raise whatever they trip over
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ClipError(
                self.source, f"cannot be taken out of the zip file ({reason}); copy it again"
            ) from None
        if len(data) != info.file_size:
            raise ClipError(
                self.source, "does not have the size that the zip file promises; copy it again"
            )
        return data

    def _check(self, info: zipfile.ZipInfo) -> None:
        if _ESCAPES.search(info.filename):
            raise ClipError(self.source, "its name points outside the zip file; leave it out")
        if info.flag_bits & _ENCRYPTED:
            raise ClipError(self.source, "is encrypted; unpack the zip file with its password")
        if info.file_size == 0:
            raise ClipError(self.source, "the file is empty; copy the zip file again")
        if info.file_size > MAX_BYTES:
            raise ClipError(
                self.source,
                f"unpacks to {info.file_size / 2**20:,.0f} MiB, a clip may have "
                f"{MAX_BYTES // 2**20} MiB; leave it out",
            )
        packed_too_well = info.file_size > MAX_RATIO * max(info.compress_size, 1)
        if packed_too_well and info.file_size > _ALWAYS_FINE:
            raise ClipError(
                self.source,
                f"unpacks to more than {MAX_RATIO} times its size, as no recording does; "
                "leave it out",
            )


def members(path: Path, ending: str) -> Iterator[Member]:
    """The files in a zip file whose names end so, in order of their names; none is read yet.

    Folders, and what macOS and hidden folders add (``__MACOSX``, names that begin with a dot), are
    passed over. A member that must not be read is listed, and refused when it is.

    Args:
        path: the zip file.
        ending: such as ``.skeleton``; upper and lower case are the same.

    Raises:
        DatasetError: the file is missing, no zip file, damaged, or has absurdly many members.
    """
    try:
        infos = _opened(path).infolist()
    except Exception as error:  # zipfile raises whatever it trips over
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DatasetError(
            f"{path}: is not a complete zip file ({reason}); copy it again"
        ) from None
    if len(infos) > MAX_MEMBERS:
        raise DatasetError(
            f"{path}: has {len(infos):,} members, more than any dataset has recordings"
        )
    wanted = ending.lower()
    for info in sorted(infos, key=lambda info: info.filename):
        if not info.filename:
            continue
        parts = info.filename.split("/")
        hidden = parts[0] == "__MACOSX" or any(
            part.startswith(".") and part not in (".", "..") for part in parts
        )
        if not info.is_dir() and not hidden and info.filename.lower().endswith(wanted):
            yield Member(path, info.filename, info.file_size, info.CRC)


def _opened(path: Path) -> zipfile.ZipFile:
    # A child process must not share its parent's open file, whose place in it is common to both.
    return _open(path, path.stat().st_mtime_ns, os.getpid())


@lru_cache(maxsize=8)
def _open(path: Path, changed: int, process: int) -> zipfile.ZipFile:
    """The zip file with its directory read, once a process: that of NTU has 57,000 entries."""
    return zipfile.ZipFile(path)
