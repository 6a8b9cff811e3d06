from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from llm_ar.errors import ConfigError
from llm_ar.recognizer.zero_shot.descriptions import (
    Descriptions,
    built_in,
    describe,
    read_descriptions,
    sentence,
)
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.datasets.bandai_namco import BANDAI_NAMCO
from llm_ar.skeletons.datasets.cad60 import CAD60
from llm_ar.skeletons.datasets.florence3d import FLORENCE3D
from llm_ar.skeletons.datasets.har6 import HAR6
from llm_ar.skeletons.datasets.jhmdb import JHMDB
from llm_ar.skeletons.datasets.kard import KARD
from llm_ar.skeletons.datasets.msr_daily import MSR_DAILY
from llm_ar.skeletons.datasets.ntu import NTU60, NTU120
from llm_ar.skeletons.datasets.nw_ucla import NW_UCLA
from llm_ar.skeletons.datasets.penn_action import PENN_ACTION
from llm_ar.skeletons.datasets.sbu import SBU
from llm_ar.skeletons.datasets.smarthome import SMARTHOME
from llm_ar.skeletons.datasets.uav_human import UAV_HUMAN
from llm_ar.skeletons.datasets.utd_mhad import UTD_MHAD
from llm_ar.skeletons.layout import PARTS
from llm_ar.skeletons.layouts import LAYOUTS
from llm_ar.skeletons.synthetic.dataset import PROCEDURAL_ACTIONS

DATASETS: dict[str, tuple[str, ...]] = {
    dataset.name: dataset.classes
    for dataset in (
        *(NW_UCLA, UTD_MHAD, SBU, NTU60, NTU120, SMARTHOME, UAV_HUMAN),
        *(PENN_ACTION, JHMDB, HAR6),
        *(KARD, FLORENCE3D, CAD60, MSR_DAILY, BANDAI_NAMCO),
    )
} | {"procedural": tuple(PROCEDURAL_ACTIONS)}
ENTRIES = list(built_in())

WALK = """
- action: walk
  sentence: The dog walks.
  parts: {head: nods, torso: sways, left_arm: none, right_arm: none, left_leg: goes, right_leg: go}
  order: [one leg, the other leg]
"""


@pytest.mark.parametrize("name", DATASETS)
def test_every_class_has_a_description_of_its_own(name: str) -> None:
    found = {label: describe(label) for label in DATASETS[name]}
    assert [label for label, entry in found.items() if entry is None] == []
    entries = [entry for entry in found.values() if entry is not None]
    assert len({entry.action for entry in entries}) == len(DATASETS[name])
    assert len({entry.sentence for entry in entries}) == len(entries)
    assert len({tuple(entry.parts.values()) for entry in entries}) == len(entries)
    assert len({entry.order for entry in entries}) == len(entries)


@pytest.mark.parametrize("name", DATASETS)
def test_a_synonym_is_no_other_class_of_the_dataset(name: str) -> None:
    taken: dict[str, str] = {}
    for label in DATASETS[name]:
        entry = describe(label)
        assert entry is not None
        for other in entry.names:
            assert taken.setdefault(other.casefold(), label) == label
            assert other == label or other not in DATASETS[name]


def test_nothing_describes_an_action_that_no_dataset_has() -> None:
    labels = {label for labels in DATASETS.values() for label in labels}
    assert [entry.action for entry in ENTRIES if not labels & set(entry.names)] == []


def test_every_movement_has_a_sentence() -> None:
    assert [one.name for one in Ontology.built_in() if sentence(one.name) is None] == []


def test_a_description_is_of_one_movement() -> None:
    ontology = Ontology.built_in()
    for entry in ENTRIES:
        assert len({ontology.canonical(name) for name in entry.names}) == 1, entry.action


def test_a_sentence_is_found_by_other_words_for_the_movement() -> None:
    clap, drink = describe("clap"), describe("drink from a can")
    assert clap is not None and sentence("Hand-Clap") == clap.sentence
    assert drink is not None and sentence("drink from a can") == drink.sentence
    assert sentence("cooking") == Ontology.built_in().description("cook")
    assert sentence("fly a kite") is None


