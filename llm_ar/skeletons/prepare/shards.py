"""A dataset is written in shards: each a file of rows and a log with one line a recording.

A shard depends on its own recordings alone, so that any process can write any of them, in any
order, and the same recordings give the same bytes. It is finished when its log is there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from llm_ar.config import RepairConfig
from llm_ar.errors import ClipError, LayoutError
from llm_ar.skeletons.arrow import write_rows
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import Layout, map_clip
from llm_ar.skeletons.repair import Decision, repair

SHARD_CLIPS = 256
"""Recordings of a shard."""


def rows_path(folder: Path, number: int) -> Path:
    """File of the rows of shard ``number``."""
    return folder / f"{number:06d}.arrow"


def log_path(folder: Path, number: int) -> Path:
    """File of the log of shard ``number``."""
    return folder / f"{number:06d}.jsonl"


def write_shard(
    items: Iterable[Clip | ClipError],
    folder: Path,
    number: int,
    layout: Layout,
    config: RepairConfig,
) -> None:
    """Repair clips, bring them to a layout, and write them as a shard.

    Args:
        items: clips as read; an error stands for a recording that could not be.
        folder: of all shards.
        number: which shard.
        layout: clips in another one are mapped, or refused.
        config: parameters of the repair.
    """
    lines: list[str] = []

    def kept() -> Iterator[Clip]:
        for item in items:
            try:
                clip, line = _settled(item, layout, config)
            except ClipError as error:
                line = {"source": error.source, "outcome": "refused", "reason": error.problem}
                lines.append(json.dumps(line, ensure_ascii=False))
                continue
            lines.append(json.dumps(line, ensure_ascii=False))
            yield clip

    rows, log = rows_path(folder, number), log_path(folder, number)
    for path in (rows, log):
        path.unlink(missing_ok=True)
    unfinished = rows.with_suffix(".writing")
    if write_rows(kept(), unfinished):
        os.replace(unfinished, rows)
    else:
        unfinished.unlink()
    unfinished.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    os.replace(unfinished, log)


def _settled(
    item: Clip | ClipError, layout: Layout, config: RepairConfig
) -> tuple[Clip, dict[str, Any]]:
    """The clip as the dataset has it, and its line of the log."""
    if isinstance(item, ClipError):
        raise item
    tracks = item.people
    people, decisions = repair(item, config)
    try:
        clip = map_clip(people, layout)
    except LayoutError as error:
        raise ClipError(item.source, str(error)) from None
    # What the reader mended is one sentence each.
    made = [Decision("reader", sentence, (), 1) for sentence in item.repairs]
    decided = [asdict(decision) for decision in (*made, *decisions)]
    seen = np.asarray(clip.present.any(axis=(0, 1)))
    shown = clip.present.any(axis=2)
    digest = hashlib.blake2b(clip.joints.tobytes(), digest_size=8)
    digest.update(clip.present.tobytes())
    return clip, {
        "source": clip.source,
        "place": clip.place,
        "outcome": "repaired" if decided else "kept",
        "label": clip.label,
        "subject": clip.subject,
        "camera": clip.camera,
        "split": clip.split,
        "frames": clip.frames,
        "tracks": tracks,
        "people": clip.people,
        "coverage": round(float(clip.present[shown].mean()), 4),
        "unseen": [name for name, there in zip(layout.joints, seen, strict=True) if not there],
        "digest": digest.hexdigest(),
        "decisions": decided,
    }
