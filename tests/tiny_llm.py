"""A tiny random Llama with its own text tokenizer, in a folder as any causal LM comes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from llm_ar.config import (
    AugmentConfig,
    CodebookConfig,
    EncoderConfig,
    ExtensionConfig,
    LlmConfig,
    OptimConfig,
    PreprocessConfig,
    RecognizerConfig,
    RepairConfig,
    RunConfig,
)
from llm_ar.recognizer.llm import Backbone, load_backbone
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.store import write_store
from llm_ar.tokenizer.model import ActionTokenizer

TEXTS = (
    "Given a sequence of action tokens, please predict the corresponding action.",
    "walk around walk with one hand walk around the table sit down stand up wave both hands",
)


def write_llm(folder: Path, *, tied: bool = True, seed: int = 0, width: int = 32) -> Path:
    """Write a two-layer Llama and a byte-level BPE tokenizer into ``folder``."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(TEXTS, trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=bpe.get_vocab_size(),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=tied,
        # Large enough that attention is far from uniform and mistakes in masks show.
        initializer_range=0.3,
        bos_token_id=0,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture()
def make_llm() -> Callable[..., Path]:
    """See `write_llm`."""
    return write_llm


@pytest.fixture(scope="session")
def llm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny Llama with tied embeddings."""
    return write_llm(tmp_path_factory.mktemp("llm"))


@pytest.fixture()
def backbone(llm_folder: Path) -> Backbone:
    """The tiny Llama, loaded anew for each test."""
    return load_backbone(LlmConfig(name=str(llm_folder)))


LABELS = ("walk", "walk around", "走る")


def make_clips(count: int, *, seed: int = 0) -> list[Clip]:
    """Clips of three actions, each a limb that swings; every fourth one is a test clip."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(20, 3)).astype(np.float32)
    clips = []
    for index in range(count):
        action = index % len(LABELS)
        frames = int(rng.integers(12, 30))
        joints = np.repeat(base[None], frames, 0) + rng.normal(scale=0.01, size=(frames, 20, 3))
        swing = np.sin(np.linspace(0, 6, frames) + rng.uniform(0, 1))
        joints[:, 4 + 4 * action : 8 + 4 * action, action] += swing[:, None]
        clips.append(
            Clip(
                joints=joints[:, None].astype(np.float32),
                present=np.ones((frames, 1, 20), bool),
                fps=30.0,
                layout=KINECT_V1,
                label=LABELS[action],
                source=f"clip{index}",
                split="test" if index % 4 == 3 else "train",
            )
        )
    return clips


def make_tokenizer() -> ActionTokenizer:
    """An untrained tokenizer of 24 tokens, its codebook placed on some clips' latents."""
    torch.manual_seed(1)
    tokenizer = ActionTokenizer(
        EncoderConfig(width=8, blocks=2, dropout=0.0),
        CodebookConfig(size=24, dim=8),
        PreprocessConfig(frames=16),
        KINECT_V1,
        ExtensionConfig(joint_blocks=1, joint_width=8),
        word_width=32,
    )
    tokenizer.train()
    tokenizer.quantize(*tokenizer.prepare_clips(make_clips(12)))
    return tokenizer.eval()


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared dataset of 32 clips, 24 of them for training."""
    out = tmp_path_factory.mktemp("data") / "clips"
    write_store(
        iter(make_clips(32)),
        out,
        dataset="folder",
        layout=KINECT_V1,
        fingerprint="made up",
        repair=RepairConfig(shortest=7),
    )
    return out


@pytest.fixture()
def tokenizer() -> ActionTokenizer:
    """See `make_tokenizer`."""
    return make_tokenizer()


@pytest.fixture(scope="session")
def clips() -> list[Clip]:
    """Twenty clips of the three actions."""
    return make_clips(20)


@pytest.fixture()
def run(tmp_path: Path, llm_folder: Path, store_folder: Path) -> RunConfig:
    """Settings of a small run whose folder holds a tokenizer."""
    out = tmp_path / "model"
    make_tokenizer().save_pretrained(out / "tokenizer")
    return RunConfig(
        data=store_folder,
        protocol="split",
        out=out,
        preprocess=PreprocessConfig(frames=16),
        augment=AugmentConfig(temporal_oversampling=2),
        recognizer=RecognizerConfig(
            llm=LlmConfig(name=str(llm_folder)),
            token_embeddings="cooccurrence",
            optim=OptimConfig(epochs=3, batch_size=8, learning_rate=1e-2, save_minutes=60),
        ),
    )
