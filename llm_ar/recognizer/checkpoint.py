"""A model's folder on disk: complete but for the LLM's own weights, and never half of one.

``config.json`` is written last and removed first, so a folder that has it is whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from llm_ar.config import RepairConfig
from llm_ar.config_files import settings_from_dict
from llm_ar.errors import ConfigError, ModelError

CONFIG_FILE = "config.json"
ADAPTER_FILE = "adapter_model.safetensors"
ADAPTER_CONFIG_FILE = "adapter_config.json"
TOKEN_EMBEDDINGS_FILE = "token_embeddings.safetensors"
TOKENIZER_FOLDER = "tokenizer"
CARD_FILE = "README.md"
_NEEDED = (CONFIG_FILE, ADAPTER_FILE, ADAPTER_CONFIG_FILE, TOKEN_EMBEDDINGS_FILE, TOKENIZER_FOLDER)


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
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{folder}: the model cannot be written there ({error})") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def read_config(folder: Path) -> dict[str, Any]:
    """The content of ``config.json`` of a whole model folder.

    Raises:
        ModelError: if the folder or one of its files is missing, naming it.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder}: there is no such model folder; train one with llm-ar train")
    for name in _NEEDED:
        if not (folder / name).exists():
            raise ModelError(
                f"{folder / name} is missing: this is no complete model; copy its folder again or "
                "finish its training by the command that began it, with --resume"
            )
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise damaged(folder / CONFIG_FILE, str(error)) from error
    if not isinstance(config, dict):
        raise damaged(folder / CONFIG_FILE, "it holds no JSON object")
    return config


def repair_rules(folder: Path) -> RepairConfig:
    """The rules by which raw tracks became people in the data that a model was trained on.

    They are the published ones for a folder without them: that of an earlier version, or of
    a tokenizer alone.

    Raises:
        ModelError: if they are damaged.
    """
    file = folder / CONFIG_FILE
    if not file.exists():
        return RepairConfig()
    try:
        rules = json.loads(file.read_text(encoding="utf-8")).get("repair", {})
        found: RepairConfig = settings_from_dict(RepairConfig, rules)
    except (OSError, ValueError, TypeError, AttributeError, ConfigError) as error:
        raise damaged(file, str(error)) from error
    return found


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
