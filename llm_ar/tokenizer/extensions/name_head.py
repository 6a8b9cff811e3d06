"""Reads names out of action tokens: what each token says, in the words' own space.

Not in the paper, where the tokenizer sees no label (``docs/deviations.md``).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.dropout import Dropout

_HIDDEN = 512


class NameHead(nn.Module):
    """What a token says is a function of its vector alone, and a sentence says their mean.

    The cross-entropy of its logits makes tokens carry what tells actions apart, in the LLM's own
    terms. Being additive, it leaves order and context to the encoder in front of the codebook:
    each token is telling by itself, and the LLM finds in the tokens all that the reader found.

    Args:
        dim: d, the width of a token.
        name_text_embeddings: (C, width) one text embedding per training name.
        dropout: of the hidden layer.
    """

    names: Tensor

    def __init__(self, dim: int, name_text_embeddings: Tensor, dropout: float) -> None:
        super().__init__()
        self.register_buffer("names", whitened(name_text_embeddings), persistent=False)
        self.body = nn.Sequential(
            nn.LayerNorm(dim),
            nn.Linear(dim, _HIDDEN),
            nn.GELU(),
            Dropout(dropout),
            nn.Linear(_HIDDEN, name_text_embeddings.shape[1]),
        )
        # Outputs are small at first; 12 lets the softmax over names begin to learn at once.
        self.log_scale = nn.Parameter(torch.tensor(2.5))

    def token_text_embeddings(self, vectors: Tensor) -> Tensor:
        """What token vectors (..., d) say, in the names' space (..., width)."""
        return self.log_scale.exp() * self.body(vectors)

    def forward(self, vectors: Tensor) -> Tensor:
        """Logits (B, C) of token vectors (B, W, d)."""
        return self.token_text_embeddings(vectors).mean(1) @ self.names.T


def whitened(names: Tensor) -> Tensor:
    """Name embeddings (C, width), centred and whitened over the names, each of norm 1.

    Names that share most of their words ("pick up with one hand", "... two hands") lie close
    together; whitened, each keeps its direction as far as possible yet differs from all others.
    """
    centred = names.double() - names.double().mean(0)
    values, vectors = torch.linalg.eigh(centred @ centred.T)
    # The second bound is for names that are all the same, or a single one: they become 0.
    values = values.clamp_min(1e-4 * values.max()).clamp_min(1e-12)
    root = vectors @ (values.rsqrt().unsqueeze(-1) * vectors.T)
    return F.normalize(root @ centred, dim=-1).float()
