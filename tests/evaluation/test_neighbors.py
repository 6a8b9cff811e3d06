"""Nearest training clips, by distances counted token by token."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from llm_ar.config import CodebookConfig
from llm_ar.errors import DatasetError
from llm_ar.evaluation.neighbors import nearest, sentence_distances
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer import poincare
from llm_ar.tokenizer.codebook import Codebook
from llm_ar.tokenizer.model import ActionTokenizer


@pytest.fixture(scope="module")
def store(procedural_data: Path) -> ClipStore:
    return ClipStore.open(procedural_data)


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> ActionTokenizer:
    return ActionTokenizer.from_pretrained(tiny_model / "tokenizer")


@pytest.mark.parametrize("geometry", ["hyperbolic", "euclidean"])
def test_distances_are_means_over_places(geometry: str) -> None:
    torch.manual_seed(1)
    codebook = Codebook(CodebookConfig(size=9, geometry=geometry), dim=5).eval()
    points = codebook.vectors.detach().double()
    sentence, others = torch.randint(9, (4,)), torch.randint(9, (6, 4))
    c = codebook.config.curvature

    def apart(a: torch.Tensor, b: torch.Tensor) -> float:
        if geometry == "euclidean":
            return float((a - b).norm())
        return float(poincare.distance(poincare.exp0(a, c), poincare.exp0(b, c), c))

    expected = [
        sum(apart(points[a], points[b]) for a, b in zip(sentence, other, strict=True)) / 4
        for other in others
    ]
    found = sentence_distances(codebook, sentence, others)
    assert found.tolist() == pytest.approx(expected, abs=1e-3)
    assert sentence_distances(codebook, sentence, sentence[None]).tolist() == [0.0]


def test_a_training_clip_is_its_own_nearest(store: ClipStore, tokenizer: ActionTokenizer) -> None:
    train = store.split("xsub")[0]
    clip = store[train[40]]
    sentence = tokenizer.encode_clips([clip])[0].tolist()
    seen: list[tuple[int, int]] = []
    found = nearest(
        tokenizer,
        sentence,
        store,
        "xsub",
        count=96,
        on_progress=lambda *counts: seen.append(counts),
    )
    assert seen == [(32, 96), (64, 96), (96, 96)]
    distances = [neighbor.distance for neighbor in found]
    assert distances == sorted(distances) and distances[0] == 0 < distances[-1]
    at_zero = [row for row in found if row.distance == 0]
    assert (clip.name, clip.label) in [(row.clip, row.action) for row in at_zero]
    assert sorted(row.clip for row in found) == sorted(store[index].name for index in train)


def test_a_protocol_without_training_clips_is_refused(
    store: ClipStore, tokenizer: ActionTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "split", lambda protocol: ([], [1]))
    with pytest.raises(DatasetError, match="xsub of dataset procedural has no training clips"):
        nearest(tokenizer, [0, 0, 0, 0], store, "xsub")
