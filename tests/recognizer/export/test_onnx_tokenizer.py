"""The exported tokenizer writes the tokenizer's sentences."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from llm_ar.config import CodebookConfig, EncoderConfig, ExtensionConfig, PreprocessConfig
from llm_ar.errors import MissingExtraError
from llm_ar.recognizer.export.folder import RECORD_FILE
from llm_ar.recognizer.export.onnx_tokenizer import (
    ONNX_FILE,
    WORDS_FILE,
    ClipsToTokens,
    export_tokenizer,
)
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.tokenizer.model import ActionTokenizer
from tests.tiny_llm import make_clips

Recognizer = Callable[[Path], ActionRecognizer]
PLAIN = ExtensionConfig()
TOKENIZERS = {
    "paper": (PLAIN, 1, "hyperbolic"),
    "euclidean": (PLAIN, 1, "euclidean"),
    "clip token": (replace(PLAIN, clip_tokens=1), 1, "hyperbolic"),
    "joint graphs": (replace(PLAIN, joint_blocks=1, joint_width=8), 2, "hyperbolic"),
    "two people": (
        replace(PLAIN, joint_blocks=1, joint_width=8, two_person=True, clip_tokens=1),
        2,
        "hyperbolic",
    ),
    "two people by frames": (replace(PLAIN, two_person=True, clip_tokens=3), 2, "hyperbolic"),
}


def tokenizer_of(kind: str) -> ActionTokenizer:
    """A tokenizer whose tokens lie on latents of some clips."""
    extensions, people, geometry = TOKENIZERS[kind]
    torch.manual_seed(2)
    tokenizer = ActionTokenizer(
        EncoderConfig(width=8, blocks=1, dropout=0.0),
        CodebookConfig(size=24, dim=8, geometry=geometry, warmup_steps=0),
        PreprocessConfig(frames=16, people=people),
        KINECT_V1,
        extensions,
    )
    tokenizer.train()
    tokenizer.quantize(*tokenizer.prepare_clips(make_clips(12)))
    return tokenizer.eval()


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_the_same_tokens_in_plain_operations(kind: str) -> None:
    tokenizer = tokenizer_of(kind)
    joints, present = tokenizer.prepare_clips(make_clips(20, seed=4))
    with torch.no_grad():
        found = ClipsToTokens(tokenizer)(joints, present)
    expected = tokenizer.encode(joints, present)
    assert found.dtype == torch.int64 and torch.equal(found, expected)
    assert len(expected.unique()) > 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", TOKENIZERS)
def test_onnxruntime_gives_the_same_tokens(
    kind: str, llm_folder: Path, recognizer: Recognizer, tmp_path: Path
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    model = recognizer(llm_folder)
    model.tokenizer = tokenizer_of(kind)
    export_tokenizer(model, tmp_path / "exported")
    session = onnxruntime.InferenceSession(tmp_path / "exported" / ONNX_FILE)
    for count in (1, 7):
        joints, present = model.tokenizer.prepare_clips(make_clips(count, seed=6))
        present[0, 3:6, 0, :4] = False
        inputs = {"joints": joints.numpy(), "present": present.numpy()}
        [found] = session.run(["tokens"], inputs)
        with torch.no_grad():
            assert found.tolist() == model.tokenizer.encode(joints, present).tolist()
    words = (tmp_path / "exported" / WORDS_FILE).read_text().split()
    assert words[:2] == ["<act_000>", "<act_001>"] and len(words) == 24
    record = json.loads((tmp_path / "exported" / RECORD_FILE).read_text())
    assert record["frames"] == 16 and record["joints"] == list(KINECT_V1.joints)


def test_without_the_packages_the_command_that_installs_them_is_named(
    llm_folder: Path, recognizer: Recognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'llm-ar\[export\]'"):
        export_tokenizer(recognizer(llm_folder), tmp_path / "exported")
    assert not (tmp_path / "exported").exists()
