"""``llm-ar ensemble``: models of one dataset alone and together, their tokenizers beside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from llm_ar.applications.ui.loading import load_recognizer
from llm_ar.applications.ui.models import check_data, check_model, known_models, model_folder
from llm_ar.applications.ui.options import add_data_option
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import note, results
from llm_ar.applications.ui.text import plain

if TYPE_CHECKING:
    from llm_ar.ablations.ensemble import Member


def run(arguments: Sequence[str]) -> int:
    """Evaluate the models and print the accuracy of each and of all together."""
    parser = CommandParser(
        prog="llm-ar ensemble",
        description="Recognize a protocol's test clips by several models of one dataset; top-1 of "
        "each one's language model, of its tokenizer's own reader, and of products of posteriors.",
        example="llm-ar ensemble runs/seed0 runs/seed1 --data data/mine",
    )
    models = parser.add_argument(
        "models", type=model_folder, nargs="+", metavar="MODEL", help="trained models"
    )
    parser.offer(models, known_models)
    add_data_option(parser)
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="write the figures to this results file"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    given = parser.parse_args(arguments)
    for folder in given.models:
        check_model(folder)
    check_data(given.data)

    from llm_ar.ablations.ensemble import member_predictions
    from llm_ar.evaluation.report.tables import write_json

    members = []
    for place, folder in enumerate(given.models, 1):
        note(f"ensemble: {place} of {len(given.models)}, {folder}")
        members.append(_member(folder, given.data))
    figures = member_predictions(members)
    if given.record is not None:
        given.record.parent.mkdir(parents=True, exist_ok=True)
        write_json(given.record, _described(given.models, given.data, members, figures))
    if given.json:
        print(json.dumps(figures, allow_nan=False))
        return 0
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("model", "language model", "tokenizer", "product"):
        table.add_column(title)
    for name, row in figures.items():
        shown = "all together" if name == "all" else given.models[int(name) - 1].as_posix()
        cells = [f"{row[way]:.1f} %" if way in row else "-" for way in ("llm", "reader", "product")]
        table.add_row(plain(shown), *cells)
    results.print(table)
    return 0


def _member(folder: Path, data: Path) -> Member:
    import torch

    from llm_ar.ablations.ensemble import Member
    from llm_ar.evaluation.evaluate import evaluate
    from llm_ar.skeletons.store import ClipStore

    model = load_recognizer(folder)
    evaluation = evaluate(model, ClipStore.open(data), name=folder.resolve().name)
    reader = None
    logits = model.token_logits(torch.from_numpy(evaluation.sentences))
    if logits is not None:
        reader = logits.double().exp().cpu().numpy()
    return Member(evaluation, reader)


def _described(
    models: Sequence[Path],
    data: Path,
    members: Sequence[Member],
    figures: dict[str, dict[str, float]],
) -> dict[str, Any]:
    from llm_ar.provenance import commit
    from llm_ar.recognizer.checkpoint import read_config

    first = members[0].evaluation
    words = " ".join(folder.as_posix() for folder in models)
    return {
        "benchmark": first.dataset,
        "protocol": first.protocol,
        "models": [member.evaluation.model for member in members],
        "seeds": [member.evaluation.seed for member in members],
        "selection": [read_config(folder)["training"]["selection"] for folder in models],
        "clips": len(first.truth),
        "figures": figures,
        "command": f"llm-ar ensemble {words} --data {data.as_posix()}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
    }
