"""Text embeddings of actions: of their names, or of what their descriptions say.

Most are means of word embeddings, in the LLM's input space; `embed_texts` lets the LLM read. A name
without a description counts as its own description.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from llm_ar.config import ExtensionConfig
from llm_ar.recognizer.llm import embed_names
from llm_ar.recognizer.zero_shot.descriptions import Descriptions, built_in, sentence
from llm_ar.recognizer.zero_shot.sentence_encoder import SentenceEncoder, load_sentence_encoder
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.layout import PARTS

_PARAPHRASES = 6
"""Texts of an action, its name among them, at most."""
_SENTENCE_WEIGHT = 0.7


def embed_actions(
    extensions: ExtensionConfig,
    words: Tensor,
    text_tokenizer: PreTrainedTokenizerBase,
    names: Sequence[str],
) -> Tensor:
    """Text embedding of each action, (C, text width), that name heads learn.

    By the sentence encoder if the extensions name one, else by the LLM's words. Both stages and all
    readers of what tokens mean must take the same.

    Raises:
        ModelError: the sentence encoder is not installed.
    """
    if extensions.sentence_encoder:
        return embed_sentences(load_sentence_encoder(extensions.sentence_encoder), names)
    return embed_in_words(extensions, words, text_tokenizer, names)


def embed_in_words(
    extensions: ExtensionConfig,
    words: Tensor,
    text_tokenizer: PreTrainedTokenizerBase,
    names: Sequence[str],
) -> Tensor:
    """Text embedding of each action in the LLM's word space, (C, width)."""
    embed = embed_descriptions if extensions.descriptions else embed_names
    return embed(words, text_tokenizer, names)


def embed_sentences(
    encoder: SentenceEncoder, names: Sequence[str], known: Descriptions | None = None
) -> Tensor:
    """Sentence embedding of each action, (N, width) of norm 1.

    A weighted mean: the name, the mean of the name and other words for the movement (0.5 each), and
    the sentence that describes it (0.7), where there is one.

    Args:
        encoder: what embeds the texts.
        names: the N actions.
        known: descriptions; the built-in ones by default.
    """
    ontology = Ontology.built_in()
    texts, parts = [], []
    for name in names:
        own = [name, *(other for other in ontology.paraphrases(name) if other != name)]
        own = own[:_PARAPHRASES]
        entry = None if known is None else known.find(name)
        said = sentence(name) if entry is None else entry.sentence
        parts.append((len(own), said is not None))
        texts += [*own, *([said] if said is not None else [])]
    embedded = iter(encoder.embed(texts))
    rows = []
    for count, has_sentence in parts:
        own_rows = torch.stack([next(embedded) for _ in range(count)])
        row = (own_rows[0] + own_rows.mean(0)) / 2
        if has_sentence:
            row = row + _SENTENCE_WEIGHT * next(embedded)
        rows.append(row)
    return F.normalize(torch.stack(rows), dim=-1)


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
        own, details = embed_names(words, text_tokenizer, [name, *texts]).split([1, len(texts)])
        rows.append((own[0] + details.mean(0)) / 2)
    return torch.stack(rows)


def described(name: str, known: Descriptions | None = None) -> str:
    """What stands for an action: its description's sentence and order, or its name if it has none.

    Args:
        name: of the action, or a synonym.
        known: where descriptions are looked up; the built-in ones by default.
    """
    entry = (built_in() if known is None else known).find(name)
    if entry is None:
        return f"{name[:1].upper()}{name[1:]}."
    return f"{entry.sentence} First {', then '.join(entry.order)}."


def embed_texts(
    llm: nn.Module, text_tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]
) -> Tensor:
    """The LLM's last states, averaged over each text's words, (N, width).

    The first place is left out, a start token or else the first piece of the first word: attention
    rests there, whatever the text.
    """
    device = llm.get_input_embeddings().weight.device  # type: ignore[operator]
    rows = []
    with torch.inference_mode():
        for text in texts:
            ids = text_tokenizer(text, return_tensors="pt").input_ids.to(device)
            states = llm(
                input_ids=ids, output_hidden_states=True, logits_to_keep=1, use_cache=False
            ).hidden_states[-1][0]
            rows.append(states[min(1, len(states) - 1) :].float().mean(0))
    return torch.stack(rows)
