"""Shards of clips to read: the Arrow files of a prepared dataset, or Parquet and Arrow files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from llm_ar.errors import ClipError, DatasetError, LayoutError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layout import Layout
from llm_ar.skeletons.layouts import layout_named

ABOUT_FILE = "dataset.json"
ENDINGS = (".arrow", ".parquet")
_NEEDED = ("joints", "present", "frames", "people", "fps", "dimensions")
_TEXTS = ("label", "subject", "camera", "split", "source")
_LOOKED_AT = 2**16
"""Bytes at a file's beginning and end that tell it from others."""


class ShardError(DatasetError):
    """One shard that cannot be read; others may be."""


@dataclass(frozen=True)
class Shard:
    """One file of clips.

    Args:
        path: where it is.
        digest: identifies its content: its size, its beginning and its end.
    """

    path: Path
    digest: str

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem


def shards_in(folder: Path) -> list[Shard]:
    """The files of clips in a folder, by name.

    Raises:
        DatasetError: there are none, two have one name, or one cannot be read.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in ENDINGS)
        shards = [Shard(path, _digest(path)) for path in files]
    except OSError as error:
        raise DatasetError(f"{folder}: cannot be read ({error})") from None
    if not shards:
        raise DatasetError(
            f"{folder}: holds no {' or '.join(ENDINGS)} file; name a folder that llm-ar prepare "
            "has made, or one of such files"
        )
    names = [shard.name for shard in shards]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DatasetError(f"{folder}: holds {twice}.arrow and {twice}.parquet; rename one of them")
    return shards


def layout_of(folder: Path, name: str | None) -> Layout:
    """The layout of a folder's clips: the one that is named, or that of its ``dataset.json``.

    Raises:
        LayoutError: there is no layout of that name.
        DatasetError: none is named, and ``dataset.json`` does not tell it.
    """
    if name is not None:
        return layout_named(name)
    try:
        about = json.loads((folder / ABOUT_FILE).read_text(encoding="utf-8"))
        return Layout.from_dict(about["layout"])
    except FileNotFoundError:
        raise DatasetError(
            f"{folder}: has no {ABOUT_FILE}, so the joints of its clips are not known; name them "
            "with --layout, or copy the file from the prepared dataset"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, LayoutError) as error:
        raise DatasetError(f"{folder / ABOUT_FILE}: does not tell a layout ({error})") from None


def read_shard(shard: Shard, layout: Layout, batch: int) -> Iterator[list[Clip | ClipError]]:
    """The rows of a shard, so many at a time; an error stands for a row that is no clip.

    Raises:
        ShardError: the file is damaged, or its columns are not those of clips.
    """
    number = 0
    try:
        for rows in _batches(shard.path, batch):
            missing = [name for name in _NEEDED if name not in rows.schema.names]
            if missing:
                raise ShardError(
                    f"{shard.path}: has no column {missing[0]!r}; shards have the columns that "
                    f"llm-ar prepare writes: {', '.join(_NEEDED)}"
                )
            found = []
            for row in range(rows.num_rows):
                found.append(_clip(rows, row, f"{shard.path.name}, row {number}", layout))
                number += 1
            yield found
    except (OSError, pa.ArrowException) as error:
        raise ShardError(
            f"{shard.path}: damaged or incomplete ({str(error).splitlines()[0]}); copy or make "
            "it again"
        ) from None


def _batches(path: Path, batch: int) -> Iterator[pa.RecordBatch]:
    if path.suffix == ".parquet":
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=batch)
        return
    with pa.memory_map(str(path)) as source:
        try:
            parts = iter(pa.ipc.open_stream(source))
        except pa.ArrowInvalid:
            file = pa.ipc.open_file(source)
            parts = (file.get_batch(number) for number in range(file.num_record_batches))
        for part in parts:
            for first in range(0, part.num_rows, batch):
                yield part.slice(first, batch)


def _clip(rows: pa.RecordBatch, row: int, place: str, layout: Layout) -> Clip | ClipError:
    values: dict[str, Any] = {name: rows.column(name)[row] for name in _NEEDED}
    empty = next((name for name in _NEEDED if not values[name].is_valid), None)
    if empty is not None:
        return ClipError(place, f"its {empty} is empty")
    texts = {name: rows.column(name)[row].as_py() for name in _TEXTS if name in rows.schema.names}
    texts["source"] = texts.get("source") or place
    try:
        shape = (values["frames"].as_py(), values["people"].as_py(), len(layout.joints))
        joints = np.asarray(values["joints"].values.to_numpy(zero_copy_only=False), np.float32)
        present = np.asarray(values["present"].values.to_numpy(zero_copy_only=False), np.bool_)
        return Clip(
            joints=joints.reshape(*shape, 3),
            present=present.reshape(shape),
            fps=float(values["fps"].as_py()),
            layout=layout,
            dimensions=values["dimensions"].as_py(),
            **texts,
        )
    except ClipError as error:
        return error
    except (ValueError, TypeError, AttributeError, pa.ArrowException) as error:
        return ClipError(
            place,
            f"its joints are not frames x people x {len(layout.joints)} joints x 3 of layout "
            f"{layout.name} ({error})",
        )


def _digest(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        digest = hashlib.blake2b(file.read(_LOOKED_AT), digest_size=8)
        file.seek(max(0, size - _LOOKED_AT))
        digest.update(file.read())
    return f"{size}-{digest.hexdigest()}"
