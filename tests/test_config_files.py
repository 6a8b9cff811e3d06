"""Settings from YAML and the command line, and one clear sentence for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_ar.config import LoraSettings, RunConfig
from llm_ar.config_files import load_run, settings_help
from llm_ar.errors import ConfigError


def config(folder: Path, text: str) -> Path:
    path = folder / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_given_is_the_defaults() -> None:
    assert load_run() == RunConfig()


def test_yaml_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = config(
        tmp_path,
        "data: data/x\n"
        "recognizer:\n  optim: {batch_size: 4, learning_rate: 1e-4}\n"
        "  lora: {targets: [q_proj]}\n",
    )
    run = load_run(path)
    assert run.data == Path("data/x")
    # Epochs of stage 2 keep the default of stage 2, which differs from that of stage 1.
    default = RunConfig().recognizer.optim
    assert run.recognizer.optim.batch_size == 4
    assert run.recognizer.optim.learning_rate == 1e-4
    assert run.recognizer.optim.epochs == default.epochs
    assert run.recognizer.lora == LoraSettings(targets=("q_proj",))
    assert run.tokenizer == RunConfig().tokenizer


def test_the_command_line_wins(tmp_path: Path) -> None:
    path = config(tmp_path, "seed: 1\ntokenizer: {codebook: {size: 64}}\n")
    run = load_run(path, ["--tokenizer.codebook.size", "128", "--preprocess.face_camera=true"])
    assert (run.seed, run.tokenizer.codebook.size, run.preprocess.face_camera) == (1, 128, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tokenizer: {codebok: {size: 3}}\n", ["tokenizer.codebok", "codebook", "losses"]),
        ("tokenizr: {}\n", ["tokenizr", "tokenizer", "recognizer"]),
        ("tokenizer: {codebook: {size: {of: 3}}}\n", ["tokenizer.codebook.size", "whole number"]),
        ("tokenizer: {codebook: {size: many}}\n", ["tokenizer.codebook.size", "whole number"]),
        ("tokenizer: {codebook: {geometry: flat}}\n", ["geometry", "hyperbolic, euclidean"]),
        ("recognizer: {lora: {targets: q_proj}}\n", ["recognizer.lora.targets", "list"]),
        ("tokenizer: 5\n", ["tokenizer", "group", "codebook"]),
        ("preprocess: null\n", ["preprocess", "frames, people, face_camera"]),
        ("tokenizer: {optim: {epochs: -1}}\n", ["tokenizer.optim.epochs", "-1"]),
        ("recognizer: {token_noise: 3}\n", ["recognizer.token_noise", "less than or equal to 1"]),
        ("recognizer: {optim: {learning_rate: .nan}}\n", ["learning_rate", "finite"]),
        ("preprocess: {frames: 30}\n", ["preprocess.frames", "multiple of 4"]),
        ("- a\n- b\n", ["name: value"]),
        ("", ["nothing", "tokenizer"]),
        ("a: [\n", ["not YAML"]),
        ("!!python/object/apply:os.getcwd []\n", ["not YAML"]),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    path = config(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_run(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert all(words in message for words in expected), message


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--tokenizer.codebok.size", "3"], ["tokenizer.codebok.size", "codebook"]),
        (["--nosuch", "3"], ["nosuch", "tokenizer"]),
        (["--seed.part", "3"], ["seed.part", "no parts"]),
        (["--tokenizer", "x.yaml"], ["group", "--tokenizer.codebook"]),
        (["--tokenizer.codebook.size", "many"], ["tokenizer.codebook.size", "many"]),
        (
            ["--tokenizer.codebook.size=0"],
            ["tokenizer.codebook.size", "greater than or equal to 1"],
        ),
        (["stray"], ["stray", "--NAME VALUE"]),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(
    tmp_path: Path, words: list[str], expected: list[str]
) -> None:
    for path in (None, config(tmp_path, "seed: 1\n")):
        with pytest.raises(ConfigError) as caught:
            load_run(path, words)
        message = str(caught.value)
        assert message.startswith("command line: ")
        assert all(part in message for part in expected), message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nosuch.yaml"):
        load_run(tmp_path / "nosuch.yaml")


def test_help_lists_every_setting_with_its_meaning() -> None:
    shown = settings_help()
    assert "--tokenizer.codebook.size" in shown and "Number of tokens U" in shown
    assert "--recognizer.lora.rank" in shown
