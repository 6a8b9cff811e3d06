"""``llm-ar ablate``: a grid of differences from an experiment, trained, evaluated, tabulated."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from llm_ar.ablations.grid import Grid, Trial, read_grid
from llm_ar.ablations.sharing import copy_tokenizer_from_sibling, finished_sibling, same_settings
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import note, show_lines
from llm_ar.config_files import settings_to_dict
from llm_ar.errors import ConfigError
from llm_ar.evaluation.report.tables import (
    markdown,
    paper_table,
    summarize,
    write_json,
    write_whole,
)

_TRAINING = (
    "minutes",
    "minutes_tokenizer",
    "minutes_recognizer",
    "trained_parameters",
)
"""The training's figures in a result; not its memory: a process knows only the peak of all."""


def run(arguments: Sequence[str]) -> int:
    """Do what is left of a grid and print its table."""
    parser = CommandParser(
        prog="llm-ar ablate",
        description="Train and evaluate each run of a grid (experiments/ablations/*.yaml), both "
        "stages; runs that differ in stage 2 alone share stage 1. The same command goes on after "
        "an interruption; several may work on one folder at the same time. What a grid in a folder "
        "beside it has trained with the same settings is taken from there.",
        example="llm-ar ablate experiments/ablations/utd-mhad-codebook.yaml --out runs/codebook",
    )
    parser.add_argument("grid", type=Path, help="YAML file with base and runs")
    parser.add_argument("--out", type=Path, required=True, help="folder of runs, figures, tables")
    parser.add_argument(
        "--seeds",
        type=_seeds,
        default=(0,),
        metavar="0,1,2",
        help="one repetition each (default 0)",
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these runs of the grid alone")
    parser.add_argument(
        "--dry-run", action="store_true", help="list what is left and its expected minutes"
    )
    given = parser.parse_args(arguments)
    grid = read_grid(given.grid)
    if grid.paper is not None:
        paper_table(grid.paper)
    unknown = [name for name in given.only or () if name not in grid.runs]
    if unknown:
        raise ConfigError(
            f"--only: {grid.file} has no run {unknown[0]!r}; it has {', '.join(grid.runs)}"
        )
    chosen = list(given.only or grid.runs)
    trials = [trial for trial in grid.trials(given.seeds, given.out) if trial.run in chosen]
    # All results are looked at before the first training, so that a stale one stops it at once.
    left = [trial for trial in trials if finished(trial, given.out) is None]
    if given.dry_run:
        _announce([t for t in left if not finished_sibling(t, given.out)], len(trials), given.out)
        return 0
    for number, trial in enumerate(left, 1):
        note(f"ablate: {number} of {len(left)}, {trial.name}")
        _do(trial, given.out)
        tabulate(grid, given.out)
    show_lines(tabulate(grid, given.out))
    return 0


def finished(trial: Trial, out: Path) -> dict[str, Any] | None:
    """The result of a trial that is done.

    Raises:
        ConfigError: it was done with other settings.
    """
    file = _result_file(trial, out)
    if not file.exists():
        return None
    result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if not same_settings(result["settings"], trial.settings):
        raise ConfigError(
            f"{file}: was made with other settings than the grid has now; delete it to train anew, "
            "or choose another --out"
        )
    return result


def tabulate(grid: Grid, out: Path) -> str:
    """Write ``tables.md`` and ``tables.json`` from the finished trials; returns the former."""
    found: dict[str, list[dict[str, Any]]] = {}
    for file in sorted((out / "results").glob("*.json")):
        result = json.loads(file.read_text(encoding="utf-8"))
        found.setdefault(result["run"], []).append(result)
    paper = paper_table(grid.paper) if grid.paper is not None else None
    rows = summarize(list(grid.runs), found, paper)
    done = [result for name in grid.runs for result in found.get(name, ())]
    about = {key: sorted({one[key] for one in done}) for key in ("benchmark", "protocol")}
    title = f"{', '.join(about['benchmark'])} ({', '.join(about['protocol'])})"
    note = f"\n{grid.note}\n" if grid.note else ""
    page = f"### {grid.file.stem}: {title}\n\n{markdown(rows, paper)}{note}"
    write_whole(out / "tables.md", page)
    content = {
        "grid": grid.file.stem,
        "command": f"llm-ar ablate {grid.file.as_posix()} --out {out.as_posix()}",
        **about,
        "paper": grid.paper,
        "note": grid.note,
        "selection": sorted({one["selection"] for one in done}),
        "rows": rows,
        "dates": [one["date"] for one in done],
        "commits": sorted({str(one["commit"]) for one in done}),
        "devices": sorted({one.get("device", "CPU") for one in done}),
    }
    write_json(out / "tables.json", content)
    return page


def _do(trial: Trial, out: Path) -> None:
    """Both stages and the evaluation of one trial, unless another process works on it."""
    place = trial.settings.out
    place.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(place.with_name(f".{place.name}.lock"), timeout=0):
            if finished(trial, out) is None and not _taken(trial, out):
                _train_and_evaluate(trial, out)
    except Timeout:
        note(f"ablate: another process works on {trial.name}")


def _taken(trial: Trial, out: Path) -> bool:
    """Whether another grid has done the same, such as the common base; its result is taken."""
    file = finished_sibling(trial, out)
    if file is None:
        return False
    result = json.loads(file.read_text(encoding="utf-8"))
    place = Path(os.path.relpath(file, out)).as_posix()
    mine = {"run": trial.run, "differences": dict(trial.differences), "taken_from": place}
    write_json(_result_file(trial, out), {**result, **mine})
    note(f"ablate: {trial.name}: the same as {place}, of commit {result['commit']}")
    return True


def _train_and_evaluate(trial: Trial, out: Path) -> None:
    from llm_ar.ablations.train import train_reader
    from llm_ar.ablations.unseen import evaluate_unseen
    from llm_ar.applications.train import train_first
    from llm_ar.evaluation.evaluate import evaluate
    from llm_ar.recognizer.checkpoint import TOKENIZER_FOLDER
    from llm_ar.recognizer.warm_start import copy_tokenizer, inherit_config
    from llm_ar.skeletons.datasets.protocols import dataset_named, protocol_named
    from llm_ar.skeletons.store import ClipStore

    settings = trial.settings
    store = ClipStore.open(settings.data)
    if settings.init_from:
        settings = inherit_config(settings)
    if settings.init_from and not settings.finetune_tokenizer:
        copy_tokenizer(settings)
    else:
        first = out / "tokenizers" / trial.first_stage
        first.mkdir(parents=True, exist_ok=True)
        with FileLock(first.with_name(f".{first.name}.lock")):
            # Its config is written last: with it the tokenizer is whole.
            made = first / TOKENIZER_FOLDER / "config.json"
            if not made.exists():
                copy_tokenizer_from_sibling(first, out)
            if not made.exists():
                train_first(replace(settings, out=first), store, resume=True)
            shutil.rmtree(first / "training", ignore_errors=True)
        shutil.copytree(
            first / TOKENIZER_FOLDER, settings.out / TOKENIZER_FOLDER, dirs_exist_ok=True
        )
    model = train_reader(settings, resume=True)
    protocol = protocol_named(dataset_named(store.dataset), settings.protocol)
    figures: dict[str, Any]
    if protocol.unseen:
        figures = asdict(evaluate_unseen(model, store))
    else:
        figures = dict(evaluate(model, store, name=trial.name).summary())
    training = dict(model.training)
    figures |= {name: training[name] for name in _TRAINING if name in training}
    figures["training_clips"] = training["clips"]
    result = {
        "run": trial.run,
        "repetition": trial.repetition,
        "differences": dict(trial.differences),
        "benchmark": store.dataset,
        "protocol": settings.protocol,
        "selection": training["selection"],
        "figures": figures,
        "settings": settings_to_dict(trial.settings),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": training["commit"],
        "device": training["device"],
    }
    write_json(_result_file(trial, out), result)
    # Checkpoints are for going on, and there is nothing left to go on with.
    shutil.rmtree(settings.out / "training", ignore_errors=True)
    note(f"ablate: {trial.name}: top-1 {figures['top1']:.1f} %")


def _announce(left: Sequence[Trial], trials: int, out: Path) -> None:
    """What is left to do, and about how long it takes."""
    from llm_ar.ablations.eta import expected_minutes, rates

    files = sorted((out / "results").glob("*.json"))
    known = rates([json.loads(file.read_text(encoding="utf-8")) for file in files])
    minutes = expected_minutes(left, known)
    for trial, expected in zip(left, minutes, strict=True):
        changes = ", ".join(f"{name} {value}" for name, value in trial.differences.items())
        show_lines(f"{trial.name}: about {expected:.0f} min ({changes or 'the base'})")
    show_lines(
        f"{len(left)} of {trials} are left, about {sum(minutes):.0f} min in all ({known.origin})"
    )


def _result_file(trial: Trial, out: Path) -> Path:
    return out / "results" / f"{trial.name}.json"


def _seeds(text: str) -> tuple[int, ...]:
    try:
        seeds = tuple(int(word) for word in text.split(","))
    except ValueError:
        seeds = ()
    if not seeds or min(seeds) < 0 or len(set(seeds)) < len(seeds):
        raise argparse.ArgumentTypeError(f"{text!r} are no different whole numbers, such as 0,1,2")
    return seeds
