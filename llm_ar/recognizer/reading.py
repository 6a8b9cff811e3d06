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
class Reading:
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


@torch.inference_mode()
def read(llm: nn.Module, prompts: Tensor, beginning: Reading | None = None) -> Reading:
    """Read prompts, or what follows their common beginning.

    Args:
        llm: causal LM, with or without an adapter, in evaluation mode.
        prompts: (B, P, width) input embeddings, all of one length.
        beginning: one prompt, read before, that all of these continue.
    """
    batch = len(prompts)
    everyone = torch.zeros(batch, dtype=torch.long, device=prompts.device)
    before = beginning.length if beginning else 0
    cache = beginning.cache(everyone) if beginning else DynamicCache()
    length = prompts.shape[1]
    sees = torch.ones(length, before + length, dtype=torch.bool).tril(before)
    logits = _forward(
        llm,
        prompts,
        before + torch.arange(length).expand(batch, -1),
        sees.expand(batch, -1, -1),
        cache,
        1,
    )
    return Reading([(layer.keys, layer.values) for layer in cache.layers], logits[:, 0])


@torch.inference_mode()
def read_behind(
    llm: nn.Module, reading: Reading, rows: Tensor, tokens: Tensor, depths: Tensor, sees: Tensor
) -> Tensor:
    """Read words behind some of the prompts; several continuations of one prompt at once.

    Args:
        llm: as for :func:`read`.
        reading: the prompts.
        rows: (R,) numbers of prompts.
        tokens: (R, N) words.
        depths: (R, N) how many words behind the prompt each is, from 1.
        sees: (R, N, N) bool, which of these words each one sees.

    Returns:
        (R, N, V) logits of the word that follows each.
    """
    device = reading.logits.device
    words = llm.get_input_embeddings()  # type: ignore[operator]
    prompt = torch.ones(*tokens.shape, reading.length, dtype=torch.bool)
    return _forward(
        llm,
        words(tokens.to(device)),
        reading.length - 1 + depths,
        torch.cat([prompt, sees], dim=-1),
        reading.cache(rows.to(device)),
        tokens.shape[1],
    )


def _forward(
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
