"""``recognize --describe``: the written description of the best answer, or that there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from llm_ar.applications.cli import main
from llm_ar.recognizer.descriptions import describe
from llm_ar.skeletons.layout import PARTS
from llm_ar.skeletons.procedural import procedural_clips

Capture = pytest.CaptureFixture[str]
OWN = """
- action: fly a kite
  sentence: The person lets a kite rise.
  parts: {head: looks up, torso: leans back, left_arm: holds the reel,
          right_arm: pulls the line, left_leg: runs, right_leg: runs}
  order: [running with the kite, letting out the line]
"""


@pytest.fixture(scope="module")
def command(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Recognises one recording."""
    file = tmp_path_factory.mktemp("recordings") / "clip.npy"
    np.save(file, next(iter(procedural_clips(1, subjects=2, seed=5))).joints[:, 0])
    return ["recognize", str(file), "--model", str(tiny_model)]


def test_json_has_a_description_only_on_request(command: list[str], capsys: Capture) -> None:
    assert main([*command, "--json", "--labels", "walk"]) == 0
    assert "description" not in json.loads(capsys.readouterr().out)
    assert main([*command, "--json", "--labels", "walk", "--describe"]) == 0
    answers = json.loads(capsys.readouterr().out)
    walk = describe("walk")
    assert walk is not None
    assert answers["description"] == {
        "sentence": walk.sentence,
        "parts": walk.parts,
        "order": list(walk.order),
    }
    assert list(answers["description"]["parts"]) == list(PARTS)


def test_people_read_the_movement_each_part_and_the_order(
    command: list[str], capsys: Capture
) -> None:
    assert main([*command, "--labels", "walk", "--describe"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    walk = describe("walk")
    assert walk is not None and walk.sentence in shown
    assert "left arm" in shown and walk.parts["head"] in shown
    assert walk.order[0] in shown


def test_nothing_is_made_up_for_a_name_without_description(
    command: list[str], capsys: Capture
) -> None:
    assert main([*command, "--labels", "fly a kite", "--describe"]) == 0
    assert "There is no description of 'fly a kite'." in capsys.readouterr().out
    assert main([*command, "--labels", "fly a kite", "--describe", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["description"] is None


def test_own_descriptions_are_read(command: list[str], tmp_path: Path, capsys: Capture) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN, encoding="utf-8")
    words = [*command, "--labels", "fly a kite", "--descriptions", str(own)]
    assert main([*words, "--json"]) == 0
    answers = json.loads(capsys.readouterr().out)
    assert answers["description"]["sentence"] == "The person lets a kite rise."
    own.write_text(OWN.replace("head: looks up, ", ""), encoding="utf-8")
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and len(shown.err.splitlines()) == 1
    assert str(own) in shown.err and "'fly a kite'" in shown.err and "head" in shown.err
