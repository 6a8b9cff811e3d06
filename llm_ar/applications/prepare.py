"""``llm-ar prepare``: raw recordings to a prepared dataset."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from llm_ar.applications.terminal import results


def run(arguments: Sequence[str]) -> int:
    """Prepare a dataset and print what was read, repaired and refused."""
    parser = argparse.ArgumentParser(
        prog="llm-ar prepare",
        description="Read all recordings of a folder, clean them, and write a dataset for training "
        "and evaluation. A second run with the same input does nothing.",
    )
    parser.add_argument("dataset", help="nw-ucla, utd-mhad, or folder (files with a labels.csv)")
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw recordings")
    parser.add_argument("--out", type=Path, required=True, help="folder of the prepared dataset")
    parser.add_argument(
        "--labels",
        type=Path,
        help="for folder: the table file,label[,subject,camera,split] (default RAW/labels.csv)",
    )
    given = parser.parse_args(arguments)

    from llm_ar.skeletons.prepare import prepare

    report = prepare(given.dataset, given.raw, given.out, given.labels)
    results.print(report.summary(), markup=False, soft_wrap=True)
    return 0
