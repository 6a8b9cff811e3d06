"""Other methods' figures that stand beside ours, with sources (``results/published.json``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

FILE = "published.json"


class PublishedFigure(BaseModel):
    """One figure of one paper.

    Args:
        dataset: as our results files call it.
        protocol: in words; it may differ from ours.
        method: what the paper calls it.
        top1: percent.
        input: what the networks see of the joints.
        models: one model, or an ensemble of how many.
        authors, venue, year, link: the paper.
        table: where the paper has the figure.
        read: where it was read, which need not be the paper.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    protocol: str
    method: str
    top1: float = Field(ge=0, le=100)
    input: str
    models: str
    authors: str
    venue: str
    year: int
    link: str
    table: str
    read: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    about: str
    figures: tuple[PublishedFigure, ...]


def published_figures(results: Path) -> tuple[PublishedFigure, ...]:
    """All published figures of a folder of results; none where it has no such file.

    Args:
        results: the folder.

    Raises:
        ValueError: an entry lacks a field or has an unknown one (pydantic's error names it).
    """
    file = results / FILE
    if not file.is_file():
        return ()
    return _File.model_validate_json(file.read_text(encoding="utf-8")).figures


def best_cell(figures: Sequence[PublishedFigure], dataset: str, protocol: str) -> str:
    """The highest figure of a dataset as a cell of a table; a dash where there is none.

    Args:
        figures: all of them.
        dataset: whose to choose among.
        protocol: that of the table's row; another protocol is named in the cell.
    """
    of_dataset = [figure for figure in figures if figure.dataset == dataset]
    if not of_dataset:
        return "-"
    best = max(of_dataset, key=lambda figure: figure.top1)
    other = "" if best.protocol in protocol else f", {best.protocol}"
    source = f"[{best.method}, {best.venue} {best.year}]({best.link})"
    return f"{best.top1:.1f} ({source}, {best.models}{other})"


def published_table(figures: Sequence[PublishedFigure]) -> str:
    """All figures as a Markdown table."""
    lines = [
        "| benchmark | protocol | method | top-1 | input | models | source | read |",
        f"|{' --- |' * 8}",
    ]
    for one in sorted(figures, key=lambda figure: (figure.dataset, -figure.top1)):
        source = f"[{one.authors}, {one.venue} {one.year}]({one.link}), {one.table}"
        cells = [one.dataset, one.protocol, one.method, f"{one.top1:.1f}"]
        cells += [one.input, one.models, source, one.read]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
