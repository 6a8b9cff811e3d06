"""Tables of ablations: each run's figures over its repetitions, beside the paper's."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

import yaml

from llm_ar.errors import ConfigError

_COLUMNS = {
    "top1": "top-1",
    "top1_without_duplicates": "without copies",
    "mean_class": "mean class",
    "generalised_unseen": "unseen, all names",
    "generalised_seen": "seen, all names",
    "harmonic": "harmonic mean",
    "calibrated_top1": "top-1, calibrated",
    "calibrated_harmonic": "harmonic mean, calibrated",
    "analogy_top1": "top-1, by analogy",
    "analogy_harmonic": "harmonic mean, by analogy",
    "minutes": "minutes",
}
_DETAILS = (
    *_COLUMNS,
    "top5",
    "seen_top1",
    "calibrated_unseen",
    "calibrated_seen",
    "analogy_unseen",
    "analogy_seen",
    "trained_parameters",
)


@dataclass(frozen=True)
class PaperTable:
    """One ablation of the paper: what it measured, and top-1 by the name of our run."""

    about: str
    figures: Mapping[str, float]


def paper_table(name: str) -> PaperTable:
    """One of the paper's ablations (``paper_tables.yaml``).

    Raises:
        ConfigError: there is none of that name.
    """
    text = (
        resources.files("llm_ar.evaluation.report").joinpath("paper_tables.yaml").read_text("utf-8")
    )
    tables = yaml.safe_load(text)
    if name not in tables:
        raise ConfigError(
            f"paper: the paper has no table {name!r} here; known are {', '.join(tables)}"
        )
    return PaperTable(tables[name]["about"], tables[name]["figures"])


def summarize(
    names: Sequence[str],
    results: Mapping[str, Sequence[Mapping[str, Any]]],
    paper: PaperTable | None,
) -> list[dict[str, Any]]:
    """One row a run: what differs, its repetitions, a list of each figure, and the paper's.

    Args:
        names: the runs in the table's order, the one that the others are compared with first.
        results: finished repetitions of each run; runs without any have a row all the same.
        paper: the table to stand beside.
    """
    rows = []
    for name in names:
        done = results.get(name, ())
        row: dict[str, Any] = {
            "run": name,
            "differences": done[0]["differences"] if done else {},
            "repetitions": [one["repetition"] for one in done],
        }
        for figure in _DETAILS:
            values = [one["figures"][figure] for one in done if figure in one["figures"]]
            if values:
                row[figure] = values
        if paper is not None and name in paper.figures:
            row["paper"] = paper.figures[name]
        rows.append(row)
    return rows


def markdown(rows: Sequence[Mapping[str, Any]], paper: PaperTable | None) -> str:
    """The rows as a Markdown table: mean and spread, and the difference to the first run."""
    shown = [figure for figure in _COLUMNS if any(figure in row for row in rows)]
    heads = ["run", *(_COLUMNS[figure] for figure in shown), "difference", "n"]
    if paper is not None:
        heads += ["the paper's", "difference"]
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    first = rows[0]
    for row in rows:
        cells = [row["run"], *(spread(row.get(figure, ())) for figure in shown)]
        cells += [_difference(_mean(row), _mean(first)), str(len(row["repetitions"]))]
        if paper is not None:
            theirs, reference = row.get("paper"), first.get("paper")
            cells += ["-" if theirs is None else f"{theirs:.1f}", _difference(theirs, reference)]
        lines.append(f"| {' | '.join(cells)} |")
    if paper is not None:
        lines += ["", f"The paper's: {paper.about}."]
    return "\n".join(lines) + "\n"


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation (of these values, not of a larger population)."""
    if not values:
        return "-"
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{mean(values):.1f} ± {pstdev(values):.1f}"


def write_whole(file: Path, text: str) -> None:
    """Write a file at once, so that nobody ever sees a part of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, file)


def write_json(file: Path, content: Any) -> None:
    """Write JSON at once."""
    write_whole(file, json.dumps(content, indent=2, allow_nan=False) + "\n")


def _mean(row: Mapping[str, Any]) -> float | None:
    return mean(row["top1"]) if row.get("top1") else None


def _difference(value: float | None, reference: float | None) -> str:
    return "-" if value is None or reference is None else f"{value - reference:+.1f}"
