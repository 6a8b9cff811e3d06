"""The ontology of actions: every corpus's names, its questions, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llm_ar.errors import OntologyError
from llm_ar.skeletons.actions.ontology import Ontology, plain
from llm_ar.skeletons.datasets.protocols import DATASETS

CORPORA = {
    "kard": """
        horizontal arm wave; high arm wave; two hand wave; catch cap; high throw; draw X; draw tick;
        toss paper; forward kick; side kick; take umbrella; bend; hand clap; walk; phone call;
        drink; sit down; stand up""",
    "florence-3d": """
        wave; drink from a bottle; answer phone; clap; tight lace; sit down; stand up; read watch;
        bow""",
    "cad-60": """
        still; talking on the phone; writing on whiteboard; drinking water;
        rinsing mouth with water; brushing teeth; wearing contact lenses; talking on couch;
        relaxing on couch; cooking (chopping); cooking (stirring); opening pill container;
        working on computer""",
    "msr-daily-activity": """
        drink; eat; read book; call cellphone; write on a paper; use laptop; use vacuum cleaner;
        cheer up; sit still; toss paper; play game; lay down on sofa; walk; play guitar; stand up;
        sit down""",
    "penn-action": """
        baseball_pitch; baseball_swing; bench_press; bowl; clean_and_jerk; golf_swing; jump_rope;
        jumping_jacks; pullup; pushup; situp; squat; strum_guitar; tennis_forehand; tennis_serve""",
    "har6": """
        Clapping; Sitting; Standing_Still; Walking; Walking_While_Reading_Book;
        Walking_While_Using_Phone""",
    "j-hmdb": """
        brush_hair; catch; clap; climb_stairs; golf; jump; kick_ball; pick; pour; pullup; push; run;
        shoot_ball; shoot_bow; shoot_gun; sit; stand; swing_baseball; throw; walk; wave""",
    "bandai-namco": """
        bow; bye; byebye; dance; dash; guide; kick; punch; respond; run; slash; walk;
        walk-back; walk-left; walk-right""",
}
"""Published names of corpora of which clips may come as folders of labeled files."""

WITHOUT_CONTEXT = {
    *("hover", "land", "ascend", "descend", "accelerate", "decelerate"),
    "call",
    *("move forward", "move backward", "move left", "move right", "turn left", "turn right"),
}
"""Published names that usually mean something else: UAV-Human's signals, Bandai-Namco's shout."""

VESSELS = {
    "drink": ["drink from a bottle", "drink from a can", "drink from a cup", "drink from a glass"],
    "pour": ["pour from a bottle", "pour from a can", "pour from a kettle"],
}

ONTOLOGY = Ontology.built_in()


def read(tmp_path: Path, text: str) -> Ontology:
    file = tmp_path / "own.yaml"
    file.write_text(text)
    return Ontology.from_yaml(file)


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_every_class_of_a_dataset_is_a_concept_of_its_own(dataset) -> None:
    assert [label for label in dataset.classes if ONTOLOGY.find(label) is None] == []
    groups: dict[str, list[str]] = {}
    for label in dataset.classes:
        groups.setdefault(ONTOLOGY.canonical(label), []).append(label)
    joined = {name: labels for name, labels in groups.items() if len(labels) > 1}
    assert joined == (VESSELS if dataset.name == "smarthome" else {})


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_the_publishers_wordings_are_understood(dataset) -> None:
    for published, phrase in dataset.actions:
        if published not in WITHOUT_CONTEXT:
            assert ONTOLOGY.find(published) is not None, published
            assert ONTOLOGY.compatible(published, phrase), published


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_names_of_other_corpora_are_understood_and_told_apart(corpus: str) -> None:
    names = [" ".join(name.split()) for name in CORPORA[corpus].split(";")]
    assert [name for name in names if ONTOLOGY.find(name) is None] == []
    assert len({ONTOLOGY.canonical(name) for name in names}) == len(names)


def test_every_concept_has_other_words() -> None:
    few = [concept.name for concept in ONTOLOGY if len(concept.also) < 3]
    assert few == []


def test_case_hyphens_plurals_and_articles_do_not_matter() -> None:
    for name in ("Sit-to-Stand", "STANDING_UP", "rise from the chairs", "  stand   up "):
        assert ONTOLOGY.canonical(name) == "stand up"
    assert ONTOLOGY.canonical("make an ok sign") == "make an OK sign"
    assert ONTOLOGY.canonical("Fly-a  Kite") == "fly a kite"
    assert ONTOLOGY.find("fly a kite") is None


def test_a_plural_that_is_another_concept_stays_apart() -> None:
    assert ONTOLOGY.canonical("wave hand") == "wave"
    assert ONTOLOGY.canonical("wave hands") == "wave both hands"


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("stand up", "sit to stand"),
        ("drink water", "drink from a bottle"),
        ("phone call", "call cellphone"),
        ("answer phone", "make a phone call"),
        ("two hand wave", "wave hands"),
        ("tennis forehand", "swing a racket"),
        ("strum guitar", "play guitar"),
        ("cooking (chopping)", "cut food"),
        ("fly a kite", "Fly a Kite"),
    ],
)
def test_the_same_movement(one: str, two: str) -> None:
    assert ONTOLOGY.same(one, two) and ONTOLOGY.same(two, one)
    assert ONTOLOGY.verdict(one, two) == "right"


@pytest.mark.parametrize(
    ("answer", "truth", "verdict"),
    [
        ("hand waving", "right hand high wave", "broader"),
        ("right hand high wave", "wave", "wrong"),
        ("draw circle", "draw circle clockwise", "broader"),
        ("walk", "follow someone secretly", "broader"),
        ("tennis swing", "tennis serve", "wrong"),
        ("jog", "run", "wrong"),
        ("high arm wave", "horizontal arm wave", "wrong"),
        ("wave", "fly a kite", "wrong"),
        ("fly a kite", "wave", "wrong"),
    ],
)
def test_verdicts(answer: str, truth: str, verdict: str) -> None:
    assert ONTOLOGY.verdict(answer, truth) == verdict


def test_broader_is_transitive() -> None:
    assert ONTOLOGY.broader("throw litter") == {"throw away something", "throw"}
    assert ONTOLOGY.broader("fly a kite") == frozenset()


def test_what_must_not_be_contrasted() -> None:
    names = ["jog", "run", "throw", "toss paper", "high throw", "fly a kite"]
    expected = np.eye(len(names), dtype=bool)
    for one, two in ((0, 1), (2, 3), (2, 4)):
        expected[one, two] = expected[two, one] = True
    matrix = ONTOLOGY.compatible_matrix(names)
    assert matrix.dtype == np.bool_
    np.testing.assert_array_equal(matrix, expected)
    assert ONTOLOGY.compatible_matrix([]).shape == (0, 0)


def test_compatible_is_symmetric() -> None:
    matrix = ONTOLOGY.compatible_matrix([concept.name for concept in ONTOLOGY])
    np.testing.assert_array_equal(matrix, matrix.T)
    assert matrix.diagonal().all()


def test_paraphrases_begin_with_the_name_and_leave_out_published_wordings() -> None:
    words = ONTOLOGY.paraphrases("Sit to stand")
    assert words[:2] == ("Sit to stand", "stand up")
    assert "get up from a chair" in words
    assert len({plain(word) for word in words}) == len(words)
    assert "hush (quite)" not in ONTOLOGY.paraphrases("hush")
    assert ONTOLOGY.paraphrases("fly a kite") == ("fly a kite",)


def test_mirror_images_and_reverses_are_mutual() -> None:
    assert ONTOLOGY.mirror("swipe to the left") == "swipe right"
    assert ONTOLOGY.mirror("draw circle anticlockwise") == "draw circle clockwise"
    assert ONTOLOGY.reverse("sit to stand") == "sit down"
    assert ONTOLOGY.reverse("put on clothes") == "take off a jacket"
    for concept in ONTOLOGY:
        for ask in (ONTOLOGY.mirror, ONTOLOGY.reverse):
            other = ask(concept.name)
            assert other is None or (other != concept.name and ask(other) == concept.name)
    assert ONTOLOGY.mirror("kick another person") is None
    assert ONTOLOGY.reverse("fly a kite") is None


def test_names_with_sides_have_mirror_images() -> None:
    for concept in ONTOLOGY:
        if {"left", "right", "clockwise"} & set(plain(concept.name).split()):
            assert ONTOLOGY.mirror(concept.name) is not None, concept.name


def test_a_file_adds_and_extends(tmp_path: Path) -> None:
    text = """
