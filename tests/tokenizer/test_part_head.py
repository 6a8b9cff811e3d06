"""What tokens say of body parts: which texts there are to choose, and which side is meant."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from llm_ar.skeletons.layout import PARTS
from llm_ar.tokenizer.extensions.part_head import OTHER_SIDE, PartHead

HEAD, LEFT_ARM, RIGHT_ARM = (PARTS.index(part) for part in ("head", "left_arm", "right_arm"))


def reader(embeddings: torch.Tensor) -> PartHead:
    torch.manual_seed(1)
    return PartHead(8, embeddings, 0.0).eval()


def test_sides() -> None:
    assert [PARTS[other] for other in OTHER_SIDE] == [
        "head",
        "torso",
        "right_arm",
        "left_arm",
        "right_leg",
        "left_leg",
    ]


def test_parts_that_do_the_same_share_a_text() -> None:
    embeddings = torch.randn(3, 6, 12)
    embeddings[2, HEAD] = embeddings[0, HEAD]
    embeddings[1, LEFT_ARM] = embeddings[0, RIGHT_ARM]
    found = reader(embeddings)
    assert len(found.get_buffer(f"texts_{HEAD}")) == 2
    # Six of both arms, of which two are the same, and both arms choose among the same.
    arms = [found.get_buffer(f"texts_{arm}") for arm in (LEFT_ARM, RIGHT_ARM)]
    assert len(arms[0]) == 5
    torch.testing.assert_close(*arms)
    assert found.targets[0, HEAD] == found.targets[2, HEAD] != found.targets[1, HEAD]
    assert found.targets[1, LEFT_ARM] == found.targets[0, RIGHT_ARM]


def test_a_clip_counts_by_the_side_that_fits_better() -> None:
    embeddings, vectors = torch.randn(4, 6, 12), torch.randn(5, 3, 8)
    labels = torch.tensor([0, 1, 2, 3, 0])
    mirrored = embeddings[:, list(OTHER_SIDE)]
    told, exchanged = reader(embeddings), reader(mirrored)
    torch.testing.assert_close(told(vectors, labels), exchanged(vectors, labels))


def test_the_loss_is_the_mean_cross_entropy_of_the_parts() -> None:
    embeddings, vectors = torch.randn(4, 6, 12), torch.randn(1, 3, 8)
    found = reader(embeddings)
    hidden = found.body(vectors)[0]
    looks = found.looks(hidden).softmax(0)
    sums = []
    for side in (range(6), OTHER_SIDE):
        losses = []
        for part in range(6):
            pooled = sum(looks[w, part] * hidden[w] for w in range(3))
            said = found.log_scale.exp() * found.heads[part](pooled)
            logits = found.get_buffer(f"texts_{part}") @ said
            wanted = found.targets[2, list(side)[part]]
            losses.append(F.cross_entropy(logits, wanted, label_smoothing=0.1))
        sums.append(sum(losses) / 6)
    torch.testing.assert_close(found(vectors, torch.tensor([2])), min(sums))


def test_tokens_learn_to_say_what_parts_do() -> None:
    torch.manual_seed(2)
    vectors = torch.randn(4, 3, 8, requires_grad=True)
    found, labels = reader(torch.randn(4, 6, 12)), torch.arange(4)
    before = found(vectors, labels)
    optimizer = torch.optim.Adam([vectors, *found.parameters()], lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        loss = found(vectors, labels)
        loss.backward()
        optimizer.step()
    assert loss < 0.6 * before and vectors.grad.abs().sum() > 0


def test_one_text_is_no_choice() -> None:
    same = torch.randn(1, 1, 12).expand(3, 6, 12)
    loss = reader(same)(torch.randn(2, 3, 8), torch.tensor([0, 2]))
    assert loss.item() == pytest.approx(0.0, abs=1e-6)
