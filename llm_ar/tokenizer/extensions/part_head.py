"""Reads out of action tokens what each body part does, in the words of the actions' descriptions.

Not in the paper (``docs/ours.md``). Part by part contrast of movements and descriptions as in
Xiang et al., "Generative Action Description Prompts for Skeleton-based Action Recognition", ICCV
2023; which tokens show a part's movement is not known, and is learned by attention as in Ilse et
al., "Attention-based Deep Multiple Instance Learning", ICML 2018.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.skeletons.layout import PARTS
from llm_ar.tokenizer.codebook import Quantized
from llm_ar.tokenizer.extensions.name_head import whitened
from llm_ar.tokenizer.losses import AuxiliaryLoss

_HIDDEN = 256
_OPPOSITE = {"left": "right", "right": "left"}
OTHER_SIDE = tuple(
    PARTS.index("_".join(_OPPOSITE.get(word, word) for word in part.split("_"))) for part in PARTS
)
"""For each body part the one that is its mirror image, or itself."""


class PartHead(nn.Module):
    """The multiple-instance contrast between sentences and what descriptions say of body parts.

    Descriptions are of right-handed people who are seen from the front. For each clip they may be
    exchanged left for right, whichever fits better: people are left-handed, clips are mirrored, and
    a sensor that sees a back takes it for a front.

    Args:
        dim: d, the width of a token.
        part_text_embeddings: (C, 6, width), a text embedding for each training name and body part.
            Parts that do the same have the same row, and are one class.
        dropout: of the hidden layer.
    """

    targets: Tensor

    def __init__(self, dim: int, part_text_embeddings: Tensor, dropout: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, _HIDDEN), nn.GELU(), nn.Dropout(dropout)
        )
        self.looks = nn.Linear(_HIDDEN, len(PARTS))
        width = part_text_embeddings.shape[2]
        self.heads = nn.ModuleList(nn.Linear(_HIDDEN, width) for _ in PARTS)
        # As in the name reader: lets the softmax begin to learn at once.
        self.log_scale = nn.Parameter(torch.tensor(2.5))
        targets = []
        for part, other in enumerate(OTHER_SIDE):
            # Sorted, so that both sides of a pair number the same texts in the same way.
            both = torch.cat([part_text_embeddings[:, part], part_text_embeddings[:, other]])
            texts, number = both.unique(dim=0, return_inverse=True)
            self.register_buffer(f"texts_{part}", whitened(texts), persistent=False)
            targets.append(number[: len(part_text_embeddings)])
        self.register_buffer("targets", torch.stack(targets, dim=1), persistent=False)

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy of the parts' texts, a scalar.

        Args:
            vectors: (B, W, d) of the tokens.
            labels: (B,) indices of the training names.
        """
        hidden = self.body(vectors)
        pooled = self.looks(hidden).softmax(dim=1).transpose(1, 2) @ hidden
        wanted = self.targets[labels]
        as_told, exchanged = vectors.new_zeros(len(labels)), vectors.new_zeros(len(labels))
        for part, other in enumerate(OTHER_SIDE):
            predicted = self.log_scale.exp() * self.heads[part](pooled[:, part])
            logits = predicted @ self.get_buffer(f"texts_{part}").T
            as_told = as_told + _surprise(logits, wanted[:, part])
            exchanged = exchanged + _surprise(logits, wanted[:, other])
        return torch.minimum(as_told, exchanged).mean() / len(PARTS)


def _surprise(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy of each clip, (B,)."""
    return F.cross_entropy(logits, wanted, label_smoothing=0.1, reduction="none")


class PartLoss(AuxiliaryLoss):
    """The part head's contrast as a loss of stage 1."""

    def __init__(self, head: PartHead, weight: float) -> None:
        super().__init__("part", weight)
        self.head = head

    def forward(self, hidden: Tensor, quantized: Quantized, labels: Tensor) -> Tensor:
        """See `AuxiliaryLoss.forward`."""
        return self.head(quantized.quantized, labels)
