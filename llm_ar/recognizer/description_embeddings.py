"""Text embeddings of described actions, in the places where those of bare names can stand.

In the LLM's word space (means of word embeddings) or in its own reading of the text (means of its
last hidden state). A name without a description counts as its own description.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from llm_ar.recognizer.backbone import Backbone, embed_names
from llm_ar.recognizer.descriptions import Descriptions, built_in
from llm_ar.skeletons.layout import PARTS

_BATCH = 32


def embed_descriptions(
    words: Tensor,
    text_tokenizer: PreTrainedTokenizerBase,
    names: Sequence[str],
    known: Descriptions | None = None,
) -> Tensor:
    """Text embedding of each name with its description: (C, width), instead of `embed_names`.

    The mean of two: of the name, and of what the description says (its sentence, the six parts and
    the steps weigh the same).

    Args:
        words: (V, width), the LLM's word embeddings.
        text_tokenizer: the LLM's.
        names: the C actions.
        known: where descriptions are looked up; the built-in ones by default.
    """
    rows = []
    for name, texts in zip(names, _all_texts(names, known), strict=True):
        own, told = embed_names(words, text_tokenizer, [name, *texts]).split([1, len(texts)])
        rows.append((own[0] + told.mean(0)) / 2)
    return torch.stack(rows)


def embed_parts(
    words: Tensor,
    text_tokenizer: PreTrainedTokenizerBase,
    names: Sequence[str],
    known: Descriptions | None = None,
) -> Tensor:
    """Text embedding of what each body part does in each action: (C, 6, width), as `PARTS`.

    Arguments as in `embed_descriptions`.
    """
    texts = [text for row in _part_texts(names, known) for text in row]
    return embed_names(words, text_tokenizer, texts).unflatten(0, (len(names), len(PARTS)))


def read_by_llm(
    backbone: Backbone, names: Sequence[str], known: Descriptions | None = None
) -> Tensor:
    """Contextual embedding of each name with its description: (C, width) float32.

    The mean of the LLM's last hidden state over the words of ``name: sentence step, step``. It
    reads as it stands in the backbone, so this is done before an adapter in it learns. Other
    arguments as in `embed_descriptions`.
    """
    known = built_in() if known is None else known
    texts = []
    for name in names:
        found = known.find(name)
        told = f"{name}: {found.sentence} {', '.join(found.order)}" if found else name
        texts.append(told)
    return _hidden(backbone, texts)


def parts_read_by_llm(
    backbone: Backbone, names: Sequence[str], known: Descriptions | None = None
) -> Tensor:
    """Contextual embedding of what each body part does in each action: (C, 6, width) float32.

    Arguments as in `read_by_llm`.
    """
    rows = _part_texts(names, known)
    texts = [
        f"{part.replace('_', ' ')}: {text}"
        for row in rows
        for part, text in zip(PARTS, row, strict=True)
    ]
    return _hidden(backbone, texts).unflatten(0, (len(names), len(PARTS)))


def _all_texts(names: Sequence[str], known: Descriptions | None) -> list[list[str]]:
    """For each name all that its description says, or the name alone."""
    known = built_in() if known is None else known
    found = [known.find(name) for name in names]
    return [
        [entry.sentence, *entry.parts.values(), *entry.order] if entry else [name]
        for name, entry in zip(names, found, strict=True)
    ]


def _part_texts(names: Sequence[str], known: Descriptions | None) -> list[list[str]]:
    """For each name what each part does, or the name for each of them."""
    known = built_in() if known is None else known
    found = [known.find(name) for name in names]
    return [
        list(entry.parts.values()) if entry else [name] * len(PARTS)
        for name, entry in zip(names, found, strict=True)
    ]


@torch.no_grad()
def _hidden(backbone: Backbone, texts: Sequence[str]) -> Tensor:
    """Mean of the last hidden state over each text's words: (N, width) float32.

    Texts of one length are read together, so that nothing is padded.
    """
    ids = [backbone.text_tokenizer(" " + t, add_special_tokens=False).input_ids for t in texts]
    lengths: dict[int, list[int]] = {}
    for place, row in enumerate(ids):
        lengths.setdefault(len(row), []).append(place)
    inner = backbone.llm.base_model
    means = torch.zeros(len(texts), backbone.llm.config.hidden_size)
    for places in lengths.values():
        for start in range(0, len(places), _BATCH):
            batch = places[start : start + _BATCH]
            given = torch.tensor([ids[place] for place in batch], device=backbone.llm.device)
            hidden = inner(input_ids=given, use_cache=False).last_hidden_state
            means[batch] = hidden.float().mean(1).cpu()
    return means
