"""The commands as users type them: results on standard output, mistakes as one line, exit codes."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from llm_ar.applications.cli import COMMANDS, main
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.zero_shot.conse import ConSE
from llm_ar.recognizer.zero_shot.descriptions import Descriptions, built_in, read_descriptions
from llm_ar.recognizer.zero_shot.synonyms import expand_synonyms
from llm_ar.skeletons.layout import PARTS
from llm_ar.skeletons.store import ClipStore
from llm_ar.skeletons.synthetic.dataset import PROCEDURAL_ACTIONS, procedural_clips

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three recordings as NumPy files."""
    folder = tmp_path_factory.mktemp("recordings")
    for number, clip in enumerate(procedural_clips(3, subjects=3, seed=5)):
        np.save(folder / f"clip{number}.npy", clip.joints[:, 0])
    return sorted(folder.iterdir())


def fails(words: list[object], capsys: Capture, *expected: str) -> str:
    """Run a command that must fail with one line; returns what it printed as results."""
    assert main([str(word) for word in words]) == 2
    shown = capsys.readouterr()
    assert len(shown.err.splitlines()) == 1 and shown.err.startswith("llm-ar: "), shown.err
    assert all(part in shown.err for part in expected), shown.err
    return shown.out


def test_help_needs_no_heavy_library() -> None:
    code = (
        "import sys; from llm_ar.applications.cli import main; main(['--help']);"
        "heavy = {'torch', 'transformers', 'datasets', 'sklearn', 'matplotlib'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"
    assert all(f"  {command.name} " in shown.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_has_help(command: object, capsys: Capture) -> None:
    name = command.name.split()  # type: ignore[attr-defined]
    try:
        assert main([*name, "--help"]) == 0
    except SystemExit as end:
        assert end.code == 0
    assert f"usage: llm-ar {' '.join(name)}" in capsys.readouterr().out


def test_an_unknown_command_is_named(capsys: Capture) -> None:
    fails(["recognise"], capsys, "'recognise'", "recognize")
    fails(["data"], capsys, "data make-procedural")


def test_recognize_prints_one_json_object_a_file(
    recordings: list[Path], tiny_model: Path, capsys: Capture
) -> None:
    words = ["recognize", *map(str, recordings), "--model", str(tiny_model), "--json"]
    assert main([*words, "--top-k", "3"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    model = ActionRecognizer.from_pretrained(tiny_model)
    for file, answers in zip(recordings, found, strict=True):
        expected = model.recognize(file, top_k=3)
        assert list(answers) == ["file", "top", "sentence", "warnings", "enough_seen"]
        assert answers["file"] == str(file) and answers["sentence"] == expected.sentence
        assert [row["action"] for row in answers["top"]] == [a.action for a in expected.top]
        assert [row["probability"] for row in answers["top"]] == pytest.approx(
            [answer.probability for answer in expected.top], abs=1e-4
        )


def test_recognize_loads_no_drawing(recordings: list[Path], tiny_model: Path) -> None:
    words = ["recognize", str(recordings[0]), "--model", str(tiny_model)]
    code = f"import sys; from llm_ar.applications.cli import main; main({words});"
    code += "print('matplotlib' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "False"


def test_synonyms_count_for_their_names(
    tiny_model: Path, recordings: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["recognize", str(recordings[0]), "--model", str(tiny_model), "--json", "--synonyms"]
    assert main([*words, "--labels", "walk,clap"]) == 0
    found = json.loads(capsys.readouterr().out)
    model = ActionRecognizer.from_pretrained(tiny_model)
    expanded = expand_synonyms(["walk", "clap"])
    assert len(expanded.candidates) > 2
    tokens = torch.tensor([found["sentence"]])
    scores = model.log_likelihoods(tokens, expanded.candidates)[0].double().exp()
    sums = [
        sum(float(s) for s, o in zip(scores, expanded.owners, strict=True) if o == k)
        for k in (0, 1)
    ]
    expected = dict(zip(("walk", "clap"), [part / sum(sums) for part in sums], strict=True))
    assert {a["action"]: a["probability"] for a in found["top"]} == pytest.approx(
        expected, abs=2e-6
    )
    with pytest.raises(SystemExit):
        main([*words, "--fast"])
    assert "--fast scores no synonyms" in capsys.readouterr().err


def test_names_that_never_trained_are_answered_by_analogy(
    tiny_model: Path, recordings: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["recognize", str(recordings[0]), "--model", str(tiny_model), "--json", "--zero-shot"]
    model = ActionRecognizer.from_pretrained(tiny_model)

    def answers(*more: str) -> dict[str, float]:
        assert main([*words, "--labels", "fly a kite,bow", *more]) == 0
        found = json.loads(capsys.readouterr().out)
        return {answer["action"]: answer["probability"] for answer in found["top"]}

    def expected(known: Descriptions) -> dict[str, float]:
        (found,) = model.recognize_with(ConSE(model, ["fly a kite", "bow"], known), recordings[:1])
        return {answer.action: pytest.approx(answer.probability, abs=1e-5) for answer in found.top}

    assert answers() == expected(built_in())
    assert main([*words[:-1], "--labels", "fly a kite,bow"]) == 0
    assert "1 of the names were not trained, such as 'fly a kite'" in capsys.readouterr().err
    own = tmp_path / "own.yaml"
    own.write_text(
        "- action: fly a kite\n"
        "  sentence: The person runs with a line in the hand.\n"
        f"  parts: {{{', '.join(f'{part}: moves' for part in PARTS)}}}\n"
        "  order: [the person runs, the line goes up]\n"
    )
    mine = answers("--descriptions", str(own))
    assert mine == expected(built_in().with_own(read_descriptions(own))) != answers()
    for extra, problem in (
        (["--labels", "bow", "--fast"], "leave out --fast"),
        (["--labels", "bow", "--synonyms"], "leave out --fast and --synonyms"),
        ([], "give them with --labels"),
    ):
        with pytest.raises(SystemExit):
            main([*words, *extra])
        assert problem in capsys.readouterr().err


def test_recognize_among_given_names(
    recordings: list[Path], tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    names = ["fall down", "fall", "跳"]
    listed = tmp_path / "names.txt"
    listed.write_text("fall down\n\nfall\n跳\n", encoding="utf-8")
    outputs = []
    for how in (["--labels", "fall down, fall,跳"], ["--labels-file", str(listed)]):
        command = ["recognize", str(recordings[0]), "--model", str(tiny_model), "--json"]
        assert main([*command, *how]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    top = json.loads(outputs[0])["top"]
    assert sorted(row["action"] for row in top) == sorted(names)
    assert sum(row["probability"] for row in top) == pytest.approx(1, abs=1e-4)


def test_good_files_of_a_batch_are_recognized_and_bad_ones_listed(
    recordings: list[Path], tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    empty, odd = tmp_path / "empty.skeleton", tmp_path / "odd.npy"
    empty.write_bytes(b"")
    np.save(odd, np.zeros((4, 3, 3)))
    files = [recordings[0], empty, recordings[1], tmp_path / "nosuch.json", odd, recordings[2]]
    assert main(["recognize", *map(str, files), "--model", str(tiny_model), "--json"]) == 1
    shown = capsys.readouterr()
    answers = [json.loads(line) for line in shown.out.splitlines()]
    assert [answer["file"] for answer in answers] == [str(file) for file in files]
    bad = [answer for answer in answers if "error" in answer]
    assert [answer["file"] for answer in bad] == [str(files[place]) for place in (1, 3, 4)]
    assert all(set(answer) == {"file", "error"} for answer in bad)
    assert all(f"llm-ar: {answer['error']}" in shown.err for answer in bad)
    problems = shown.err.splitlines()
    assert len(problems) == 4
    for line, file in zip(problems, (empty, tmp_path / "nosuch.json", odd), strict=False):
        assert line.startswith("llm-ar: ") and str(file) in line
    assert problems[3] == "llm-ar: 3 of 6 recordings were not recognized"


def test_each_clip_of_a_file_of_many_is_recognized(
    recordings: list[Path], tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    random = np.random.default_rng(0)
    many = [
        {"frame_dir": f"clip{number}", "label": 0, "keypoint": random.normal(size=(1, 9, 17, 2))}
        for number in range(18)
    ]
    many[4]["keypoint"] = np.zeros((1, 9, 17, 2))
    file = tmp_path / "many.pkl"
    file.write_bytes(pickle.dumps({"annotations": many}))
    files = [str(recordings[0]), str(file), str(recordings[1])]
    assert main(["recognize", *files, "--model", str(tiny_model), "--json"]) == 1
    shown = capsys.readouterr()
    answered = [json.loads(line)["file"] for line in shown.out.splitlines()]
    inside = [f"{file}#clip{number}" for number in range(18)]
    assert answered == [str(recordings[0]), *inside, str(recordings[1])]
    assert f"{file}#clip4" in shown.err and "1 of 20 recordings" in shown.err


def test_a_clip_unfit_for_the_model_spoils_no_other(
    recordings: list[Path], tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    # Seven joints are a layout of their own, which cannot be mapped to the model's.
    layout = tmp_path / "layout.yaml"
    layout.write_text(
        "name: seven\njoints: [a, b, c, d, e, f, g]\n"
        "parents: [null, a, b, c, d, e, f]\npairs: []\nparts: {}\n"
        "centre: [a]\nsize_bones: [[a, b]]\n"
    )
    odd = tmp_path / "odd.npz"
    random = np.random.default_rng(0)
    np.savez(odd, joints=random.normal(size=(9, 7, 3)), layout="layout.yaml")
    files = [str(odd), str(recordings[0])]
    assert main(["recognize", *files, "--model", str(tiny_model), "--json"]) == 1
    shown = capsys.readouterr()
    bad, good = map(json.loads, shown.out.splitlines())
    assert bad["file"] == str(odd) and "error" in bad and good["file"] == str(recordings[0])
    assert str(odd) in shown.err.splitlines()[0]


def test_people_see_names_and_percentages(
    recordings: list[Path], tiny_model: Path, capsys: Capture
) -> None:
    assert main(["recognize", str(recordings[0]), "--model", str(tiny_model)]) == 0
    shown = capsys.readouterr().out
    assert str(recordings[0]) in shown.replace("\n", "") and shown.count(" %") == 5


def test_mistakes_in_names_are_told(
    recordings: list[Path], tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    command: list[object] = ["recognize", recordings[0], "--model", tiny_model]
    fails([*command, "--labels", "a,,b"], capsys, "--labels", "empty")
    fails([*command, "--labels", "a,b,a"], capsys, "'a'", "twice")
    fails([*command, "--labels-file", tmp_path / "nosuch.txt"], capsys, "nosuch.txt")
    blank = tmp_path / "blank.txt"
    blank.write_text("\n")
    fails([*command, "--labels-file", blank], capsys, "blank.txt", "at least one name")


def test_a_broken_model_folder_is_told(
    recordings: list[Path], tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    fails(["recognize", recordings[0], "--model", tmp_path / "no"], capsys, str(tmp_path / "no"))
    half = tmp_path / "half"
    half.mkdir()
    (half / "config.json").write_bytes((tiny_model / "config.json").read_bytes())
    fails(["recognize", recordings[0], "--model", half], capsys, str(half), "missing")
    fails(["sentence", recordings[0], "--model", half], capsys, str(half), "missing")


def test_sentence_prints_the_tokens(
    recordings: list[Path], tiny_model: Path, capsys: Capture
) -> None:
    assert main(["sentence", str(recordings[0]), "--model", str(tiny_model)]) == 0
    shown = [int(token) for token in capsys.readouterr().out.split()]
    assert shown == ActionRecognizer.from_pretrained(tiny_model).recognize(recordings[0]).sentence
    fails(["sentence", "nosuch.npy", "--model", tiny_model], capsys, "nosuch.npy")


def test_evaluate_prints_its_summary_and_writes_both_files(
    tiny_model: Path, procedural_data: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "results"
    command = ["evaluate", "--model", str(tiny_model), "--data", str(procedural_data)]
    assert main([*command, "--out", str(out), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    expected = ["top1", "top5", "mean_class", "ece", "clips", "clips_per_second"]
    added = ["duplicates", "top1_without_duplicates", "name_head_top1", "neighbour_top1"]
    assert list(summary) == [*expected, *added]
    assert summary["duplicates"] == 0
    written = json.loads((out / "evaluation.json").read_text("utf-8"))
    assert written.items() >= summary.items() and summary["clips"] == 32
    assert written["model"] == "tiny" and (out / "report.html").is_file()
    pictures = ["--pictures", str(tmp_path / "docs" / "tiny")]
    assert main([*command, "--out", str(out), "--protocol", "held-out:P01", *pictures]) == 0
    drawn = sorted((tmp_path / "docs" / "tiny").iterdir())
    assert [file.name for file in drawn] == ["confusion.png", "reliability.png"]
    assert all(file.read_bytes()[:4] == b"\x89PNG" for file in drawn)
    shown = capsys.readouterr().out
    assert "top-1" in shown and str(out / "report.html") in shown.replace("\n", "")
    figures = [line for line in shown.splitlines() if " %" in line]
    assert figures and all(len(line) <= 80 for line in figures)
    fails([*command, "--protocol", "xview", "--out", tmp_path / "no"], capsys, "xview", "xsub")
    assert not (tmp_path / "no").exists()


def test_evaluate_among_the_datasets_own_names(
    tiny_model: Path,
    procedural_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    model = ActionRecognizer.from_pretrained(tiny_model)
    model.labels, model.early_exit = ("fly a kite", *model.labels), None
    monkeypatch.setattr("llm_ar.applications.evaluate.load_recognizer", lambda folder: model)
    command = ["evaluate", "--model", str(tiny_model), "--data", str(procedural_data)]
    names = []
    for how in ([], ["--own-names"]):
        assert main([*command, "--out", str(tmp_path), *how]) == 0
        names.append(json.loads((tmp_path / "evaluation.json").read_text("utf-8"))["labels"])
    assert names[0] == ["fly a kite", *names[1]] and "fly a kite" not in names[1]
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main([*command, "--own-names", "--fast"])
    assert "leave out --own-names" in capsys.readouterr().err


def test_evaluate_needs_a_prepared_dataset(
    tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    fails(["evaluate", "--model", tiny_model, "--data", tmp_path], capsys, str(tmp_path), "prepare")


def test_prepare_reads_a_folder_once(
    recordings: list[Path], tmp_path: Path, capsys: Capture
) -> None:
    table = tmp_path / "labels.csv"
    rows = [f"{file.name},action {n % 2},P{n}" for n, file in enumerate(recordings)]
    table.write_text("\n".join(["file,label,subject", *rows, "nosuch.npy,a,P9"]) + "\n")
    out = tmp_path / "data"
    raw = str(recordings[0].parent)
    command = ["prepare", "folder", "--raw", raw, "--out", str(out), "--labels", str(table)]
    assert main(command) == 0
    assert "nosuch.npy" in capsys.readouterr().out
    assert ClipStore.open(out).labels == ("action 0", "action 1")
    assert main(command) == 0
    assert "nothing to do" in capsys.readouterr().out
    fails(["prepare", "nosuch", "--raw", raw, "--out", out], capsys, "nosuch", "nw-ucla")
    fails(["prepare", "nw-ucla", "--raw", tmp_path / "no", "--out", out], capsys, str(tmp_path))


def test_make_procedural_makes_a_dataset(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "made"
    command = ["data", "make-procedural", "--out", str(out), "--clips", "12", "--subjects", "4"]
    assert main(command) == 0
    assert "12 clips" in capsys.readouterr().out
    assert len(ClipStore.open(out)) == 12
    assert set(ClipStore.open(out).labels) <= set(PROCEDURAL_ACTIONS)
    fails([*command, "--subjects", "1"], capsys, "subjects", "2")


def test_train_refuses_unknown_settings_and_stages(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("tokenizer: {codebok: {size: 64}}\n")
    fails(["train", "--config", path], capsys, str(path), "tokenizer.codebok", "codebook")
    fails(["train", "tokenizer", "--codebook.size", "3"], capsys, "codebook.size", "tokenizer")
    fails(["train", "--data", tmp_path / "no"], capsys, str(tmp_path / "no"))
    with pytest.raises(SystemExit) as end:
        main(["train", "everything"])
    assert end.value.code == 2 and "everything" in capsys.readouterr().err


def test_doctor_tells_versions_and_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("LLM_AR_CACHE", str(tmp_path))
    code = main(["doctor"])
    shown = capsys.readouterr()
    assert "torch" in shown.out and str(tmp_path) in shown.out.replace("\n", "").replace(" ", "")
    assert (code == 0) == ("Nothing is missing" in shown.out) == (not shown.err)


def test_doctor_names_the_cure_for_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("llm_ar.applications.doctor.NEEDED", ("torch", "no-such-package"))
    fails(["doctor"], capsys, "no-such-package is missing", "pip install no-such-package")


def test_interruption_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("llm_ar.applications.doctor.findings", interrupted)
    assert main(["doctor"]) == 130
    assert capsys.readouterr().err.strip() == "llm-ar: interrupted"


def test_too_little_memory_is_one_sentence(
    recordings: list[Path], tiny_model: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["recognize", str(recordings[0]), "--model", str(tiny_model)]
    monkeypatch.setattr(ActionRecognizer, "recognize_with", lambda *_: torch.empty(10**13))
    fails(words, capsys, "the computer's memory is not enough", "optim.batch_size")
