"""The recordings of J-HMDB: its videos, and the lists of its three splits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from llm_ar.errors import ClipError, DatasetError
from llm_ar.skeletons.datasets.jhmdb import SPLITS, describe
from llm_ar.skeletons.prepare.recordings import Recording
from llm_ar.skeletons.readers import video
from llm_ar.skeletons.readers.files import read_bytes

_LIST = re.compile(r"\w+_test_split([1-3])\.txt")
_PARTS = {"1": "train", "2": "test"}
_ENDINGS = (".avi", ".mp4", ".mkv", ".mov", ".webm")


def jhmdb_recordings(raw: Path, labels: Path | None) -> Iterator[Recording | ClipError]:
    """All videos under the folder; a clip's split is its part in each of the three.

    Raises:
        DatasetError: there are no lists of the splits, or one is damaged.
    """
    parts = _parts(raw)
    for path in sorted(raw.rglob("*")):
        source = path.relative_to(raw).as_posix()
        known = describe(source)
        if known is None or path.suffix.lower() not in _ENDINGS:
            continue
        listed = parts.get(path.stem, {})
        split = " ".join(listed.get(number, "unused") for number in range(1, SPLITS + 1))
        yield Recording(
            path, source, video.read, label=known.label, subject=known.subject, split=split
        )


def _parts(raw: Path) -> dict[str, dict[int, str]]:
    """For each clip's name its part by the number of the split."""
    parts: dict[str, dict[int, str]] = defaultdict(dict)
    for path in sorted(raw.rglob("*.txt")):
        found = _LIST.fullmatch(path.name)
        if found is None:
            continue
        try:
            lines = read_bytes(path).decode("utf-8").splitlines()
        except (ClipError, UnicodeDecodeError) as error:
            raise DatasetError(f"{path}: is no list of clips ({error}); copy it again") from None
        for number, line in enumerate(lines, 1):
            name, _, part = line.strip().rpartition(" ")
            if not line.strip() or part == "0":
                continue
            if part not in _PARTS or not name:
                raise DatasetError(
                    f"{path}: line {number} is no name of a clip with 1 (train) or 2 (test) behind "
                    "it; copy it again"
                )
            parts[Path(name).stem][int(found[1])] = _PARTS[part]
    if not parts:
        raise DatasetError(
            f"{raw}: has no lists of the splits, such as splits/catch_test_split1.txt; unpack them "
            "beside the videos"
        )
    return parts
