"""What is typed wrongly is named with what is meant, before anything heavy is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from llm_ar.applications.cli import COMMANDS, main

Capture = pytest.CaptureFixture[str]
RUN = "import sys; from llm_ar.applications.cli import main; code = main(sys.argv[1:]);"


def refused(words: list[str], capsys: Capture) -> str:
    """Run words that must be refused with one line; returns it."""
    try:
        code = main(words)
    except SystemExit as end:
        code = int(str(end.code))
    assert code == 2
    shown = capsys.readouterr()
    assert len(shown.err.splitlines()) == 1 and shown.err.startswith("llm-ar: "), shown.err
    assert shown.out == ""
    return shown.err


@pytest.fixture()
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one finished model, one unfinished one and one dataset."""
    monkeypatch.chdir(tmp_path)
    for name in ("models/good", "runs/half/tokenizer", "runs/half/training", "data/mine"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("config.json", "adapter_model.safetensors"):
        (tmp_path / "models" / "good" / name).write_text("{}")
    (tmp_path / "data" / "mine" / "dataset.json").write_text("{}")
    return tmp_path


def test_a_misspelled_command_has_a_suggestion(capsys: Capture) -> None:
    assert "did you mean recognize?" in refused(["recognise", "x.npy"], capsys)
    assert "did you mean data merge?" in refused(["data", "merg"], capsys)
    assert "data make-procedural, data merge" in refused(["data"], capsys)
    assert "the commands are prepare" in refused(["xyzzy"], capsys)


def test_help_of_a_group_of_commands(capsys: Capture) -> None:
    for words in (["data", "--help"], ["help", "data"], ["data", "-h"]):
        assert main(words) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split("  ")[1] for line in lines] == ["data make-procedural", "data merge"]


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["models", "list"]])
def test_a_reader_that_has_gone_gets_no_traceback(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "llm_ar.applications.cli", *words],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    finally:
        os.close(writing)
    assert ended.stderr == ""
    assert ended.returncode in {1, 141}, "rich ends with 1"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["recognize", "x.npy", "--top", "3"], "no option --top; did you mean --top-k?"),
        (["recognize", "x.npy", "--modle", "m"], "no option --modle; did you mean --model?"),
        (["evaluate", "--model", "m", "--protcol=x"], "--protcol; did you mean --protocol?"),
        (["train", "--confg", "x.yaml"], "--confg; did you mean --config?"),
        (["train", "--resum"], "--resum; did you mean --resume?"),
        (["train", "--prset", "ours"], "--prset; did you mean --preset?"),
        (["train", "--tokenizer.codebok.size", "3"], "did you mean --tokenizer.codebook.size?"),
        (["doctor", "--verbos"], "there is no option --verbos"),
    ],
)
def test_a_misspelled_option_has_a_suggestion(
    words: list[str], meant: str, capsys: Capture
) -> None:
    assert meant in refused(words, capsys)


def test_values_that_begin_like_options_are_none(capsys: Capture) -> None:
    assert "FILE is missing" in refused(["recognize", "--up=-y"], capsys)
    assert "expected one argument" in refused(["recognize", "x", "--model"], capsys)


def test_what_is_missing_is_named_with_what_is_there(workplace: Path, capsys: Capture) -> None:
    shown = refused(["recognize"], capsys)
    assert "FILE is missing" in shown
    shown = refused(["evaluate"], capsys)
    assert "--model is missing: there are models/good" in shown and "data/mine" in shown
    assert "one of nw-ucla" in refused(["prepare"], capsys)
    assert "one of nw-ucla" in refused(["protocol"], capsys)
    assert "arguments are required" not in shown


def test_a_wrong_model_names_the_models_that_are_there(workplace: Path, capsys: Capture) -> None:
    for command in ("recognize", "sentence", "explain"):
        shown = refused([command, "x.npy", "--model", "models/no"], capsys)
        assert "models/no: there is no such model folder; there are models/good" in shown
    shown = refused(["recognize", "x.npy", "--model", "models"], capsys)
    assert "models: config.json is missing, so this is no model; there are models/good" in shown
    shown = refused(["evaluate", "--model", "models/good", "--data", "data/no"], capsys)
    assert "data/no" in shown and "data/mine" in shown


def test_an_unfinished_model_names_the_command_that_began_it(
    workplace: Path, capsys: Capture
) -> None:
    shown = refused(["recognize", "x.npy", "--model", "runs/half"], capsys)
    assert "not finished" in shown and "--resume" in shown and "--config" not in shown
    command = workplace / "runs" / "half" / "training" / "command.txt"
    command.write_text("llm-ar train --data data/mine --out runs/half --resume\n")
    shown = refused(["recognize", "x.npy", "--model", "runs/half"], capsys)
    assert "finish it with: llm-ar train --data data/mine --out runs/half --resume" in shown


@pytest.mark.parametrize(
    "words",
    [
        ["recognize", "x.npy", "--model", "nowhere"],
        ["evaluate", "--model", "nowhere", "--data", "nowhere"],
        ["ensemble", "nowhere", "--data", "nowhere"],
        ["explain", "x.npy", "--model", "nowhere"],
        ["sentence", "x.npy", "--model", "nowhere"],
        ["train", "--data", "nowhere"],
        ["train"],
    ],
    ids=lambda words: " ".join(words),
)
def test_wrong_paths_are_seen_before_heavy_imports(words: list[str], tmp_path: Path) -> None:
    code = f"{RUN} print(code, sorted({{'torch', 'datasets', 'transformers'}} & set(sys.modules)))"
    shown = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert shown.stdout == "2 []\n" and shown.stderr


def test_llm_ar_alone_says_what_to_do_first(capsys: Capture) -> None:
    assert main([]) == 2
    shown = capsys.readouterr().out
    assert "first steps:" in shown and "llm-ar doctor" in shown and "llm-ar prepare" in shown


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_help_has_one_example(command: object, capsys: Capture) -> None:
    name = command.name  # type: ignore[attr-defined]
    try:
        main([*name.split(), "--help"])
    except SystemExit as end:
        assert end.code == 0
    shown = capsys.readouterr().out
    assert shown.count("example:") == 1 and f"\n  llm-ar {name}" in shown
    assert name != "train" or "--preset NAME" in shown


def completions(line: str, folder: Path) -> list[str]:
    """What a shell is told to complete a line with."""
    answer = folder / "answer"
    env = os.environ | {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    code = "import sys; from llm_ar.applications.cli import main; sys.exit(main())"
    subprocess.run([sys.executable, "-c", code], env=env, cwd=folder, timeout=60)
    return [word.strip() for word in answer.read_text().split("\n")]


def test_the_shell_completes_commands_options_and_models(workplace: Path) -> None:
    assert completions("llm-ar rec", workplace) == ["recognize", "recognize-dataset"]
    assert completions("llm-ar data m", workplace) == ["make-procedural", "merge"]
    assert completions("llm-ar recognize x.npy --to", workplace) == ["--top-k"]
    assert completions("llm-ar recognize x.npy --model m", workplace) == ["models/good"]
    assert completions("llm-ar evaluate --data d", workplace) == ["data/mine"]
    assert "--tokenizer.codebook.size" in completions("llm-ar train --tokenizer.co", workplace)
    assert completions("llm-ar data merge --la", workplace) == ["--layout"]
