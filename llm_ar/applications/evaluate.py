"""``llm-ar evaluate``: the accuracy of a model as figures, as JSON and as a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from llm_ar.applications.ui.loading import load_recognizer
from llm_ar.applications.ui.models import check_data, check_model
from llm_ar.applications.ui.options import add_data_option, add_model_option
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import progress_bar, results, show_lines
from llm_ar.applications.ui.text import plain

if TYPE_CHECKING:
    from llm_ar.evaluation.evaluate import Evaluation


def run(arguments: Sequence[str]) -> int:
    """Evaluate a model, write the results, and print their summary."""
    parser = CommandParser(
        prog="llm-ar evaluate",
        description="Recognize a protocol's test clips; writes evaluation.json and report.html.",
        example="llm-ar evaluate --model runs/mine --data data/mine",
    )
    add_model_option(parser, required=True)
    add_data_option(parser)
    parser.add_argument("--protocol", help="which clips test (default: the model's own protocol)")
    parser.add_argument(
        "--out", type=Path, help="where to write (default: evaluations/NAME OF THE MODEL)"
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="add the figures to this results file (top-1 of one seed after another)",
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="also write confusion.png and reliability.png there",
    )
    parser.add_argument(
        "--fast",
        action="store_true",
        help="let the token classifier answer clips of which it is confident, without the LLM",
    )
    parser.add_argument(
        "--own-names",
        action="store_true",
        help="choose among the dataset's own names, where the model knows others too",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object: top1, top5, mean_class and ece (expected calibration error) "
        "in percent (88.14 means 88.14 %%), "
        "clips, clips_per_second, duplicates (test clips with exactly the joints of a training "
        "clip), top1_without_duplicates, name_head_top1 (the tokenizer alone, without the LLM; "
        "null where it has no name head), neighbour_top1 (null without --record)",
    )
    given = parser.parse_args(arguments)
    if given.fast and given.own_names:
        parser.error("--fast chooses among all trained names; leave out --own-names")
    check_model(given.model)
    check_data(given.data)
    name = given.model.resolve().name
    evaluation, report = evaluate_model(
        given.model,
        given.data,
        given.protocol,
        given.out or Path("evaluations") / name,
        fast=given.fast,
        own_names=given.own_names,
        baseline=given.record is not None,
    )
    if given.record is not None:
        from llm_ar.evaluation.records import record
        from llm_ar.recognizer.checkpoint import read_config

        record(evaluation, read_config(given.model)["training"], given.record)
    if given.pictures is not None:
        from llm_ar.evaluation.report.report import write_pictures

        write_pictures(evaluation, given.pictures)
    if given.json:
        print(json.dumps(evaluation.summary(), allow_nan=False))
    else:
        show(evaluation)
        show_lines(f"Report: {report}")
    return 0


def evaluate_model(
    model: Path,
    data: Path,
    protocol: str | None,
    out: Path,
    fast: bool = False,
    own_names: bool = False,
    baseline: bool = False,
) -> tuple[Evaluation, Path]:
    """Evaluate with a progress bar; returns the evaluation and the path of its report.

    Args:
        model: folder of a trained model.
        data: folder of a prepared dataset.
        protocol: which clips test; the model's own by default.
        out: folder of the results.
        fast: let the token classifier answer clips of which it is confident, without the LLM.
        own_names: choose among the dataset's own names alone.
        baseline: also answer by the nearest joints.
    """
    from llm_ar.evaluation.evaluate import evaluate
    from llm_ar.evaluation.report.report import write_report, write_results
    from llm_ar.skeletons.store import ClipStore

    store = ClipStore.open(data)
    recognizer = load_recognizer(model)
    with progress_bar() as bar:
        task = bar.add_task("Evaluating", total=None)
        evaluation = evaluate(
            recognizer,
            store,
            protocol,
            name=model.resolve().name,
            fast=fast,
            own_names=own_names,
            baseline=baseline,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    write_results(evaluation, out)
    return evaluation, write_report(evaluation, recognizer, store, out)


def show(evaluation: Evaluation) -> None:
    """Print the summary and the accuracy of each action."""
    summary = evaluation.summary()
    results.print(
        Text.assemble(
            (f"{summary['top1']:.1f} %", "bold"),
            f" top-1   {summary['top5']:.1f} % top-5   {summary['mean_class']:.1f} % mean class   "
            f"{summary['ece']:.1f} % calibration error\n"
            f"{summary['clips']} clips   {summary['clips_per_second']:.1f} clips/s",
        ),
        soft_wrap=True,
    )
    if summary["duplicates"]:
        results.print(
            Text.assemble(
                f"{summary['duplicates']} test clips have exactly the joints of a training clip; "
                "without them top-1 is ",
                (f"{summary['top1_without_duplicates']:.1f} %", "bold"),
            ),
            soft_wrap=True,
        )
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("action", overflow="fold")
    for title in ("right", "clips"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("most often taken for", style="dim", overflow="fold")
    for row in evaluation.per_class():
        accuracy = "-" if row["accuracy"] is None else f"{row['accuracy']:.1f} %"
        taken_for = plain(row["taken_for"] or "")
        table.add_row(plain(row["action"]), accuracy, str(row["clips"]), taken_for)
    results.print(table)
