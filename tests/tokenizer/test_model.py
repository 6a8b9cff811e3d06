"""The tokenizer as users meet it: clips in, sentences out, folders that may be broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from llm_ar.config import CodebookConfig, EncoderConfig, ExtensionConfig, PreprocessConfig
from llm_ar.errors import LayoutError, ModelError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import COCO, KINECT_V1, KINECT_V2, LAYOUTS, SBU, Layout
from llm_ar.tokenizer.extensions.clip_token import ClipToken
from llm_ar.tokenizer.model import ActionTokenizer

ClipMaker = Callable[..., Clip]
TokenizerMaker = Callable[..., ActionTokenizer]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("people", [1, 2])
@pytest.mark.parametrize("frames", [64, 20])
def test_clips_to_sentences_and_back(
    make_tokenizer: TokenizerMaker, make_clip: ClipMaker, layout: Layout, people: int, frames: int
) -> None:
    tokenizer = make_tokenizer(layout, PreprocessConfig(frames=frames, people=people))
    clips = [make_clip(length, people=2, layout=layout, seed=length) for length in (1, 7, 90)]
    tokens = tokenizer.encode_clips(clips)
    assert tokenizer.words == frames // 4 and tokenizer.vocabulary == 32
    assert tokens.shape == (3, frames // 4) and tokens.dtype == torch.int64
    assert 0 <= tokens.min() and tokens.max() < 32
    joints = tokenizer.decode(tokens)
    assert joints.shape == (3, frames, people, len(layout.joints), 3)
    assert joints.isfinite().all()


def test_a_summary_ends_the_sentence(make_clip: ClipMaker) -> None:
    torch.manual_seed(4)
    config = EncoderConfig(width=16, blocks=1)
    codebook = CodebookConfig(size=32, dim=8, warmup_steps=0)
    tokenizer = ActionTokenizer(
        config, codebook, PreprocessConfig(frames=16), KINECT_V1, ExtensionConfig(clip_tokens=1)
    )
    joints, present = tokenizer.prepare_clips([make_clip(30, seed=seed) for seed in range(8)])
    tokenizer.quantize(joints, present)
    tokenizer.eval()
    tokens = tokenizer.encode(joints, present)
    assert tokens.shape == (8, 5) and (tokenizer.steps, tokenizer.words) == (4, 5)
    assert len(set(tokens[:, -1].tolist())) > 1
    # It is of the whole clip: a change of any step reaches it, and no other token.
    hidden = tokenizer.hidden(joints, present)
    for step in range(4):
        changed = hidden.clone()
        changed[:, step] += torch.randn(16)
        moved = (tokenizer.latents(changed) - tokenizer.latents(hidden)).norm(dim=-1) > 1e-6
        assert moved[:, [step, 4]].all() and moved.sum() == 16
    # It shows no movement of its own.
    other = tokens.clone()
    other[:, -1] = (other[:, -1] + 1) % 32
    assert tokenizer.decode(tokens).shape == joints.shape
    assert torch.equal(tokenizer.decode(tokens), tokenizer.decode(other))


def test_each_of_several_clip_tokens_reads_its_own_channels(make_clip: ClipMaker) -> None:
    torch.manual_seed(4)
    tokenizer = ActionTokenizer(
        EncoderConfig(width=16, blocks=1),
        CodebookConfig(size=64, dim=8, warmup_steps=0),
        PreprocessConfig(frames=16),
        KINECT_V1,
        ExtensionConfig(clip_tokens=3),
    )
    joints, present = tokenizer.prepare_clips([make_clip(30, seed=seed) for seed in range(32)])
    tokenizer.quantize(joints, present)
    tokenizer.eval()
    hidden = tokenizer.hidden(joints, present)
    before, read = tokenizer.latents(hidden)[:, -3:], torch.zeros(16, 3)
    for channel in range(16):
        changed = hidden.clone()
        changed[..., channel] += 1
        moved = (tokenizer.latents(changed)[:, -3:] - before).norm(dim=-1).mean(0)
        read[channel] = (moved > 1e-6).float()
    assert (read.sum(1) == 1).all() and read.sum(0).tolist() == [5, 5, 6]


def test_a_pair_is_read_with_where_the_other_is(make_clip: ClipMaker, tmp_path: Path) -> None:
    torch.manual_seed(4)
    config = EncoderConfig(width=16, blocks=1)
    codebook = CodebookConfig(size=32, dim=8, warmup_steps=0)
    tokenizer = ActionTokenizer(
        config,
        codebook,
        PreprocessConfig(frames=16, people=2),
        SBU,
        ExtensionConfig(joint_blocks=1, joint_width=8, two_person=True),
    )
    clips = [make_clip(20, people=2, layout=SBU, seed=seed) for seed in range(8)]
    joints, present = tokenizer.prepare_clips(clips)
    tokenizer.quantize(joints, present)
    tokenizer.eval()
    alone = tokenizer.prepare_clips([make_clip(20, people=1, layout=SBU)])
    assert not alone[1][:, :, 1].any() and tokenizer.hidden(*alone).isfinite().all()
    tokenizer.save_pretrained(tmp_path)
    loaded = ActionTokenizer.from_pretrained(tmp_path)
    assert loaded.extensions.two_person
    torch.testing.assert_close(loaded.encode_clips(clips), tokenizer.encode_clips(clips))


def test_the_summary_keeps_its_averages(tmp_path: Path) -> None:
    torch.manual_seed(5)
    found = ClipToken(16, 8)
    steps = torch.randn(6, 4, 16) + 2
    trained = found(steps)
    assert trained.norm(dim=-1).mean().item() == pytest.approx(1, abs=0.2)
    found.eval()
    # Nothing of the start, mean 0 and variance 1, is left after the first batch.
    torch.testing.assert_close(found(steps), trained, rtol=0.1, atol=0.05)
    # A batch of one clip has no spread of its own: it is taken by the averages, and changes none.
    alone = found(steps[:1])
    found.train()
    before = found.state_dict()
    torch.testing.assert_close(found(steps[:1]), alone)
    assert all(torch.equal(found.state_dict()[name], before[name]) for name in before)


def test_a_sentence_of_another_length_is_not_decoded(make_tokenizer: TokenizerMaker) -> None:
    tokenizer = make_tokenizer()
    with pytest.raises(ValueError, match="5 tokens, but a sentence has 4"):
        tokenizer.decode(torch.zeros(1, 5, dtype=torch.long))


def test_one_frame_and_a_thousand(make_tokenizer: TokenizerMaker, make_clip: ClipMaker) -> None:
    tokenizer = make_tokenizer()
    clips = [make_clip(frames) for frames in (1, 2, 3, 1000)]
    tokens = tokenizer.encode_clips(clips)
    assert tokens.shape == (4, 4)
    for clip, sentence in zip(clips, tokens, strict=True):
        assert torch.equal(tokenizer.encode_clips([clip])[0], sentence), "alone as in a batch"


def test_sentences_tell_clips_apart(make_tokenizer: TokenizerMaker, make_clip: ClipMaker) -> None:
    sentences = make_tokenizer().encode_clips([make_clip(seed=seed) for seed in range(8)])
    assert len({tuple(sentence.tolist()) for sentence in sentences}) >= 4


def test_where_a_body_is_and_how_large_does_not_matter(
    make_tokenizer: TokenizerMaker, make_clip: ClipMaker
) -> None:
    tokenizer, clip = make_tokenizer(), make_clip()
    moved = np.where(clip.present[..., None], 2 * clip.joints + [3, -1, 2], 0).astype(np.float32)
    other = replace(clip, joints=moved)
    prepared, _ = tokenizer.prepare_clips([clip, other])
    torch.testing.assert_close(prepared[0], prepared[1], rtol=1e-4, atol=1e-4)


def test_encoding_changes_nothing(make_tokenizer: TokenizerMaker, make_clip: ClipMaker) -> None:
    tokenizer = make_tokenizer()
    before = {name: tensor.clone() for name, tensor in tokenizer.state_dict().items()}
    first = tokenizer.encode_clips([make_clip()])
    assert torch.equal(tokenizer.encode_clips([make_clip()]), first)
    torch.testing.assert_close(dict(tokenizer.state_dict()), before, rtol=0, atol=0)


def test_embeddings_are_what_the_decoder_reads(make_tokenizer: TokenizerMaker) -> None:
    tokenizer = make_tokenizer()
    tokens = torch.tensor([[3, 1, 4, 1]])
    assert tokenizer.embeddings().shape == (32, 8)
    expected = tokenizer.decode_vectors(tokenizer.embeddings()[tokens])
    torch.testing.assert_close(tokenizer.decode(tokens), expected)


def test_other_layouts_are_mapped_or_refused(
    make_tokenizer: TokenizerMaker, make_clip: ClipMaker
) -> None:
    tokenizer = make_tokenizer()
    mapped = tokenizer.encode_clips([make_clip(layout=KINECT_V2), make_clip(layout=COCO)])
    assert mapped.shape == (2, 4)
    alien = replace(COCO, name="bones", joints=tuple(f"bone {i}" for i in range(17)))
    with pytest.raises(LayoutError, match="bones.*kinect-v1"):
        tokenizer.encode_clips([make_clip(layout=alien)])


@pytest.mark.parametrize(
    ("layout", "preprocess", "codebook"),
    [
        (KINECT_V1, PreprocessConfig(frames=16), CodebookConfig(size=32, dim=8, warmup_steps=0)),
        (
            SBU,
            PreprocessConfig(frames=20, people=2, face_camera=True),
            CodebookConfig(size=10, dim=5, geometry="euclidean", curvature=0.5, warmup_steps=0),
        ),
    ],
    ids=["hyperbolic", "euclidean"],
)
def test_a_saved_tokenizer_writes_the_same_sentences(
    make_tokenizer: TokenizerMaker,
    make_clip: ClipMaker,
    tmp_path: Path,
    layout: Layout,
    preprocess: PreprocessConfig,
    codebook: CodebookConfig,
) -> None:
    tokenizer = make_tokenizer(layout, preprocess, codebook)
    tokenizer.save_pretrained(tmp_path / "deep" / "folder")
    assert {file.name for file in (tmp_path / "deep" / "folder").iterdir()} == {
        "config.json",
        "model.safetensors",
    }
    loaded = ActionTokenizer.from_pretrained(tmp_path / "deep" / "folder")
    assert not loaded.training
    assert (loaded.layout, loaded.preprocess) == (layout, preprocess)
    assert loaded.codebook_config == codebook
    clips = [make_clip(people=2, layout=layout, seed=seed) for seed in range(4)]
    tokens = tokenizer.encode_clips(clips)
    assert torch.equal(loaded.encode_clips(clips), tokens)
    torch.testing.assert_close(loaded.decode(tokens), tokenizer.decode(tokens), rtol=0, atol=0)
    torch.testing.assert_close(dict(loaded.state_dict()), dict(tokenizer.state_dict()))


def test_saving_replaces_what_was_there(make_tokenizer: TokenizerMaker, tmp_path: Path) -> None:
    make_tokenizer(seed=1).save_pretrained(tmp_path)
    second = make_tokenizer(layout=COCO, seed=2)
    second.save_pretrained(tmp_path)
    loaded = ActionTokenizer.from_pretrained(tmp_path)
    assert loaded.layout == COCO
    assert torch.equal(loaded.embeddings(), second.embeddings())


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "empty", "half", "noise", "a folder"])
def test_missing_and_damaged_files_are_named(
    make_tokenizer: TokenizerMaker, tmp_path: Path, name: str, damage: str
) -> None:
    make_tokenizer().save_pretrained(tmp_path)
    file = tmp_path / name
    whole = file.read_bytes()
    file.unlink()
    if damage == "a folder":
        file.mkdir()
    elif damage != "missing":
        broken = {"empty": b"", "half": whole[: len(whole) // 2], "noise": bytes(range(256)) * 9}
        file.write_bytes(broken[damage])
    with pytest.raises(ModelError) as caught:
        ActionTokenizer.from_pretrained(tmp_path)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        ActionTokenizer.from_pretrained(tmp_path / "nowhere")


def _without(*keys: str) -> Callable[[dict[str, Any]], Any]:
    def change(described: dict[str, Any]) -> Any:
        part = described
        for key in keys[:-1]:
            part = part[key]
        del part[keys[-1]]
        return described

    return change


def _with(value: Any, *keys: str) -> Callable[[dict[str, Any]], Any]:
    def change(described: dict[str, Any]) -> Any:
        part = described
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1]] = value
        return described

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda _: [],
        lambda _: None,
        lambda _: "a tokenizer",
        _without("encoder"),
        _without("layout"),
        _without("layout", "parents"),
        _with(None, "codebook"),
        _with("large", "encoder", "width"),
        _with(-3, "codebook", "size"),
        _with(10**15, "codebook", "size"),
        _with(1.5, "preprocess", "people"),
        _with(15, "preprocess", "frames"),
        _with("64", "preprocess", "frames"),
        _with(2, "encoder", "color"),
        _with([], "layout"),
        _with([["head", "tail"]], "layout", "pairs"),
        _with(["somebody"], "layout", "center"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(
    make_tokenizer: TokenizerMaker, tmp_path: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    make_tokenizer().save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    with pytest.raises(ModelError) as caught:
        ActionTokenizer.from_pretrained(tmp_path)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        _with(33, "codebook", "size"),
        _with(4, "encoder", "width"),
        _with(2, "encoder", "blocks"),
        _with(2, "preprocess", "people"),
    ],
)
def test_weights_that_do_not_fit_the_description_are_refused(
    make_tokenizer: TokenizerMaker, tmp_path: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    make_tokenizer().save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    with pytest.raises(ModelError) as caught:
        ActionTokenizer.from_pretrained(tmp_path)
    assert str(tmp_path / "model.safetensors") in str(caught.value)


@pytest.mark.parametrize("frames", [0, 62])
def test_impossible_lengths_are_refused(frames: int) -> None:
    with pytest.raises(ValidationError, match="frames"):
        PreprocessConfig(frames=frames)


def test_rounded_weights_take_half_the_space_and_change_nothing(
    make_tokenizer: TokenizerMaker, tmp_path: Path
) -> None:
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(tmp_path / "whole")
    tokenizer.round_weights()
    tokenizer.save_pretrained(tmp_path / "rounded")
    whole, rounded = (
        (tmp_path / name / "model.safetensors").stat().st_size for name in ("whole", "rounded")
    )
    assert rounded < 0.6 * whole
    loaded = ActionTokenizer.from_pretrained(tmp_path / "rounded")
    for name, weight in tokenizer.state_dict().items():
        assert loaded.state_dict()[name].dtype == weight.dtype
        assert torch.equal(loaded.state_dict()[name], weight), name
