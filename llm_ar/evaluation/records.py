"""The figures that the project claims: one JSON a benchmark and model, and tables made from them.

``python -m llm_ar.evaluation.records README.md`` rewrites the table between the marks
``<!-- results -->`` and ``<!-- /results -->`` from the files in ``results/``. Folds of one
benchmark have a file each; the table ends with their mean.
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

_BEGIN, _END = "<!-- results -->", "<!-- /results -->"
_FIGURES = (
    "top1",
    "top5",
    "mean_class",
    "top1_without_duplicates",
    "ece",
    "minutes",
    "peak_memory_mib",
)
_PER_SEED = ("seeds", *_FIGURES, "dates", "commits", "devices")


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
            # Calibration and devices were not recorded at first: such a run has none until it is
            # evaluated anew.
            unknown = [None] * len(before["seeds"])
            earlier = {"ece": unknown, "devices": unknown} | before
            runs.setdefault(seed, {key: earlier[key][place] for key in _PER_SEED})
    columns = {key: [runs[seed][key] for seed in sorted(runs)] for key in _PER_SEED}
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + ".tmp")
    unfinished.write_text(
        json.dumps(about | columns, indent=2, allow_nan=False) + "\n", encoding="utf-8"
    )
    os.replace(unfinished, file)


def _command(model: str, protocol: str) -> str:
    """What trained a model; models of folds are named EXPERIMENT-foldN."""
    experiment = re.sub(r"-fold\d+$", "", model)
    command = f"llm-ar train --config experiments/ours/{experiment}.yaml"
    if experiment == model:
        return command
    return f"{command} --protocol {protocol} --out runs/{model}"


def table(results: Path, link: str = "results") -> str:
    """A Markdown table of all results in a folder, in the order of the files' names.

    Args:
        results: the folder.
        link: how the page that the table stands on reaches it.
    """
    folds: dict[str, list[float]] = {}
    lines = [
        "| benchmark | protocol | model | names | top-1 | top-5 | mean class | clips | duplicates "
        "| top-1 without duplicates | ECE | training | seeds |",
        f"|{' --- |' * 13}",
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
            *(_spread(result[key]) for key in ("top1", "top5", "mean_class")),
            str(result["clips"]),
            str(result["duplicates"]),
            _spread(result["top1_without_duplicates"]),
            _spread(result.get("ece", [None])),
            f"{_minutes(result)}, {result['selection']}",
            ", ".join(map(str, result["seeds"])),
        ]
        lines.append(f"| {' | '.join(cells)} |")
        if re.fullmatch(r"fold\d+", result["protocol"]):
            folds.setdefault(result["benchmark"], []).append(mean(result["top1"]))
    for benchmark, top1 in folds.items():
        cells = [benchmark, f"mean of {len(top1)} folds", "", "", f"{mean(top1):.1f}", *[""] * 8]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _minutes(result: Mapping[str, Any]) -> str:
    """Mean minutes of the trainings, of those on the processor where there are any."""
    devices = [name or "CPU" for name in result.get("devices", [None] * len(result["seeds"]))]
    device = "CPU" if "CPU" in devices else devices[0]
    known = [m for m, name in zip(result["minutes"], devices, strict=True) if name == device]
    return f"{mean(known):.0f} min" + ("" if device == "CPU" else f" on {device}")


def update(page: Path, results: Path) -> None:
    """Replace the table between the marks of a Markdown page.

    Raises:
        LlmArError: the page has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise LlmArError(f"{page}: has no place for the table; add the lines {_BEGIN} and {_END}")
    page.write_text(f"{before}{_BEGIN}\n{table(results)}\n{_END}{after}", encoding="utf-8")


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
