"""Clips far from all actions are unknown; calibration is written, read, and refused elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from llm_ar.recognizer.calibration import calibrate, read_calibration, write_calibration
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.unknown import encode, fit
from llm_ar.skeletons.store import ClipStore


def test_what_is_far_from_all_actions_is_unknown() -> None:
    torch.manual_seed(0)
    classes = torch.arange(300) % 3
    features = torch.randn(300, 4) * torch.tensor([1.0, 1.0, 1.0, 0.1]) + 10 * classes[:, None]
    people = [number % 5 for number in range(300)]
    found = fit(features, classes, people)
    assert 0.9 < float((~found.is_unknown(features)).double().mean()) < 1
    # In the direction that hardly varies, little is far.
    assert found.is_unknown(torch.tensor([[0.0, 0.0, 0.0, 2.0]]))
    assert not found.is_unknown(torch.tensor([[1.0, 0.0, 0.0, 0.0]]))


def test_calibration_is_part_of_a_model_of_the_same_tokenizer(
    tiny_model: Path, procedural_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    model = ActionRecognizer.from_pretrained(folder)
    assert model.calibration is None
    store = ClipStore.open(procedural_data)
    run = type(model.run)(**{**vars(model.run), "protocol": "xsub"})
    found = calibrate(model.tokenizer, run, store)
    assert 0 < found.seconds[0] <= found.seconds[1] <= found.seconds[2] <= found.longest
    weights = folder / "tokenizer" / "model.safetensors"
    write_calibration(found, folder, weights)
    again = read_calibration(folder, weights)
    assert again is not None and again.seconds == found.seconds and again.still == found.still
    features = encode(model.tokenizer, [store[0]])[1]
    assert again.unknown.distances(features) == pytest.approx(found.unknown.distances(features))
    loaded = ActionRecognizer.from_pretrained(folder)
    assert loaded.calibration is not None
    loaded.save_pretrained(tmp_path / "copy")
    copied = ActionRecognizer.from_pretrained(tmp_path / "copy").calibration
    assert copied is not None and copied.longest == found.longest
    weights.write_bytes(weights.read_bytes() + b" ")
    assert read_calibration(folder, weights) is None


def test_sentences_are_those_of_the_tokenizer(tiny_model: Path, procedural_data: Path) -> None:
    model = ActionRecognizer.from_pretrained(tiny_model)
    clips = [ClipStore.open(procedural_data)[index] for index in range(3)]
    assert torch.equal(encode(model.tokenizer, clips)[0], model.tokenizer.encode_clips(clips))
