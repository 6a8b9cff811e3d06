"""The notebook runs from top to bottom, and prints what it shows."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests import notebooks

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs" / "notebooks" / "tour.ipynb"


def printed(notebook: dict[str, Any]) -> list[str]:
    return [
        "".join(output["text"])
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if output["output_type"] == "stream"
    ]


def test_the_notebook_runs_and_prints_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = json.loads(NOTEBOOK.read_text("utf-8"))
    ran = copy.deepcopy(shown)
    notebooks.run(ran)
    # Probabilities differ in their last digits from processor to processor.
    names = [[line[:24] for line in text.splitlines()] for text in printed(ran)]
    assert names == [[line[:24] for line in text.splitlines()] for text in printed(shown)]
    drawn = [
        o for c in ran["cells"] for o in c.get("outputs", []) if "image/png" in o.get("data", {})
    ]
    assert len(drawn) >= 4


def test_the_notebook_was_run_from_top_to_bottom() -> None:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    counts = [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
