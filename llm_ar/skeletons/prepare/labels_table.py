"""``labels.csv`` as spreadsheets and programs write it: separators, names of columns, encoding."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from llm_ar.errors import DatasetError

_REQUIRED = ("file", "label")
_OPTIONAL = ("subject", "camera", "split")
_SYNONYMS = {
    "filename": "file",
    "file_name": "file",
    "file name": "file",
    "filepath": "file",
    "path": "file",
    "action": "label",
    "class": "label",
    "activity": "label",
    "person": "subject",
}
_INDEX = frozenset(("", "index", "id", "no", "#", "unnamed: 0"))
"""Names of a column that only counts the rows; its cells are not read."""
_SEPARATORS = ",;\t"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def label_rows(table: Path, raw: Path) -> Iterator[tuple[int, tuple[str, ...], list[str]]]:
    """Line number, the meaning of the cells ("" for none), and the cells of each row.

    A table without a header is taken for file and label where it has two columns and the first
    names a file of the raw folder.

    Args:
        table: the file.
        raw: the folder that its files lie in.

    Raises:
        DatasetError: it is missing, not a table in UTF-8 or UTF-16, or lacks a column.
    """
    try:
        with table.open("rb") as binary:
            encoding = "utf-16" if binary.read(2) in _UTF_16 else "utf-8-sig"
        with table.open(encoding=encoding, newline="") as file:
            first = file.readline()
            file.seek(0)
            separator = max(_SEPARATORS, key=first.count)
            rows = csv.reader(file, delimiter=separator, strict=True)
            cells = next(rows, [])
            if _is_plain(cells, raw):
                columns: tuple[str, ...] = _REQUIRED
                yield rows.line_num, columns, cells
            else:
                columns = _columns(table, cells)
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    yield rows.line_num, columns, cells
    except OSError as error:
        raise DatasetError(
            f"{table}: cannot be read ({error.strerror or error}); a folder needs this table with "
            "the columns file,label"
        ) from None
    except (UnicodeError, csv.Error) as error:
        raise DatasetError(f"{table}: is not a CSV table in UTF-8 ({error})") from None


def path_in(raw: Path, name: str) -> str:
    """A file's name with ``/``, where it is written with Windows' ``\\``."""
    # Unlike the methods of Path, os.path answers False to names that no file can have.
    if "\\" not in name or os.path.isfile(raw / name):
        return name
    return name.replace("\\", "/")


def _is_plain(cells: list[str], raw: Path) -> bool:
    """Whether the first row names a file of the folder, and a label, rather than columns."""
    if len(cells) != len(_REQUIRED) or not all(cell.strip() for cell in cells):
        return False
    file = cells[0].strip()
    return os.path.exists(raw / path_in(raw, file))


def _columns(table: Path, cells: list[str]) -> tuple[str, ...]:
    """What each column means by its name in row 1."""
    names = [cell.strip().lower() for cell in cells]
    columns = tuple("" if name in _INDEX else _SYNONYMS.get(name, name) for name in names)
    known = [name for name in columns if name]
    missing = [name for name in _REQUIRED if name not in known]
    unknown = [name for name in known if name not in _REQUIRED + _OPTIONAL]
    if missing or unknown or len(set(known)) != len(known):
        if missing:
            fault = f"there is no column {' and no column '.join(missing)}"
        elif unknown:
            fault = f"{unknown[0][:40]!r} is none of them"
        else:
            fault = "two columns mean the same"
        raise DatasetError(
            f"{table}: row 1 must name the columns file,label and, if wanted, subject,camera,split"
            f"; found {','.join(cells)[:200] or 'nothing'}: {fault}"
        )
    return columns
