"""`llm-ar train` and the demonstration, on a tiny model from the first clip to the report."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from llm_ar.applications import demo
from llm_ar.applications.cli import main
from llm_ar.applications.run_folder import Stage
from llm_ar.applications.training_plan import plan
from llm_ar.config_files import load_run
from llm_ar.recognizer.recognition import Answer, Recognition
from llm_ar.skeletons.store import ClipStore

Capture = pytest.CaptureFixture[str]


@pytest.fixture()
def experiment(byte_llm: Path, procedural_data: Path, tmp_path: Path) -> Path:
    """Settings of a training that takes a second."""
    path = tmp_path / "tiny.yaml"
    path.write_text(
        f"""
data: {procedural_data}
out: {tmp_path / "run"}
preprocess: {{frames: 16}}
tokenizer:
  encoder: {{width: 8, blocks: 1}}
  codebook: {{size: 16, dim: 32, warmup_steps: 1}}
  optim: {{epochs: 1, batch_size: 16}}
recognizer:
  llm: {{name: {byte_llm}}}
  optim: {{epochs: 1, batch_size: 16}}
"""
    )
    return path


def test_both_stages_in_one_command_or_one_by_one(
    experiment: Path, tmp_path: Path, procedural_data: Path, capsys: Capture
) -> None:
    assert main(["train", "--config", str(experiment), "--seed", "3"]) == 0
    assert str(tmp_path / "run") in capsys.readouterr().out.replace("\n", "")
    other = ["--config", str(experiment), "--seed", "3", "--out", str(tmp_path / "other")]
    assert main(["train", "tokenizer", *other]) == 0
    assert (tmp_path / "other" / "tokenizer" / "model.safetensors").is_file()
    assert main(["train", "recognizer", *other]) == 0
    for name in ("tokenizer/model.safetensors", "adapter_model.safetensors"):
        once = (tmp_path / "run" / name).read_bytes()
        assert once == (tmp_path / "other" / name).read_bytes(), name

    # The model's folder alone holds what evaluate needs.
    config = json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))
    assert config["run"]["seed"] == 3
    capsys.readouterr()
    words = ["evaluate", "--model", str(tmp_path / "run"), "--data", str(procedural_data)]
    assert main([*words, "--out", str(tmp_path / "results"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 32
    assert json.loads((tmp_path / "results" / "evaluation.json").read_text("utf-8"))["seed"] == 3


def test_the_recognizer_needs_a_tokenizer(experiment: Path, capsys: Capture) -> None:
    assert main(["train", "recognizer", "--config", str(experiment)]) == 2
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 1 and "tokenizer" in shown


def test_the_demo_recognizes_at_once(tiny_model: Path, capsys: Capture) -> None:
    demo.recognize_samples(tiny_model)
    shown = capsys.readouterr().out
    assert shown.count(" %") >= 2 * demo.SAMPLES and "walk" in shown


def test_the_demo_trains_and_writes_a_report(
    experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    data, out = tmp_path / "clips", tmp_path / "demo"
    small = {"clips": 128, "subjects": 8}
    from llm_ar.skeletons.synthetic import dataset as procedural

    made = procedural.make_procedural
    monkeypatch.setattr(procedural, "make_procedural", lambda folder: made(folder, **small))
    report = demo.train_and_evaluate(experiment, data, out)
    assert "Confusion matrix" in report.read_text("utf-8")
    shown = capsys.readouterr().out
    assert str(report) in "".join(c for c in shown if c not in "│ \n")


def test_the_demo_prints_checks_and_versions_only_on_request(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    from llm_ar.skeletons.synthetic import dataset as procedural

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    made = procedural.make_procedural
    monkeypatch.setattr(demo, "MODEL", tiny_model)
    monkeypatch.setattr(demo, "DATA", tmp_path / "clips")
    monkeypatch.setattr(demo, "train", stop)
    monkeypatch.setattr(procedural, "make_procedural", lambda folder: made(folder, 64, 8))
    shown = []
    for words in ([], ["--verbose"]):
        assert demo.main(words) == 0
        shown.append(capsys.readouterr().out)
        (tmp_path / "clips").rename(tmp_path / f"clips{len(shown)}")
    for word in ("protocol unseen0", "transformers"):
        assert word not in shown[0] and word in shown[1]
    assert "64 clips" in shown[0]


def test_the_demo_can_be_interrupted(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "MODEL", tiny_model)
    monkeypatch.setattr(demo, "train_and_evaluate", interrupted)
    assert demo.main() == 0
    shown = capsys.readouterr()
    assert "Ctrl-C" in shown.out and "Stopped" in shown.out
    assert "Traceback" not in shown.err


def test_train_alone_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train"]) == main(["train", "both", "--resume"]) == 2
    shown = capsys.readouterr().err
    assert "usage: llm-ar train" in shown and "--data or --config" in shown
    assert "llm-ar prepare" in shown and not list(tmp_path.iterdir())
    # The example is one line at any width, to be copied.
    assert " --protocol seeded:20 --out runs/mine\n" in shown


@pytest.mark.parametrize(
    ("stage", "said"), [("both", "about 1 and 1 minutes"), ("tokenizer", "about 1 minute on")]
)
def test_a_short_training_takes_a_minute_not_none(
    stage: Stage, said: str, procedural_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    store = ClipStore.open(procedural_data)
    words = [f"--{name}.optim.epochs=1" for name in ("tokenizer", "recognizer")]
    run = load_run(None, [*words, "--protocol=xsub"])
    (line,) = [line for line in plan(run, stage, store, "") if line.startswith("Duration: ")]
    assert said in line


def test_a_training_says_first_what_it_does_and_overwrites_nothing(
    experiment: Path, tmp_path: Path, procedural_data: Path, capsys: Capture
) -> None:
    out = tmp_path / "run"
    words = ["train", "--config", str(experiment)]
    command = f"llm-ar train --config {experiment}"
    assert main(words) == 0
    shown = capsys.readouterr().err.splitlines()
    assert shown[0] == f"Reads {procedural_data}, protocol xsub: 96 clips train, 16 actions"
    assert shown[1] == f"Writes {out}"
    assert "action tokenizer (1 epochs), then language model (1 epochs)" in shown[2]
    assert shown[3].startswith("Duration: ")
    assert shown[4].startswith("Ctrl-C stops it") and f"{command} --resume" in shown[4]
    assert "Stage 1 of 2: action tokenizer" in shown and "Stage 2 of 2: language model" in shown
    assert any(line.startswith("Stage 1 is finished after 0.") for line in shown)
    assert not any("loss -" in line for line in shown)

    made = (out / "config.json").read_bytes()
    assert main(words) == 2
    shown = capsys.readouterr().err.splitlines()
    assert len(shown) == 1 and "already holds a finished model" in shown[0]
    assert shown[0].endswith(f"{command} --overwrite")
    assert (out / "config.json").read_bytes() == made

    assert main([*words, "--resume"]) == 0
    shown = capsys.readouterr().err
    assert "Goes on: stage 1 (tokenizer) is finished and stage 2 (recognizer) is finished" in shown
    assert main([*words, "--overwrite", "--seed", "5"]) == 0
    assert json.loads((out / "config.json").read_text("utf-8"))["run"]["seed"] == 5
    with pytest.raises(SystemExit):
        main([*words, "--overwrite", "--resume"])


def test_an_interrupted_training_names_the_command_that_goes_on(
    experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    from llm_ar.recognizer import train as stage

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    words = ["train", "--config", str(experiment)]
    command = f"llm-ar train --config {experiment}"
    with monkeypatch.context() as patch:
        patch.setattr("llm_ar.applications.train.train_first", interrupt)
        assert main(words) == 130
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"llm-ar: interrupted before the first checkpoint; begin again with: {command}"
    assert (tmp_path / "run" / "training" / "command.txt").is_file()
    with monkeypatch.context() as patch:
        patch.setattr(stage, "train_recognizer", interrupt)
        assert main(words) == 130
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first == f"No checkpoint in {tmp_path / 'run'}: begins at step 0"
    assert "stage 1 (tokenizer) is finished" in last and last.endswith(f"{command} --resume")

    assert main(words) == 2
    shown = capsys.readouterr().err
    assert "unfinished training (stage 1 (tokenizer) is finished)" in shown
    assert f"go on with: {command} --resume" in shown
    assert main(["recognize", "x.npy", "--model", str(tmp_path / "run")]) == 2
    assert f"finish it with: {command} --resume" in capsys.readouterr().err
    assert main([*words, "--resume"]) == 0
    assert "Goes on: stage 1 (tokenizer) is finished" in capsys.readouterr().err
    assert (tmp_path / "run" / "config.json").is_file()


def test_a_tokenizer_is_not_overwritten(experiment: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ["--config", str(experiment)]
    assert main(["train", "tokenizer", *words]) == 0
    assert main(["train", "tokenizer", *words]) == 2
    assert "unfinished training" in capsys.readouterr().err
    (tmp_path / "run" / "training").rename(tmp_path / "gone")
    assert main(["train", *words]) == 2
    assert "already holds a trained tokenizer" in capsys.readouterr().err
    assert main(["train", "recognizer", *words]) == 0
    (tmp_path / "run" / "training").rename(tmp_path / "gone too")
    assert main(["train", *words, "--resume"]) == 2
    assert "finished model without checkpoints" in capsys.readouterr().err


def test_the_model_card_names_the_folder_that_it_is_in(tiny_model: Path) -> None:
    card = (tiny_model / "README.md").read_text("utf-8")
    assert "llm-ar recognize recording.json --model ." in card and "runs/" not in card


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_demo_shows_long_names_whole(width: int) -> None:
    longest = "draw a circle counter-clockwise with the right hand"
    names = ("walk", longest, "x" * 40)
    clips = [SimpleNamespace(label=name) for name in names]
    answers = [
        Recognition("", [Answer(name, 0.98), Answer(f"not {name}", 0.02)], []) for name in names
    ]
    screen = Console(width=width, file=StringIO(), color_system=None)
    screen.print(demo.sample_table(clips, answers))
    shown = screen.file.getvalue()
    assert "…" not in shown and max(map(len, shown.splitlines())) <= width
    # Each name stands in three columns: its letters are there, however it is broken.
    for letter in "kx":
        assert shown.count(letter) == 3 * "".join(names).count(letter)
    assert shown.count("98.0 %") == 3
