"""Training clips whose action sentences lie nearest to a given one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from llm_ar.errors import DatasetError
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.codebook import Codebook
from llm_ar.tokenizer.model import ActionTokenizer

_BATCH = 32


@dataclass(frozen=True)
class Neighbor:
    """A training clip, what it shows, and how far its sentence is away."""

    clip: str
    action: str
    distance: float


@torch.inference_mode()
def sentence_distances(codebook: Codebook, sentence: Tensor, others: Tensor) -> Tensor:
    """Mean distance, place by place, between the tokens' points in the codebook's geometry.

    Args:
        codebook: whose tokens the sentences are made of.
        sentence: (W,).
        others: (N, W).

    Returns:
        (N,) float32; 0 for the same sentence.
    """
    places = torch.arange(len(sentence), device=sentence.device)
    table = codebook.distances(codebook.vectors[sentence])
    # The matrix product behind the table leaves a small rest between equal tokens.
    table[places, sentence] = 0
    return table[places, others].mean(dim=-1)


def nearest(
    tokenizer: ActionTokenizer,
    sentence: list[int],
    store: ClipStore,
    protocol: str,
    *,
    count: int = 5,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Neighbor]:
    """The training clips nearest to a sentence, nearest first.

    Args:
        tokenizer: of the model.
        sentence: the W tokens of the clip in question.
        store: a prepared dataset.
        protocol: its training clips are looked at.
        count: how many to give, at most.
        on_progress: called with clips done and clips in all, after each batch.

    Raises:
        DatasetError: the protocol is unknown or has no training clips.
        LayoutError: the dataset's joints cannot be mapped to the tokenizer's.
    """
    indices = store.split(protocol)[0]
    if not indices:
        raise DatasetError(f"protocol {protocol} of dataset {store.dataset} has no training clips")
    parts = []
    for first in range(0, len(indices), _BATCH):
        batch = indices[first : first + _BATCH]
        parts.append(tokenizer.encode_clips([store[index] for index in batch]))
        if on_progress is not None:
            on_progress(first + len(batch), len(indices))
    own = torch.tensor(sentence, device=tokenizer.device)
    distances = sentence_distances(tokenizer.codebook, own, torch.cat(parts))
    known = store.metadata()
    chosen = distances.topk(min(count, len(indices)), largest=False)
    return [
        Neighbor(store[indices[place]].name, known[indices[place]].label or "", distance)
        for place, distance in zip(chosen.indices.tolist(), chosen.values.tolist(), strict=True)
    ]
