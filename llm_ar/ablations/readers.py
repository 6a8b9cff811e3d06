"""Readers of action sentences, and what they see: tokens as words, or continuous latents."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from llm_ar.errors import ConfigError
from llm_ar.recognizer.data import Sentences
from llm_ar.recognizer.objective import AnswerObjective
from llm_ar.recognizer.prompt import Prompt
from llm_ar.recognizer.scoring import CandidateTrie, score
from llm_ar.recognizer.zero_shot.text_embeddings import embed_texts
from llm_ar.tokenizer.codebook import LATENT_NORM
from llm_ar.tokenizer.model import ActionTokenizer


class LatentTokenizer(ActionTokenizer):
    """A tokenizer that leaves its codebook out: its "tokens" are the encoder's latents."""

    def encode(self, joints: Tensor, present: Tensor) -> Tensor:
        """Latents (B, W, d) of normalized joints (B, T, M, J, 3), scaled as for the codebook."""
        return self.latents(self.hidden(joints, present))


class Reader(nn.Module):
    """What stage 2 trains.

    Attributes:
        names: what it is trained to answer.
        votes: (U, C) logits of the trained names by each token (see `early_exit`), for language
            models that read tokens trained with names; None for others.
    """

    names: list[str]
    votes: Tensor | None = None

    @abstractmethod
    def forward(self, joints: Tensor, present: Tensor, classes: Sequence[int]) -> dict[str, Tensor]:
        """The loss of B training clips, as `TrainingClips` gives them."""

    @abstractmethod
    def scores(self, tokens: Tensor, labels: tuple[str, ...]) -> Tensor:
        """Scores (B, N) of labels after sentences; their softmax are probabilities."""

    def text_embeddings(self, texts: Sequence[str]) -> Tensor:
        """What texts say (N, width), as the reader's LLM has it.

        Raises:
            ConfigError: this reader reads no text.
        """
        raise ConfigError(
            "zero-shot: this reader knows its names by number and reads no text; use one that "
            "reads names as text (ablation.reader lora, full or nearest_text)"
        )


class TokenWords(nn.Module):
    """Tokens (B, W) to their fixed embeddings (B, W, width)."""

    token_embeddings: Tensor

    def __init__(self, token_embeddings: Tensor) -> None:
        super().__init__()
        self.register_buffer("token_embeddings", token_embeddings, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """See the class."""
        return self.token_embeddings[tokens]


class LatentWords(nn.Module):
    """Latents (B, W, d) to the LLM's width by a trained linear map.

    It starts as a map that keeps angles and gives latents the words' mean and spread, as tokens
    have them; unlike the tokens' embeddings it is trained, since nothing else aligns latents.
    """

    def __init__(self, dim: int, latent_norm: float, words: Tensor) -> None:
        super().__init__()
        mean = words.mean(0)
        self.linear = nn.Linear(dim, len(mean), device=words.device)
        nn.init.orthogonal_(self.linear.weight)
        with torch.no_grad():
            spread = (words - mean).square().sum(-1).mean().sqrt()
            self.linear.weight.mul_(spread / latent_norm)
            self.linear.bias.copy_(mean)

    def forward(self, latents: Tensor) -> Tensor:
        """See the class."""
        return self.linear(latents)


def words_of(
    tokenizer: ActionTokenizer, words: Tensor, token_embeddings: Tensor | None
) -> nn.Module:
    """What brings sentences into the LLM's input space: a token_embeddings, or a map of latents.

    Args:
        tokenizer: whose sentences.
        words: (V, width) the LLM's word embeddings.
        token_embeddings: (U, width) embeddings of the tokens; None for latents.
    """
    if token_embeddings is not None:
        return TokenWords(token_embeddings)
    settings = tokenizer.codebook_config
    return LatentWords(settings.dim, LATENT_NORM, words)


class LlmReader(Reader):
    """An LLM that answers with names, adapted in whatever way.

    Args:
        llm: the LLM, with an adapter or with all its weights trained.
        prompt: the instruction.
        vectors: sentences to the LLM's input space.
        sentences: where training sentences come from.
        text_tokenizer: the LLM's.
    """

    def __init__(
        self,
        llm: nn.Module,
        prompt: Prompt,
        vectors: nn.Module,
        sentences: Sentences,
        text_tokenizer: PreTrainedTokenizerBase,
    ) -> None:
        super().__init__()
        self.names = sentences.clips.names
        device = sentences.tokenizer.device
        token_embeddings = torch.empty(0, device=device)
        self.answers = AnswerObjective(llm, prompt, token_embeddings, sentences, text_tokenizer)
        self.vectors, self._text_tokenizer = vectors, text_tokenizer

    def forward(self, joints: Tensor, present: Tensor, classes: Sequence[int]) -> dict[str, Tensor]:
        """The loss of the clips' names, as for LoRA on tokens."""
        sentences = self.answers.sentences
        tokens, drawn = sentences.draw(joints, present, torch.as_tensor(classes))
        vectors = self.vectors(tokens)
        # Each place of each sentence is a word of its own, so that latents are read as tokens are.
        self.answers.token_embeddings = vectors.flatten(0, 1)
        places = torch.arange(vectors.shape[0] * vectors.shape[1], device=vectors.device)
        return {"loss": self.answers.loss(places.view(vectors.shape[:2]), drawn)}

    def scores(self, tokens: Tensor, labels: tuple[str, ...]) -> Tensor:
        """Exact log-likelihoods (B, N) of any names."""
        llm = self.answers.llm
        prompts = self.answers.prompt.embed(self.vectors(tokens), llm.get_input_embeddings())
        return score(llm, prompts, CandidateTrie(self._text_tokenizer, labels))

    def text_embeddings(self, texts: Sequence[str]) -> Tensor:
        """What texts say (N, width), as the LLM reads them after its training."""
        return embed_texts(self.answers.llm, self._text_tokenizer, texts)


def columns(names: Sequence[str], labels: Sequence[str]) -> list[int]:
    """Where labels stand among names that are all there is to choose from.

    Raises:
        ConfigError: for a label that is not among them.
    """
    unknown_labels = [label for label in labels if label not in names]
    if unknown_labels:
        raise ConfigError(
            f"labels: {unknown_labels[0]!r} is not among the trained names, and this reader knows "
            "no others; use one that reads names as text (ablation.reader lora or full)"
        )
    return [list(names).index(label) for label in labels]
