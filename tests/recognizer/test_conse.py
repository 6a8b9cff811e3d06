from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from llm_ar.ablations.train import train_reader
from llm_ar.config import AblationConfig, RunConfig
from llm_ar.errors import ConfigError
from llm_ar.recognizer import recognition
from llm_ar.recognizer.fast.early_exit import EarlyExit, votes_from_name_head
from llm_ar.recognizer.llm import load_backbone
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.zero_shot.conse import (
    SCALE,
    TEMPERATURE,
    ConSE,
    conse_scores,
)
from llm_ar.recognizer.zero_shot.text_embeddings import described, embed_actions
from llm_ar.skeletons.synthetic.dataset import procedural_clips
from llm_ar.tokenizer.extensions.name_head import whitened
from llm_ar.tokenizer.model import ActionTokenizer


def test_analogies_by_hand() -> None:
    # Three trained names around the middle (1, 1), and two candidates between them.
    trained = torch.tensor([[2.0, 1], [1, 3], [0, -1]])
    asked = torch.tensor([[3.0, 3], [1, -4]])
    posteriors = torch.tensor([[0.5, 0.5, 0], [1, 0, 0], [0, 0.25, 0.75]])
    found = conse_scores(posteriors, trained, asked)
    half = 0.5**0.5
    torch.testing.assert_close(found[0], torch.tensor([1.0, -half]))
    torch.testing.assert_close(found[1], torch.tensor([half, 0.0]))
    # The third: a quarter of (0, 1) and three quarters of (-1, -2) / sqrt(5).
    place = torch.tensor([-0.75, -1.5]) / 5**0.5 + torch.tensor([0, 0.25])
    place = place / place.norm()
    torch.testing.assert_close(found[2], torch.stack([place.sum() * half, -place[1]]))


def test_a_sure_answer_is_its_own_best_analogy() -> None:
    trained = torch.randn(5, 16, generator=torch.Generator().manual_seed(0))
    found = conse_scores(torch.eye(5), trained, trained)
    assert found.argmax(1).tolist() == [0, 1, 2, 3, 4]
    torch.testing.assert_close(found.diagonal(), torch.ones(5))


@pytest.mark.parametrize("tokens_say", [True, False])
def test_names_that_never_trained(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tokens_say: bool
) -> None:
    monkeypatch.setattr(recognition, "BATCH", 2)
    model = ActionRecognizer.from_pretrained(tiny_model)
    votes = torch.randn(model.tokenizer.vocabulary, len(model.labels))
    model.early_exit = EarlyExit(votes, threshold=1.0) if tokens_say else None
    clips = list(procedural_clips(5, subjects=2, seed=3))
    np.save(tmp_path / "last.npy", clips[-1].joints[:, 0])
    names = ["fly a kite", "clap", "sweep the floor"]
    given = [*clips[:4], tmp_path / "last.npy"]
    found = model.recognize_with(ConSE(model, names), given, top_k=2)
    tokens = model.tokenizer.encode_clips(clips)
    texts = model.text_embeddings([described(name) for name in (*model.labels, *names)])
    trained, asked = texts.split([len(model.labels), 3])
    soft = model.log_likelihoods(tokens).float().softmax(-1) ** (1 / TEMPERATURE)
    if tokens_say:
        by_votes = votes[tokens].sum(1).softmax(-1)
        soft = (model.log_likelihoods(tokens).float().softmax(-1) * by_votes) ** (
            1 / 2 / TEMPERATURE
        )
    expected = conse_scores(soft / soft.sum(1, keepdim=True), trained, asked)
    files = [*(clip.source for clip in clips[:4]), str(tmp_path / "last.npy")]
    assert [one.file for one in found] == files
    assert [one.sentence for one in found] == tokens.tolist()
    for row, one in zip(expected, found, strict=True):
        likely = (SCALE * row).softmax(-1).topk(2)
        assert [answer.action for answer in one.top] == [names[n] for n in likely.indices.tolist()]
        assert [answer.probability for answer in one.top] == pytest.approx(
            likely.values.tolist(), abs=1e-5
        )


def test_what_cannot_be_answered_by_analogy(tiny_model: Path) -> None:
    model = ActionRecognizer.from_pretrained(tiny_model)
    with pytest.raises(ConfigError, match="appears twice"):
        ConSE(model, ["clap", "clap"])
    with pytest.raises(ConfigError, match="top_k: 0"):
        model.recognize_with(ConSE(model, ["clap"]), [], top_k=0)
    model.labels = ("walk",)
    with pytest.raises(ConfigError, match="a single name, 'walk'"):
        ConSE(model, ["clap"])


def test_other_readers_have_analogies_where_they_read_text(run: RunConfig) -> None:
    tokenizer = ActionTokenizer.from_pretrained(run.out / "tokenizer")
    tokenizer.token_text_embeddings = torch.randn(tokenizer.vocabulary, 32)
    untrained = load_backbone(run.recognizer.llm)
    words = untrained.llm.get_input_embeddings().weight.detach()
    for kind in ("full", "nearest_text", "transformer"):
        settings = dataclasses.replace(
            run.recognizer, optim=dataclasses.replace(run.recognizer.optim, epochs=1)
        )
        own = dataclasses.replace(
            run,
            out=run.out.parent / kind,
            recognizer=settings,
            ablation=AblationConfig(reader=kind),  # type: ignore[arg-type]
        )
        tokenizer.save_pretrained(own.out / "tokenizer")
        model = train_reader(own)
        if kind == "transformer":
            with pytest.raises(ConfigError, match="reads no text"):
                ConSE(model, ["jump"])
            continue
        tokens = torch.randint(24, (2, 4))
        likely, said = model.log_likelihoods(tokens), model.token_logits(tokens)
        # The nearest name is what the tokens say already.
        assert (said is None) == (kind == "nearest_text")
        if said is not None:
            # By the words as they were before they trained with all other weights.
            extensions, text_tokenizer = run.tokenizer.extensions, untrained.text_tokenizer
            names = embed_actions(extensions, words, text_tokenizer, model.labels)
            votes = votes_from_name_head(
                tokenizer.token_text_embeddings, whitened(names), tokenizer.words
            )
            torch.testing.assert_close(said, votes[tokens].sum(1).log_softmax(-1))
        scores = ConSE(model, ["jump", "walk"]).scores(likely, said)
        assert scores.shape == (2, 2) and (scores.abs() <= 1.0001).all()


def test_latents_have_no_votes(run: RunConfig) -> None:
    tokenizer = ActionTokenizer.from_pretrained(run.out / "tokenizer")
    tokenizer.token_text_embeddings = torch.randn(tokenizer.vocabulary, 32)
    tokenizer.save_pretrained(run.out / "tokenizer")
    ablation = AblationConfig(reader="full", input="latents")
    model = train_reader(dataclasses.replace(run, ablation=ablation))
    latents = torch.randn(2, 4, tokenizer.codebook_config.dim)
    assert model.token_logits(latents) is None
    scores = ConSE(model, ["jump"]).scores(model.log_likelihoods(latents), None)
    assert scores.shape == (2, 1)
