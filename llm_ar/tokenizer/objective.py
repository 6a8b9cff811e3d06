"""What stage 1 minimizes: the paper's six terms, and the auxiliary losses that a preset adds."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from llm_ar.config import LossConfig
from llm_ar.tokenizer.codebook import Quantized
from llm_ar.tokenizer.distributed import (
    gather_from_processes,
    processes,
    sum_over_processes,
    take_from_first,
)
from llm_ar.tokenizer.losses import AuxiliaryLoss, ContextModel, mmd_loss, zipf_loss
from llm_ar.tokenizer.model import ActionTokenizer

_MMD_SAMPLE = 512
"""Words, and tokens, that are compared in a step."""


class TokenizerObjective(nn.Module):
    """The tokenizer with all its losses (paper, sec. 3.2 and 3.3).

    Args:
        tokenizer: what is trained.
        losses: weights of the paper's six terms.
        words: (V, width) the LLM's word embeddings.
        auxiliary: losses that are added.
    """

    words: Tensor

    def __init__(
        self,
        tokenizer: ActionTokenizer,
        losses: LossConfig,
        words: Tensor,
        auxiliary: Sequence[AuxiliaryLoss] = (),
    ) -> None:
        super().__init__()
        self.tokenizer, self.weights = tokenizer, losses
        self.register_buffer("words", words.float(), persistent=False)
        self.context = ContextModel(tokenizer.codebook_config.dim)
        self.auxiliary = nn.ModuleList(auxiliary)

    def forward(self, joints: Tensor, present: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """All losses for augmented clips; "loss" is their weighted sum.

        Args:
            joints: (B, T, M, J, 3).
            present: (B, T, M, J).
            labels: (B,) indices of the training names.
        """
        hidden = self.tokenizer.hidden(joints, present)
        quantized = self.tokenizer.quantize_hidden(hidden)
        terms = self.paper_terms(joints, present, quantized)
        weights = {name: getattr(self.weights, name) for name in terms}
        for extra in self.auxiliary:
            assert isinstance(extra, AuxiliaryLoss)
            terms[extra.name] = extra(hidden, quantized, labels)
            weights[extra.name] = extra.weight
        total = torch.stack([weights[name] * term for name, term in terms.items()]).sum()
        return {"loss": total, **{name: term.detach() for name, term in terms.items()}}

    def paper_terms(
        self, joints: Tensor, present: Tensor, quantized: Quantized
    ) -> dict[str, Tensor]:
        """The six terms over the clips of all processes; those of weight 0 are left out.

        reconstruction: mean |decoder(log_0 of the tokens) - joints| over what was seen;
        embedding, commitment: d(sg[exp_0 f], c)^2 and d(exp_0 f, sg[c])^2; zipf: KL of the tokens'
        frequencies to Zipf's law; context: InfoNCE of a token and its neighbors; mmd: distance of
        the tokens, lifted to the LLM's width, to its words.
        """
        steps = self.tokenizer.steps
        terms = {
            "reconstruction": lambda: self._reconstruction(joints, present, quantized.quantized),
            "embedding": lambda: quantized.embedding_loss,
            "commitment": lambda: quantized.commitment_loss,
            "zipf": lambda: zipf_loss(quantized.distances, exponent=1.0),
            "context": lambda: self.context(
                gather_from_processes(quantized.quantized[:, :steps]),
                gather_from_processes(quantized.indices[:, :steps]),
            ),
            "mmd": lambda: self._mmd(quantized.tokens),
        }
        return {name: term() for name, term in terms.items() if getattr(self.weights, name) > 0}

    def _reconstruction(self, joints: Tensor, present: Tensor, vectors: Tensor) -> Tensor:
        seen = present.unsqueeze(-1)
        error = (self.tokenizer.decode_vectors(vectors) - joints).abs() * seen
        count = seen.sum().float()
        sum_over_processes(count)
        # The library takes the mean over processes.
        return error.sum() * processes() / (count * 3).clamp_min(1)

    def _mmd(self, tokens: Tensor) -> Tensor:
        words = torch.randint(len(self.words), (_MMD_SAMPLE,), device=self.words.device)
        flat = gather_from_processes(tokens).flatten(0, 1)
        picks = torch.randint(len(flat), (_MMD_SAMPLE,), device=flat.device)
        for drawn in (words, picks):
            take_from_first(drawn)
        return mmd_loss(self.tokenizer.word_space.lift(flat[picks]), self.words[words])
