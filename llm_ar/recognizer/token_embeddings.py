"""The action tokens' input embeddings: where each token stands in the LLM's word space.

The paper gives codebook vectors the width of the LLM's word embeddings and feeds them as they are:
here they are lifted by the tokenizer's `WordSpace`, the map that the MMD loss used. As extensions,
the embeddings may start from the names: those of the training clips that each token occurs in, or
what the tokenizer's name head predicts from the token.
"""

from __future__ import annotations

import torch
from torch import Tensor

from llm_ar.tokenizer.extensions.name_head import whitened

CODEBOOK_SHARE = 0.1
"""Part of the codebook's geometry added to the names' text, so that no two tokens coincide."""


def token_embeddings_from(lifted: Tensor, word_embeddings: Tensor, text: Tensor | None) -> Tensor:
    """Embeddings of the action tokens in the LLM's input space.

    Without ``text`` they are the lifted codebook, e_u = lift(c_u), as in the paper. With it,
    e_u = mu + s v_u / rms(v) + 0.1 (lift(c_u) - mu); mu and s are the words' mean and spread.

    Args:
        lifted: (U, width), the codebook by ``WordSpace.lift``.
        word_embeddings: (V, width), the LLM's.
        text: (U, width) text embeddings v_u of the tokens, or None.

    Returns:
        (U, width) float32.
    """
    lifted = lifted.detach().float()
    if text is None:
        return lifted
    words = word_embeddings.float()
    mean = words.mean(0)
    spread = (words - mean).square().mean().sqrt()
    scaled = text * (spread / text.square().mean().sqrt().clamp_min(1e-12))
    return mean + scaled + CODEBOOK_SHARE * (lifted - mean)


def from_cooccurrence(token_name_counts: Tensor, name_text_embeddings: Tensor) -> Tensor:
    """Text embeddings of tokens by the names they occur with: v_u = sum_n (P(n | u) - P(n)) d_n.

    d_n are the names' whitened embeddings. v_u = 0 for tokens that never occur.

    Args:
        token_name_counts: (U, C), how often each token was seen in clips of each name.
        name_text_embeddings: (C, width), of the training names.

    Returns:
        (U, width) float32.
    """
    counts = token_name_counts.float()
    seen = counts.sum(1, keepdim=True)
    names = counts.sum(0) / counts.sum().clamp_min(1)
    text = torch.where(seen > 0, counts / seen.clamp_min(1) - names, 0.0)
    return text @ whitened(name_text_embeddings).to(text.device)


def from_name_head(
    token_text_embeddings: Tensor, targets: Tensor, name_text_embeddings: Tensor
) -> Tensor:
    """Text embeddings of tokens by the tokenizer's name head: v_u = sum_n (m_u . t_n) d_n.

    The part of a token's text embedding m_u outside the names' span never met a name in training;
    it is left out.

    Args:
        token_text_embeddings: (U, text width) of the tokenizer, m_u.
        targets: (C, text width) of the training names, t_n (see `name_targets`).
        name_text_embeddings: (C, width) of the training names by the LLM's words; d_n are these,
            whitened.

    Returns:
        (U, width) float32.
    """
    names = whitened(name_text_embeddings).to(token_text_embeddings.device)
    return token_text_embeddings.float() @ targets.to(names).T @ names
