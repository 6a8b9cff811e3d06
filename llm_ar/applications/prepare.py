"""``llm-ar prepare``: raw recordings to a prepared dataset."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from llm_ar.applications.ui.options import add_read_options, positive, read_options
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import progress_bar, show_lines
from llm_ar.config import RepairConfig


def run(arguments: Sequence[str]) -> int:
    """Prepare a dataset and print what was read, repaired, refused, and what to look at."""
    from llm_ar.skeletons.datasets.protocols import DATASETS

    names = ", ".join(dataset.name for dataset in DATASETS if dataset.name != "procedural")
    parser = CommandParser(
        prog="llm-ar prepare",
        description="Read all recordings of a folder (or of the zip files in it), repair them, and "
        "write a dataset for training and evaluation. After an interruption the same command goes "
        "on; a second run with the same input does nothing.",
        example="llm-ar prepare folder --raw mine --out data/mine",
    )
    dataset = parser.add_argument(
        "dataset", help=f"{names} (folder: files of any format with a labels.csv)"
    )
    parser.offer(dataset, lambda: f"one of {names}")
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw recordings")
    parser.add_argument("--out", type=Path, required=True, help="folder of the prepared dataset")
    parser.add_argument(
        "--labels",
        type=Path,
        help="for folder: the table file,label[,subject,camera,split] (default RAW/labels.csv)",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        default=available_cores(),
        help="processes that read at the same time (default: all %(default)s cores)",
    )
    add_read_options(parser)
    rules = parser.add_argument_group("repair of a sensor's raw tracks")
    for rule in fields(RepairConfig):
        rules.add_argument(
            f"--repair.{rule.name}",
            type=type(rule.default),
            default=rule.default,
            metavar="NUMBER",
            help="default %(default)s",
        )
    given = parser.parse_args(arguments)
    repair = RepairConfig(
        **{rule.name: getattr(given, f"repair.{rule.name}") for rule in fields(RepairConfig)}
    )
    from llm_ar.skeletons.prepare.prepare import prepare

    with progress_bar() as bar:
        task = bar.add_task("Preparing", total=None)
        report = prepare(
            given.dataset,
            given.raw,
            given.out,
            given.labels,
            repair=repair,
            workers=given.workers,
            options=read_options(given),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    show_lines(report.summary())
    return 0


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
