"""``llm-ar explain``: what an answer depends on (tokens, body parts); similar training clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from llm_ar.applications.recognize import candidate_names
from llm_ar.applications.ui.loading import load_recognizer
from llm_ar.applications.ui.models import check_data, check_model
from llm_ar.applications.ui.options import add_model_option, add_read_options, read_options
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import print_json, progress_bar, results, show_lines
from llm_ar.applications.ui.text import plain

if TYPE_CHECKING:
    from llm_ar.evaluation.explanation import Explanation, PartImportance, TokenImportance
    from llm_ar.evaluation.neighbors import Neighbor
    from llm_ar.recognizer.model import ActionRecognizer

BAR = 16
_NAMES = ("answer then", "nearest training clip", "action")
"""Columns of user text, which may be too long for one line."""


def run(arguments: Sequence[str]) -> int:
    """Explain the answer to one file."""
    parser = CommandParser(
        prog="llm-ar explain",
        description="Recognize a file and show what its answer depends on: the log-probability "
        "(nats) that it loses when a token is masked, and when a body part is hidden.",
        example="llm-ar explain clip.npz --model models/general --html explanation.html",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a recording")
    add_model_option(parser)
    parser.add_argument(
        "--data", type=Path, help="prepared dataset, to find the nearest training clips in"
    )
    parser.add_argument("--labels", help="candidate names, separated by commas (default: trained)")
    parser.add_argument(
        "--json",
        action="store_true",
        help='print one object: {"file", "answer", "probability", "log_probability", "top", '
        '"tokens": [{"token", "seconds", "frames", "drop", "answer"}], "parts": [{"part", "drop", '
        '"changed", "answer"}], "nearest": [{"clip", "action", "distance"}], "warnings": '
        "[sentences]}",
    )
    parser.add_argument("--html", type=Path, metavar="OUT.html", help="write a page to look at")
    add_read_options(parser)
    given = parser.parse_args(arguments)
    labels = candidate_names(given.labels, None)
    check_model(given.model)
    if given.data is not None:
        check_data(given.data)

    from llm_ar.skeletons.readers import as_clip, read_clip

    recording = read_clip(given.file, read_options(given))
    model = load_recognizer(given.model)
    clip = as_clip(recording, model.repair)

    from llm_ar.evaluation.explanation import explain
    from llm_ar.skeletons.doubts import answer_doubts, doubts, length_doubts, view_doubts

    explanation = explain(model, clip, labels)
    longest = None if model.calibration is None else model.calibration.longest
    warnings = (
        *length_doubts(recording, longest),
        *doubts(recording),
        *answer_doubts(recording, explanation.top[0].action),
        *view_doubts(recording, model.trained_on_images),
    )
    neighbors = None
    if given.data is not None:
        neighbors = find_neighbors(model, explanation, given.data)
    if given.html is not None:
        from llm_ar.evaluation.report.explanation_page import write_explanation

        name = given.model.resolve().name
        write_explanation(explanation, neighbors, model, name, clip, given.html)
    if given.json:
        print_json(as_json(explanation, neighbors) | {"warnings": list(warnings)})
        return 0
    show(explanation, neighbors)
    for warning in warnings:
        results.print(plain(f"warning: {warning}", "yellow"), soft_wrap=True)
    if given.html is not None:
        show_lines(f"Page: {given.html}")
    return 0


def find_neighbors(model: ActionRecognizer, explanation: Explanation, data: Path) -> list[Neighbor]:
    """The nearest training clips of the model's own protocol, with a progress bar.

    Raises:
        DatasetError: the folder holds no prepared dataset that has this protocol.
    """
    from llm_ar.evaluation.neighbors import nearest
    from llm_ar.skeletons.store import ClipStore

    store = ClipStore.open(data)
    with progress_bar() as bar:
        task = bar.add_task("Training clips", total=None)
        return nearest(
            model.tokenizer,
            explanation.sentence,
            store,
            model.run.protocol,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def as_json(explanation: Explanation, neighbors: Sequence[Neighbor] | None) -> dict[str, object]:
    """An explanation as JSON values; ``nearest`` is null where none were searched."""
    return {
        "file": explanation.file,
        "answer": explanation.top[0].action,
        "probability": round(explanation.top[0].probability, 6),
        "log_probability": round(explanation.log_probability, 6),
        "top": [
            {"action": answer.action, "probability": round(answer.probability, 6)}
            for answer in explanation.top
        ],
        "tokens": [
            {
                "token": row.token,
                "seconds": [round(second, 3) for second in row.seconds],
                "frames": list(row.frames),
                "drop": round(row.drop, 6),
                "answer": row.answer,
            }
            for row in explanation.tokens
        ],
        "parts": [
            {
                "part": row.part,
                "drop": round(row.drop, 6),
                "changed": row.changed,
                "answer": row.answer,
            }
            for row in explanation.parts
        ],
        "nearest": None
        if neighbors is None
        else [
            {"clip": row.clip, "action": row.action, "distance": round(row.distance, 4)}
            for row in neighbors
        ],
    }


def show(explanation: Explanation, neighbors: Sequence[Neighbor] | None) -> None:
    """Print an explanation as tables with bars."""
    best = explanation.top[0]
    results.print(plain(explanation.file, "bold"), soft_wrap=True)
    results.print(
        Text.assemble(
            plain(best.action, "bold cyan"),
            f"  {100 * best.probability:.1f} %, log-probability {explanation.log_probability:.4f}",
        )
    )
    tokens = _table("seconds", "frames", "token", "loss", "", "answer then")
    for row in explanation.tokens:
        tokens.add_row(
            f"{row.seconds[0]:.2f}-{row.seconds[1]:.2f}",
            f"{row.frames[0]}-{row.frames[1]}",
            str(row.token),
            *_loss(row, explanation.tokens),
            _other(row.answer, best.action),
        )
    results.print(tokens)
    parts = _table("part hidden", "changed", "loss", "", "answer then")
    for part in explanation.parts:
        parts.add_row(
            plain(part.part.replace("_", " ")),
            str(part.changed),
            *_loss(part, explanation.parts),
            _other(part.answer, best.action),
        )
    results.print(parts)
    if neighbors is not None:
        clips = _table("nearest training clip", "action", "distance")
        for neighbor in neighbors:
            distance = f"{neighbor.distance:.3f}"
            clips.add_row(plain(neighbor.clip), plain(neighbor.action), distance)
        results.print(clips)


def _table(*titles: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for title in titles:
        table.add_column(title, no_wrap=title not in _NAMES, overflow="fold")
    return table


def _loss(
    row: TokenImportance | PartImportance, rows: Sequence[TokenImportance | PartImportance]
) -> tuple[Text, Text]:
    """A loss in figures and as a bar, the largest of all rows filling it; red speaks against."""
    largest = max(abs(each.drop) for each in rows) or 1.0
    style = "cyan" if row.drop >= 0 else "red"
    bar = "█" * round(abs(row.drop) / largest * BAR)
    return Text(f"{row.drop:+.4f}", style=style), Text(bar, style=style)


def _other(answer: str, best: str) -> Text:
    """The answer, if it is another one."""
    return plain("" if answer == best else answer, "bold red")
