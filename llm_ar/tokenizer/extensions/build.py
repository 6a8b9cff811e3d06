"""The encoder and the auxiliary losses that `ExtensionConfig` asks for."""

from __future__ import annotations

from torch import Tensor

from llm_ar.config import EncoderConfig, ExtensionConfig
from llm_ar.errors import ConfigError
from llm_ar.skeletons.layouts import Layout
from llm_ar.tokenizer.encoder import FrameEncoder
from llm_ar.tokenizer.extensions.clip_token import ClipTokens
from llm_ar.tokenizer.extensions.joint_graph import JointGraphEncoder
from llm_ar.tokenizer.extensions.name_head import (
    HEAD_DROPOUT,
    ClipTokenNameLoss,
    NameContrast,
    NameHead,
    NameLoss,
    PooledNameLoss,
    name_targets,
)
from llm_ar.tokenizer.extensions.part_head import PartHead, PartLoss
from llm_ar.tokenizer.extensions.two_person import TwoPersonFrameEncoder, TwoPersonGraphEncoder
from llm_ar.tokenizer.losses import AuxiliaryLoss


def build_encoder(
    config: EncoderConfig, extensions: ExtensionConfig, layout: Layout, people: int, dim: int
) -> FrameEncoder | JointGraphEncoder:
    """The paper's encoder, or the one that the extensions name.

    Raises:
        ConfigError: the two-person encoder is asked for where there are not two people.
    """
    if extensions.two_person:
        if people != 2:
            raise ConfigError(
                f"tokenizer.extensions.two_person needs two people, but preprocess.people is "
                f"{people}; set it to 2, or two_person to false"
            )
        if extensions.joint_blocks:
            return TwoPersonGraphEncoder(config, extensions, layout, dim)
        return TwoPersonFrameEncoder(config, layout, dim)
    if extensions.joint_blocks:
        return JointGraphEncoder(config, extensions, layout, people, dim)
    return FrameEncoder(config, layout, people, dim)


def build_clip_tokens(config: EncoderConfig, extensions: ExtensionConfig, dim: int) -> ClipTokens:
    """The tokens of the whole clip that end a sentence; in the paper there are none."""
    return ClipTokens(extensions.clip_tokens, config.width, dim)


def build_auxiliary_losses(
    config: EncoderConfig,
    extensions: ExtensionConfig,
    dim: int,
    name_text_embeddings: Tensor,
    part_text_embeddings: Tensor | None,
    contrast: NameContrast | None = None,
) -> tuple[list[AuxiliaryLoss], NameHead | None]:
    """The losses that are not the paper's, and the name head among them, if there is one.

    Args:
        config: the encoder's sizes.
        extensions: weights; a loss of weight 0 is left out.
        dim: d, the width of a token.
        name_text_embeddings: (C, width) one text embedding per training name.
        part_text_embeddings: (C, 6, width) one per name and body part, for ``part_loss``.
        contrast: which names each name is contrasted with; all by default.

    Raises:
        ValueError: there is a part loss and no embeddings for it.
    """
    losses: list[AuxiliaryLoss] = []
    head = None
    contrast = contrast or NameContrast()
    targets = name_targets(extensions, name_text_embeddings)
    if extensions.name_loss > 0:
        head = NameHead(dim, targets, HEAD_DROPOUT)
        losses.append(NameLoss(head, contrast, extensions.name_loss))
        if extensions.clip_token_name_loss > 0:
            weight = extensions.clip_token_name_loss
            losses.append(ClipTokenNameLoss(head, contrast, extensions.clip_tokens, weight))
    if extensions.pooled_name_loss > 0:
        pooled = PooledNameLoss(config.width, targets, contrast, extensions.pooled_name_loss)
        losses.append(pooled)
    if extensions.part_loss > 0:
        if part_text_embeddings is None:
            raise ValueError("part_loss is not 0: give part_text_embeddings")
        losses.append(
            PartLoss(PartHead(dim, part_text_embeddings, HEAD_DROPOUT), extensions.part_loss)
        )
    return losses, head
