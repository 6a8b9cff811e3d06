"""``docs/results.md``: the models' figures and all ablations on one page, made from ``results/``.

``python -m llm_ar.evaluation.report.results_page`` writes it. An ablation comes in when the
``tables.json`` of its ``llm-ar ablate`` is copied to ``results/ablations/GRID.json``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from llm_ar.evaluation.published import published_figures, published_table
from llm_ar.evaluation.records import table
from llm_ar.evaluation.report.tables import markdown, paper_table, write_whole

_HEAD = """# Results

Made from `results/` by `python -m llm_ar.evaluation.report.results_page`, never edited by hand.
[Ablations](ablations.md) explains the grids. All figures are of the last epoch unless a row says
otherwise; `n` is the number of repetitions (seeds, or splits of unseen actions).

## Models
"""


_PUBLISHED = """
## Published figures of other methods

From joints alone. No figure of UTD-MHAD (odd-even) stands here: none was found whose protocol and
input are certain. "read" says where each figure was read. None is of the same code or epochs as
ours.
"""
_ENSEMBLES = """
## Ensembles

Top-1 of the geometric mean of several models' probabilities, not of one model. "tokenizer" is the
name heads of the tokenizers without a language model; "product" is both.
"""
_WAYS = ("llm", "reader", "product")


def page(results: Path) -> str:
    """The page's Markdown.

    Args:
        results: folder of the models' files, with the grids' tables in ``ablations/``.
    """
    parts = [_HEAD, table(results, "../results")]
    published = published_figures(results)
    if published:
        parts += [_PUBLISHED, published_table(published)]
    ensembles = sorted((results / "ensembles").glob("*.json"))
    if ensembles:
        parts.append(_ENSEMBLES)
    for file in ensembles:
        parts.append(_ensemble(json.loads(file.read_text(encoding="utf-8")), file.name))
    parts.append("\n## Ablations")
    for file in sorted((results / "ablations").glob("*.json")):
        parts.append(_ablation(json.loads(file.read_text(encoding="utf-8")), file.name))
    return "\n".join(parts)


def _ensemble(found: dict[str, Any], name: str) -> str:
    rows = ["| model | language model | tokenizer | product |", "| --- | --- | --- | --- |"]
    for member, figures in found["figures"].items():
        shown = "all together"
        if member != "all":
            place = int(member) - 1
            shown = f"{found['models'][place]}, seed {found['seeds'][place]}"
        cells = [f"{figures[way]:.1f}" if way in figures else "-" for way in _WAYS]
        rows.append(f"| {shown} | {' | '.join(cells)} |")
    return "\n".join(
        [
            f"\n### {found['benchmark']} ({found['protocol']}), {found['clips']} clips\n",
            *rows,
            f"\n`{found['command']}`, {found['date'][:10]}, [JSON](../results/ensembles/{name}).",
        ]
    )


def _ablation(grid: dict[str, Any], name: str) -> str:
    paper = None if grid["paper"] is None else paper_table(grid["paper"])
    about = f"{', '.join(grid['benchmark'])} ({', '.join(grid['protocol'])})"
    dates = ", ".join(sorted({date[:10] for date in grid["dates"]})) + _cards(grid)
    lines = [
        f"\n### {grid['grid']}: {about}\n",
        markdown([row for row in grid["rows"] if row["repetitions"]], paper),
        f"`{grid['command']}`, {dates}, [JSON](../results/ablations/{name}).",
    ]
    return "\n".join([*lines, *(["", grid["note"]] if grid["note"] else [])]) + "\n"


def _cards(grid: dict[str, Any]) -> str:
    """Where a grid's runs were not all done on the processor, the cards; nothing else."""
    devices = grid.get("devices", ["CPU"])
    cards = " and ".join(name for name in devices if name != "CPU")
    if not cards:
        return ""
    return f", in part on {cards} (in fewer minutes)" if "CPU" in devices else f", on {cards}"


if __name__ == "__main__":
    write_whole(Path("docs/results.md"), page(Path("results")))
