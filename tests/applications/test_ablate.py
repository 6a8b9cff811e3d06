"""`llm-ar ablate` and few shots from a model, from the grid file to the table, on a tiny model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from llm_ar.ablations.eta import Rates, expected_minutes, rates
from llm_ar.ablations.grid import read_grid
from llm_ar.applications import train
from llm_ar.applications.cli import main
from llm_ar.config import AugmentConfig, OptimConfig
from llm_ar.config_files import settings_to_dict
from llm_ar.errors import ConfigError
from llm_ar.evaluation.report.tables import paper_table
from llm_ar.provenance import device_name
from llm_ar.skeletons.store import ClipStore

Capture = pytest.CaptureFixture[str]
ABLATIONS = Path(__file__).resolve().parents[2] / "experiments" / "ablations"


@pytest.fixture()
def base(byte_llm: Path, procedural_data: Path, tmp_path: Path) -> Path:
    """An experiment that takes a second."""
    path = tmp_path / "tiny.yaml"
    path.write_text(
        f"""
data: {procedural_data}
preprocess: {{frames: 16}}
tokenizer:
  encoder: {{width: 8, blocks: 1}}
  codebook: {{size: 16, dim: 32, warmup_steps: 1}}
  optim: {{epochs: 1, batch_size: 32}}
recognizer:
  llm: {{name: {byte_llm}}}
  optim: {{epochs: 1, batch_size: 32}}
"""
    )
    return path


def grid(folder: Path, text: str) -> Path:
    path = folder / "grid.yaml"
    path.write_text(f"base: tiny.yaml\n{text}")
    return path


@pytest.mark.parametrize("file", sorted(ABLATIONS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_grid_can_be_run(file: Path, tmp_path: Path) -> None:
    found = read_grid(file)
    trials = list(found.trials((0, 1), tmp_path))
    assert len({trial.settings.out for trial in trials}) == len(trials) >= 2 * len(found.runs)
    assert file.read_text().startswith("# ")
    known = {"data/utd-mhad": "utd-mhad", "data/nw-ucla": "nw-ucla"}
    assert all(file.stem.startswith(known[str(trial.settings.data)]) for trial in trials)
    first = next(iter(found.runs))
    if found.paper is not None:
        # The paper's own version comes first, so that both differences mean the same.
        figures = paper_table(found.paper).figures
        assert figures[first] == max(figures.values()) and set(figures) <= set(found.runs)


def test_a_grid_is_trained_evaluated_and_tabulated(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    file = grid(
        tmp_path,
        """
paper: adaptation
runs:
  lora: {}
  full: {ablation: {reader: full}}
  transformer: {ablation.reader: transformer}
  parts: {tokenizer.extensions.part_loss: 0.5}
  euclidean: {tokenizer.codebook.geometry: euclidean}
