"""A dataset's folder appears when it is complete: shards are put together beside it, then moved."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import Any

from llm_ar.config import RepairConfig
from llm_ar.errors import ClipError, DatasetError
from llm_ar.skeletons.arrow import describe_rows, rows_file
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.datasets.protocols import SPLIT, dataset_named
from llm_ar.skeletons.layouts import Layout
from llm_ar.skeletons.prepare.checks import LOG_FILE, Finding, check_log
from llm_ar.skeletons.prepare.report import MOST_NOTES, Note, PrepareReport
from llm_ar.skeletons.prepare.shards import SHARD_CLIPS, log_path, rows_path, write_shard

ABOUT_FILE, REPORT_FILE = "dataset.json", "report.json"
_STALE_SECONDS = 3600
"""A partial folder untouched for so long was left by a killed run."""


def write_store(
    clips: Iterable[Clip | ClipError],
    out: Path,
    *,
    dataset: str,
    layout: Layout,
    fingerprint: str,
    repair: RepairConfig | None = None,
    findings: Sequence[Finding] = (),
    parts: Sequence[str] = (),
) -> PrepareReport:
    """Write clips to a new dataset folder, which appears (or replaces the old one) when complete.

    Args:
        clips: drawn one by one; an error stands for a recording that could not be read.
        out: the dataset's folder.
        dataset: its name, one of `llm_ar.skeletons.datasets.protocols.DATASETS`.
        layout: the layout of all clips; those in another are mapped, or refused.
        fingerprint: identifies the input, so that the same need not be read again.
        repair: the rules for raw tracks; by default the published ones.
        findings: of the report, before those of the log.
        parts: names of the datasets that were merged; each clip's source begins with one.

    Raises:
        DatasetError: no clip is usable, or ``out`` holds something else than a dataset.
    """
    start = time.monotonic()
    stream, config = iter(clips), repair or RepairConfig()
    with replacing(out) as partial:
        shards = partial / "shards"
        shards.mkdir()
        count = 0
        for first in stream:
            items = chain([first], islice(stream, SHARD_CLIPS - 1))
            write_shard(items, shards, count, layout, config)
            count += 1
        report = assemble(
            shards,
            count,
            partial / "new",
            out,
            dataset,
            layout,
            fingerprint,
            config,
            findings,
            parts,
        )
        put_in_place(partial / "new", out, partial / "old")
    return report.timed(start)


def assemble(
    shards: Path,
    count: int,
    new: Path,
    out: Path,
    dataset: str,
    layout: Layout,
    fingerprint: str,
    config: RepairConfig,
    findings: Sequence[Finding] = (),
    parts: Sequence[str] = (),
) -> PrepareReport:
    """Make a dataset folder ``new`` of finished shards, which stay where they are as well.

    So nothing is lost if this is interrupted.

    ``findings`` come before those of the log.

    Raises:
        DatasetError: none of their recordings is usable.
    """
    new.mkdir()
    repaired: list[Note] = []
    refused: list[Note] = []
    labels: set[str] = set()
    outcomes: Counter[str] = Counter({"kept": 0, "repaired": 0, "refused": 0})
    rules: Counter[str] = Counter()
    with (new / LOG_FILE).open("w", encoding="utf-8") as log:
        for text in chain.from_iterable(_lines(log_path(shards, n)) for n in range(count)):
            log.write(text)
            line: dict[str, Any] = json.loads(text)
            outcomes[line["outcome"]] += 1
            if line["outcome"] == "refused":
                _note(refused, line["source"], line["reason"])
                continue
            if line["label"] is not None:
                labels.add(line["label"])
            rules.update({decision["rule"] for decision in line["decisions"]})
            for decision in line["decisions"]:
                _note(repaired, line["source"], decision["sentence"])
    clips = outcomes["kept"] + outcomes["repaired"]
    if not clips:
        first = f"; the first, {refused[0].source}: {refused[0].reason}" if refused else ""
        raise DatasetError(
            f"{out}: not written, since none of {outcomes['refused']:,} recordings is usable{first}"
        )
    files = [path for path in (rows_path(shards, n) for n in range(count)) if path.exists()]
    for number, path in enumerate(files):
        _link(path, new / rows_file(number, len(files)))
    describe_rows(new, len(files), fingerprint)
    known = dataset_named(dataset)
    own = any(protocol.name == SPLIT.name for protocol in known.protocols)
    protocols = known.protocols if own else (*known.protocols, SPLIT)
    report = PrepareReport(
        dataset,
        str(out),
        clips,
        tuple(repaired),
        tuple(refused),
        {
            "repaired": outcomes["repaired"],
            "refused": outcomes["refused"],
            **{rule: rules[rule] for rule in sorted(rules)},
        },
        (*findings, *check_log(new / LOG_FILE, protocols)),
    )
    report.save(new / REPORT_FILE)
    about = {
        "dataset": dataset,
        "clips": clips,
        "labels": list(known.classes or sorted(labels)),
        "layout": layout.to_dict(),
        "repair": asdict(config),
        "fingerprint": fingerprint,
        "parts": list(parts),
    }
    text = json.dumps(about, indent=1, ensure_ascii=False)
    (new / ABOUT_FILE).write_text(text + "\n", encoding="utf-8")
    return report


def _link(path: Path, place: Path) -> None:
    """A second name for a file, or a copy where the disk has no such names."""
    try:
        os.link(path, place)
    except OSError:
        shutil.copy2(path, place)


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        yield from lines


def _note(notes: list[Note], source: str, reason: str) -> None:
    if len(notes) < MOST_NOTES:
        notes.append(Note(source, reason))


def check_place(out: Path) -> None:
    """Refuse a folder that holds something else.

    Raises:
        DatasetError: it does.
    """
    if out.exists() and not (out / ABOUT_FILE).is_file() and not _is_empty_folder(out):
        raise DatasetError(
            f"{out}: already exists and is not a prepared dataset; choose another folder for it"
        )


def put_in_place(new: Path, out: Path, old: Path) -> None:
    """Move a complete folder to where it belongs; what was there becomes ``old``."""
    if out.exists():
        out.rename(old)
    try:
        new.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` to build in, gone at the end and on failure.

    Raises:
        DatasetError: ``out`` holds something else, or files cannot be written.
    """
    check_place(out)
    prefix = f".{out.name}.partial-"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for left in out.parent.glob(f"{prefix}*"):
            touched = max(part.stat().st_mtime for part in (left, *left.rglob("*")))
            if time.time() - touched > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=prefix, dir=out.parent))
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error})") from None
    try:
        yield partial
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error})") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and next(path.iterdir(), None) is None