def test_the_texts_keep_to_their_form() -> None:
    for entry in ENTRIES:
        assert entry.sentence[0].isupper() and entry.sentence.endswith("."), entry.action
        assert entry.sentence.count(".") == 1, entry.action
        assert 8 <= len(entry.sentence.split()) <= 30, entry.action
        assert 1 <= len(entry.synonyms) <= 3, entry.action
        assert 2 <= len(entry.order) <= 4, entry.action
        assert tuple(entry.parts) == PARTS, entry.action
        for text in (*entry.parts.values(), *entry.order):
            assert text[0].islower() and text[-1].isalpha(), text
            assert 2 <= len(text.split()) <= 22, text


def test_the_parts_are_those_of_the_layouts() -> None:
    assert all(set(layout.parts) == set(PARTS) for layout in LAYOUTS)


@pytest.mark.parametrize(
    ("name", "part", "words"),
    [
        ("swipe left", "right_arm", "to the left"),
        ("swipe right", "right_arm", "to the right"),
        ("draw circle clockwise", "right_arm", "circles clockwise"),
        ("draw circle counter-clockwise", "right_arm", "circles counter-clockwise"),
        ("lunge", "left_leg", "forward"),
        ("pick up with one hand", "left_arm", "stays free"),
        ("pick up with two hands", "left_arm", "together with the right"),
    ],
)
def test_sides_are_those_of_the_recordings(name: str, part: str, words: str) -> None:
    entry = describe(name)
    assert entry is not None and words in entry.parts[part]


@pytest.mark.parametrize("label", UTD_MHAD.classes)
def test_one_handed_actions_of_utd_mhad_are_the_right_hands(label: str) -> None:
    published = next(action.published for action in UTD_MHAD.actions if action.phrase == label)
    entry = describe(label)
    assert entry is not None
    if "right hand" in published or "right arm" in published:
        assert len(entry.parts["right_arm"]) > len(entry.parts["left_arm"])


def test_names_are_found_whatever_their_case_and_spaces() -> None:
    assert describe("Sit  DOWN ") is describe("sit down") is describe("stand to sit")
    assert describe("fly a kite") is None
    assert describe("sit") is None, "the nearest name is not the name"
    assert describe("turn left") is None, "a bare command may be any movement"


def test_own_descriptions_come_before_the_built_in_ones(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(WALK + WALK.replace("walk\n", "fly a kite\n"), encoding="utf-8")
    own = read_descriptions(path)
    both = built_in().with_own(own)
    assert both.find("walk") is own.find("walk") is not None
    assert both.find("fly a kite") is not None and len(both) == len(built_in()) + 1
    assert both.find("stroll") is None, "it was a synonym of the walk that was replaced"
    assert both.find("sit down") is describe("sit down")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- action: [", "cannot be read as YAML"),
        ("action: walk", "a list of descriptions"),
        ("[]", "a list of descriptions"),
        ("- walk", "description 1, the whole"),
        (WALK.replace("torso: sways, ", ""), "'walk'.*field parts.*needs exactly head, torso"),
        (WALK.replace("head: nods", "nose: nods"), "'walk'.*field parts.*left_arm.*found nose"),
        (WALK.replace("[one leg, the other leg]", "[one leg]"), "'walk'.*field order.*2 items"),
        (WALK.replace("head: nods", "head: 3"), "'walk'.*field parts.head.*string"),
        (WALK.replace("sentence: The dog walks.", "sentence: ''"), "'walk'.*field sentence"),
        (WALK + "  speed: high", "'walk'.*field speed.*not permitted"),
        (WALK + WALK.replace("walk", "Walk"), "'Walk' names 'walk' and again 'Walk'"),
        (WALK + "  synonyms: [stroll, stroll]", "'stroll'"),
    ],
)
def test_a_broken_file_is_told(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=expected) as caught:
        read_descriptions(path)
    assert "own.yaml" in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no.yaml: cannot be read"):
        read_descriptions(tmp_path / "no.yaml")


def test_a_collision_between_entries_is_refused() -> None:
    first, second = ENTRIES[:2]
    clash = second.model_copy(update={"synonyms": (first.action,)})
    with pytest.raises(ConfigError, match=f"'{first.action}' names"):
        Descriptions([first, clash], "here")


def test_reading_them_needs_no_torch() -> None:
    code = (
        "import sys; from llm_ar.recognizer.zero_shot.descriptions import built_in; built_in();"
        "print('torch' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
