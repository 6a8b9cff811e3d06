"""Datasets that were left out, and datasets one by one: figures against a count by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from llm_ar.ablations.by_corpus import by_corpus
from llm_ar.ablations.corpora import accuracy, draws_with_and_without, left_out, write_figures
from llm_ar.applications.train import train_first
from llm_ar.config import RunConfig
from llm_ar.config_files import load_run
from llm_ar.recognizer.train import train_recognizer
from llm_ar.recognizer.zero_shot.nearest_sentence import NearestSentence, zero_shot_policy
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.store import ClipStore

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["wave", "wave both hands", "squat", "walk"]


def scores(answers: list[int]) -> torch.Tensor:
    """(N, 4) scores whose largest are the answers."""
    return torch.nn.functional.one_hot(torch.tensor(answers), len(NAMES)).float()


def test_right_broader_and_lost_clips_are_counted() -> None:
    ontology = Ontology.built_in()
    assert "wave" in ontology.broader("wave both hands"), "the test rests on it"
    truth = torch.tensor([1, 1, 2, 3])
    found = accuracy(scores([1, 0, 2, 2]), truth, NAMES, ontology, 0)
    assert (found["right"], found["right_or_broader"]) == (50.0, 75.0)
    lost = accuracy(scores([1, 0, 2, 2]), truth, NAMES, ontology, 4)
    assert (lost["right"], lost["right_or_broader"]) == (25.0, 37.5)


def test_the_interval_holds_the_figure_and_narrows_with_clips() -> None:
    ontology = Ontology.built_in()
    widths = []
    for clips in (20, 2000):
        truth = torch.arange(clips) % 4
        answers = torch.where(torch.arange(clips) % 2 == 0, truth, (truth + 1) % 4)
        found = accuracy(scores(answers.tolist()), truth, NAMES, ontology, 0)
        low, high = found["interval"]
        assert low <= found["right"] <= high
        widths.append(high - low)
    # Of a share of a half: 2 x 1.96 x sqrt(0.25 / N).
    assert widths[0] == pytest.approx(43.8, abs=8) and widths[1] == pytest.approx(4.4, abs=1)


def test_figures_of_runs_stand_beside_each_other(tmp_path: Path) -> None:
    file = tmp_path / "left-out.json"
    write_figures(file, "first", {"right": 1.0}, "make first")
    write_figures(file, "second", {"right": 2.0}, "make second")
    write_figures(file, "first", {"right": 3.0}, "make first")
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["benchmark"] == "left-out"
    assert {key: run["right"] for key, run in found["runs"].items()} == {
        "first": 3.0,
        "second": 2.0,
    }
    assert found["runs"]["second"]["command"] == "make second"


def run_of(merged: Path, encoder: Path, llm: Path, out: Path, protocol: str) -> RunConfig:
    """The general experiment's settings with tiny parts."""
    return load_run(
        ROOT / "experiments/general/general.yaml",
        [
            *("--data", str(merged), "--protocol", protocol, "--out", str(out)),
            *("--dataset_weights", '{"procedural": 1.5}'),
            *("--tokenizer.extensions.sentence_encoder", str(encoder)),
            *("--recognizer.llm.name", str(llm)),
            *("--tokenizer.encoder.width=8", "--tokenizer.encoder.blocks=1"),
            *("--tokenizer.extensions.joint_width=4", "--tokenizer.extensions.joint_blocks=1"),
            *("--tokenizer.codebook.size=16", "--tokenizer.codebook.dim=8"),
            *("--tokenizer.codebook.warmup_steps=2", "--tokenizer.optim.epochs=2"),
        ],
    )


def test_the_general_experiment_runs_from_training_to_figures(
    merged: Path, sentence_encoder_folder: Path, byte_llm: Path, tmp_path: Path
) -> None:
    given = (merged, sentence_encoder_folder, byte_llm)
    run = run_of(*given, tmp_path / "without", "without:folder")
    store = ClipStore.open(merged)
    train_first(run, store, resume=False)
    tokens_alone = left_out(run, lost=2)
    prior_corrected = "nearest_sentence_prior_corrected"
    assert set(tokens_alone["top1"]) == {"nearest_sentence", prior_corrected, "conse_tokens"}
    assert tokens_alone["clips"] == len(store.split("without:folder")[1]) + 2
    model = train_recognizer(run)
    with_llm = left_out(run, lost=2)
    assert with_llm["top1"].items() >= tokens_alone["top1"].items()
    assert {"llm_likelihood", "llm_calibrated", "conse_llm"} < set(with_llm["top1"])

    policy = zero_shot_policy(model, ["walk", "fold a paper crane"])
    assert isinstance(policy, NearestSentence) and model.trained_on_images
    ranking = policy.rank(model.tokenizer.encode_clips([store[0]]), top_k=2)
    assert ranking.indices.shape == (1, 2)

    whole = run_of(*given, tmp_path / "whole", "split")
    train_first(whole, store, resume=False)
    train_recognizer(whole)
    figures = by_corpus(whole, {"folder": 1})
    assert set(figures["corpora"]) == {"procedural", "folder"}
    clips = [figures["corpora"][part]["clips"] for part in ("procedural", "folder")]
    assert sum(clips) == figures["clips"] + 1
    for part in figures["corpora"].values():
        hows = {"llm", "name_head", "name_head_of_the_llm_clips", "nearest_joints"}
        assert set(part["among_all_names"]) == hows and part["llm_clips"] == part["clips"]
        among_all, among_own = part["among_all_names"]["llm"], part["among_own_names"]["llm"]
        assert among_own["right"] >= among_all["right"]
    fewer = by_corpus(whole, {"folder": 1}, llm_every=2)["corpora"]
    some = sum(part["llm_clips"] for part in fewer.values())
    assert some == -(-figures["clips"] // 2)
    for name, part in fewer.items():
        whole_part = figures["corpora"][name]
        assert part["among_all_names"]["name_head"] == whole_part["among_all_names"]["name_head"]


def test_a_prior_is_corrected_on_few_clips_and_on_unequal_names() -> None:
    truth = torch.arange(60) % 3
    logits = 2 * torch.eye(3)[truth]
    logits[:, 1] += 4
    found = draws_with_and_without(logits, truth, seed=0)
    assert set(found) == {"10 clips", "names at 1 / rank"}
    for figures in found.values():
        assert figures["plain"] < 60
        assert figures["prior_corrected"] == 100
