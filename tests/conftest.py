"""What all tests share: the real recordings, a small dataset, a tiny untrained model,
and NTU files written from joints."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from llm_ar.config import (
    CodebookConfig,
    EncoderConfig,
    ExtensionConfig,
    LlmConfig,
    PreprocessConfig,
    RecognizerConfig,
    RunConfig,
    TokenizerConfig,
)
from llm_ar.recognizer.llm import attach_lora, load_backbone
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.synthetic.dataset import PROCEDURAL_ACTIONS, make_procedural
from llm_ar.tokenizer.model import ActionTokenizer

SkeletonWriter = Callable[..., Path]

ROOT = Path(__file__).resolve().parents[1]


def data_folder() -> Path | None:
    """Folder of the real recordings (``LLM_AR_DATA``, else ``../shared/data``), if it is there."""
    folder = Path(os.environ.get("LLM_AR_DATA") or ROOT.parent / "shared" / "data")
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def real_data() -> Path:
    """That folder, or a skip."""
    folder = data_folder()
    if folder is None:
        pytest.skip("no real recordings; set LLM_AR_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def procedural_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared dataset of 128 procedural clips by 8 people, two of whom test."""
    folder = tmp_path_factory.mktemp("data") / "procedural"
    make_procedural(folder, clips=128, subjects=8, seed=1)
    return folder


@pytest.fixture(scope="session")
def byte_llm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of width 32 whose words are bytes, in a folder as any causal LM comes."""
    folder = tmp_path_factory.mktemp("byte-llm")
    alphabet = ["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    words = Tokenizer(models.BPE({word: place for place, word in enumerate(alphabet)}, []))
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(alphabet),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,
        bos_token_id=0,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


_WORDS = ["[PAD]", "[UNK]", "walk", "sit", "stand", "down", "up", "the", "person", "a"]


@pytest.fixture(scope="session")
def sentence_encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random encoder with a text tokenizer, as sentence-transformers lays it out."""
    place = tmp_path_factory.mktemp("encoder")
    known = Tokenizer(models.WordLevel({word: n for n, word in enumerate(_WORDS)}, "[UNK]"))
    known.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=known, pad_token="[PAD]", unk_token="[UNK]"
    ).save_pretrained(place)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(_WORDS),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
    )
    BertModel(config).save_pretrained(place)
    return place


@pytest.fixture(scope="session")
def tiny_run(byte_llm: Path, procedural_data: Path) -> RunConfig:
    """Settings of the tiny model."""
    return RunConfig(
        data=procedural_data,
        preprocess=PreprocessConfig(frames=16),
        tokenizer=TokenizerConfig(
            encoder=EncoderConfig(width=8, blocks=1),
            extensions=ExtensionConfig(joint_blocks=1, joint_width=8),
            codebook=CodebookConfig(size=16, dim=32),
        ),
        recognizer=RecognizerConfig(llm=LlmConfig(name=str(byte_llm))),
    )


@pytest.fixture(scope="session")
def tiny_model(tiny_run: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an untrained recognizer of the procedural actions."""
    torch.manual_seed(0)
    settings = tiny_run.tokenizer
    tokenizer = ActionTokenizer(
        settings.encoder, settings.codebook, tiny_run.preprocess, KINECT_V1, settings.extensions
    )
    backbone = load_backbone(tiny_run.recognizer.llm)
    llm = attach_lora(backbone.llm, tiny_run.recognizer.lora).eval()
    token_embeddings = torch.randn(settings.codebook.size, 32)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    ActionRecognizer(
        tiny_run,
        PROCEDURAL_ACTIONS,
        tokenizer.eval(),
        backbone,
        llm,
        token_embeddings,
        {"selection": "last-epoch"},
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def write_skeleton() -> SkeletonWriter:
    """Writes an NTU file from, for each frame, ``(body ID, joints (25, 3), tracking (25,))``."""

    def write(
        path: Path, frames: Sequence[Sequence[tuple[int, np.ndarray, Sequence[int]]]]
    ) -> Path:
        lines = [str(len(frames))]
        for bodies in frames:
            lines.append(str(len(bodies)))
            for body, joints, tracking in bodies:
                lines += [f"{body} 0 1 1 1 1 0 -0.1 0.2 2", "25"]
                for (x, y, z), state in zip(joints, tracking, strict=True):
                    unused = "276.1 190.1 1032.3 514.1 -0.17 0.04 0.97 -0.16"
                    lines.append(f"{x:.7g} {y:.7g} {z:.7g} {unused} {state}")
        path.write_bytes(("\r\n".join(lines) + "\r\n").encode())
        return path

    return write
