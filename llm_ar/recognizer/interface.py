"""The interface that evaluation needs of a recognizer, whatever reads the action sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from llm_ar.config import RunConfig
from llm_ar.tokenizer.model import ActionTokenizer


class NamesActions(Protocol):
    """A tokenizer, and a model that scores names after its sentences.

    Attributes:
        run: the settings of its training.
        labels: the trained names.
        tokenizer: in evaluation mode.
        training: figures of its training.
    """

    run: RunConfig
    labels: tuple[str, ...]
    tokenizer: ActionTokenizer
    training: dict[str, object]

    def log_likelihoods(
        self, tokens: Tensor, labels: Sequence[str] | None = None, fast: bool = False
    ) -> Tensor:
        """Scores (B, N) of the labels after sentences (B, W); a softmax gives probabilities.

        With ``fast``, the token classifier answers the sentences of which it is confident.
        """

    def token_logits(self, tokens: Tensor) -> Tensor | None:
        """Log-probabilities (B, C) of the trained names by the token classifier.

        None if there is none: the tokens learned no names or other ones, the classifier never
        agreed with the LLM (see `llm_ar.recognizer.fast.early_exit`), or there is no LLM.
        """

    def text_embeddings(self, texts: Sequence[str]) -> Tensor:
        """Text embeddings (N, width) by its LLM.

        Raises:
            ConfigError: it has no LLM that reads text.
        """
