"""ConSE: names that were not trained, recognized by their similarity to the trained ones.

An LLM that was trained to answer with some names hardly ever answers with others, and the
likelihoods it gives these have little to do with the clip. Its posterior over the trained names
does: the mean of these names' text embeddings, weighted by the posterior, is a semantic embedding
of the clip, and the answer is the name whose own text embedding has the largest cosine with it
(convex combination of semantic embeddings: Norouzi et al., "Zero-Shot Learning by Convex
Combination of Semantic Embeddings", ICLR 2014). The texts are the actions' descriptions; their
embeddings are the LLM's last hidden states, averaged over the tokens.

The LLM's posterior is too peaked for such a mean. It is averaged with the token classifier's, if
there is one, as log-probabilities, and divided by a temperature.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from llm_ar.errors import ConfigError
from llm_ar.recognizer.interface import NamesActions
from llm_ar.recognizer.prompt import checked_names
from llm_ar.recognizer.scoring import Ranking
from llm_ar.recognizer.zero_shot.descriptions import Descriptions
from llm_ar.recognizer.zero_shot.text_embeddings import described

SCALE = 7.0
"""Factor from cosines to logits: the one with the highest likelihood of the right names on unseen
actions of UTD-MHAD (splits 1 and 2), with the LLM's posterior alone."""
TEMPERATURE = 2.0
"""Divides the mean log-probabilities: chosen on unseen actions of UTD-MHAD (splits 1 to 3)."""


def conse_scores(posteriors: Tensor, trained: Tensor, candidates: Tensor) -> Tensor:
    """Cosines (B, N) of sentences and candidates, centered on the mean of the trained names.

    Args:
        posteriors: (B, C), probabilities of the trained names; rows sum to 1.
        trained: (C, width), text embeddings of the trained names.
        candidates: (N, width), of the candidates.
    """
    mean = trained.mean(0)
    trained, candidates = (
        F.normalize(trained - mean, dim=-1),
        F.normalize(candidates - mean, dim=-1),
    )
    return F.normalize(posteriors.to(trained) @ trained, dim=-1) @ candidates.T


class ConSE:
    """Ranks any names by a recognizer's posterior over its trained names (see `AnswerPolicy`).

    Args:
        model: the recognizer.
        labels: the N candidate names; their texts and the trained names' are embedded once, here.
        known: where descriptions are looked up; the built-in ones by default.

    Attributes:
        names: the candidates, without surrounding spaces.

    Raises:
        ConfigError: the labels are empty or not distinct, the recognizer embeds no text, or it was
            trained on a single name.
    """

    def __init__(
        self, model: NamesActions, labels: Sequence[str], known: Descriptions | None = None
    ) -> None:
        self.names = checked_names(labels)
        if len(model.labels) < 2:
            raise ConfigError(
                f"zero-shot: the model was trained on a single name, {model.labels[0]!r}, so that "
                "names cannot be compared with several; use a model of two or more names."
            )
        self._model = model
        texts = [described(name, known) for name in (*model.labels, *self.names)]
        embedded = model.text_embeddings(texts)
        self._trained, self._candidates = embedded.split([len(model.labels), len(self.names)])

    def scores(self, likelihoods: Tensor, token_logits: Tensor | None) -> Tensor:
        """Cosines (B, N) with the candidates.

        Args:
            likelihoods: (B, C), the log-likelihoods of the trained names after sentences.
            token_logits: (B, C), their log-probabilities by the token classifier (see
                `llm_ar.recognizer.interface.NamesActions.token_logits`); None without one.
        """
        log_posteriors = likelihoods.log_softmax(-1)
        if token_logits is not None:
            log_posteriors = (log_posteriors + token_logits.to(log_posteriors)) / 2
        posteriors = (log_posteriors / TEMPERATURE).softmax(-1)
        return conse_scores(posteriors, self._trained, self._candidates)

    def rank(self, tokens: Tensor, top_k: int) -> Ranking:
        """See `llm_ar.recognizer.recognition.AnswerPolicy`."""
        likelihoods = self._model.log_likelihoods(tokens)
        cosines = self.scores(likelihoods, self._model.token_logits(tokens))
        return Ranking.from_scores(SCALE * cosines, top_k)