- name: fly a kite
  also: [kite flying]
  broader: [hold one arm up]
  description: The person holds a line with one hand and looks up.
- name: hold one arm up
- name: wave
  also: [waggle a hand]
  description: The person waves.
"""
    own = read(tmp_path, text)
    assert len(own) == len(ONTOLOGY) + 2
    assert own.verdict("hold one arm up", "Kite flying") == "broader"
    assert own.description("kite flying") == "The person holds a line with one hand and looks up."
    assert own.same("waggle a hand", "hand waving")
    assert own.description("waggle a hand") == "The person waves."
    assert ONTOLOGY.find("waggle a hand") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- name: flap\n  also: [Hand-Waving]", "'Hand-Waving' is a name of 'wave' and again"),
        ("- name: flap\n  also: [flap]", "'flap' is a name of 'flap' and again of 'flap'"),
        ("- name: flap\n  broader: [fly]", "'flap' refers to 'fly', which is no concept"),
        ("- name: flap\n  related: [fly]", "'flap' refers to 'fly', which is no concept"),
        (
            "- name: wave\n  broader: [wave both hands]",
            r"broader than itself \(wave < wave both hands < wave\)",
        ),
        ("- name: flap\n  broader: [flap]", r"broader than itself \(flap < flap\)"),
        ("- name: flap\n  mirror: swipe left", "mirror of 'swipe left' is 'swipe right' and again"),
        ("- name: flap\n  reverse: sit down", "reverse of 'sit down' is 'stand up' and again"),
        ("- name: flap\n- name: flap", "'flap' is there twice"),
        ("- name: flap\n  colour: red", r"concept 1 \('flap'\), field colour"),
        ("- name: flap\n  also: flutter", r"concept 1 \('flap'\), field also"),
        ("- flap", "concept 1, field the whole"),
        ("name: flap", "a list of concepts is expected"),
        ("- [", "cannot be read as YAML"),
    ],
)
def test_contradictions_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(OntologyError, match=message) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(str(tmp_path / "own.yaml"))
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OntologyError, match="none.yaml: cannot be read"):
        Ontology.from_yaml(tmp_path / "none.yaml")