""",
    )
    first_stages, killed = [], []
    train_first = train.train_first

    def counted(settings, store, resume):
        first_stages.append(settings.out)
        if settings.tokenizer.codebook.geometry == "euclidean" and not killed:
            killed.append(True)
            raise KeyboardInterrupt
        train_first(settings, store, resume)

    monkeypatch.setattr(train, "train_first", counted)
    words = ["ablate", str(file), "--out", str(tmp_path / "out")]
    assert main([*words, "--dry-run"]) == 0
    assert "5 of 5 are left" in capsys.readouterr().out
    assert main(words) == 130, "killed in the fifth run's first stage"
    done = {path.name: path.read_bytes() for path in (tmp_path / "out" / "results").iterdir()}
    assert set(done) == {f"{run}-seed0.json" for run in ("lora", "full", "transformer", "parts")}
    capsys.readouterr()
    assert main([*words, "--dry-run"]) == 0
    assert "1 of 5 are left" in capsys.readouterr().out
    assert main(words) == 0
    assert len(first_stages) == 4 and len(set(first_stages)) == 3, "stage 1 is shared and resumed"
    results = tmp_path / "out" / "results"
    assert all((results / name).read_bytes() == content for name, content in done.items())
    table = capsys.readouterr().out
    assert table.count("| 1 |") == 5 and "| 79.6 | -11.9 |" in table
    content = json.loads((tmp_path / "out" / "tables.json").read_text())
    names = ["lora", "full", "transformer", "parts", "euclidean"]
    assert [row["run"] for row in content["rows"]] == names
    assert content["benchmark"] == ["procedural"] and content["selection"] == ["last-epoch"]
    for row in content["rows"]:
        alone = json.loads((results / f"{row['run']}-seed0.json").read_text())
        assert row["top1"] == [alone["figures"]["top1"]] and alone["figures"]["clips"] == 32
    assert not list((tmp_path / "out").rglob("checkpoint-*"))

    # A grid that has changed does not pass old results off as its own.
    file.write_text(file.read_text().replace("euclidean}", "euclidean, seed: 0, held_out: 0.1}"))
    assert main(words) == 2
    assert "euclidean-seed0.json: was made with other settings" in capsys.readouterr().err


def test_results_of_a_grid_beside_it_are_reused(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = grid(tmp_path, "runs:\n  all: {}\n")
    # What lies beside it and is no grid's is passed over.
    (tmp_path / "grids" / "other" / "results").mkdir(parents=True)
    for number, text in enumerate(("{", "[]", '{"repetition": "seed0"}')):
        (tmp_path / "grids" / "other" / "results" / f"{number}.json").write_text(text)
    assert main(["ablate", str(first), "--out", str(tmp_path / "grids" / "first")]) == 0

    def never(settings, store, resume):
        raise AssertionError("the tokenizer is there already")

    monkeypatch.setattr(train, "train_first", never)
    second = grid(tmp_path, "runs:\n  lora: {}\n  transformer: {ablation.reader: transformer}\n")
    assert main(["ablate", str(second), "--out", str(tmp_path / "grids" / "second")]) == 0

    def result(place: str) -> dict:
        return json.loads((tmp_path / "grids" / place).read_text())

    taken, whole = result("second/results/lora-seed0.json"), result("first/results/all-seed0.json")
    assert taken["run"] == "lora" and whole["run"] == "all"
    assert taken["figures"] == whole["figures"] and taken["date"] == whole["date"]
    assert taken["device"] == device_name()
    assert taken["taken_from"] == "../first/results/all-seed0.json"
    other = result("second/results/transformer-seed0.json")
    assert "taken_from" not in other and other["date"] >= whole["date"]
    assert [row["run"] for row in result("second/tables.json")["rows"]] == ["lora", "transformer"]
    # Another seed is another trial; and the own tokenizer is not taken again.
    [stage] = (tmp_path / "grids" / "second" / "tokenizers").glob("*/tokenizer")
    (stage / "mine").touch()
    words = ["ablate", str(second), "--out", str(tmp_path / "grids" / "second"), "--seeds", "1"]
    with pytest.raises(AssertionError, match="there already"):
        main(words)
    third = grid(tmp_path, "runs:\n  head: {ablation.reader: linear_head}\n")
    assert main(["ablate", str(third), "--out", str(tmp_path / "grids" / "second")]) == 0
    assert (stage / "mine").exists()


def test_unseen_actions_over_several_splits(base: Path, tmp_path: Path, capsys: Capture) -> None:
    file = grid(
        tmp_path,
        """
paper: unseen
over: {protocol: [unseen0, unseen1]}
runs:
  lora: {tokenizer.extensions.name_loss: 1.0}
  nearest: {tokenizer.extensions.name_loss: 1.0, ablation.reader: nearest_text}
