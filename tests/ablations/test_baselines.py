"""The baselines: they learn, answer for names that they never saw, and go on where they stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from llm_ar.ablations import baselines
from llm_ar.ablations.baselines import figures_of, main, pooled_of, train_baseline
from llm_ar.config import RunConfig
from llm_ar.errors import ConfigError
from llm_ar.skeletons.store import ClipStore
from tests.ablations.test_corpora import run_of


@pytest.fixture
def run(
    merged: Path,
    sentence_encoder_folder: Path,
    byte_llm: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> RunConfig:
    monkeypatch.setattr(baselines, "GRAPH_BLOCKS", 1)
    monkeypatch.setattr(baselines, "GRAPH_WIDTH", 8)
    small = run_of(merged, sentence_encoder_folder, byte_llm, tmp_path / "run", "split")
    encoder = replace(small.tokenizer.encoder, width=32)
    optim = replace(small.tokenizer.optim, epochs=30, batch_size=16, learning_rate=5e-3)
    return replace(small, tokenizer=replace(small.tokenizer, encoder=encoder, optim=optim))


@pytest.mark.parametrize("graph", [True, False])
def test_baselines_learn_the_names_of_each_dataset(run: RunConfig, graph: bool) -> None:
    store = ClipStore.open(run.data)
    model = train_baseline(run, graph)
    figures = figures_of(model, run)
    assert set(figures["corpora"]) == {"procedural", "folder"}
    assert sum(part["clips"] for part in figures["corpora"].values()) == figures["clips"]
    test = store.split(run.protocol)[1]
    names = [name for name in store.labels if name in {store[i].label for i in test}]
    truth = torch.tensor([names.index(str(store[index].label)) for index in test])
    # By hand, clip by clip: a batch gives what each clip gives alone.
    alone = torch.cat([pooled_of(model, store, [index]) for index in test])
    torch.testing.assert_close(alone, pooled_of(model, store, test), rtol=1e-4, atol=1e-5)
    right = float((model.logits(alone).argmax(1) == truth).float().mean())
    shares = [p["clips"] * p["among_all_names"]["right"] for p in figures["corpora"].values()]
    assert sum(shares) / figures["clips"] == pytest.approx(100 * right, abs=0.1)
    assert right > 2 / len(names)
    lost = figures_of(model, run, {"folder": 4})["corpora"]
    for part, added in (("folder", 4), ("procedural", 0)):
        before = figures["corpora"][part]
        assert lost[part]["clips"] == before["clips"] + added
        expected = before["among_all_names"]["right"] * before["clips"] / lost[part]["clips"]
        assert lost[part]["among_all_names"]["right"] == pytest.approx(expected, abs=0.1)


def test_the_graph_network_answers_new_names_by_conse_alone(run: RunConfig) -> None:
    run = replace(run, protocol="without:folder")
    graph = figures_of(train_baseline(run, graph=True), run)
    assert set(graph["top1"]) == {"conse"}
    text = figures_of(train_baseline(replace(run, out=run.out / "text"), graph=False), run)
    assert set(text["top1"]) == {"conse", "nearest_sentence"}
    clips = len(ClipStore.open(run.data).split("without:folder")[1])
    assert graph["clips"] == text["clips"] == clips


def test_a_finished_baseline_resumes_as_itself_alone(
    run: RunConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = train_baseline(run, graph=False)
    again = train_baseline(run, graph=False, resume=True)
    torch.testing.assert_close(dict(again.state_dict()), dict(model.state_dict()))
    with pytest.raises(ConfigError, match="cannot resume with other settings: graph"):
        train_baseline(run, graph=True, resume=True)
    with pytest.raises(SystemExit):
        main(["experiments/general/general.yaml", "forest", str(tmp_path)])
    assert "choose from" in capsys.readouterr().err


def test_without_a_sentence_encoder_the_error_names_the_setting(run: RunConfig) -> None:
    extensions = replace(run.tokenizer.extensions, sentence_encoder="")
    without = replace(run, tokenizer=replace(run.tokenizer, extensions=extensions))
    with pytest.raises(ConfigError, match="sentence_encoder: the baselines need one"):
        train_baseline(without, graph=True)


def test_figures_are_recorded_with_their_command(
    run: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baselines, "load_run", lambda config, options: run)
    file = tmp_path / "baselines.json"
    main(["general.yaml", "graph", str(run.out), "--record", str(file), "--seed", "0"])
    (key, found), *rest = json.loads(file.read_text(encoding="utf-8"))["runs"].items()
    assert key == "graph-split-seed0" and not rest
    assert found["command"].startswith("python -m llm_ar.ablations.baselines general.yaml graph")
    assert found["command"].endswith("--seed 0") and set(found["corpora"]) == {
        "procedural",
        "folder",
    }
