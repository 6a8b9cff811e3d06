"""``recognize --describe``: the written description of the best answer, or that there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from llm_ar.applications import recognize
from llm_ar.errors import ConfigError
from llm_ar.recognizer.zero_shot.descriptions import describe
from llm_ar.skeletons.layout import PARTS

Capture = pytest.CaptureFixture[str]
Command = Callable[..., int]
OWN = """
- action: fly a kite
  sentence: The person lets a kite rise.
  parts: {head: looks up, torso: leans back, left_arm: holds the reel,
          right_arm: pulls the line, left_leg: runs, right_leg: runs}
  order: [running with the kite, letting out the line]
"""


@pytest.fixture()
def answering(monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command with a model whose answer is the first word given."""

    def command(action: str, *words: str) -> int:
        best = SimpleNamespace(action=action, probability=0.75)
        second = SimpleNamespace(action="squat", probability=0.25)
        recognition = SimpleNamespace(top=[best, second], sentence=[3, 5])
        answered = SimpleNamespace(
            recognition=recognition,
            warnings=("nobody moves",),
            enough_seen=False,
            too_long=False,
            distance=None,
            unknown=False,
        )
        monkeypatch.setattr(
            recognize, "recognize_files", lambda files, *_: ((file, answered) for file in files)
        )
        monkeypatch.setattr(recognize, "check_model", lambda folder: None)
        return recognize.run(["clip.npy", "--model", "unused", *words])

    return command


@pytest.mark.parametrize("enough", [True, False])
def test_too_little_seen_is_never_called_known(enough: bool, capsys: Capture) -> None:
    best = SimpleNamespace(action="squat", probability=0.9)
    outcome: Any = SimpleNamespace(
        recognition=SimpleNamespace(top=[best]),
        warnings=(),
        enough_seen=enough,
        too_long=False,
        distance=0.5,
        unknown=False,
    )
    recognize.show("clip.npy", outcome)
    shown = capsys.readouterr().out
    assert ("  known (distance 0.50" in shown) is enough
    assert ("unknown: too little was seen" in shown) is not enough


def test_json_has_a_description_only_on_request(answering: Command, capsys: Capture) -> None:
    assert answering("walk", "--json") == 0
    plain = json.loads(capsys.readouterr().out)
    assert list(plain) == ["file", "top", "sentence", "warnings", "enough_seen"]
    assert plain["warnings"] == ["nobody moves"]
    assert plain["enough_seen"] is False
    assert answering("walk") == 0
    assert "unknown: too little was seen for an answer" in capsys.readouterr().out
    assert answering("walk", "--json", "--describe") == 0
    answers = json.loads(capsys.readouterr().out)
    walk = describe("walk")
    assert walk is not None
    assert answers.pop("description") == {
        "sentence": walk.sentence,
        "parts": walk.parts,
        "order": list(walk.order),
    }
    assert answers == plain


def test_people_read_the_movement_each_part_and_the_order(
    answering: Command, capsys: Capture
) -> None:
    assert answering("squat down") == 0
    plain = capsys.readouterr().out
    assert answering("squat down", "--describe") == 0
    shown = capsys.readouterr().out
    squat = describe("squat down")
    assert squat is not None and shown.startswith(plain)
    lines = shown.removeprefix(plain)
    assert squat.sentence in " ".join(lines.split())
    places = [lines.index(part.replace("_", " ")) for part in PARTS]
    assert places == sorted(places) and "order" in lines
    for text in (*squat.parts.values(), *squat.order):
        assert text.split()[0] in lines


def test_nothing_is_made_up_for_a_name_without_description(
    answering: Command, capsys: Capture
) -> None:
    assert answering("fly a kite", "--describe") == 0
    assert "There is no description of 'fly a kite'." in capsys.readouterr().out
    assert answering("fly a kite", "--describe", "--json") == 0
    assert json.loads(capsys.readouterr().out)["description"] is None


def test_own_descriptions_are_read_before_any_clip(
    answering: Command, tmp_path: Path, capsys: Capture
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN, encoding="utf-8")
    assert answering("fly a kite", "--descriptions", str(own), "--json") == 0
    answers = json.loads(capsys.readouterr().out)
    assert answers["description"]["sentence"] == "The person lets a kite rise."
    own.write_text(OWN.replace("head: looks up, ", ""), encoding="utf-8")
    with pytest.raises(ConfigError, match="'fly a kite'.*head"):
        answering("fly a kite", "--descriptions", str(own))
    assert capsys.readouterr().out == ""
