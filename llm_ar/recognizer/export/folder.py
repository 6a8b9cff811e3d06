"""The folder that an export is written into: whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

import llm_ar
from llm_ar.errors import ConfigError, write_failure

RECORD_FILE = "llm_ar_export.json"
"""What was exported, in every export; also the mark by which a folder is known as an export."""


def check_out(out: Path) -> None:
    """See that an export may be written to a folder.

    Raises:
        ConfigError: something else is there.
    """
    if not out.exists() and not out.is_symlink():
        return
    if out.is_symlink() or not out.is_dir():
        raise ConfigError(f"{out}: this is no folder; name a new one with --out")
    if any(out.iterdir()) and not (out / RECORD_FILE).is_file():
        raise ConfigError(
            f"{out}: the folder holds something other than an export; name a new one with --out"
        )


@contextmanager
def new_folder(out: Path, record: Mapping[str, Any]) -> Iterator[Path]:
    """A temporary folder that becomes ``out`` at the end, or is removed on an error.

    An earlier export is replaced.

    Args:
        out: the folder that is to hold the export.
        record: what `RECORD_FILE` is to hold; the version of this program is added.

    Raises:
        ConfigError: something else is there, or it cannot be written.
    """
    check_out(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        yield unfinished
        text = json.dumps({**record, "llm_ar": llm_ar.__version__}, indent=2, ensure_ascii=False)
        (unfinished / RECORD_FILE).write_text(text + "\n", encoding="utf-8")
        # Temporary folders and safetensors files are private.
        unfinished.chmod(0o755)
        for file in unfinished.iterdir():
            file.chmod(0o644)
        _put(unfinished, out)
    except (OSError, SafetensorError) as error:
        raise _unwritable(out, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def read_record(folder: Path) -> dict[str, Any]:
    """The content of `RECORD_FILE`.

    Raises:
        ConfigError: the folder is no export.
    """
    try:
        record: dict[str, Any] = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder}: this is no export of llm-ar ({error})") from error
    return record


def _put(unfinished: Path, out: Path) -> None:
    """Rename the finished folder, after an earlier export is out of the way."""
    if not out.exists():
        os.replace(unfinished, out)
        return
    check_out(out)
    earlier = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    os.replace(out, earlier)
    try:
        os.replace(unfinished, out)
    except OSError:
        os.replace(earlier, out)
        raise
    shutil.rmtree(earlier, ignore_errors=True)


def _unwritable(out: Path, error: OSError | SafetensorError) -> ConfigError:
    reason = write_failure(error) or error
    return ConfigError(f"{out}: the export cannot be written there ({reason})")
