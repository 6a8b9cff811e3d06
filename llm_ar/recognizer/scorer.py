"""Action sentences to answers: the instruction's beginning read once, tries of names kept."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from llm_ar.recognizer.fast.best_first import Best, best_first
from llm_ar.recognizer.fast.early_exit import EarlyExit
from llm_ar.recognizer.fast.prefix_cache import PrefixCache, read
from llm_ar.recognizer.prompt import Prompt
from llm_ar.recognizer.scoring import CandidateTrie, score

AT_ONCE = 64
"""So few nodes of all clips are read in one pass: a search for several names would need more
passes, each of which takes as long as that many words (one clip, 27 names: 224 ms against 344, one
thread). A search for one guessed name is mostly over with its first pass."""


class Answerer:
    """A language model that answers with names.

    Args:
        llm: the LLM with its adapter, in evaluation mode; it must not change any more.
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
        self._beginning: PrefixCache | None = None

    def trie(self, names: tuple[str, ...]) -> CandidateTrie:
        """The trie of candidate names.

        Raises:
            ConfigError: if the names are empty or not distinct.
        """
        if names not in self._tries:
            self._tries[names] = CandidateTrie(self._text_tokenizer, names)
        return self._tries[names]

    @property
    def beginning(self) -> PrefixCache:
        """The instruction's beginning as the LLM has read it, the same for all clips."""
        if self._beginning is None:
            with torch.inference_mode():
                before = torch.tensor([self.prompt.before], device=self.token_embeddings.device)
                embedded = self.llm.get_input_embeddings()(before)  # type: ignore[operator]
            self._beginning = read(self.llm, embedded)
        return self._beginning

    def prompts(self, tokens: Tensor) -> Tensor:
        """What follows the instruction's beginning, for sentences (B, W): (B, P, width)."""
        return self._prompts(self.token_embeddings[tokens.to(self.token_embeddings.device)])

    def log_likelihoods(
        self, tokens: Tensor, names: tuple[str, ...], glance: EarlyExit | None = None
    ) -> Tensor:
        """Exact log-likelihoods (B, C) of the names after sentences (B, W).

        Those that are clear at the glance, if one is given, get its log-probabilities instead.
        """
        if glance is None:
            return score(self.llm, self.prompts(tokens), self.trie(names), self.beginning)
        scores, unclear = glance.log_posteriors(tokens), ~glance.certain(tokens)
        if unclear.any():
            scores[unclear] = self.log_likelihoods(tokens[unclear.to(tokens.device)], names)
        return scores

    def log_likelihoods_from_embeddings(self, embeddings: Tensor, names: tuple[str, ...]) -> Tensor:
        """Exact log-likelihoods (B, C) after sentences (B, W, width) given as embeddings."""
        return score(self.llm, self._prompts(embeddings), self.trie(names), self.beginning)

    def best(
        self,
        tokens: Tensor,
        names: tuple[str, ...],
        top_k: int,
        guess: Tensor | None = None,
        glance: EarlyExit | None = None,
    ) -> Best:
        """The ``top_k`` best of the names after sentences (B, W), on the CPU.

        Args:
            tokens: (B, W).
            names: the C candidates.
            top_k: how many answers.
            guess: (B, C) log-probabilities by something cheap; they make a search shorter and
                change no answer.
            glance: the fast path, which answers sentences that are clear to it.
        """
        trie = self.trie(names)
        top_k = min(top_k, len(trie.names))
        if glance is None:
            few = len(tokens) * len(trie.tokens) <= AT_ONCE
            if few and (guess is None or top_k > 1):
                scores = self.log_likelihoods(tokens, names).cpu().double().softmax(dim=-1)
                best = scores.topk(top_k, dim=-1)
                return Best(best.indices, best.values, torch.full((len(tokens),), len(trie.tokens)))
            return best_first(self.llm, self.prompts(tokens), trie, top_k, self.beginning, guess)
        seen = glance.log_posteriors(tokens).cpu().double().exp().topk(top_k, dim=-1)
        clear = glance.certain(tokens).cpu()
        found = Best(seen.indices, seen.values, torch.zeros(len(tokens), dtype=torch.long))
        if not clear.all():
            unclear = None if guess is None else guess[~clear.to(guess.device)]
            asked = self.best(tokens.cpu()[~clear], names, top_k, unclear)
            found.indices[~clear] = asked.indices
            found.probabilities[~clear] = asked.probabilities
            found.nodes[~clear] = asked.nodes
        return found

    def _prompts(self, embeddings: Tensor) -> Tensor:
        words = self.llm.get_input_embeddings()  # type: ignore[operator]
        with torch.inference_mode():
            return self.prompt.embed(embeddings, words, begun=True)
