"""The results of an evaluation as files: ``evaluation.json`` and a page that needs nothing else."""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from llm_ar.evaluation import pictures, samples
from llm_ar.evaluation.evaluate import Evaluation
from llm_ar.provenance import versions
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.store import ClipStore

RESULTS_FILE = "evaluation.json"
REPORT_FILE = "report.html"


def write_results(evaluation: Evaluation, folder: Path) -> Path:
    """Write ``evaluation.json`` into the folder, whole or not at all; returns its path."""
    return _write(folder / RESULTS_FILE, json.dumps(evaluation.to_dict(), indent=1) + "\n")


def write_report(
    evaluation: Evaluation, model: ActionRecognizer, store: ClipStore, folder: Path
) -> Path:
    """Write ``report.html`` into the folder, whole or not at all; returns its path.

    The page carries its style, script, pictures and sample clips, and loads nothing.

    Args:
        evaluation: the results to show.
        model: the recogniser that gave them (its tokenizer decodes the sample clips' sentences).
        store: the dataset that they were measured on.
        folder: where to; made if missing.
    """
    shown = [samples.describe(evaluation, p, model, store) for p in samples.choose(evaluation)]
    layout = model.tokenizer.layout
    motion = {
        "bones": samples.bones(layout),
        "joints": len(layout.joints),
        "samples": shown,
    }
    environment = Environment(
        loader=PackageLoader("llm_ar.evaluation", "page"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html").render(
        evaluation=evaluation,
        summary=evaluation.summary(),
        ece=100 * evaluation.calibration.ece,
        classes=sorted(evaluation.per_class(), key=_worst_first),
        samples=shown,
        style=Markup(_page_file("report.css")),
        script=Markup(_page_file("animation.js")),
        motion=Markup(_inline_json(motion)),
        confusion=Markup(pictures.confusion_matrix(evaluation.confusion, evaluation.labels)),
        reliability=Markup(pictures.reliability(evaluation.calibration)),
        versions=versions(),
    )
    return _write(folder / REPORT_FILE, page)


def _worst_first(row: dict[str, float | None]) -> float:
    accuracy = row["accuracy"]
    return 101.0 if accuracy is None else accuracy


def _page_file(name: str) -> str:
    return resources.files("llm_ar.evaluation").joinpath("page", name).read_text("utf-8")


def _inline_json(value: object) -> str:
    """JSON that cannot end the script element that it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path
