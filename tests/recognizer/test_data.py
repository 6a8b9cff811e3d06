from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from llm_ar.config import AugmentConfig, PreprocessConfig
from llm_ar.recognizer.data import Sentences
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.data import TrainingClips
from llm_ar.tokenizer.model import ActionTokenizer

STILL = AugmentConfig(
    yaw_degrees=0, tilt_degrees=0, scale=0, crop=0, joint_dropout=0, noise=0, mirror=0
)


@pytest.fixture()
def clips(store_folder: Path) -> TrainingClips:
    return TrainingClips.read(ClipStore.open(store_folder), range(24), PreprocessConfig(frames=16))


@pytest.fixture()
def everyone() -> torch.Tensor:
    return torch.arange(24)


def test_plain_sentences_are_the_tokenizers(
    tokenizer: ActionTokenizer, clips: TrainingClips, store_folder: Path, everyone: torch.Tensor
) -> None:
    tokens, classes = Sentences(tokenizer, clips, AugmentConfig(), 0.5).plain(everyone)
    store = ClipStore.open(store_folder)
    expected = tokenizer.encode_clips([store[i] for i in range(24)])
    assert torch.equal(tokens, expected)
    assert [clips.names[number] for number in classes] == [store[i].label for i in range(24)]


def test_plain_sentences_do_not_depend_on_how_finely_clips_are_kept(
    tokenizer: ActionTokenizer, clips: TrainingClips, store_folder: Path, everyone: torch.Tensor
) -> None:
    store = ClipStore.open(store_folder)
    preprocess = PreprocessConfig(frames=16)
    fine = TrainingClips.read(store, range(24), preprocess, temporal_oversampling=3)
    assert fine.joints.shape[1] == 46 and fine.present.shape[1] == 46
    torch.testing.assert_close(fine.joints[:, ::3], clips.joints, rtol=0, atol=1e-5)
    sentences = Sentences(tokenizer, fine, replace(STILL, temporal_oversampling=3), 0.0)
    expected = Sentences(tokenizer, clips, STILL, 0.0).plain(everyone)[0]
    assert torch.equal(sentences.plain(everyone)[0], expected)
    assert torch.equal(sentences.draw_at(everyone)[0], expected)


def test_nothing_changes_when_all_changes_are_off(
    tokenizer: ActionTokenizer, clips: TrainingClips, everyone: torch.Tensor
) -> None:
    sentences = Sentences(tokenizer, clips, STILL, 0.0)
    tokens, classes = sentences.draw_at(everyone)
    plain = sentences.plain(everyone)
    assert torch.equal(tokens, plain[0])
    assert torch.equal(classes, plain[1])


def test_the_share_of_random_tokens(
    tokenizer: ActionTokenizer, clips: TrainingClips, everyone: torch.Tensor
) -> None:
    torch.manual_seed(0)
    sentences = Sentences(tokenizer, clips, STILL, 0.3)
    plain, _ = sentences.plain(everyone)
    changed = [(sentences.draw_at(everyone)[0] != plain).float().mean() for _ in range(30)]
    # A random token is the old one by chance in one case of U.
    expected = 0.3 * (1 - 1 / tokenizer.vocabulary)
    assert float(torch.stack(changed).mean()) == pytest.approx(expected, abs=0.03)


def test_draws_follow_the_global_generator(
    tokenizer: ActionTokenizer, clips: TrainingClips, everyone: torch.Tensor
) -> None:
    sentences = Sentences(tokenizer, clips, AugmentConfig(), 0.1)
    torch.manual_seed(4)
    first, second = sentences.draw_at(everyone)[0], sentences.draw_at(everyone)[0]
    torch.manual_seed(4)
    assert torch.equal(sentences.draw_at(everyone)[0], first)
    assert not torch.equal(first, second)


def test_name_counts(
    tokenizer: ActionTokenizer, clips: TrainingClips, everyone: torch.Tensor
) -> None:
    sentences = Sentences(tokenizer, clips, STILL, 0.9)
    fit = everyone[::2]
    counts = sentences.count_names(fit, passes=3)
    expected = torch.zeros(tokenizer.vocabulary, len(clips.names))
    for sentence, number in zip(*sentences.plain(fit), strict=True):
        for token in sentence:
            expected[token, number] += 3
    assert torch.equal(counts, expected)


def test_drawing_leaves_no_gradient_and_no_trace_in_the_tokenizer(
    tokenizer: ActionTokenizer, clips: TrainingClips, everyone: torch.Tensor
) -> None:
    before = {name: value.clone() for name, value in tokenizer.state_dict().items()}
    tokens, _ = Sentences(tokenizer, clips, AugmentConfig(), 0.1).draw_at(everyone)
    assert not tokens.requires_grad
    assert all(torch.equal(value, before[name]) for name, value in tokenizer.state_dict().items())
