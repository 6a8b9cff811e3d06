"""Names that were not trained, by the nearest sentence embedding.

The tokenizer's name head learned to put every action token where the sentence embeddings of the
training names are. The mean over a sentence's tokens is the clip's place among them, and the answer
is the name whose own sentence embedding has the largest cosine with it, as in CLIP (Radford et al.,
"Learning Transferable Visual Models From Natural Language Supervision", ICML 2021). The LLM has no
part in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from llm_ar.errors import ConfigError
from llm_ar.recognizer.interface import NamesActions
from llm_ar.recognizer.prompt import checked_names
from llm_ar.recognizer.recognition import AnswerPolicy
from llm_ar.recognizer.scoring import Ranking
from llm_ar.recognizer.zero_shot.conse import ConSE
from llm_ar.recognizer.zero_shot.descriptions import Descriptions
from llm_ar.recognizer.zero_shot.sentence_encoder import load_sentence_encoder
from llm_ar.recognizer.zero_shot.text_embeddings import embed_sentences

SCALE = 20.0
"""Factor from cosines to logits: the inverse temperature (Guo et al., "On Calibration of Modern
Neural Networks", ICML 2017) with the least mean negative log-likelihood over datasets that were
left out of a training."""


def sentence_cosines(
    token_text_embeddings: Tensor, tokens: Tensor, trained: Tensor, candidates: Tensor
) -> Tensor:
    """Cosines (B, N) of action sentences and candidates, around the mean of the trained names.

    Args:
        token_text_embeddings: (U, width) of the tokenizer.
        tokens: (B, W) action sentences.
        trained: (C, width), sentence embeddings of the trained names.
        candidates: (N, width), of the candidates.
    """
    return _cosines(token_text_embeddings[tokens], trained, candidates)


def _cosines(texts: Tensor, trained: Tensor, candidates: Tensor) -> Tensor:
    """As `sentence_cosines`, from the text embeddings (B, W, width) of the sentences' tokens."""
    places = F.normalize(texts.float().mean(1), dim=-1)
    centered = F.normalize(candidates - trained.mean(0), dim=-1)
    return places @ centered.to(places).T


def zero_shot_policy(
    model: NamesActions, labels: Sequence[str], known: Descriptions | None = None
) -> AnswerPolicy:
    """Ranks names that were not trained: by the nearest sentence, or by `ConSE` without sentences.

    Args:
        model: the recognizer.
        labels: the candidate names.
        known: where descriptions are looked up; the built-in ones by default.

    Raises:
        ConfigError: the labels are empty or not distinct, or the model cannot compare names.
        ModelError: the model needs a sentence encoder that is not installed.
    """
    if model.tokenizer.extensions.sentence_encoder:
        return NearestSentence(model, labels, known)
    return ConSE(model, labels, known)


class NearestSentence:
    """Ranks any names by the nearest sentence embedding (see `AnswerPolicy`).

    Args:
        model: a recognizer whose tokenizer learned sentence embeddings.
        labels: the N candidate names; their texts are embedded once, here.
        known: where descriptions are looked up first; the built-in ones by default.

    Attributes:
        names: the candidates, without surrounding spaces.

    Raises:
        ConfigError: the labels are empty or not distinct, or the tokenizer learned no sentence
            embeddings.
        ModelError: the sentence encoder is not installed.
    """

    def __init__(
        self, model: NamesActions, labels: Sequence[str], known: Descriptions | None = None
    ) -> None:
        self.names = checked_names(labels)
        self._tokenizer = model.tokenizer
        name = model.tokenizer.extensions.sentence_encoder
        if not name:
            raise ConfigError(
                "nearest sentence: this model learned no sentence embeddings; train it with "
                "tokenizer.extensions.sentence_encoder, or use --zero-shot by ConSE"
            )
        encoder = load_sentence_encoder(name)
        self._trained = embed_sentences(encoder, model.labels)
        self._candidates = embed_sentences(encoder, self.names, known)

    def scores(self, tokens: Tensor) -> Tensor:
        """Cosines (B, N) with the candidates."""
        texts = self._tokenizer.token_text_embeddings
        return sentence_cosines(texts, tokens, self._trained, self._candidates)

    def scores_of_texts(self, texts: Tensor) -> Tensor:
        """Logits (B, N) of the candidates, from text embeddings (B, W, width) of tokens."""
        return SCALE * _cosines(texts, self._trained, self._candidates)

    def rank(self, tokens: Tensor, top_k: int) -> Ranking:
        """See `llm_ar.recognizer.recognition.AnswerPolicy`."""
        return Ranking.from_scores(SCALE * self.scores(tokens), top_k)
