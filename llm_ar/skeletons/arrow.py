"""Clips as rows of Arrow files: written as a stream, found again by memory map.

One row a clip; joints and mask are flattened, ``frames`` and ``people`` restore their shapes
``(T, M, J, 3)`` and ``(T, M, J)``. `datasets.load_from_disk` opens the folder as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layout import Layout

_TEXTS = ("label", "subject", "camera", "split", "source")
_FEATURES = datasets.Features(
    {
        "joints": datasets.List(datasets.Value("float32")),
        "present": datasets.List(datasets.Value("bool")),
        "frames": datasets.Value("int32"),
        "people": datasets.Value("int32"),
        "fps": datasets.Value("float64"),
        "dimensions": datasets.Value("int8"),
        **{name: datasets.Value("string") for name in _TEXTS},
    }
)
_BATCH_CLIPS, _BATCH_JOINTS = 256, 2**19
"""Clips, and joint positions of them (6 MiB), that are held in memory before they are written."""


def write_rows(clips: Iterator[Clip], path: Path) -> int:
    """Stream the clips into a file, a batch at a time; returns how many there were."""
    schema = _FEATURES.arrow_schema
    count = 0
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
        batch: list[Clip] = []
        held = 0
        for clip in clips:
            batch.append(clip)
            count += 1
            held += clip.present.size
            if held >= _BATCH_JOINTS or len(batch) == _BATCH_CLIPS:
                writer.write_batch(_record_batch(batch, schema))
                batch, held = [], 0
        if batch:
            writer.write_batch(_record_batch(batch, schema))
    return count


def rows_file(number: int, files: int) -> str:
    """Name of one of so many files of rows."""
    return f"data-{number:05d}-of-{files:05d}.arrow"


def describe_rows(folder: Path, files: int, fingerprint: str) -> None:
    """Write what `datasets.load_from_disk` looks for beside the rows; ``fingerprint`` is theirs."""
    datasets.DatasetInfo(features=_FEATURES).write_to_directory(str(folder))
    state: dict[str, Any] = {
        "_data_files": [{"filename": rows_file(number, files)} for number in range(files)],
        "_fingerprint": hashlib.sha256(fingerprint.encode()).hexdigest()[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
    (folder / "state.json").write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")


def open_rows(folder: Path) -> datasets.Dataset:
    """Map the rows of a folder into memory.

    Raises:
        ValueError: the rows are not clips; `datasets` and Arrow have further errors of their own.
    """
    rows = datasets.load_from_disk(str(folder))
    if not isinstance(rows, datasets.Dataset) or rows.features != _FEATURES:
        raise ValueError("its columns are not those of clips")
    return rows


def column(rows: datasets.Dataset, name: str) -> list[Any]:
    """All values of one column of numbers or texts."""
    values: list[Any] = rows.data.column(name).to_pylist()
    return values


def clip_at(rows: datasets.Dataset, index: int, layout: Layout) -> Clip:
    """The clip of one row; its joints are a read-only view of the file."""
    row = {name: rows.data.column(name)[index] for name in _FEATURES}
    shape = (row["frames"].as_py(), row["people"].as_py(), len(layout.joints))
    joints: NDArray[np.float32] = row["joints"].values.to_numpy()
    present: NDArray[np.bool_] = row["present"].values.to_numpy(zero_copy_only=False)
    return Clip(
        joints=joints.reshape(*shape, 3),
        present=present.reshape(shape),
        fps=row["fps"].as_py(),
        layout=layout,
        dimensions=row["dimensions"].as_py(),
        **{name: row[name].as_py() for name in _TEXTS},
    )


def _record_batch(clips: list[Clip], schema: pa.Schema) -> pa.RecordBatch:
    def lists(arrays: list[NDArray[Any]]) -> pa.ListArray:
        offsets = np.cumsum([0, *(array.size for array in arrays)], dtype=np.int32)
        return pa.ListArray.from_arrays(offsets, np.concatenate([a.ravel() for a in arrays]))

    columns: dict[str, Any] = {
        "joints": lists([clip.joints for clip in clips]),
        "present": lists([clip.present for clip in clips]),
    }
    for name in schema.names[2:]:
        columns[name] = pa.array([getattr(c, name) for c in clips], schema.field(name).type)
    return pa.record_batch([columns[name] for name in schema.names], schema=schema)
