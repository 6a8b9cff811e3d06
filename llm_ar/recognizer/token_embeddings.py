"""Action tokens as words: where each token's embedding in the LLM's input space comes from.

The paper gives codebook vectors the width of the LLM's word embeddings and feeds them as they are.
Two departures, both settings: the codebook may be narrower, and the embeddings may start from the
names: those of the training clips that each token was seen in, or what the tokenizer's own reader
takes the token to say.
"""

from __future__ import annotations

import torch
from torch import Tensor

from llm_ar.tokenizer.extensions.name_head import whitened

CODEBOOK_SHARE = 0.1
"""Part of the codebook's geometry added to the expected names, so that no two tokens coincide."""
_PROJECTION_SEED = 0


def token_embeddings_from(codebook: Tensor, word_embeddings: Tensor, told: Tensor | None) -> Tensor:
    """Embeddings of the action tokens in the LLM's input space.

    The (log-mapped) codebook vectors c_u are brought to the words' mean mu and spread s:
    e_u = mu + s (P c_u - mean) / spread(P c), P a fixed orthogonal projection when the widths
    differ. With ``told``, a token is what it says, plus a small part of its codebook offset:
    e_u = mu + s v_u / spread(v) + 0.1 (e_u^codebook - mu).

    Args:
        codebook: (U, d).
        word_embeddings: (V, width), the LLM's.
        told: (U, width) what each token says about the names, v_u, or None.

    Returns:
        (U, width) float32.
    """
    words = word_embeddings.float()
    mean = words.mean(0)
    spread = (words - mean).square().mean().sqrt()
    offsets = _to_width(codebook.detach().float(), words.shape[1])
    offsets = _with_spread(offsets - offsets.mean(0), spread)
    if told is None:
        return mean + offsets
    return mean + _with_spread(told, spread) + CODEBOOK_SHARE * offsets


def from_cooccurrence(token_name_counts: Tensor, name_text_embeddings: Tensor) -> Tensor:
    """What tokens say by the names they were seen with: v_u = sum_n (P(n | u) - P(n)) d_n.

    d_n are the names' whitened embeddings. Tokens never seen say nothing: v_u = 0.

    Args:
        token_name_counts: (U, C), how often each token was seen in clips of each name.
        name_text_embeddings: (C, width), of the training names.

    Returns:
        (U, width) float32.
    """
    counts = token_name_counts.float()
    seen = counts.sum(1, keepdim=True)
    names = counts.sum(0) / counts.sum().clamp_min(1)
    told = torch.where(seen > 0, counts / seen.clamp_min(1) - names, 0.0)
    return told @ whitened(name_text_embeddings).to(told.device)


def from_name_head(token_text_embeddings: Tensor, name_text_embeddings: Tensor) -> Tensor:
    """What tokens say by the tokenizer's reader: v_u = sum_n (m_u . d_n) d_n.

    The part of a meaning m_u outside the names' span never met a name in training; it is left out.

    Args:
        token_text_embeddings: (U, width) of the tokenizer.
        name_text_embeddings: (C, width), of the training names.

    Returns:
        (U, width) float32.
    """
    names = whitened(name_text_embeddings).to(token_text_embeddings.device)
    return token_text_embeddings.float() @ names.T @ names


def _with_spread(offsets: Tensor, spread: Tensor) -> Tensor:
    """Offsets (U, width) scaled to a root mean square of ``spread``."""
    return offsets * (spread / offsets.square().mean().sqrt().clamp_min(1e-12))


def _to_width(vectors: Tensor, width: int) -> Tensor:
    """Vectors (U, d) in the LLM's width, by a fixed projection that keeps angles if d <= width."""
    dim = vectors.shape[1]
    if dim == width:
        return vectors
    generator = torch.Generator().manual_seed(_PROJECTION_SEED)
    square = torch.randn(max(dim, width), min(dim, width), generator=generator)
    basis = torch.linalg.qr(square).Q.to(vectors.device)
    return vectors @ (basis.T if dim < width else basis)
