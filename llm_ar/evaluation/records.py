"""The figures that the project claims: one JSON a benchmark and model, and tables made from them.

``python -m llm_ar.evaluation.records README.md`` rewrites the tables between the marks
``<!-- results -->`` and ``<!-- /results -->``, and ``<!-- general -->`` and ``<!-- /general -->``,
from the files in ``results/``. Folds of one benchmark have a file each.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

from llm_ar.errors import LlmArError
from llm_ar.evaluation.evaluate import Evaluation
from llm_ar.evaluation.published import best_cell, published_figures

_FIGURES = (
    "top1",
    "top5",
    "mean_class",
    "top1_without_duplicates",
    "ece",
    "name_head_top1",
    "neighbour_top1",
    "minutes",
    "peak_memory_mib",
)
_COLUMNS = (
    "top1",
    "name_head_top1",
    "neighbour_top1",
    "top5",
    "mean_class",
    "top1_without_duplicates",
    "ece",
)
_PER_SEED = ("seeds", *_FIGURES, "dates", "commits", "devices")


_SUMMARY = (
    (
        "nw-ucla",
        "NW-UCLA, cameras 1 and 2 train, 3 tests",
        "nw-ucla-xview.json",
        "nw-ucla-paper.json",
    ),
    (
        "utd-mhad",
        "UTD-MHAD, odd subjects train, even ones test",
        "utd-mhad.json",
        "utd-mhad-paper.json",
    ),
    ("sbu", "SBU, fold 1 of 5", "sbu-fold1.json", "sbu-paper.json"),
)
"""Dataset, title, file of our model and of the published method, of the short table's rows."""

_GENERAL = {
    "nw-ucla": "NW-UCLA",
    "utd-mhad": "UTD-MHAD",
    "sbu": "SBU",
    "kard": "KARD",
    "florence3d": "Florence 3D",
    "cad60": "CAD-60",
    "msr-daily": "MSR Daily Activity",
    "penn-action": "Penn Action, 2-D",
    "har6": "HAR-6, 2-D",
    "jhmdb": "J-HMDB, videos",
    "bandai-namco": "Bandai-Namco",
}
"""Recorded datasets of the general model and how they are called."""


def record(evaluation: Evaluation, training: Mapping[str, Any], file: Path) -> None:
    """Add an evaluation to a results file, in place of an earlier one with the same seed.

    Args:
        evaluation: of one trained model.
        training: the figures of its training, as in the model's ``config.json``.
        file: JSON under ``results/``; made if absent.

    Raises:
        LlmArError: the file is about another benchmark, protocol, or choice of the epoch.
    """
    summary = evaluation.summary()
    about = {
        "benchmark": evaluation.dataset,
        "protocol": evaluation.protocol,
        "model": evaluation.model,
        "selection": training["selection"],
        "command": _command(evaluation.model, evaluation.protocol),
        "names": len(evaluation.labels),
        "clips": len(evaluation.truth),
        "duplicates": summary["duplicates"],
    }
    run = {
        "seeds": evaluation.seed,
        "top1": summary["top1"],
        "top5": summary["top5"],
        "mean_class": summary["mean_class"],
        "top1_without_duplicates": summary["top1_without_duplicates"],
        "ece": summary["ece"],
        "name_head_top1": summary["name_head_top1"],
        "neighbour_top1": summary["neighbour_top1"],
        "minutes": training["minutes"],
        "peak_memory_mib": training["peak_memory_mib"],
        "dates": evaluation.date,
        "commits": training["commit"],
        "devices": training.get("device"),
    }
    runs = {evaluation.seed: run}
    if file.exists():
        before = json.loads(file.read_text(encoding="utf-8"))
        differing = [key for key in about if before.get(key) != about[key]]
        if differing:
            raise LlmArError(
                f"{file}: holds another result ({', '.join(differing)} differ); choose another file"
            )
        for place, seed in enumerate(before["seeds"]):
            # Some figures were not recorded at first: such a run has none until it is evaluated
            # anew.
            earlier = dict.fromkeys(_PER_SEED, [None] * len(before["seeds"])) | before
            runs.setdefault(seed, {key: earlier[key][place] for key in _PER_SEED})
    columns = {key: [runs[seed][key] for seed in sorted(runs)] for key in _PER_SEED}
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + ".tmp")
    unfinished.write_text(
        json.dumps(about | columns, indent=2, allow_nan=False) + "\n", encoding="utf-8"
    )
    os.replace(unfinished, file)


def _command(model: str, protocol: str) -> str:
    """What trained a model: EXPERIMENT-paper, or EXPERIMENT-PROTOCOL as those of folds are."""
    if model.endswith("-paper"):
        return f"llm-ar train --config experiments/paper/{model.removesuffix('-paper')}.yaml"
    experiment = model.removesuffix(f"-{protocol}")
    command = f"llm-ar train --config experiments/ours/{experiment}.yaml"
    if not re.fullmatch(r"fold\d+", protocol) or experiment == model:
        return command
    return f"{command} --protocol {protocol} --out runs/{model}"


