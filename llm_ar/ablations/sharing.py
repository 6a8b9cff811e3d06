"""What grids in folders beside each other share: equal trials, as of a common base, and stage 1."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from llm_ar.ablations.grid import Trial
from llm_ar.config import RunConfig
from llm_ar.config_files import settings_from_dict


def finished_sibling(trial: Trial, out: Path) -> Path | None:
    """The result of a trial with the same settings in a grid's folder beside ``out``, if any."""
    for file in sorted(out.absolute().parent.glob("*/results/*.json")):
        try:
            result = json.loads(file.read_text(encoding="utf-8"))
            repetition, settings = result["repetition"], result["settings"]
        except (OSError, ValueError, KeyError, TypeError):
            continue  # Not a grid's.
        if repetition == trial.repetition and same_settings(settings, trial.settings):
            return file
    return None


def copy_tokenizer_from_sibling(first: Path, out: Path) -> None:
    """Copy stage 1 from a grid beside ``out`` that has trained it, whole or not at all."""
    from llm_ar.recognizer.checkpoint import TOKENIZER_FOLDER

    pattern = f"*/tokenizers/{first.name}/{TOKENIZER_FOLDER}/config.json"
    found = sorted(out.absolute().parent.glob(pattern))
    if found:
        copied = first / f"{TOKENIZER_FOLDER}.copied"
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(found[0].parent, copied)
        shutil.rmtree(first / TOKENIZER_FOLDER, ignore_errors=True)
        copied.replace(first / TOKENIZER_FOLDER)


def same_settings(noted: Mapping[str, Any], settings: RunConfig) -> bool:
    """Whether noted settings are these ones, wherever the run's folder is."""
    before = noted_settings(noted)
    return before is not None and replace(before, out=settings.out) == settings


def noted_settings(noted: Mapping[str, Any]) -> RunConfig | None:
    """The settings noted in a result; those that are newer than the note had their defaults.

    Returns:
        None if a setting has another name or other values by now.
    """
    try:
        settings: RunConfig = settings_from_dict(RunConfig, noted)
    except (ValueError, TypeError):
        return None
    return settings
