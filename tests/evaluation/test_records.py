"""Results files and the tables made from them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llm_ar.errors import LlmArError
from llm_ar.evaluation.evaluate import Evaluation
from llm_ar.evaluation.published import published_figures
from llm_ar.evaluation.records import general_table, record, summary_table, table, update
from llm_ar.evaluation.report.results_page import page

TRAINING = {
    "selection": "last-epoch",
    "minutes": 12.5,
    "peak_memory_mib": 900,
    "commit": "abc",
}


def evaluation(seed: int, right: int) -> Evaluation:
    """Ten clips of two classes, of which the first ``right`` ones are answered rightly."""
    truth = np.arange(10) % 2
    answers = np.where(np.arange(10) < right, truth, 1 - truth)
    return Evaluation(
        model="toy",
        dataset="nw-ucla",
        protocol="xview",
        labels=("sit down", "stand up"),
        indices=np.arange(10),
        truth=truth,
        probabilities=np.eye(2)[answers],
        sentences=np.zeros((10, 4), dtype=np.int64),
        duplicates=np.arange(10) < 5,
        seconds=2.0,
        seed=seed,
        date="2026-01-01T00:00:00+00:00",
    )


def test_seeds_are_collected_in_order_and_replaced(tmp_path: Path) -> None:
    file = tmp_path / "results" / "toy.json"
    record(evaluation(3, right=6), TRAINING, file)
    record(evaluation(0, right=9), TRAINING, file)
    record(evaluation(3, right=7), TRAINING, file)
    found = json.loads(file.read_text())
    assert (found["seeds"], found["top1"]) == ([0, 3], [90.0, 70.0])
    assert found["minutes"] == [12.5, 12.5] and found["clips"] == 10
    assert (found["duplicates"], found["top1_without_duplicates"]) == (5, [80.0, 40.0])
    # All answers are sure: the calibration error is the share of wrong ones.
    assert found["ece"] == [10.0, 30.0]
    assert [path.name for path in file.parent.iterdir()] == ["toy.json"]


def test_minutes_are_of_the_processor_or_name_the_card(tmp_path: Path) -> None:
    card = TRAINING | {"device": "NVIDIA H100", "minutes": 2.0}
    record(evaluation(0, right=9), card, tmp_path / "toy.json")
    assert "| 2 min on NVIDIA H100, last-epoch |" in table(tmp_path)
    record(evaluation(1, right=9), TRAINING, tmp_path / "toy.json")
    assert json.loads((tmp_path / "toy.json").read_text())["devices"] == ["NVIDIA H100", None]
    assert "| 12 min, last-epoch |" in table(tmp_path)


def test_a_suspended_training_has_no_minutes(tmp_path: Path) -> None:
    file = tmp_path / "toy.json"
    for seed in (0, 1):
        record(evaluation(seed, right=9), TRAINING, file)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"minutes": [20.0, None]}))
    assert "| 20 min, last-epoch |" in table(tmp_path)


def test_another_benchmark_is_not_mixed_in(tmp_path: Path) -> None:
    file = tmp_path / "toy.json"
    record(evaluation(0, right=6), TRAINING, file)
    before = file.read_text()
    with pytest.raises(LlmArError, match=r"toy\.json: holds another result \(protocol differ"):
        record(replace(evaluation(1, right=6), protocol="split"), TRAINING, file)
    assert file.read_text() == before


def test_the_table_of_a_page_is_rewritten(tmp_path: Path) -> None:
    results = tmp_path / "results"
    for seed, right in ((0, 9), (1, 7)):
        found = evaluation(seed, right)
        found = replace(found, name_head=1 - found.truth, neighbor=found.truth)
        record(found, TRAINING, results / "nw-ucla-xview.json")
    record(evaluation(0, right=2), TRAINING, results / "nw-ucla-paper.json")
    (results / "speed.json").write_text('{"ratio": 3}')
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- results -->\nold\n<!-- /results -->\nafter\n")
    update(page, results)
    text = page.read_text()
    row = "3 tests (2 seeds) | 80.0 ± 10.0 | 20.0 | 0.0 ± 0.0 | 100.0 | - |"
    assert row in text
    assert text.startswith("before\n") and text.endswith("<!-- /results -->\nafter\n")
    assert "old" not in text and "speed" not in text
    update(page, results)
    assert page.read_text() == text
    assert summary_table(results) in text
    whole = table(results)
    assert "| 2 | 10 | 80.0 ± 10.0 | 0.0 ± 0.0 | 100.0 | 100.0 ± 0.0 |" in whole
    assert "speed" not in whole


def write_published(results: Path, **changed: object) -> None:
    """A file of two figures of SBU, the second of them changed."""
    one = {
        "dataset": "sbu",
        "protocol": "mean of 5 folds",
        "method": "First",
        "top1": 91.0,
        "input": "joints",
        "models": "one model",
        "authors": "A and B",
        "venue": "CVPR",
        "year": 2001,
        "link": "https://example.org/first",
        "table": "Table 1",
        "read": "in the paper",
    }
    results.mkdir(exist_ok=True)
    two = one | {"method": "Second", "top1": 95.25} | changed
    (results / "published.json").write_text(json.dumps({"about": "", "figures": [one, two]}))


def test_the_best_published_figure_stands_beside_ours(tmp_path: Path) -> None:
    fold = replace(evaluation(0, right=9), dataset="sbu", protocol="fold1")
    record(fold, TRAINING, tmp_path / "sbu-fold1.json")
    assert summary_table(tmp_path).endswith("| 90.0 | - | - | - | - |")
    write_published(tmp_path)
    cell = "95.2 ([Second, CVPR 2001](https://example.org/first), one model, mean of 5 folds) |"
    assert summary_table(tmp_path).endswith(cell)
    rows = page(tmp_path).splitlines()
    first = next(place for place, row in enumerate(rows) if "| First |" in row)
    assert "| Second | 95.2 |" in rows[first - 1]
    assert (
        "[A and B, CVPR 2001](https://example.org/first), Table 1 | in the paper |" in rows[first]
    )


@pytest.mark.parametrize(
    ("changed", "named"), [({"source": "x"}, "source"), ({"top1": 101}, "top1")]
)
def test_a_published_figure_states_what_it_must(
    tmp_path: Path, changed: dict[str, object], named: str
) -> None:
    write_published(tmp_path, **changed)
    with pytest.raises(ValueError, match=named):
        published_figures(tmp_path)


def test_results_from_before_calibration_was_recorded(tmp_path: Path) -> None:
    file = tmp_path / "toy.json"
    record(evaluation(0, right=9), TRAINING, file)
    earlier = json.loads(file.read_text())
    del earlier["ece"]
    file.write_text(json.dumps(earlier))
    assert "| 80.0 | - | 12 min" in table(tmp_path)
    record(evaluation(1, right=7), TRAINING, file)
    assert json.loads(file.read_text())["ece"] == [None, 30.0]
    assert "| 60.0 ± 20.0 | - | 12 min" in table(tmp_path)
    record(evaluation(0, right=9), TRAINING, file)
    assert "| 60.0 ± 20.0 | 20.0 ± 10.0 | 12 min" in table(tmp_path)


def test_a_page_without_a_place_for_the_table(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("no marks\n")
    with pytest.raises(LlmArError, match="has no place for a table"):
        update(page, tmp_path)


def test_the_command_names_a_file_that_is_there(tmp_path: Path) -> None:
    one = replace(evaluation(0, 9), model="nw-ucla-xview", protocol="xview")
    record(one, TRAINING, tmp_path / "one.json")
    command = json.loads((tmp_path / "one.json").read_text())["command"]
    assert command == "llm-ar train --config experiments/ours/nw-ucla.yaml"
    assert (Path(__file__).parents[2] / command.split()[-1]).is_file()
    record(replace(one, model="nw-ucla-paper"), TRAINING, tmp_path / "paper.json")
    command = json.loads((tmp_path / "paper.json").read_text())["command"]
    assert command == "llm-ar train --config experiments/paper/nw-ucla.yaml"
    assert (Path(__file__).parents[2] / command.split()[-1]).is_file()


def test_folds_have_a_mean(tmp_path: Path) -> None:
    for fold, right in ((1, 9), (2, 6)):
        one = replace(evaluation(0, right), model=f"toy-fold{fold}", protocol=f"fold{fold}")
        record(one, TRAINING, tmp_path / f"toy-fold{fold}.json")
    command = json.loads((tmp_path / "toy-fold2.json").read_text())["command"]
    assert command == (
        "llm-ar train --config experiments/ours/toy.yaml --protocol fold2 --out runs/toy-fold2"
    )
    assert (
        table(tmp_path).splitlines()[-1].startswith("| nw-ucla | mean of 2 folds |  |  |  | 75.0 |")
    )


def test_the_page_of_results_holds_models_and_ablations(tmp_path: Path) -> None:
    record(evaluation(0, right=9), TRAINING, tmp_path / "toy.json")
    grid = {
        "grid": "toy-geometry",
        "command": "llm-ar ablate toy",
        "benchmark": ["nw-ucla"],
        "protocol": ["xview"],
        "paper": "geometry",
        "note": "A note.",
        "rows": [
            {"run": "hyperbolic", "repetitions": ["seed0"], "top1": [80.0], "paper": 91.5},
            {"run": "euclidean", "repetitions": ["seed0"], "top1": [78.5], "paper": 89.7},
        ],
        "dates": ["2026-01-02T00:00:00+00:00"],
    }
    (tmp_path / "ablations").mkdir()
    (tmp_path / "ablations" / "toy-geometry.json").write_text(json.dumps(grid))
    text = page(tmp_path)
    assert "[toy](../results/toy.json) | 2 | 10 | 90.0 |" in text
    assert "| euclidean | 78.5 | -1.5 | 1 | 89.7 | -1.8 |" in text
    assert "2026-01-02, [JSON](../results/ablations/toy-geometry.json)." in text
    assert text.endswith("A note.\n")
    for devices, told in ((["CPU"], ""), (["CPU", "L4"], ", in part on L4 (in fewer minutes)")):
        (tmp_path / "ablations" / "toy-geometry.json").write_text(
            json.dumps(grid | {"devices": devices})
        )
        assert f"2026-01-02{told}, [JSON]" in page(tmp_path)


def test_the_pages_of_this_project_are_those_made_from_its_results() -> None:
    root = Path(__file__).parents[2]
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert f"<!-- results -->\n{summary_table(root / 'results')}\n<!-- /results -->" in readme
    assert f"<!-- general -->\n{general_table(root / 'results')}\n<!-- /general -->" in readme
    assert page(root / "results") == (root / "docs" / "results.md").read_text(encoding="utf-8")
