"""The name head: action tokens predict the text embedding of their action's name.

Not in the paper, where the tokenizer sees no label.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.config import ExtensionConfig
from llm_ar.tokenizer.codebook import Quantized
from llm_ar.tokenizer.losses import AuxiliaryLoss

_HIDDEN = 512
_SMOOTHING = 0.1
HEAD_DROPOUT = 0.3
"""Dropout of the hidden layer of a name head and of the part head."""


class NameHead(nn.Module):
    """A token's text embedding is a function of its vector alone; a sentence's is their mean.

    The cross-entropy of its logits makes tokens carry what tells actions apart, in the space of the
    LLM's word embeddings. Being additive, it leaves order and context to the encoder in front of
    the codebook.

    Args:
        dim: d, the width of a token.
        targets: (C, width) what the training names are in the space of the text, see
            `name_targets`.
        dropout: of the hidden layer.
    """

    names: Tensor

    def __init__(self, dim: int, targets: Tensor, dropout: float) -> None:
        super().__init__()
        self.register_buffer("names", targets, persistent=False)
        self.body = nn.Sequential(
            nn.LayerNorm(dim),
            nn.Linear(dim, _HIDDEN),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(_HIDDEN, targets.shape[1]),
        )
        # Outputs are small at first; 12 lets the softmax over names begin to learn at once.
        self.log_scale = nn.Parameter(torch.tensor(2.5))

    def token_text_embeddings(self, vectors: Tensor) -> Tensor:
        """Text embeddings (..., width) of token vectors (..., d)."""
        return self.log_scale.exp() * self.body(vectors)

    def forward(self, vectors: Tensor) -> Tensor:
        """Logits (B, C) of token vectors (B, W, d)."""
        return self.token_text_embeddings(vectors).mean(1) @ self.names.T


def name_targets(extensions: ExtensionConfig, name_text_embeddings: Tensor) -> Tensor:
    """Directions (C, width) of norm 1 that name heads learn for the training names.

    Means of word embeddings are whitened. Sentence embeddings are only centered on their mean, so
    that the embedding of a name that was not trained has a place among them.
    """
    if extensions.sentence_encoder:
        return F.normalize(name_text_embeddings - name_text_embeddings.mean(0), dim=-1)
    return whitened(name_text_embeddings)


def whitened(names: Tensor) -> Tensor:
    """Name embeddings (C, width), centered and whitened over the names, each of norm 1.

    Names that share most of their words ("pick up with one hand", "... two hands") lie close
    together; whitened, each keeps its direction as far as possible yet differs from all others.
    """
    centered = names.double() - names.double().mean(0)
    values, vectors = torch.linalg.eigh(centered @ centered.T)
    # The second bound is for names that are all the same, or a single one: they become 0.
    values = values.clamp_min(1e-4 * values.max()).clamp_min(1e-12)
    root = vectors @ (values.rsqrt().unsqueeze(-1) * vectors.T)
    return F.normalize(root @ centered, dim=-1).float()


class NameContrast(nn.Module):
    """Cross-entropy of training names, with smoothed labels: right against the wrong names.

    Args:
        allowed: (C, C) bool, for each name those that it is contrasted with; by default all.
        nearby: (C, C) bool, those of them that occur in the same dataset.
        within: weight of the loss against the nearby ones; the rest of 1 is that against all.
    """

    allowed: Tensor | None
    nearby: Tensor | None

    def __init__(
        self, allowed: Tensor | None = None, nearby: Tensor | None = None, within: float = 0.0
    ) -> None:
        super().__init__()
        self.within = within
        self.register_buffer("allowed", allowed, persistent=False)
        self.register_buffer("nearby", nearby, persistent=False)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of logits (B, C) with labels (B,), a scalar."""
        if self.allowed is None:
            return F.cross_entropy(logits, labels, label_smoothing=_SMOOTHING)
        loss = (1 - self.within) * _cross_entropy(logits, labels, self.allowed[labels])
        if self.nearby is not None and self.within > 0:
            loss = loss + self.within * _cross_entropy(logits, labels, self.nearby[labels])
        return loss


def _cross_entropy(logits: Tensor, labels: Tensor, allowed: Tensor) -> Tensor:
    """Cross-entropy with smoothed labels over the allowed (B, C) names and the right one."""
    allowed = allowed.scatter(1, labels.unsqueeze(1), True)
    log_probabilities = logits.masked_fill(~allowed, -torch.inf).log_softmax(-1)
    right = log_probabilities.gather(1, labels.unsqueeze(1)).squeeze(1)
    mean = log_probabilities.masked_fill(~allowed, 0).sum(1) / allowed.sum(1)
    return -((1 - _SMOOTHING) * right + _SMOOTHING * mean).mean()


class NameLoss(AuxiliaryLoss):
    """The contrast of the training names after whole sentences.

    Args:
        head: what is trained beside the tokenizer; its token text embeddings are kept.
        contrast: against which names.
        weight: in the sum of losses.
    """

    def __init__(self, head: NameHead, contrast: NameContrast, weight: float) -> None:
        super().__init__("name", weight)
        self.head, self.contrast = head, contrast

    def forward(self, hidden: Tensor, quantized: Quantized, labels: Tensor) -> Tensor:
        """See `AuxiliaryLoss.forward`."""
        return self.contrast(self.head(quantized.quantized), labels)


class PooledNameLoss(AuxiliaryLoss):
    """The same after the encoder's mean over time, before any quantization."""

    def __init__(self, width: int, targets: Tensor, contrast: NameContrast, weight: float) -> None:
        super().__init__("pooled_name", weight)
        self.head, self.contrast = NameHead(width, targets, HEAD_DROPOUT), contrast

    def forward(self, hidden: Tensor, quantized: Quantized, labels: Tensor) -> Tensor:
        """See `AuxiliaryLoss.forward`."""
        return self.contrast(self.head(hidden.mean(1, keepdim=True)), labels)


class ClipTokenNameLoss(AuxiliaryLoss):
    """The same after the clip tokens alone, by the head of the sentences.

    Args:
        head: of the sentences.
        contrast: against which names.
        clip_tokens: how many end a sentence.
        weight: in the sum of losses.
    """

    def __init__(
        self, head: NameHead, contrast: NameContrast, clip_tokens: int, weight: float
    ) -> None:
        super().__init__("clip_token_name", weight)
        self.clip_tokens = clip_tokens
        # `NameLoss` owns the head: checkpoints refuse a weight that two modules register.
        self._shared = (head,)
        self.contrast = contrast

    def forward(self, hidden: Tensor, quantized: Quantized, labels: Tensor) -> Tensor:
        """See `AuxiliaryLoss.forward`."""
        (head,) = self._shared
        return self.contrast(head(quantized.quantized[:, -self.clip_tokens :]), labels)
