"""Tables of ablations: mean and spread by hand, beside the paper's figures."""

from __future__ import annotations

import pytest

from llm_ar.errors import ConfigError
from llm_ar.evaluation.report.tables import markdown, paper_table, summarize


def result(run: str, seed: int, **figures: float) -> dict[str, object]:
    return {
        "repetition": f"seed{seed}",
        "differences": {"x": run},
        "figures": {"minutes": 2.0, **figures},
    }


def test_rows_hold_every_repetition_and_the_papers_figure() -> None:
    results = {
        "all": [result("all", 0, top1=90.0), result("all", 1, top1=94.0)],
        "none": [result("none", 0, top1=88.5)],
    }
    paper = paper_table("biases")
    rows = summarize(["all", "none", "no-zipf", "ours"], results, paper)
    assert rows[0]["top1"] == [90.0, 94.0] and rows[0]["repetitions"] == ["seed0", "seed1"]
    assert rows[0]["paper"] == 91.5 and "paper" not in rows[3]
    lines = markdown(rows, paper).splitlines()
    assert lines[0] == "| run | top-1 | minutes | difference | n | the paper's | difference |"
    assert lines[2] == "| all | 92.0 ± 2.0 | 2.0 ± 0.0 | +0.0 | 2 | 91.5 | +0.0 |"
    assert lines[3] == "| none | 88.5 | 2.0 | -3.5 | 1 | 87.6 | -3.9 |"
    assert lines[4] == "| no-zipf | - | - | - | 0 | 89.9 | -1.6 |"
    assert lines[5] == "| ours | - | - | - | 0 | - | - |"
    assert "NTU RGB+D 120" in lines[-1]


def test_figures_of_unseen_actions_have_columns_of_their_own() -> None:
    rows = summarize(["lora"], {"lora": [result("lora", 0, top1=60.0, harmonic=30.0)]}, None)
    head = markdown(rows, None).splitlines()[0]
    assert head == "| run | top-1 | harmonic mean | minutes | difference | n |"


def test_unknown_tables_of_the_paper_are_refused() -> None:
    with pytest.raises(ConfigError, match="no table 'accuracy' here; known are biases"):
        paper_table("accuracy")