def table(results: Path, link: str = "results") -> str:
    """A Markdown table of all results in a folder, in the order of the files' names.

    Args:
        results: the folder.
        link: how the page that the table stands on reaches it.
    """
    folds: dict[tuple[str, str], list[float]] = {}
    lines = [
        "| benchmark | protocol | model | names | clips | top-1 | name head alone | nearest joints "
        "| top-5 | mean class | without duplicates | ECE | training | seeds |",
        f"|{' --- |' * 14}",
    ]
    for file in sorted(results.glob("*.json")):
        result = json.loads(file.read_text(encoding="utf-8"))
        if "top1" not in result:
            continue
        cells = [
            result["benchmark"],
            result["protocol"],
            f"[{result['model']}]({link}/{file.name})",
            str(result["names"]),
            str(result["clips"]),
            *(_spread(_values(result, key)) for key in _COLUMNS),
            f"{_minutes(result)}, {result['selection']}",
            ", ".join(map(str, result["seeds"])),
        ]
        lines.append(f"| {' | '.join(cells)} |")
        experiment = result["model"].removesuffix(f"-{result['protocol']}")
        if re.fullmatch(r"fold\d+", result["protocol"]):
            folds.setdefault((result["benchmark"], experiment), []).append(mean(result["top1"]))
    for (benchmark, _), top1 in folds.items():
        if len(top1) == 1:
            continue
        cells = [benchmark, f"mean of {len(top1)} folds", *[""] * 3, f"{mean(top1):.1f}"]
        cells += [""] * 8
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def summary_table(results: Path) -> str:
    """A short Markdown table: each dataset's own model beside the published method, baselines and
    other methods' published figures.

    Args:
        results: the folder.
    """
    lines = [
        "| dataset, protocol | ours | published method, same LLM | name head alone, no LLM "
        "| nearest joints | best published, other methods |",
        f"|{' --- |' * 6}",
    ]
    others = published_figures(results)
    for dataset, title, ours, published in _SUMMARY:
        found = [json.loads(file.read_text("utf-8")) for file in sorted(results.glob(ours))]
        if not found:
            continue
        seeds = max(len(result["seeds"]) for result in found)
        cells = [f"{title} ({seeds} seed{'s' if seeds > 1 else ''})"]
        cells.append(_mean_of(found, "top1"))
        paper = [json.loads(file.read_text("utf-8")) for file in sorted(results.glob(published))]
        cells.append(_mean_of(paper, "top1") if paper else "-")
        cells += [_mean_of(found, key) for key in ("name_head_top1", "neighbour_top1")]
        cells.append(best_cell(others, dataset, title))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _mean_of(results: list[dict[str, Any]], key: str) -> str:
    """Of one file the mean and spread over seeds, of several (folds) the mean of their means."""
    if len(results) == 1:
        return _spread(_values(results[0], key))
    values = [value for result in results for value in _values(result, key)]
    known = [value for value in values if value is not None]
    return f"{mean(known):.1f}" if len(known) == len(values) else "-"


def _values(result: Mapping[str, Any], key: str) -> list[float | None]:
    """One figure a seed; the nearest joints are the same for each, and stand once."""
    values: list[float | None] = result.get(key, [None])
    return list(dict.fromkeys(values)) if key == "neighbour_top1" else values


def _minutes(result: Mapping[str, Any]) -> str:
    """Mean minutes of the trainings, of those on the processor where there are any.

    A training that was suspended has none.
    """
    devices = [name or "CPU" for name in result.get("devices", [None] * len(result["seeds"]))]
    device = "CPU" if "CPU" in devices else devices[0]
    each = zip(result["minutes"], devices, strict=True)
    known = [m for m, name in each if name == device and m is not None]
    return f"{mean(known):.0f} min" + ("" if device == "CPU" else f" on {device}")


def general_table(results: Path) -> str:
    """A Markdown table of the general model: test clips of what trained it, and datasets left out.

    Args:
        results: the folder.
    """
    read = {
        name: json.loads((results / f"{name}.json").read_text(encoding="utf-8"))["runs"]
        for name in ("general", "leave-one-corpus-out")
    }
    corpora = read["general"]["general-seed0"]["corpora"]
    names = read["general"]["general-seed0"]["names"]
    lines = [
        f"| dataset | test clips, among all {names} names | nearest training clip "
        "| dataset left out, among its own names | the same, prior corrected | chance |",
        f"|{' --- |' * 6}",
    ]
    for corpus, title in _GENERAL.items():
        among = corpora[corpus]["among_all_names"]
        cells = [title, *(f"{among[key]['right']:.1f}" for key in ("name_head", "nearest_joints"))]
        left_out = read["leave-one-corpus-out"].get(f"{corpus}-seed0")
        if left_out:
            hows = ("nearest_sentence", "nearest_sentence_prior_corrected")
            each = [left_out["top1"].get(how, {}).get("right") for how in hows]
            figures = [*each, left_out["chance"]]
        else:
            figures = [None] * 3
        cells += ["-" if figure is None else f"{figure:.1f}" for figure in figures]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


_TABLES = {"results": summary_table, "general": general_table}
"""The name of a table's marks to what makes it."""


def update(page: Path, results: Path) -> None:
    """Replace the tables between the marks of a Markdown page.

    Raises:
        LlmArError: the page has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    found = False
    for name, made in _TABLES.items():
        before, begin, rest = text.partition(f"<!-- {name} -->")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        if begin and end:
            text = f"{before}{begin}\n{made(results)}\n{end}{after}"
            found = True
    if not found:
        marks = " or ".join(f"<!-- {name} --> and <!-- /{name} -->" for name in _TABLES)
        raise LlmArError(f"{page}: has no place for a table; add the lines {marks}")
    page.write_text(text, encoding="utf-8")


def _spread(values: list[float | None]) -> str:
    """Mean and spread over the seeds; a dash where a run has no such figure."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return "-"
    if len(known) == 1:
        return f"{known[0]:.1f}"
    return f"{mean(known):.1f} ± {pstdev(known):.1f}"


if __name__ == "__main__":
    for name in sys.argv[1:] or ["README.md"]:
        update(Path(name), Path("results"))
