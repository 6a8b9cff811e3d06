"""What evaluation asks of a recogniser, whatever reads the action sentences in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from llm_ar.config import RunConfig
from llm_ar.tokenizer.model import ActionTokenizer


class NamesActions(Protocol):
    """A tokenizer, and something that scores names after its sentences.

    Attributes:
        run: the settings that made it.
        labels: the names it was trained to answer.
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
        """Scores (B, N) of the labels after sentences (B, W); their softmax are probabilities.

        Sentences that are clear at a glance may be answered by it where ``fast`` is given.
        """

    def token_logits(self, tokens: Tensor) -> Tensor | None:
        """Log-probabilities (B, C) of the trained names by the sentences' tokens alone.

        None where the tokens learned no names or other ones, where they never came to agree with
        the language model (see `llm_ar.recognizer.fast.early_exit`), or where no language model is asked.
        """

    def text_embeddings(self, texts: Sequence[str]) -> Tensor:
        """What texts say (N, width), as its language model reads them.

        Raises:
            ConfigError: it has no language model that reads text.
        """
