"""Files of answers, one a shard: Parquet or JSON lines, which appear when they are whole."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from llm_ar.errors import DatasetError

Form = Literal["parquet", "jsonl"]
FORMS: tuple[Form, ...] = ("parquet", "jsonl")
UNFINISHED = ".writing"
SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("source", pa.string()),
        ("label", pa.string()),
        ("action", pa.string()),
        ("probability", pa.float64()),
        ("actions", pa.list_(pa.string())),
        ("probabilities", pa.list_(pa.float64())),
        ("sentence", pa.list_(pa.int32())),
        ("warnings", pa.list_(pa.string())),
        ("enough_seen", pa.bool_()),
        ("error", pa.string()),
    ]
)
"""Columns of Parquet, keys of JSON lines; ``error`` alone is not null for a row without answer."""


class AnswerWriter:
    """Appends rows of `SCHEMA` to an unfinished file.

    Args:
        path: of the unfinished file.
        form: how rows are written.
    """

    def __init__(self, path: Path, form: Form) -> None:
        self._file = path.open("wb")
        self._parquet = pq.ParquetWriter(self._file, SCHEMA) if form == "parquet" else None

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write some rows; a key that is missing is null."""
        if self._parquet is not None:
            self._parquet.write_batch(pa.RecordBatch.from_pylist(list(rows), SCHEMA))
            return
        for row in rows:
            whole = {name: row.get(name) for name in SCHEMA.names}
            text = json.dumps(whole, ensure_ascii=False, allow_nan=False)
            self._file.write(text.encode("utf-8", "backslashreplace") + b"\n")

    def close(self) -> None:
        """Write what is left, to the disk."""
        if self._parquet is not None:
            self._parquet.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def give_up(self) -> None:
        """Close the file, which is not to be used; nothing is left to do after `close`."""
        with suppress(OSError):
            if self._parquet is not None and self._parquet.is_open:
                self._parquet.close()
        with suppress(OSError):
            self._file.close()


@contextmanager
def answers_to(path: Path, form: Form) -> Iterator[AnswerWriter]:
    """Write a file of answers, which appears (or replaces another) when it is whole.

    Until then it is ``.NAME.HOST-PROCESS.writing`` beside it.

    Raises:
        DatasetError: it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{socket.gethostname()}-{os.getpid()}{UNFINISHED}")
    writer: AnswerWriter | None = None
    try:
        writer = AnswerWriter(unfinished, form)
        yield writer
        writer.close()
        os.replace(unfinished, path)
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be written ({error.strerror or error}); make room or choose another "
            "--out; files that are finished are kept"
        ) from None
    finally:
        if writer is not None:
            writer.give_up()
        unfinished.unlink(missing_ok=True)
