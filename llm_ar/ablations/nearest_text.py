"""The nearest name: a sentence's mean meaning against the names' text embeddings, as CLIP does.

The baseline for unseen actions: of the language model it takes the words' embeddings alone, and
its reading of descriptions where names are judged by analogy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch.nn.functional as F
from torch import Tensor

from llm_ar.ablations.readers import Reader

SCALE = 100.0
"""Turns cosines into scores whose softmax are probabilities, as in CLIP (Radford et al., 2021)."""


def nearest_text_scores(tokens: Tensor, token_text_embeddings: Tensor, names: Tensor) -> Tensor:
    """Cosines (B, N) of sentences (B, W) and names.

    Args:
        tokens: (B, W).
        token_text_embeddings: (U, width) of the tokens.
        names: (N, width) of the names, centered as the tokens' are.
    """
    pooled = token_text_embeddings[tokens].mean(1)
    return F.normalize(pooled, dim=-1) @ F.normalize(names, dim=-1).T


class NearestText(Reader):
    """Answers with the name whose text embedding is nearest; nothing is trained.

    Args:
        token_text_embeddings: (U, width), see `nearest_text_scores`.
        embed: names to embeddings (N, width).
        read: texts to what an LLM makes of them (N, width), see `text_embeddings`.
        names: of the training clips.
    """

    def __init__(
        self,
        token_text_embeddings: Tensor,
        embed: Callable[[Sequence[str]], Tensor],
        read: Callable[[Sequence[str]], Tensor],
        names: Sequence[str],
    ) -> None:
        super().__init__()
        self._meanings, self._embed, self._read, self.names = (
            token_text_embeddings,
            embed,
            read,
            list(names),
        )

    def forward(self, joints: Tensor, present: Tensor, classes: Sequence[int]) -> dict[str, Tensor]:
        """Nothing is trained."""
        raise TypeError("the nearest name is not trained")

    def scores(self, tokens: Tensor, labels: tuple[str, ...]) -> Tensor:
        """Scaled cosines (B, N) with any names."""
        return SCALE * nearest_text_scores(tokens, self._meanings, self._embed(labels))

    def text_embeddings(self, texts: Sequence[str]) -> Tensor:
        """What texts say (N, width), as the LLM reads them that nothing was trained in."""
        return self._read(texts)
