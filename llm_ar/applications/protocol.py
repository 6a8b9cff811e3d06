"""``llm-ar protocol``: how many clips of a list train and test."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from llm_ar.applications.ui.parser import CommandParser
from llm_ar.errors import DatasetError


def run(arguments: Sequence[str]) -> int:
    """Print one JSON object with the number of clips of each part."""
    parser = CommandParser(
        prog="llm-ar protocol",
        description="Divide a list of clips as a dataset's protocol does, and count the parts. "
        "Subjects and cameras are read from the clips' names; none of the files is needed.",
        example="llm-ar protocol ntu60 xsub --names names.txt",
    )
    parser.offer(parser.add_argument("dataset", help="such as ntu60"), _datasets)
    parser.offer(parser.add_argument("protocol", help="such as xsub"), lambda: "such as xsub")
    parser.add_argument(
        "--names",
        type=Path,
        required=True,
        metavar="FILE",
        help="text with the name of a clip in each line, with or without its ending",
    )
    given = parser.parse_args(arguments)
    print(json.dumps(count(given.dataset, given.protocol, read_names(given.names))))
    return 0


def _datasets() -> str:
    from llm_ar.skeletons.datasets.protocols import DATASETS

    return f"one of {', '.join(dataset.name for dataset in DATASETS)}"


def count(dataset: str, protocol: str, names: Iterable[str]) -> dict[str, object]:
    """The number of clips that train, validate, test, and are unused.

    Raises:
        DatasetError: unknown dataset or protocol, or a name that is not one of the dataset's.
    """
    from llm_ar.skeletons.datasets.protocols import dataset_named, protocol_named

    known = dataset_named(dataset)
    rule = protocol_named(known, protocol)
    parts: Counter[str] = Counter()
    for number, name in enumerate(names, 1):
        info = known.describe(name)
        if info is None:
            raise DatasetError(
                f"name {number}, {name[:80]!r}, is not that of a clip of {dataset}; "
                "correct it or leave it out"
            )
        parts[rule.assign(info)] += 1
    order = ("train", "validation", "test", "unused")
    return {"dataset": dataset, "protocol": protocol, **{part: parts[part] for part in order}}


def read_names(path: Path) -> list[str]:
    """The lines of a text file that are not empty.

    Raises:
        DatasetError: it cannot be read, is not text, or has no line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: is not a text in UTF-8 (byte {error.start})") from None
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise DatasetError(f"{path}: has no names; write the name of one clip in each line")
    return names
