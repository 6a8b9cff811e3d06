"""What stage 1 minimises: reconstruction, codebook, commitment, the biases, the names' text."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.config import TokenizerConfig
from llm_ar.errors import ConfigError
from llm_ar.tokenizer.extensions.name_head import NameHead
from llm_ar.tokenizer.extensions.part_head import PartHead
from llm_ar.tokenizer.losses import ContextModel, mmd_loss, zipf_loss
from llm_ar.tokenizer.model import ActionTokenizer

_MMD_SAMPLE = 512
_READER_DROPOUT = 0.3


class TokenizerObjective(nn.Module):
    """The tokenizer with all its losses.

    After training the tokenizer is kept, with what the reader takes each token to say.

    Args:
        tokenizer: what is trained.
        config: weights of the losses.
        words: (V, d) the LLM's word embeddings, brought to the codebook's width.
        name_text_embeddings: (C, width) one text embedding per training name.
        part_text_embeddings: (C, 6, width) one per training name and body part; needed if the weight
            ``biases.parts`` is not 0.

    Raises:
        ConfigError: a loss of the summary's own, where the tokenizer makes no summaries.
    """

    words: Tensor
    part_head: PartHead | None

    def __init__(
        self,
        tokenizer: ActionTokenizer,
        config: TokenizerConfig,
        words: Tensor,
        name_text_embeddings: Tensor,
        part_text_embeddings: Tensor | None = None,
    ) -> None:
        super().__init__()
        if config.biases.clip_token_name > 0 and tokenizer.clip_token is None:
            raise ConfigError(
                "tokenizer.biases.clip_token_name pulls the summary to its action's name, but these "
                "sentences have none; set it to 0, or, for a new tokenizer, "
                "tokenizer.encoder.summary to true"
            )
        self.tokenizer, self.config = tokenizer, config
        dim = tokenizer.codebook_config.dim
        # Words and latents have their own units: both are compared at the same typical norm.
        scale = tokenizer.codebook_config.latent_norm / words.square().sum(-1).mean().sqrt()
        self.register_buffer("words", (words - words.mean(0)) * scale, persistent=False)
        self.context = ContextModel(dim)
        self.reader = NameHead(dim, name_text_embeddings, _READER_DROPOUT)
        self.pooled_head = (
            NameHead(tokenizer.encoder_config.width, name_text_embeddings, _READER_DROPOUT)
            if config.biases.pooled_name > 0
            else None
        )
        self.part_head = None
        if config.biases.parts > 0:
            if part_text_embeddings is None:
                raise ValueError("biases.parts is not 0: give part_text_embeddings")
            self.part_head = PartHead(dim, part_text_embeddings, _READER_DROPOUT)

    def forward(self, joints: Tensor, present: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """All losses for augmented clips (B, T, M, J, 3); "loss" is their weighted sum.

        Args:
            joints: (B, T, M, J, 3).
            present: (B, T, M, J).
            labels: (B,) indices of the training names.
        """
        config, biases = self.config, self.config.biases
        hidden = self.tokenizer.hidden(joints, present)
        quantized = self.tokenizer.quantize_hidden(hidden)
        codebook = self.tokenizer.embeddings()
        rebuilt = self.tokenizer.decode_vectors(quantized.vectors)
        error = (rebuilt - joints).abs()
        seen = present.unsqueeze(-1)
        parts: dict[str, Tensor] = {
            "reconstruction": (error * seen).sum() / (seen.sum() * 3).clamp_min(1)
        }
        parts["commitment"] = quantized.commitment_loss
        loss = (
            config.reconstruction * parts["reconstruction"]
            + config.commitment * parts["commitment"]
        )
        if biases.zipf > 0:
            parts["zipf"] = zipf_loss(quantized.distances, biases.zipf_exponent)
            loss = loss + biases.zipf * parts["zipf"]
        if biases.context > 0:
            parts["context"] = self.context(quantized.vectors)
            loss = loss + biases.context * parts["context"]
        if biases.mmd > 0:
            picks = torch.randint(len(self.words), (_MMD_SAMPLE,), device=self.words.device)
            parts["mmd"] = mmd_loss(codebook, self.words[picks])
            loss = loss + biases.mmd * parts["mmd"]
        if biases.names > 0:
            logits = self.reader(quantized.vectors)
            parts["names"] = F.cross_entropy(logits, labels, label_smoothing=0.1)
            parts["names_top1"] = (logits.argmax(-1) == labels).float().mean()
            loss = loss + biases.names * parts["names"]
        if biases.clip_token_name > 0:
            logits = self.reader(quantized.vectors[:, -1:])
            parts["clip_token_name"] = F.cross_entropy(logits, labels, label_smoothing=0.1)
            loss = loss + biases.clip_token_name * parts["clip_token_name"]
        if self.pooled_head is not None:
            logits = self.pooled_head(hidden.mean(1, keepdim=True))
            parts["pooled_name"] = F.cross_entropy(logits, labels, label_smoothing=0.1)
            loss = loss + biases.pooled_name * parts["pooled_name"]
        if self.part_head is not None:
            parts["parts"] = self.part_head(quantized.vectors, labels)
            loss = loss + biases.parts * parts["parts"]
        return {"loss": loss, **{name: part.detach() for name, part in parts.items()}}
