"""The results of an evaluation as files: JSON, a page that needs nothing else, and pictures."""

from __future__ import annotations

import json
from pathlib import Path

from markupsafe import Markup

from llm_ar.evaluation.evaluate import Evaluation
from llm_ar.evaluation.report import samples, vocabulary
from llm_ar.evaluation.report.pages import render, write
from llm_ar.evaluation.report.plots import confusion_matrix, reliability
from llm_ar.evaluation.report.stick_figures import strip
from llm_ar.provenance import versions
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.store import ClipStore

RESULTS_FILE = "evaluation.json"
REPORT_FILE = "report.html"
CONFUSION_FILE = "confusion.png"
RELIABILITY_FILE = "reliability.png"
SHOWN_TOKENS = 48
SHOWN_NAMES = 3
"""Names that are listed for each token, at most."""


def write_results(evaluation: Evaluation, folder: Path) -> Path:
    """Write ``evaluation.json`` into the folder, whole or not at all; returns its path."""
    return write(
        folder / RESULTS_FILE, json.dumps(evaluation.to_dict(), indent=1, allow_nan=False) + "\n"
    )


def write_pictures(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write the confusion matrix and the reliability plot as PNG; returns their paths.

    Raises:
        ConfigError: the folder cannot be written.
    """
    matrix = confusion_matrix(evaluation.confusion, evaluation.labels)
    return [
        write(folder / CONFUSION_FILE, matrix.png()),
        write(folder / RELIABILITY_FILE, reliability(evaluation.calibration).png()),
    ]


def write_report(
    evaluation: Evaluation, model: ActionRecognizer, store: ClipStore, folder: Path
) -> Path:
    """Write ``report.html`` into the folder, whole or not at all; returns its path.

    The page carries its style, script, pictures and sample clips, and loads nothing.

    Args:
        evaluation: the results to show.
        model: the recognizer that gave them (its tokenizer decodes sentences and tokens).
        store: the dataset that they were measured on.
        folder: where to; made if missing.
    """
    shown = [samples.describe(evaluation, p, model, store) for p in samples.choose(evaluation)]
    page = render(
        "report.html",
        samples.motion(model.tokenizer.layout, shown),
        evaluation=evaluation,
        summary=evaluation.summary(),
        classes=sorted(evaluation.per_class(), key=_worst_first),
        samples=shown,
        confusion=Markup(confusion_matrix(evaluation.confusion, evaluation.labels).svg()),
        reliability=Markup(reliability(evaluation.calibration).svg()),
        words=_words(evaluation, model),
        used=len(set(evaluation.sentences.flat)),
        vocabulary=model.tokenizer.vocabulary,
        versions=versions(),
    )
    return write(folder / REPORT_FILE, page)


def _words(evaluation: Evaluation, model: ActionRecognizer) -> list[dict[str, object]]:
    """The most used tokens, their movements, and the actions of the clips that hold them."""
    uses = vocabulary.most_used(evaluation, SHOWN_TOKENS, model.tokenizer.steps)
    moves = vocabulary.movements(model.tokenizer, [use.token for use in uses])
    strips = strip(moves, model.tokenizer.layout)
    return [
        {"use": use, "names": use.names[:SHOWN_NAMES], "picture": Markup(picture)}
        for use, picture in zip(uses, strips, strict=True)
    ]


def _worst_first(row: dict[str, float | None]) -> float:
    accuracy = row["accuracy"]
    return 101.0 if accuracy is None else accuracy
