"""On a CUDA card: every reader trains there, and a model says there what it says here."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from llm_ar.ablations.train import train_reader
from llm_ar.config import LlmConfig, RunConfig
from llm_ar.evaluation.evaluate import evaluate
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.model import ActionTokenizer

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA card to be seen"),
]

KINDS = [
    {},
    {"adaptation": "full"},
    {"adaptation": "head"},
    {"adaptation": "nearest"},
    {"adaptation": "transformer"},
    {"reads": "latents"},
    {"adaptation": "full", "reads": "latents"},
    {"adaptation": "head", "reads": "latents"},
    {"adaptation": "transformer", "reads": "latents"},
]


def with_names(run: RunConfig) -> RunConfig:
    """The run, with a tokenizer whose tokens mean something."""
    tokenizer = ActionTokenizer.from_pretrained(run.out / "tokenizer")
    generator = torch.Generator().manual_seed(0)
    tokenizer.token_text_embeddings = torch.randn(tokenizer.vocabulary, 32, generator=generator)
    tokenizer.save_pretrained(run.out / "tokenizer")
    return run


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind.values()) or "lora")
def test_every_reader_trains_and_is_evaluated(run: RunConfig, kind: dict[str, str]) -> None:
    run = with_names(run)
    settings = dataclasses.replace(run.recognizer, **kind)
    model = train_reader(dataclasses.replace(run, recognizer=settings))
    assert model.training["device"] == torch.cuda.get_device_name()
    result = evaluate(model, ClipStore.open(run.data), name="cuda").summary()
    assert result["clips"] == 8


def test_a_model_says_the_same_on_the_processor(run: RunConfig) -> None:
    """Oracle: the processor."""
    model = train_reader(with_names(run))
    assert isinstance(model, ActionRecognizer)
    there, here = (ActionRecognizer.from_pretrained(run.out, place) for place in ("cuda", "cpu"))
    store = ClipStore.open(run.data)
    clips = [store[index] for index in range(16)]
    sentences = here.tokenizer.encode_clips(clips)
    assert torch.equal(there.tokenizer.encode_clips(clips).cpu(), sentences)
    names = ("walk", "sit down", "走る")
    found, expected = (model.log_likelihoods(sentences, names).cpu() for model in (there, here))
    # The processor reads with weights of 16 bits.
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_a_4_bit_llm_trains_and_is_read_again(
    run: RunConfig, make_llm: Callable[..., Path], tmp_path: Path
) -> None:
    pytest.importorskip("bitsandbytes")
    llm = LlmConfig(str(make_llm(tmp_path / "llm", width=128)), "bfloat16", four_bit=True)
    settings = dataclasses.replace(run.recognizer, llm=llm)
    trained = train_reader(dataclasses.replace(run, recognizer=settings))
    again = ActionRecognizer.from_pretrained(run.out, "cuda")
    tokens = torch.randint(24, (5, 4), generator=torch.Generator().manual_seed(0))
    scores = [model.log_likelihoods(tokens).cpu() for model in (trained, again)]
    torch.testing.assert_close(scores[0], scores[1], atol=1e-2, rtol=0)
