"""The LLM behind its instruction, and the exact scorer of candidate names."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from llm_ar.recognizer.fast.prefix_cache import PrefixCache, prefill
from llm_ar.recognizer.prompt import Prompt
from llm_ar.recognizer.scoring import CandidateTrie, Ranking, score

KEPT_TRIES = 64
"""Tries of names that are kept between calls, the newest."""


class PromptedLlm:
    """An LLM with its instruction; prefix cache and tries of names are kept between calls.

    Args:
        llm: the LLM with its adapter, in evaluation mode; its weights must not change any more.
        text_tokenizer: the LLM's.
        prompt: the instruction.
        token_embeddings: (U, width) embeddings of the action tokens.
    """

    def __init__(
        self,
        llm: nn.Module,
        text_tokenizer: PreTrainedTokenizerBase,
        prompt: Prompt,
        token_embeddings: Tensor,
    ) -> None:
        self.llm, self.prompt, self.token_embeddings = llm, prompt, token_embeddings
        self._text_tokenizer = text_tokenizer
        self._tries: dict[tuple[str, ...], CandidateTrie] = {}
        self._shared_prefix: PrefixCache | None = None

    def trie(self, names: tuple[str, ...]) -> CandidateTrie:
        """The trie of candidate names.

        Raises:
            ConfigError: if the names are empty or not distinct.
        """
        if names not in self._tries:
            while len(self._tries) >= KEPT_TRIES:
                self._tries.pop(next(iter(self._tries)))
            self._tries[names] = CandidateTrie(self._text_tokenizer, names)
        return self._tries[names]

    @property
    def shared_prefix(self) -> PrefixCache:
        """Cache of the instruction before the action sentence, the same for all clips."""
        if self._shared_prefix is None:
            with torch.inference_mode():
                before = torch.tensor([self.prompt.before], device=self.token_embeddings.device)
                embedded = self.llm.get_input_embeddings()(before)  # type: ignore[operator]
            self._shared_prefix = prefill(self.llm, embedded)
        return self._shared_prefix

    def prompts(self, tokens: Tensor) -> Tensor:
        """Input embeddings (B, P, width) after the shared prefix, for sentences (B, W)."""
        embeddings = self.token_embeddings[tokens.to(self.token_embeddings.device)]
        return self.prompts_from_embeddings(embeddings)

    def prompts_from_embeddings(self, embeddings: Tensor) -> Tensor:
        """As :meth:`prompts`, for sentences given as input embeddings (B, W, width)."""
        words = self.llm.get_input_embeddings()  # type: ignore[operator]
        with torch.inference_mode():
            return self.prompt.embed(embeddings, words, begun=True)

    def log_likelihoods(self, prompts: Tensor, names: tuple[str, ...]) -> Tensor:
        """Exact log-likelihoods (B, C) float64 of names after prompts of :meth:`prompts`."""
        return score(self.llm, prompts, self.trie(names), self.shared_prefix)


class ExactScorer:
    """Scores every candidate by its exact log-likelihood (see `Scorer`)."""

    def __init__(self, llm: PromptedLlm) -> None:
        self._llm = llm

    def rank(self, tokens: Tensor, names: tuple[str, ...], top_k: int) -> Ranking:
        """See `llm_ar.recognizer.scoring.Scorer`."""
        scores = self._llm.log_likelihoods(self._llm.prompts(tokens), names)
        return Ranking.from_scores(scores, top_k, len(self._llm.trie(names).tokens))
