"""What the language model has read: prompts once, their key-value caches for all that follows.

The instruction's beginning is the same for every clip and read once; then one pass reads the
sentences and the instruction's end; then tokens of candidate names are read behind it, as many at
a time as are asked for, each of which sees the prompt, the tokens above it in its name and itself
(tree attention as in Miao et al., "SpecInfer", ASPLOS 2024).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import Cache, DynamicCache


@dataclass(frozen=True)
class PrefixCache:
    """B prompts of P positions as the LLM has read them; never changed by what is read behind.

    Args:
        past: keys and values (B, heads, P, width of a head) of each layer.
        logits: (B, V), of the token behind each prompt.
    """

    past: list[tuple[Tensor, Tensor]]
    logits: Tensor

    @property
    def length(self) -> int:
        """Positions P."""
        return self.past[0][0].shape[2]

    def cache(self, rows: Tensor) -> Cache:
        """A cache of its own for some of the prompts, by their numbers (R,)."""
        return DynamicCache([(keys[rows], values[rows]) for keys, values in self.past])


@dataclass(frozen=True)
class Words:
    """Words behind R prompts; several continuations of one prompt at once.

    Args:
        tokens: (R, N).
        depths: (R, N) how many words behind the prompt each is, from 1.
        sees: (R, N, N) bool, which of these words each one sees.
    """

    tokens: Tensor
    depths: Tensor
    sees: Tensor


def read(llm: nn.Module, prompts: Tensor, beginning: PrefixCache | None = None) -> PrefixCache:
    """Read prompts, or what follows their common beginning.

    Args:
        llm: causal LM, with or without an adapter, in evaluation mode.
        prompts: (B, P, width) input embeddings, all of one length.
        beginning: one prompt, read before, that all of these continue.
    """
    none = torch.zeros(len(prompts), 0, dtype=torch.long)
    nothing = Words(none, none, none.new_zeros(len(prompts), 0, 0, dtype=torch.bool))
    return prefill_and_decode(llm, prompts, nothing, beginning)[0]


@torch.inference_mode()
def prefill_and_decode(
    llm: nn.Module, prompts: Tensor, words: Words, beginning: PrefixCache | None = None
) -> tuple[PrefixCache, Tensor]:
    """Read prompts and, in the same pass, words behind each of them.

    Args:
        llm: as for :func:`read`.
        prompts: (B, P, width) input embeddings, all of one length.
        words: N words behind each of the B prompts.
        beginning: one prompt, read before, that all of these continue.

    Returns:
        The prompts as read, without those words, and the logits (B, N, V) of the word that
        follows each of these.
    """
    batch, length = prompts.shape[:2]
    count = words.tokens.shape[1]
    everyone = torch.zeros(batch, dtype=torch.long, device=prompts.device)
    before = beginning.length if beginning else 0
    cache = beginning.cache(everyone) if beginning else DynamicCache()
    end = before + length
    sees = torch.ones(length + count, end + count, dtype=torch.bool).tril(before)
    sees = sees.repeat(batch, 1, 1)
    sees[:, length:, end:] = words.sees
    places = before + torch.arange(length).expand(batch, -1)
    logits = forward(
        llm,
        torch.cat([prompts, _embed(llm, words.tokens)], dim=1),
        torch.cat([places, end - 1 + words.depths], dim=1),
        sees,
        cache,
        1 + count,
    )
    past = [(layer.keys[:, :, :end], layer.values[:, :, :end]) for layer in cache.layers]
    return PrefixCache(past, logits[:, 0]), logits[:, 1:]


@torch.inference_mode()
def decode_tree(llm: nn.Module, reading: PrefixCache, rows: Tensor, words: Words) -> Tensor:
    """Read words behind some of the prompts.

    Args:
        llm: as for :func:`read`.
        reading: the prompts.
        rows: (R,) numbers of prompts.
        words: N words behind each of them.

    Returns:
        (R, N, V) logits of the word that follows each.
    """
    prompt = torch.ones(*words.tokens.shape, reading.length, dtype=torch.bool)
    return forward(
        llm,
        _embed(llm, words.tokens),
        reading.length - 1 + words.depths,
        torch.cat([prompt, words.sees], dim=-1),
        reading.cache(rows.to(reading.logits.device)),
        words.tokens.shape[1],
    )


def _embed(llm: nn.Module, tokens: Tensor) -> Tensor:
    layer = llm.get_input_embeddings()  # type: ignore[operator]
    embedded: Tensor = layer(tokens.to(layer.weight.device))
    return embedded


def forward(
    llm: nn.Module, embedded: Tensor, positions: Tensor, sees: Tensor, cache: Cache, kept: int
) -> Tensor:
    """Float32 logits (B, kept, V) of the last positions; their keys and values enter the cache."""
    mask = torch.zeros(sees.shape, dtype=embedded.dtype)
    mask = mask.masked_fill_(~sees, torch.finfo(embedded.dtype).min)
    logits: Tensor = llm(
        inputs_embeds=embedded,
        attention_mask=mask[:, None].to(embedded.device),
        position_ids=positions.to(embedded.device),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=kept,
    ).logits
    return logits.float()
