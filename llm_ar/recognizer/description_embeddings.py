"""Text embeddings of actions in the LLM's word space: of their names, or with what they describe.

A name without a description counts as its own description.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from llm_ar.config import BiasConfig
from llm_ar.recognizer.backbone import embed_names
from llm_ar.recognizer.descriptions import Descriptions, built_in
from llm_ar.skeletons.layout import PARTS


def embed_actions(
    biases: BiasConfig,
    words: Tensor,
    text_tokenizer: PreTrainedTokenizerBase,
    names: Sequence[str],
) -> Tensor:
    """Text embedding of each action, (C, width), as ``biases.descriptions`` has it.

    Both stages and all readers of what tokens mean must take the same.
    """
    embed = embed_descriptions if biases.descriptions else embed_names
    return embed(words, text_tokenizer, names)


def embed_parts(
    words: Tensor, text_tokenizer: PreTrainedTokenizerBase, names: Sequence[str]
) -> Tensor:
    """Text embedding of what each of the six body parts does in each action, (C, 6, width)."""
    rows = []
    for name in names:
        entry = built_in().find(name)
        texts = list(entry.parts.values()) if entry else [name] * len(PARTS)
        rows.append(embed_names(words, text_tokenizer, texts))
    return torch.stack(rows)


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
    known = built_in() if known is None else known
    rows = []
    for name in names:
        entry = known.find(name)
        texts = [entry.sentence, *entry.parts.values(), *entry.order] if entry else [name]
        own, told = embed_names(words, text_tokenizer, [name, *texts]).split([1, len(texts)])
        rows.append((own[0] + told.mean(0)) / 2)
    return torch.stack(rows)
