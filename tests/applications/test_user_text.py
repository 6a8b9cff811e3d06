"""Labels, names of files and problems reach the console as they are, whatever they hold."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_ar.applications import doctor, evaluate, explain, inspect, recognize
from llm_ar.applications.ui import terminal
from llm_ar.applications.ui.text import plain, plain_lines, visible
from llm_ar.evaluation.evaluate import Evaluation
from llm_ar.evaluation.explanation import Explanation, PartImportance, TokenImportance
from llm_ar.evaluation.neighbors import Neighbor
from llm_ar.recognizer.recognition import Answer, Recognition

Capture = pytest.CaptureFixture[str]
PACKAGE = Path(evaluate.__file__).parents[1]
ODD = ("walk [/fast]", "wave [left]", "squat :x: deep", "[red]", "a\nb", "[/]", "\x1b[2J", "\\[b]")

labels = st.lists(
    st.sampled_from([*"ab[]/:\\\n\x1b{}%", "[/", ":x:", "[left]", "跳"]), min_size=1, max_size=8
).map("".join)
without_fixtures = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


def evaluation(names: tuple[str, ...]) -> Evaluation:
    """Each name is tested once and taken for the next."""
    count = len(names)
    return Evaluation(
        model=names[0],
        dataset=names[0],
        protocol="xsub",
        labels=names,
        indices=np.arange(count),
        truth=np.arange(count),
        probabilities=np.roll(np.eye(count), 1, axis=1),
        sentences=np.zeros((count, 4), dtype=np.int64),
        duplicates=np.zeros(count, dtype=bool),
        seconds=1.0,
        seed=0,
        date="",
    )


def shown(capsys: Capture) -> str:
    out = capsys.readouterr()
    return " ".join((out.out + out.err).split())


def expected(name: str) -> str:
    return " ".join(visible(name).split())


@without_fixtures
@given(names=st.lists(labels, min_size=2, max_size=3, unique=True))
def test_evaluate_prints_labels_as_they_are(names: list[str], capsys: Capture) -> None:
    evaluate.show(evaluation(tuple(names)))
    out = shown(capsys)
    assert all(expected(name) in out for name in names)


@without_fixtures
@given(name=labels, file=labels)
def test_recognize_prints_labels_and_files_as_they_are(
    name: str, file: str, capsys: Capture
) -> None:
    recognition = Recognition(file, [Answer(name, 1.0)], [1, 2])
    recognize.show(file, recognize.Outcome(recognition, (f"odd {name}",)))
    out = shown(capsys)
    assert expected(name) in out and expected(file) in out and expected(f"odd {name}") in out


@without_fixtures
@given(name=labels)
def test_errors_and_notes_are_printed_as_they_are(name: str, capsys: Capture) -> None:
    terminal.print_error(f"in {name!r}")
    terminal.note(f"at {name}")
    terminal.show_lines(f"made {name}")
    out = shown(capsys)
    assert expected(f"in {name!r}") in out and expected(f"at {name}") in out
    assert " ".join(plain_lines(f"made {name}").plain.split()) in out


@pytest.mark.parametrize("name", ODD)
def test_explain_prints_names_as_they_are(name: str, capsys: Capture) -> None:
    explanation = Explanation(
        file=name,
        top=(Answer(name, 0.5),),
        log_probability=-0.7,
        tokens=(TokenImportance(1, (0.0, 0.1), (0, 4), 0.5, name + "2"),),
        parts=(PartImportance("left_arm", 0.5, 4, name + "3"),),
    )
    explain.show(explanation, [Neighbor(f"clip {name}", f"of {name}", 0.25)])
    out = shown(capsys)
    for part in (name, name + "2", name + "3", f"clip {name}", f"of {name}"):
        assert expected(part) in out


@pytest.mark.parametrize("name", ODD)
def test_inspect_prints_names_as_they_are(name: str, capsys: Capture) -> None:
    about = inspect.Inspection(
        file=name,
        format="NumPy",
        layout="kinect-v2",
        joints=25,
        frames=20,
        people=1,
        dimensions=3,
        fps=30.0,
        label=name,
        subject=None,
        camera=None,
        split=None,
        empty_frames=0,
        missing={},
        problems=(f"bad {name}",),
        understood={},
    )
    inspect._show(about)
    out = shown(capsys)
    assert out.count(expected(name)) >= 3
    inspect._show_container(Path(name.replace("/", "|")), [Path(f"{n}") for n in range(2)], False)
    assert expected(name.replace("/", "|")) in shown(capsys)


@pytest.mark.parametrize("name", ODD)
def test_doctor_prints_paths_as_they_are(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(doctor, "findings", lambda: iter([(name, f"in {name}", "")]))
    assert doctor.run([]) == 0
    assert expected(f"in {name}") in shown(capsys)


def test_doctor_breaks_no_path(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    path = "/a/" + "very-long-name/" * 20
    monkeypatch.setattr(doctor, "findings", lambda: iter([("python", f"3.11 ({path})", "")]))
    assert doctor.run([]) == 0
    assert path in capsys.readouterr().out


def test_figures_are_not_broken(capsys: Capture) -> None:
    evaluate.show(evaluation(("a very long name " * 9, "another very long name " * 9)))
    out = capsys.readouterr().out
    assert sum("0.0 %" in line for line in out.splitlines()[1:]) == 2


@pytest.mark.parametrize("name", ODD)
def test_text_in_one_line_has_no_control_characters(name: str) -> None:
    assert visible(name).isprintable() and plain(name).plain == visible(name)
    assert visible("\udc80 x") == "\\udc80 x"


def test_consoles_read_no_markup() -> None:
    """Every console of the package is made without markup and without codes of emoji."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            off = {
                word.arg
                for word in node.keywords
                if isinstance(word.value, ast.Constant) and word.value.value is False
            }
            if name == "Console":
                assert {"markup", "emoji"} <= off, path
            if name == "TextColumn" and "description" in ast.unparse(node):
                assert "markup" in off, path
