from __future__ import annotations

import pytest
import torch
from torch import Tensor

from llm_ar.recognizer.backbone import Backbone, embed_names
from llm_ar.recognizer.description_embeddings import (
    embed_descriptions,
    embed_parts,
    parts_read_by_llm,
    read_by_llm,
)
from llm_ar.recognizer.descriptions import describe
from llm_ar.skeletons.layout import PARTS
from llm_ar.skeletons.published.nw_ucla import NW_UCLA
from llm_ar.skeletons.published.utd_mhad import UTD_MHAD

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


def test_each_part_has_its_own_text(backbone: Backbone) -> None:
    words, text_tokenizer = words_of(backbone), backbone.text_tokenizer
    found = embed_parts(words, text_tokenizer, ["clap", "lunge"])
    assert found.shape == (2, 6, words.shape[1])
    entry = describe("lunge")
    assert entry is not None
    leg = embed_names(words, text_tokenizer, [entry.parts["left_leg"]])[0]
    torch.testing.assert_close(found[1, PARTS.index("left_leg")], leg)


def test_the_llm_reads_the_description(backbone: Backbone) -> None:
    entry = describe("walk")
    assert entry is not None
    text = f" walk: {entry.sentence} {', '.join(entry.order)}"
    ids = backbone.text_tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
    with torch.no_grad():
        layers = backbone.llm(input_ids=ids, output_hidden_states=True).hidden_states
    found = read_by_llm(backbone, ["clap", "walk"])
    torch.testing.assert_close(found[1], layers[-1][0].mean(0))
    assert found.dtype == torch.float32 and not found.is_inference()


def test_texts_of_one_length_are_read_together_and_alone_alike(backbone: Backbone) -> None:
    together = parts_read_by_llm(backbone, ["walk", "clap", "sit down"])
    assert together.shape == (3, 6, words_of(backbone).shape[1])
    for place, name in enumerate(["walk", "clap", "sit down"]):
        torch.testing.assert_close(parts_read_by_llm(backbone, [name])[0], together[place])


def test_a_name_without_description_is_its_own(backbone: Backbone) -> None:
    words, text_tokenizer = words_of(backbone), backbone.text_tokenizer
    name = embed_names(words, text_tokenizer, ["fly a kite"])
    torch.testing.assert_close(embed_descriptions(words, text_tokenizer, ["fly a kite"]), name)
    parts = embed_parts(words, text_tokenizer, ["fly a kite"])
    torch.testing.assert_close(parts[0], name.expand(6, -1))
    assert read_by_llm(backbone, ["fly a kite"]).isfinite().all()


@pytest.mark.parametrize("how", [embed_descriptions, embed_parts])
def test_classes_lie_apart_in_word_space(how: object, backbone: Backbone) -> None:
    rows = how(words_of(backbone), backbone.text_tokenizer, LABELS)  # type: ignore[operator]
    assert len(rows) == len(LABELS) and nearest(rows.flatten(1)) > 1e-3


@pytest.mark.parametrize("how", [read_by_llm, parts_read_by_llm])
def test_classes_lie_apart_as_the_llm_reads_them(how: object, backbone: Backbone) -> None:
    rows = how(backbone, LABELS)  # type: ignore[operator]
    assert len(rows) == len(LABELS) and nearest(rows.flatten(1)) > 1e-3
