"""Readers that choose among the trained names by number, without reading the names' text."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.ablations.readers import Reader, columns
from llm_ar.recognizer.data import Sentences
from llm_ar.recognizer.prompt import Prompt
from llm_ar.tokenizer.model import ActionTokenizer

WIDTH, LAYERS, HEADS = 128, 2, 4
"""The small Transformer's size: about 0.5 million weights, as many as a small adapter."""


class Classifier(Reader):
    """Sentences to logits of the training names; cross-entropy on them."""

    def __init__(self, sentences: Sentences) -> None:
        super().__init__()
        # Frozen, and never to be put into training mode: no module of this one.
        self._sentences = sentences
        self.names = sentences.clips.names

    @abstractmethod
    def logits(self, tokens: Tensor) -> Tensor:
        """(B, C) of sentences (B, W), or of latents (B, W, d)."""

    def forward(self, joints: Tensor, present: Tensor, classes: Sequence[int]) -> dict[str, Tensor]:
        """The mean loss of B training clips."""
        tokens, drawn = self._sentences.draw(joints, present, torch.as_tensor(classes))
        return {"loss": F.cross_entropy(self.logits(tokens), drawn.to(tokens.device))}

    def scores(self, tokens: Tensor, labels: tuple[str, ...]) -> Tensor:
        """Log-probabilities (B, N) among trained names."""
        chosen = columns(self.names, labels)
        return self.logits(tokens).float().log_softmax(-1)[:, chosen]


class FrozenHead(Classifier):
    """The frozen LLM reads the prompt; a linear head reads its last state.

    Args:
        llm: the language model, none of whose weights is trained.
        prompt: the instruction.
        vectors: sentences to the LLM's input space.
        sentences: where training sentences come from.
    """

    def __init__(
        self, llm: nn.Module, prompt: Prompt, vectors: nn.Module, sentences: Sentences
    ) -> None:
        super().__init__(sentences)
        self.llm, self.prompt, self.vectors = llm, prompt, vectors
        width = int(llm.get_input_embeddings().weight.shape[1])  # type: ignore[operator]
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, len(self.names)))

    def logits(self, tokens: Tensor) -> Tensor:
        """See `Classifier`."""
        words = self.llm.get_input_embeddings()  # type: ignore[operator]
        prompts = self.prompt.embed(self.vectors(tokens), words)
        states = self.llm(
            inputs_embeds=prompts, output_hidden_states=True, logits_to_keep=1, use_cache=False
        ).hidden_states[-1]
        return self.head(states[:, -1].float())


class SmallTransformer(Classifier):
    """A Transformer encoder over the tokens, trained from nothing; the mean of its states is read.

    Args:
        tokenizer: whose sentences.
        reads: tokens, which get embeddings of their own, or latents, which a linear map brings in.
        sentences: where training sentences come from.
    """

    def __init__(
        self, tokenizer: ActionTokenizer, reads: Literal["tokens", "latents"], sentences: Sentences
    ) -> None:
        super().__init__(sentences)
        self.enter: nn.Module
        if reads == "tokens":
            self.enter = nn.Embedding(tokenizer.vocabulary, WIDTH)
        else:
            self.enter = nn.Linear(tokenizer.codebook_config.dim, WIDTH)
        self.places = nn.Parameter(0.02 * torch.randn(tokenizer.words, WIDTH))
        layer = nn.TransformerEncoderLayer(
            WIDTH,
            HEADS,
            2 * WIDTH,
            dropout=0.1,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, len(self.names)))

    def logits(self, tokens: Tensor) -> Tensor:
        """See `Classifier`."""
        return self.head(self.layers(self.enter(tokens) + self.places).mean(1))
