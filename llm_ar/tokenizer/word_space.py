"""The map between the codebook's space and the LLM's word embeddings, and its adjoint.

In the paper a token has the width of a word embedding and no map is needed but a change of units.
A narrower codebook lies in the subspace in which the words vary most. Both stages use this one map:
the MMD loss compares lifted tokens with words, and the LLM reads the same lifted tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class WordSpace(nn.Module):
    """lift(c) = mean + scale * Q c and project(w) = Q^T (w - mean) / scale, Q^T Q = I.

    Args:
        width: of the LLM's word embeddings.
        dim: d, of a token.

    Attributes:
        basis: Q, (width, d); empty where the widths are equal, so that Q is the identity.
    """

    mean: Tensor
    scale: Tensor
    basis: Tensor

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("basis", torch.eye(width, dim) if width != dim else torch.empty(0))

    @torch.no_grad()
    def fit(self, words: Tensor, norm: float) -> None:
        """Take mean, scale and principal axes from word embeddings (V, width).

        Args:
            words: the LLM's.
            norm: typical norm of a latent, which is mapped to that of a centered word.
        """
        words = words.float()
        self.mean.copy_(words.mean(0))
        centered = words - self.mean.to(words)
        self.scale.copy_(centered.square().sum(-1).mean().sqrt() / norm)
        if self.basis.numel():
            axes = torch.linalg.eigh(centered.T @ centered).eigenvectors.flip(1)
            axes = axes[:, : self.basis.shape[1]]
            # An eigenvector's sign is arbitrary: make its largest entry positive.
            largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
            self.basis.copy_(axes * largest.sign())

    def lift(self, tokens: Tensor) -> Tensor:
        """Tokens (..., d) in the LLM's width (..., width)."""
        offsets = tokens @ self.basis.T if self.basis.numel() else tokens
        return self.mean + self.scale * offsets

    def project(self, words: Tensor) -> Tensor:
        """Words (..., width) in the codebook's width (..., d); undoes :meth:`lift`."""
        offsets = (words - self.mean) / self.scale
        return offsets @ self.basis if self.basis.numel() else offsets
