"""Explanations are exact: each figure is what scoring that one change alone gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from llm_ar.evaluation.explanation import MOST_CANDIDATES, explain, hide, token_spans
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.prompt import answer_ids
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.synthetic.dataset import procedural_clips
from llm_ar.tokenizer.model import ActionTokenizer

NAMES = ("wave", "sit down", "jump")


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> ActionRecognizer:
    return ActionRecognizer.from_pretrained(tiny_model)


@pytest.fixture(scope="module")
def clip() -> Clip:
    return next(iter(procedural_clips(1, subjects=2, seed=3)))


@torch.no_grad()
def scored_alone(model: ActionRecognizer, sentence: Tensor) -> Tensor:
    """Log-probabilities of NAMES after one sentence (W, width), each by a full causal pass."""
    words = model.llm.get_input_embeddings()
    prompt = model.prompt.embed(sentence[None], words)
    scores = []
    for name in NAMES:
        ids = torch.tensor(answer_ids(model.backbone.text_tokenizer, name))
        inputs = torch.cat([prompt, words(ids)[None]], dim=1)
        logits = model.llm(inputs_embeds=inputs).logits[0, prompt.shape[1] - 1 : -1]
        scores.append(logits.log_softmax(-1)[torch.arange(len(ids)), ids].sum())
    return torch.stack(scores).double().log_softmax(-1)


def test_each_token_is_scored_as_if_its_sentence_stood_alone(
    model: ActionRecognizer, clip: Clip
) -> None:
    found = explain(model, clip, NAMES)
    sentence = model.token_embeddings[model.tokenizer.encode_clips([clip])[0]]
    whole = scored_alone(model, sentence)
    best = int(whole.argmax())
    assert found.top[0].action == NAMES[best]
    assert found.log_probability == pytest.approx(float(whole[best]), abs=1e-4)
    assert sum(answer.probability for answer in found.top) == pytest.approx(1)
    assert len(found.tokens) == model.tokenizer.words
    for place, token in enumerate(found.tokens):
        silent = sentence.clone()
        silent[place] = model.token_embeddings.mean(0)
        alone = scored_alone(model, silent)
        assert token.drop == pytest.approx(float(whole[best] - alone[best]), abs=1e-4)
        assert token.answer == NAMES[int(alone.argmax())]
    assert max(abs(token.drop) for token in found.tokens) > 1e-2


def test_each_part_is_scored_as_if_its_joints_were_missing(
    model: ActionRecognizer, clip: Clip
) -> None:
    found = explain(model, clip, NAMES)
    joints, present = model.tokenizer.prepare_clips([clip])
    before = model.tokenizer.encode(joints, present)
    whole = model.log_likelihoods(before, NAMES)[0].double().log_softmax(-1)
    best = int(whole.argmax())
    parts = model.tokenizer.layout.parts
    assert [part.part for part in found.parts] == list(parts)
    for part in found.parts:
        seen = present.clone()
        for joint in parts[part.part]:
            seen[:, :, :, joint] = False
        after = model.tokenizer.encode(joints, seen)
        hidden = model.log_likelihoods(after, NAMES)[0].double().log_softmax(-1)
        assert part.changed == int((after != before).sum())
        assert part.drop == pytest.approx(float(whole[best] - hidden[best]), abs=1e-4)
        assert part.answer == NAMES[int(hidden.argmax())]
    assert any(part.changed for part in found.parts)


def test_nothing_carries_an_answer_that_ignores_the_sentence(
    model: ActionRecognizer, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        model, "token_embeddings", model.token_embeddings[:1].expand_as(model.token_embeddings)
    )
    found = explain(model, clip, NAMES)
    assert any(part.changed for part in found.parts)
    assert [row.drop for row in (*found.tokens, *found.parts)] == pytest.approx([0] * 10, abs=1e-5)
    assert {row.answer for row in (*found.tokens, *found.parts)} == {found.top[0].action}


def test_hiding_leaves_all_other_joints(model: ActionRecognizer, clip: Clip) -> None:
    _, present = model.tokenizer.prepare_clips([clip])
    mask = hide(present, [3, 5])
    assert not mask[..., [3, 5]].any() and present[..., 3].any()
    others = [joint for joint in range(20) if joint not in (3, 5)]
    assert torch.equal(mask[..., others], present[..., others])


def test_tokens_share_the_frames_that_show_somebody(model: ActionRecognizer, clip: Clip) -> None:
    joints = np.resize(clip.joints, (40, *clip.joints.shape[1:]))
    present = np.ones(joints.shape[:3], dtype=np.bool_)
    present[:5] = present[35:] = False
    late = replace(clip, joints=joints, present=present, fps=10.0)
    spans = token_spans(late, model.tokenizer)
    assert [seconds for seconds, _ in spans] == [(0.5, 1.25), (1.25, 2), (2, 2.75), (2.75, 3.5)]
    assert [frames for _, frames in spans] == [(5, 12), (12, 19), (20, 27), (27, 34)]


def test_a_clip_shorter_than_its_sentence(model: ActionRecognizer, clip: Clip) -> None:
    short = replace(clip, joints=clip.joints[:2], present=clip.present[:2], fps=2.0)
    assert [frames for _, frames in token_spans(short, model.tokenizer)] == [
        (0, 0),
        (0, 0),
        (1, 1),
        (1, 1),
    ]


@pytest.mark.parametrize("count", [1, 4])
def test_a_clip_token_stands_for_the_whole_clip(
    model: ActionRecognizer, clip: Clip, count: int
) -> None:
    plain = model.tokenizer
    whole = ActionTokenizer(
        plain.encoder_config,
        plain.codebook_config,
        plain.preprocess,
        plain.layout,
        replace(plain.extensions, clip_tokens=count),
    )
    spans = token_spans(clip, whole)
    steps = token_spans(clip, plain)
    (begin, _), (first, _) = steps[0]
    (_, end), (_, last) = steps[-1]
    assert len(spans) == whole.words
    assert spans == steps + [((begin, end), (first, last))] * count


def test_of_many_candidates_the_most_probable_are_compared(
    model: ActionRecognizer, clip: Clip
) -> None:
    many = tuple(f"{verb} {noun}" for verb in ("hold", "turn", "lift") for noun in model.labels)
    known = ActionRecognizer(
        model.run,
        many,
        model.tokenizer,
        model.backbone,
        model.llm,
        model.token_embeddings,
        model.training,
    )
    found = explain(known, clip)
    sentence = model.tokenizer.encode_clips([clip])
    best = known.log_likelihoods(sentence)[0].topk(MOST_CANDIDATES).indices.tolist()
    expected = explain(known, clip, [many[place] for place in sorted(best)])
    assert len(many) > MOST_CANDIDATES == len(best)
    assert found == expected