note: Two splits.
""",
    )
    assert main(["ablate", str(file), "--out", str(tmp_path / "out")]) == 0
    table = capsys.readouterr().out
    assert "harmonic mean" in table and table.count("| 2 |") == 2 and "Two splits." in table
    content = json.loads((tmp_path / "out" / "tables.json").read_text())
    assert content["protocol"] == ["unseen0", "unseen1"]
    row = content["rows"][0]
    assert row["repetitions"] == ["unseen0-seed0", "unseen1-seed0"] and len(row["harmonic"]) == 2
    assert row["paper"] == 62.4


def test_few_shots_from_a_trained_model(
    base: Path, tiny_model: Path, procedural_data: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "few"
    words = ["--config", str(base), "--shots", "2", "--out", str(out), "--preprocess.frames", "32"]
    assert main(["train", "recognizer", "--from", str(tiny_model), *words]) == 0
    weights = "tokenizer/model.safetensors"
    assert (out / weights).read_bytes() == (tiny_model / weights).read_bytes()
    assert (out / "token_embeddings.safetensors").read_bytes() == (
        tiny_model / "token_embeddings.safetensors"
    ).read_bytes()
    config = json.loads((out / "config.json").read_text())
    assert config["run"]["preprocess"]["frames"] == 16, "as the model that it starts from"
    store = ClipStore.open(procedural_data)
    known = store.metadata()
    train_labels = [known[index].label for index in store.split("xsub")[0]]
    expected = sum(min(2, train_labels.count(label)) for label in set(train_labels))
    assert config["training"]["clips"] == expected
    capsys.readouterr()
    assert (
        main(
            [
                "evaluate",
                "--model",
                str(out),
                "--data",
                str(procedural_data),
                "--json",
                "--out",
                str(tmp_path / "e"),
            ]
        )
        == 0
    )
    assert json.loads(capsys.readouterr().out)["clips"] == 32

    assert main(["train", "tokenizer", "--from", str(tiny_model), *words]) == 2
    assert "the tokenizer is that of the model" in capsys.readouterr().err
    assert main(["train", "--from", str(out), *words]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert main(["train", "--from", str(tmp_path / "nothing"), *words]) == 2
    assert "no such model folder" in capsys.readouterr().err


def test_a_finetuned_tokenizer_starts_from_the_models(
    base: Path, tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "finetuned"
    words = [
        "--config",
        str(base),
        "--shots",
        "2",
        "--out",
        str(out),
        "--finetune_tokenizer",
        "true",
    ]
    # That model's tokenizer learned no names.
    words += ["--recognizer.token_embeddings", "codebook"]
    # At a rate of nothing the weights stay those of the model; what follows the clips moves on.
    still = ["--tokenizer.optim.learning_rate", "0"]
    assert main(["train", "--from", str(tiny_model), *words, *still]) == 0
    before = load_file(tiny_model / "tokenizer" / "model.safetensors")
    after = load_file(out / "tokenizer" / "model.safetensors")
    network = [name for name in before if name.startswith(("encoder", "decoder"))]
    assert network
    for name in network:  # but for being written in half precision
        torch.testing.assert_close(after[name].float(), before[name].float(), rtol=1e-3, atol=1e-6)
    assert int(after["codebook.steps"]) > int(before["codebook.steps"])
    token_embeddings = "token_embeddings.safetensors"
    assert (out / token_embeddings).read_bytes() != (tiny_model / token_embeddings).read_bytes()
    assert json.loads((out / "config.json").read_text())["run"]["preprocess"]["frames"] == 16
    assert main(["train", "--from", str(tiny_model), *words]) == 2
    assert "already holds a finished model" in capsys.readouterr().err
    assert main(["train", "--from", str(tiny_model), *words, "--overwrite"]) == 0
    moved = load_file(out / "tokenizer" / "model.safetensors")
    assert any(not torch.equal(after[name], moved[name]) for name in network)

    assert main(["train", *words]) == 2
    assert "--from" in capsys.readouterr().err
    names = ["--tokenizer.extensions.name_loss", "1"]
    assert main(["train", "--from", str(tiny_model), *words, *names, "--overwrite"]) == 2
    assert "was trained without names" in capsys.readouterr().err


def test_few_clips_take_the_settings_of_the_model(
    tiny_model: Path, procedural_data: Path, tmp_path: Path
) -> None:
    words = ["--from", str(tiny_model), "--data", str(procedural_data), "--protocol", "xsub"]
    words += ["--shots", "1", "--recognizer.token_embeddings", "codebook"]
    words += ["--tokenizer.optim.epochs", "2", "--recognizer.optim.epochs", "1"]
    model = json.loads((tiny_model / "config.json").read_text())["run"]
    first = (tiny_model / "tokenizer" / "model.safetensors").read_bytes()
    for stage, kept in (("both", False), ("recognizer", True)):
        out = tmp_path / stage
        assert main(["train", stage, *words, "--out", str(out), "--augment.shear", "0.3"]) == 0
        run = json.loads((out / "config.json").read_text())["run"]
        assert run["finetune_tokenizer"] is not kept
        assert ((out / "tokenizer" / "model.safetensors").read_bytes() == first) is kept
        assert run["preprocess"] == model["preprocess"]
        assert run["augment"] == settings_to_dict(AugmentConfig(shear=0.3))
        assert run["tokenizer"]["encoder"] == model["tokenizer"]["encoder"]
        assert run["tokenizer"]["optim"]["batch_size"] == OptimConfig().batch_size
        assert run["recognizer"]["optim"]["batch_size"] == 8
        assert run["recognizer"]["llm"] == model["recognizer"]["llm"]
        assert run["shots"] == 1 and run["out"] == str(out)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("runs: {}", "at least one run"),
        ("runs: {a: 3}", "run 'a' must be settings"),
        ("runs: {a: {}}\nseeds: [1]", "unknown key 'seeds'"),
        ("runs: {a: {}}\nover: [1]", "'over' must be one setting"),
        ("runs: {a: {}}\nover: {protocol: []}", "a list of values for protocol"),
    ],
)
def test_errors_in_a_grid_are_reported(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        read_grid(grid(tmp_path, text))


def test_an_impossible_setting_names_grid_and_run(base: Path, tmp_path: Path) -> None:
    found = read_grid(grid(tmp_path, "runs: {a: {}, b: {tokenizer: {codebook: {sizes: 2}}}}"))
    with pytest.raises(ConfigError, match=r"grid.yaml: run 'b': unknown setting .*codebook.sizes"):
        list(found.trials((0,), tmp_path))


def test_unknown_runs_and_seeds_are_refused(base: Path, tmp_path: Path, capsys: Capture) -> None:
    file = grid(tmp_path, "runs: {a: {}}")
    assert main(["ablate", str(file), "--out", str(tmp_path), "--only", "b"]) == 2
    assert "has no run 'b'; it has a" in capsys.readouterr().err
    for seeds in ("x", "1,1", "-1", ""):
        with pytest.raises(SystemExit):
            main(["ablate", str(file), "--out", str(tmp_path), "--seeds", seeds])


@pytest.mark.parametrize(
    ("difference", "shared"),
    [
        ("ablation.reader: linear_head", True),
        ("ablation.input: latents", True),
        ("ablation.random_llm: true", True),
        ("recognizer.lora.rank: 2", True),
        ("recognizer.token_noise: 0.1", True),
        ("tokenizer.optim.save_minutes: 1", True),
        ("recognizer.llm.name: another", False),
        ("tokenizer.optim.epochs: 2", False),
        ("tokenizer.extensions.name_loss: 1", False),
        ("tokenizer.codebook.update: ema", False),
        ("augment.yaw_degrees: 0", False),
        ("preprocess.frames: 32", False),
        ("held_out: 0.1", False),
        ("shots: 2", False),
        ("protocol: unseen0", False),
    ],
)
def test_stage_1_is_shared_by_runs_that_differ_in_stage_2_alone(
    base: Path, tmp_path: Path, difference: str, shared: bool
) -> None:
    found = read_grid(grid(tmp_path, f"runs: {{a: {{}}, b: {{{difference}}}}}"))
    one, other = found.trials((0,), tmp_path)
    assert one.settings != other.settings
    assert (one.first_stage == other.first_stage) is shared
    later = {trial.first_stage for trial in found.trials((1,), tmp_path)}
    assert not later & {one.first_stage, other.first_stage}, "each seed has a stage 1 of its own"


def test_minutes_are_estimated_from_what_is_done(base: Path, tmp_path: Path) -> None:
    found = read_grid(
        grid(
            tmp_path,
            "runs: {a: {}, b: {recognizer.optim.epochs: 2}, c: {ablation.reader: full}}",
        )
    )
    trials = list(found.trials((0,), tmp_path))
    clips = len(ClipStore.open(trials[0].settings.data).split("xsub")[0])
    first, second = clips * 0.012 * 16 / 64 / 60, clips * 0.2 / 60
    expected = [first + second, 2 * second, 1.5 * second]
    assert expected_minutes(trials, Rates()) == pytest.approx(expected), "stage 1 is shared"
    done = {
        "settings": {
            "init_from": "",
            "preprocess": {"frames": 128},
            "tokenizer": {"optim": {"epochs": 10}},
            "recognizer": {"optim": {"epochs": 3}},
            "ablation": {"reader": "full"},
        },
        "figures": {"training_clips": 100, "minutes_tokenizer": 2.0, "minutes_recognizer": 4.5},
    }
    known = rates([done])
    assert known.first == pytest.approx(120 / 2000) and known.second == pytest.approx(0.6)

    # A result may be older than a setting, which then had its default; others tell nothing.
    earlier = {**done, "settings": {**done["settings"]}}
    del earlier["settings"]["ablation"]
    assert rates([earlier]).second == pytest.approx(0.9)
    renamed = {**done, "settings": {**done["settings"], "refine": False}}
    assert rates([renamed]) == Rates()
    assert rates([done, renamed]) == known
