from __future__ import annotations

import pytest
import torch
from torch import Tensor

from llm_ar.config import ExtensionConfig
from llm_ar.recognizer.llm import Backbone, embed_names
from llm_ar.recognizer.zero_shot.descriptions import Description, Descriptions, built_in, describe
from llm_ar.recognizer.zero_shot.text_embeddings import (
    described,
    embed_actions,
    embed_descriptions,
    embed_parts,
    embed_texts,
)
from llm_ar.skeletons.datasets.nw_ucla import NW_UCLA
from llm_ar.skeletons.datasets.utd_mhad import UTD_MHAD
from llm_ar.skeletons.layout import PARTS

LABELS = NW_UCLA.classes + UTD_MHAD.classes[:4]


def words_of(backbone: Backbone) -> Tensor:
    return backbone.llm.get_input_embeddings().weight.detach()


def nearest(rows: Tensor) -> float:
    """Distance of the two rows that are closest."""
    return float(torch.pdist(rows).min())


def test_a_described_name_is_half_name_and_half_description(backbone: Backbone) -> None:
    words, text_tokenizer = words_of(backbone), backbone.text_tokenizer
    entry = describe("walk")
    assert entry is not None
    texts = [entry.sentence, *(entry.parts[part] for part in PARTS), *entry.order]
    told = torch.stack([embed_names(words, text_tokenizer, [text])[0] for text in texts])
    name = embed_names(words, text_tokenizer, ["walk"])[0]
    (found,) = embed_descriptions(words, text_tokenizer, ["walk"])
    torch.testing.assert_close(found, name / 2 + told.sum(0) / len(texts) / 2)


def test_a_name_without_description_is_its_own(backbone: Backbone) -> None:
    words, text_tokenizer = words_of(backbone), backbone.text_tokenizer
    name = embed_names(words, text_tokenizer, ["fly a kite"])
    torch.testing.assert_close(embed_descriptions(words, text_tokenizer, ["fly a kite"]), name)


def test_classes_lie_apart_in_word_space(backbone: Backbone) -> None:
    rows = embed_descriptions(words_of(backbone), backbone.text_tokenizer, LABELS)
    assert len(rows) == len(LABELS) and nearest(rows) > 1e-3


@pytest.mark.parametrize("described", [False, True])
def test_the_setting_decides_what_stands_for_an_action(backbone: Backbone, described: bool) -> None:
    given = (words_of(backbone), backbone.text_tokenizer, LABELS)
    found = embed_actions(ExtensionConfig(descriptions=described), *given)
    torch.testing.assert_close(found, (embed_descriptions if described else embed_names)(*given))
    assert torch.allclose(embed_names(*given), embed_descriptions(*given)) is False


def test_parts_in_their_order_and_a_name_for_each_where_nothing_is_known(
    backbone: Backbone,
) -> None:
    words, text_tokenizer = words_of(backbone), backbone.text_tokenizer
    found = embed_parts(words, text_tokenizer, ["throw", "fly a kite"])
    entry = describe("throw")
    assert entry is not None and found.shape[:2] == (2, 6)
    for place, part in enumerate(PARTS):
        (told,) = embed_names(words, text_tokenizer, [entry.parts[part]])
        torch.testing.assert_close(found[0, place], told)
    (name,) = embed_names(words, text_tokenizer, ["fly a kite"])
    torch.testing.assert_close(found[1], name.expand(6, -1))


def test_a_text_is_the_mean_of_the_last_states_behind_its_first_word(backbone: Backbone) -> None:
    text_tokenizer = backbone.text_tokenizer
    ids = text_tokenizer("sweep the floor", return_tensors="pt").input_ids
    assert ids.shape[1] > 2
    with torch.no_grad():
        states = backbone.llm.base_model(input_ids=ids).last_hidden_state[0]
    found = embed_texts(backbone.llm, text_tokenizer, ["sweep the floor", "w", "sweep the floor"])
    torch.testing.assert_close(found[0], states[1:].mean(0))
    assert torch.equal(found[0], found[2]) and found[1].isfinite().all()


def test_an_action_is_told_by_its_sentence_and_its_steps() -> None:
    entry = describe("walk")
    assert entry is not None
    text = described("walk")
    assert text.startswith(f"{entry.sentence} First {entry.order[0]}, then ")
    assert text.endswith(f"{entry.order[-1]}.") and described(entry.synonyms[0]) == text
    assert described("fly a kite") == "Fly a kite."
    own = Description(
        action="fly a kite",
        sentence="The person holds a line.",
        parts={part: "stands still" for part in PARTS},
        order=("the line is let out", "it is held"),
    )
    known = built_in().with_own(Descriptions([own], "own"))
    assert described("fly a kite", known) == (
        "The person holds a line. First the line is let out, then it is held."
    )
