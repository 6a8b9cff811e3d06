"""Other readers of action sentences: they learn, answer alike, resume, and leave LoRA alone."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from llm_ar.ablations.nearest_text import nearest_text_scores
from llm_ar.ablations.readers import LatentTokenizer, LlmReader
from llm_ar.ablations.train import TRAINED_FILE, train_reader
from llm_ar.config import AblationConfig, AugmentConfig, LlmConfig, RunConfig
from llm_ar.errors import ConfigError
from llm_ar.recognizer.llm import load_backbone, weights_hash
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.train import checkpoint_folder
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.model import ActionTokenizer

KINDS = [
    {"reader": "full"},
    {"reader": "linear_head"},
    {"reader": "transformer"},
    {"input": "latents"},
    {"reader": "full", "input": "latents"},
    {"reader": "transformer", "input": "latents"},
]

STILL = AugmentConfig(
    yaw_degrees=0,
    tilt_degrees=0,
    scale=0,
    crop=0,
    joint_dropout=0,
    noise=0,
    temporal_oversampling=2,
)


def other(
    run: RunConfig, name: str, epochs: int = 3, rate: float = 1e-2, **settings: object
) -> RunConfig:
    """The run in a folder of its own, read by something else."""
    out = run.out.parent / name
    shutil.copytree(run.out / "tokenizer", out / "tokenizer")
    optim = dataclasses.replace(run.recognizer.optim, epochs=epochs, learning_rate=rate)
    ablation = AblationConfig(
        **{key: settings.pop(key) for key in ("reader", "input") if key in settings}
    )
    recognizer = dataclasses.replace(run.recognizer, optim=optim, **settings)
    return dataclasses.replace(run, out=out, recognizer=recognizer, ablation=ablation)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind.values()))
def test_every_reader_learns(run: RunConfig, kind: dict[str, str]) -> None:
    before = weights_hash(load_backbone(run.recognizer.llm).llm)
    run = dataclasses.replace(run, augment=STILL)
    kind = {"rate": 3e-3 if "reader" in kind else 1e-2, "token_noise": 0.0, **kind}
    first = train_reader(other(run, "short", 1, **kind))
    model = train_reader(other(run, "long", 20, **kind))
    assert model.training["loss"] < first.training["loss"]
    # The LLM's own files are never touched, whatever is trained.
    assert weights_hash(load_backbone(run.recognizer.llm).llm) == before
    store = ClipStore.open(run.data)
    train = store.split(run.protocol)[0]
    clips = [store[index] for index in train]
    scores = model.log_likelihoods(model.tokenizer.encode_clips(clips))
    assert scores.shape == (len(train), len(model.labels)) and not scores.requires_grad
    right = [
        model.labels[best] == clip.label for best, clip in zip(scores.argmax(1), clips, strict=True)
    ]
    if "reader" in kind:
        # An adapter alone learns too slowly in a tiny random LLM for more than a falling loss.
        assert np.mean(right) > 0.5, "three actions: a third would be chance"


def test_full_fine_tuning_keeps_the_whole_llm(run: RunConfig) -> None:
    full = other(run, "full", 1, reader="full")
    model = train_reader(full)
    llm = load_backbone(run.recognizer.llm).llm
    saved = load_file(full.out / TRAINED_FILE)
    own = {f"answers.llm.{name}": weight for name, weight in llm.named_parameters()}
    assert saved.keys() == own.keys()
    assert all(not torch.equal(saved[name], own[name]) for name in saved if "proj" in name)
    assert model.training["trained_parameters"] == sum(weight.numel() for weight in own.values())
    assert json.loads((full.out / "training.json").read_text())["labels"] == list(model.labels)


def test_a_head_and_a_transformer_train_no_weight_of_the_llm(run: RunConfig) -> None:
    for kind in ("linear_head", "transformer"):
        model = other(run, kind, 1, reader=kind)
        train_reader(model)
        assert not [name for name in load_file(model.out / TRAINED_FILE) if "llm" in name]


def test_full_fine_tuning_starts_as_the_plain_llm_scores(run: RunConfig) -> None:
    """Without a step, its likelihoods are those of the recognizer with a fresh adapter."""
    kinds = {"full": {"reader": "full"}, "lora": {}}
    models = [
        train_reader(other(run, name, 1, rate=0.0, token_embeddings="codebook", **kind))
        for name, kind in kinds.items()
    ]
    assert isinstance(models[1], ActionRecognizer)
    tokens = torch.randint(24, (5, 4), generator=torch.Generator().manual_seed(0))
    names = ("walk", "sit down", "走る")
    one, two = (model.log_likelihoods(tokens, names) for model in models)
    torch.testing.assert_close(one, two, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", [{"reader": "full"}, {"input": "latents"}])
def test_a_killed_run_resumes_exactly(
    run: RunConfig, kind: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, killed = other(run, "straight", **kind), other(run, "killed", **kind)
    train_reader(straight)
    optim = dataclasses.replace(killed.recognizer.optim, save_minutes=0)
    killed = dataclasses.replace(
        killed, recognizer=dataclasses.replace(killed.recognizer, optim=optim)
    )
    forward, calls = LlmReader.forward, iter(range(100))

    def dying(self: LlmReader, **batch: Any) -> dict[str, torch.Tensor]:
        if next(calls) == 5:
            raise KeyboardInterrupt
        return forward(self, **batch)

    with monkeypatch.context() as patch:
        patch.setattr(LlmReader, "forward", dying)
        with pytest.raises(KeyboardInterrupt):
            train_reader(killed)
    assert (checkpoint_folder(killed.out) / "checkpoint-5").is_dir()
    train_reader(killed, resume=True)
    found, expected = (load_file(one.out / TRAINED_FILE) for one in (killed, straight))
    assert found.keys() == expected.keys()
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], atol=1e-6, rtol=0)


def test_latents_are_what_the_codebook_would_quantize(run: RunConfig) -> None:
    folder = run.out / "tokenizer"
    latents, tokens = LatentTokenizer.from_pretrained(folder), train_reader(run).tokenizer
    store = ClipStore.open(run.data)
    clips = [store[index] for index in range(6)]
    nearest = tokens.codebook.distances(latents.encode_clips(clips).flatten(0, 1)).argmin(-1)
    assert torch.equal(nearest.view(6, -1), tokens.encode_clips(clips))


def test_the_nearest_name_by_hand() -> None:
    token_text_embeddings = torch.tensor([[2.0, 0], [0, 1], [-1, 0]])
    names = torch.tensor([[5.0, 0], [0, 5], [-5, -5]])
    found = nearest_text_scores(
        torch.tensor([[0, 0], [1, 1], [0, 1]]), token_text_embeddings, names
    )
    assert found.argmax(1).tolist() == [0, 1, 0]
    assert found[2].tolist() == pytest.approx([0.8944, 0.4472, -0.9487], abs=1e-4)


def test_the_nearest_name_takes_any_candidates(run: RunConfig) -> None:
    nearest = other(run, "nearest", reader="nearest_text")
    with pytest.raises(ConfigError, match="trained without names"):
        train_reader(nearest)
    tokenizer = ActionTokenizer.from_pretrained(nearest.out / "tokenizer")
    tokenizer.token_text_embeddings = torch.randn(tokenizer.vocabulary, 32)
    tokenizer.save_pretrained(nearest.out / "tokenizer")
    model = train_reader(nearest)
    assert model.training["trained_parameters"] == 0
    scores = model.log_likelihoods(torch.zeros(2, 4, dtype=torch.long), ("sit", "walk", "stand"))
    assert scores.shape == (2, 3) and torch.allclose(scores[0], scores[1])


def test_classifiers_refuse_names_that_never_trained(run: RunConfig) -> None:
    model = train_reader(other(run, "transformer", 1, reader="transformer"))
    with pytest.raises(ConfigError, match="'fly' is not among the trained names"):
        model.log_likelihoods(torch.zeros(1, 4, dtype=torch.long), ("walk", "fly"))


def test_the_epoch_is_chosen_for_lora_alone(run: RunConfig) -> None:
    with pytest.raises(ConfigError, match="held_out"):
        train_reader(dataclasses.replace(other(run, "x", reader="linear_head"), held_out=0.2))


def test_a_random_llm_is_another_one_and_always_the_same(llm_folder: Path) -> None:
    plain = LlmConfig(name=str(llm_folder))
    state = torch.random.get_rng_state()
    one, two = (load_backbone(plain, random=True) for _ in range(2))
    assert torch.equal(state, torch.random.get_rng_state())
    assert weights_hash(one.llm) == weights_hash(two.llm) != weights_hash(load_backbone(plain).llm)
    assert one.fingerprint == two.fingerprint != load_backbone(plain).fingerprint
    assert one.llm.num_parameters() == load_backbone(plain).llm.num_parameters()
