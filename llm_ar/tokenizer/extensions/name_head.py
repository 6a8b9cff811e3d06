"""The name head: action tokens predict the text embedding of their action's name.

Not in the paper, where the tokenizer sees no label.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.tokenizer.codebook import Quantized
from llm_ar.tokenizer.losses import AuxiliaryLoss

_HIDDEN = 512
HEAD_DROPOUT = 0.3
"""Dropout of the hidden layer of a name head and of the part head."""


class NameHead(nn.Module):
    """A token's text embedding is a function of its vector alone; a sentence's is their mean.

    The cross-entropy of its logits makes tokens carry what tells actions apart, in the space of the
    LLM's word embeddings. Being additive, it leaves order and context to the encoder in front of
    the codebook.

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
            nn.Dropout(dropout),
            nn.Linear(_HIDDEN, name_text_embeddings.shape[1]),
        )
        # Outputs are small at first; 12 lets the softmax over names begin to learn at once.
        self.log_scale = nn.Parameter(torch.tensor(2.5))

    def token_text_embeddings(self, vectors: Tensor) -> Tensor:
        """Text embeddings (..., width) of token vectors (..., d)."""
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


class NameLoss(AuxiliaryLoss):
    """Cross-entropy of the training names after whole sentences.

    Args:
        head: what is trained beside the tokenizer; its token text embeddings are kept.
        weight: in the sum of losses.
    """

    def __init__(self, head: NameHead, weight: float) -> None:
        super().__init__("name", weight)
        self.head = head

    def forward(self, hidden: Tensor, quantized: Quantized, labels: Tensor) -> Tensor:
        """See `AuxiliaryLoss.forward`."""
        return name_cross_entropy(self.head(quantized.quantized), labels)


class PooledNameLoss(AuxiliaryLoss):
    """The same after the encoder's mean over time, before any quantization."""

    def __init__(self, width: int, name_text_embeddings: Tensor, weight: float) -> None:
        super().__init__("pooled_name", weight)
        self.head = NameHead(width, name_text_embeddings, HEAD_DROPOUT)

    def forward(self, hidden: Tensor, quantized: Quantized, labels: Tensor) -> Tensor:
        """See `AuxiliaryLoss.forward`."""
        return name_cross_entropy(self.head(hidden.mean(1, keepdim=True)), labels)


class ClipTokenNameLoss(AuxiliaryLoss):
    """The same after the clip token alone, by the head of the sentences."""

    def __init__(self, head: NameHead, weight: float) -> None:
        super().__init__("clip_token_name", weight)
        # `NameLoss` owns the head: checkpoints refuse a weight that two modules register.
        self._shared = (head,)

    def forward(self, hidden: Tensor, quantized: Quantized, labels: Tensor) -> Tensor:
        """See `AuxiliaryLoss.forward`."""
        (head,) = self._shared
        return name_cross_entropy(head(quantized.quantized[:, -1:]), labels)


def name_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of logits (B, C) with smoothed labels (B,)."""
    return F.cross_entropy(logits, labels, label_smoothing=0.1)
