"""Going on with an interrupted training: its newest complete checkpoint, and its settings.

A resumed run must be the run that was interrupted, so its settings are noted and compared. Only
its epochs may grow: a training that was too short goes on.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from llm_ar.config import RunConfig
from llm_ar.config_files import settings_to_dict
from llm_ar.errors import ConfigError

_SETTINGS_FILE = "settings.json"
_STATE_FILE = "trainer_state.json"
_EPOCHS = "optim.epochs"


def begin(folder: Path, settings: dict[str, Any], resume: bool, first: bool = True) -> Path | None:
    """The checkpoint that a stage goes on from, or None if it starts from the beginning.

    Args:
        folder: of the stage's checkpoints. What an earlier run left there is removed if this one
            starts from the beginning, so that it is never resumed as this one.
        settings: all that must be the same in a resumed run, as plain JSON values.
        resume: whether to go on from the newest complete checkpoint, if there is one.
        first: whether this is the process that writes.

    Raises:
        ConfigError: the checkpoint is of other settings or data; the message names them.
    """
    checkpoint = latest_checkpoint(folder) if resume else None
    if checkpoint is not None:
        check_settings(folder, settings)
    elif first:
        shutil.rmtree(folder, ignore_errors=True)
    if first:
        keep_settings(folder, settings)
    return checkpoint


def latest_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint under a folder; half-written ones are removed.

    The library writes ``trainer_state.json`` last, so a checkpoint that has it whole is complete.
    """
    complete: dict[int, Path] = {}
    for path in folder.glob("checkpoint-*"):
        try:
            step = int(json.loads((path / _STATE_FILE).read_text())["global_step"])
        except (OSError, ValueError, KeyError, TypeError):
            shutil.rmtree(path, ignore_errors=True)
        else:
            complete[step] = path
    return complete[max(complete)] if complete else None


def keep_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Note the settings of a run that begins."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{_SETTINGS_FILE}.tmp"
    unfinished.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(folder / _SETTINGS_FILE)


def check_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Refuse to go on with other settings than those that the run began with.

    More epochs are accepted. The learning rate then follows the cosine of the longer training from
    the step reached.

    Raises:
        ConfigError: naming the settings that differ.
    """
    now = _flat(settings)
    # A setting that is newer than the run had its default.
    before = {
        key: value for key, value in _flat(settings_to_dict(RunConfig())).items() if key in now
    }
    before |= _flat(json.loads((folder / _SETTINGS_FILE).read_text(encoding="utf-8")))
    changed = [
        key
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
        and not (key.endswith(_EPOCHS) and now.get(key, 0) > before.get(key, 0))
    ]
    if changed:
        listed = ", ".join(f"{key} (was {before.get(key)}, is {now.get(key)})" for key in changed)
        raise ConfigError(
            f"{folder}: cannot resume with other settings: {listed}; restore them, or train "
            "without --resume"
        )


def _flat(settings: dict[str, Any], place: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{place}{key}.")
        else:
            flat[place + key] = value
    return flat
