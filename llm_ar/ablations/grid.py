"""Grids of ablations: a base experiment, and runs that differ from it by a few settings."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from llm_ar.config import RunConfig
from llm_ar.config_files import load_run, settings_to_dict
from llm_ar.errors import ConfigError

_KEYS = ("base", "runs", "over", "paper", "note")


@dataclass(frozen=True)
class Trial:
    """One repetition of one run.

    Args:
        run: name of the run.
        repetition: tells the repetitions of a run apart, such as ``seed0`` or ``unseen3-seed0``.
        differences: settings that differ from the base, by dotted names.
        settings: all settings.
    """

    run: str
    repetition: str
    differences: Mapping[str, Any]
    settings: RunConfig

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.run}-{self.repetition}"

    @property
    def first_stage(self) -> str:
        """Hash of all that stage 1 depends on: trials with the same one share a tokenizer."""
        described = settings_to_dict(self.settings)
        recognizer = described.pop("recognizer")
        described["llm"] = recognizer["llm"]["name"]
        described.pop("ablation")
        described["tokenizer"]["optim"].pop("save_minutes")
        described.pop("out")
        if not described["finetune_tokenizer"]:
            described.pop("init_from")
            described.pop("finetune_tokenizer")
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Grid:
    """A grid file.

    Args:
        file: it.
        base: the experiment that the runs differ from.
        runs: differences by dotted names, by the runs' names.
        over: a setting and the values over which each run is repeated, such as the splits of a
            protocol; none by default.
        paper: the paper's table to stand beside, if any.
        note: a sentence under the table.
    """

    file: Path
    base: Path
    runs: Mapping[str, Mapping[str, Any]]
    over: tuple[str, tuple[Any, ...]] | None
    paper: str | None
    note: str

    def trials(self, seeds: Sequence[int], out: Path) -> Iterator[Trial]:
        """All repetitions, seed by seed, so that every run has one before any has two.

        Raises:
            ConfigError: a run's settings are impossible; the message names grid and run.
        """
        setting, values = self.over or ("", (None,))
        settings = {
            (run, value): self._settings(run, {**changes, **({setting: value} if setting else {})})
            for run, changes in self.runs.items()
            for value in values
        }
        for seed, value in itertools.product(seeds, values):
            for run, differences in self.runs.items():
                repetition = f"seed{seed}" if value is None else f"{value}-seed{seed}"
                place = out / "runs" / f"{run}-{repetition}"
                found = replace(settings[run, value], seed=seed, out=place)
                yield Trial(run, repetition, differences, found)

    def _settings(self, run: str, changes: Mapping[str, Any]) -> RunConfig:
        words = [f"--{name}={_word(value)}" for name, value in changes.items()]
        try:
            return load_run(self.base, words)
        except ConfigError as error:
            place = f"{self.file}: run '{run}'"
            raise ConfigError(str(error).replace("command line", place, 1)) from None


def read_grid(file: Path) -> Grid:
    """Read a grid file.

    Raises:
        ConfigError: it cannot be read, or is no grid; the message says what is missing.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror or error})") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: is not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, Mapping) or not isinstance(content.get("base"), str):
        raise ConfigError(f"{file}: is no grid; it needs 'base: EXPERIMENT.yaml' and 'runs:'")
    unknown = [key for key in content if key not in _KEYS]
    if unknown:
        raise ConfigError(f"{file}: unknown key {unknown[0]!r}; known are {', '.join(_KEYS)}")
    runs = content.get("runs")
    if not isinstance(runs, Mapping) or not runs:
        raise ConfigError(f"{file}: 'runs' must name at least one run and what differs in it")
    for name, differences in runs.items():
        if differences is not None and not isinstance(differences, Mapping):
            raise ConfigError(f"{file}: run '{name}' must be settings, or {{}} for the base itself")
    return Grid(
        file=file,
        base=file.parent / content["base"],
        runs={str(name): dict(_dotted(changes or {}, "")) for name, changes in runs.items()},
        over=_over(file, content.get("over")),
        paper=content.get("paper"),
        note=" ".join(str(content.get("note") or "").split()),
    )


def _over(file: Path, given: Any) -> tuple[str, tuple[Any, ...]] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or len(given) != 1:
        raise ConfigError(f"{file}: 'over' must be one setting and a list of its values")
    [(setting, values)] = given.items()
    if not isinstance(values, list) or not values:
        raise ConfigError(f"{file}: 'over' must give a list of values for {setting}")
    return str(setting), tuple(values)


def _dotted(changes: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in changes.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
