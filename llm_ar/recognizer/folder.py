"""A model's folder on disk: complete but for the LLM's own weights, and never half of one.

``config.json`` is written last and removed first, so a folder that has it is whole.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shutil
import subprocess
import typing
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

import llm_ar
from llm_ar.errors import ModelError

CONFIG_FILE = "config.json"
ADAPTER_FILE = "adapter_model.safetensors"
ADAPTER_CONFIG_FILE = "adapter_config.json"
LEXICON_FILE = "lexicon.safetensors"
TOKENIZER_FOLDER = "tokenizer"
CARD_FILE = "README.md"
_NEEDED = (CONFIG_FILE, ADAPTER_FILE, ADAPTER_CONFIG_FILE, LEXICON_FILE, TOKENIZER_FOLDER)
_PACKAGES = ("torch", "transformers", "peft", "safetensors")


def write_folder(folder: Path, config: Mapping[str, Any], write: Callable[[Path], None]) -> None:
    """Write a model's files, all or nothing, into a folder that may hold logs and checkpoints.

    Args:
        folder: the model's folder; an older model in it is replaced.
        config: what ``config.json`` is to hold.
        write: writes all other files into the (temporary) folder it is given.

    Raises:
        ModelError: if the folder cannot be written.
    """
    unfinished = folder.parent / f".{folder.name}.unfinished"
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        write(unfinished)
        folder.mkdir(exist_ok=True)
        (folder / CONFIG_FILE).unlink(missing_ok=True)
        for file in sorted(unfinished.rglob("*")):
            place = folder / file.relative_to(unfinished)
            if file.is_dir():
                place.mkdir(exist_ok=True)
            else:
                os.replace(file, place)
        text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
        (unfinished / CONFIG_FILE).write_text(text, encoding="utf-8")
        os.replace(unfinished / CONFIG_FILE, folder / CONFIG_FILE)
    except OSError as error:
        raise ModelError(f"{folder}: the model cannot be written there ({error})") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def read_config(folder: Path) -> dict[str, Any]:
    """The content of ``config.json`` of a whole model folder.

    Raises:
        ModelError: if the folder or one of its files is missing, naming it.
    """
    if not folder.is_dir():
        raise ModelError(
            f"{folder}: there is no such model folder; train one with `llm-ar train --config ...`"
        )
    for name in _NEEDED:
        if not (folder / name).exists():
            raise ModelError(
                f"{folder / name} is missing: this is no complete model; copy its folder again or "
                "finish its training (llm-ar train --config ... --resume)"
            )
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise damaged(folder / CONFIG_FILE, str(error)) from error
    if not isinstance(config, dict):
        raise damaged(folder / CONFIG_FILE, "it holds no JSON object")
    return config


def read_tensors(file: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Raises:
        ModelError: if it is missing, truncated or another kind of file.
    """
    try:
        return load_file(file)
    except (OSError, SafetensorError, ValueError) as error:
        raise damaged(file, str(error)) from error


def damaged(file: Path, reason: str) -> ModelError:
    """The error for a file that is there but cannot be used."""
    return ModelError(f"{file} is damaged ({reason}); copy the model's folder again")


def settings_to_dict(settings: Any) -> dict[str, Any]:
    """A settings dataclass as plain JSON values."""
    plain = json.loads(json.dumps(dataclasses.asdict(settings), default=str))
    return dict(plain)


def settings_from_dict(kind: type[Any], values: Mapping[str, Any], place: str = "") -> Any:
    """The settings dataclass of that kind; absent keys take their defaults.

    Raises:
        ValueError: for a key that the settings do not have, naming it.
        TypeError: for a group of settings that is not an object.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"the settings {place or 'of the run '}are not an object")
    hints = typing.get_type_hints(kind)
    found: dict[str, Any] = {}
    for key, value in values.items():
        if key not in hints:
            raise ValueError(f"unknown setting {place}{key}")
        found[key] = _typed(hints[key], value, f"{place}{key}")
    return kind(**found)


def _typed(hint: Any, value: Any, place: str) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return settings_from_dict(hint, value, f"{place}.")
    if hint is Path:
        return Path(value)
    if typing.get_origin(hint) is tuple:
        return tuple(value)
    if typing.get_origin(hint) is Literal and value not in typing.get_args(hint):
        raise ValueError(f"setting {place} cannot be {value!r}")
    return float(value) if hint is float else value


def provenance() -> dict[str, Any]:
    """Versions of what trained the model, and the commit when run from a git checkout."""
    versions = {"python": platform.python_version(), "llm-ar": llm_ar.__version__}
    versions |= {name: metadata.version(name) for name in _PACKAGES}
    return {"versions": versions, "commit": _commit()}


def _commit() -> str | None:
    root = Path(llm_ar.__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return None
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None
