from __future__ import annotations

import pytest
import torch

from llm_ar.errors import ConfigError
from llm_ar.recognizer.llm import Backbone
from llm_ar.recognizer.prompt import Prompt, answer_ids, templates


def test_the_papers_instruction(backbone: Backbone) -> None:
    prompt = Prompt("paper", backbone.text_tokenizer)
    decode = backbone.text_tokenizer.decode
    assert decode(prompt.before) == "Given a sequence of action tokens"
    assert decode(prompt.after) == ", please predict the corresponding action."


def test_every_template_has_one_place_for_the_sentence() -> None:
    assert set(templates()) >= {"paper", "short"}
    assert all(text.count("{sentence}") == 1 for text in templates().values())


def test_action_tokens_enter_where_words_do(backbone: Backbone) -> None:
    prompt = Prompt("short", backbone.text_tokenizer)
    words = backbone.llm.get_input_embeddings()
    sentences = torch.randn(2, 5, 32)
    embedded = prompt.embed(sentences, words)
    first, last = len(prompt.before), len(prompt.before) + 5
    assert embedded.shape == (2, last + len(prompt.after), 32)
    torch.testing.assert_close(embedded[:, first:last], sentences)
    torch.testing.assert_close(embedded[1, :first], words(torch.tensor(prompt.before)))
    torch.testing.assert_close(embedded[1, last:], words(torch.tensor(prompt.after)))


def test_unknown_template(backbone: Backbone) -> None:
    with pytest.raises(ConfigError, match=r"there is no 'haiku'; choose one of .*paper"):
        Prompt("haiku", backbone.text_tokenizer)


@pytest.mark.parametrize("name", ["walk around", "走る", "قفز", "it's 2nd-rate"])
def test_answers_are_the_name_and_an_end(backbone: Backbone, name: str) -> None:
    ids = answer_ids(backbone.text_tokenizer, name)
    assert ids[-1] == backbone.text_tokenizer.eos_token_id
    assert backbone.text_tokenizer.decode(ids[:-1]) == " " + name


def test_a_start_token_only_where_the_tokenizer_adds_one(backbone: Backbone) -> None:
    from tokenizers.processors import TemplateProcessing

    text_tokenizer = backbone.text_tokenizer
    plain = Prompt("paper", text_tokenizer).before
    text_tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", text_tokenizer.bos_token_id)]
    )
    prompt = Prompt("paper", text_tokenizer)
    assert prompt.before == [text_tokenizer.bos_token_id, *plain]
    assert text_tokenizer.bos_token_id not in prompt.after


def test_an_llm_without_an_end_token(backbone: Backbone) -> None:
    backbone.text_tokenizer.eos_token = None
    with pytest.raises(ConfigError, match="no end token"):
        answer_ids(backbone.text_tokenizer, "walk")
