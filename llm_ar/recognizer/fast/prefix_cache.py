"""Prefix cache: the LLM's keys and values of a prompt, computed once and reused.

The instruction before the action sentence is the same for all clips and is prefilled once. One
pass prefills the sentences and the end of the instruction. Tokens of candidate names are then
decoded after the cached prompts, many in one pass. A tree mask lets each token attend to the
prompt, to the tokens above it in its name and to itself (tree attention as in Miao et al.,
"SpecInfer", ASPLOS 2024).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import Cache, DynamicCache


@dataclass(frozen=True)
class PrefixCache:
    """Keys and values of B prompts of P positions. Decoding after them does not change it.

    Args:
        past: keys and values (B, heads, P, width of a head) of each layer.
        logits: (B, V), of the token after each prompt.
    """

    past: list[tuple[Tensor, Tensor]]
    logits: Tensor

    @property
    def length(self) -> int:
        """Positions P."""
        return self.past[0][0].shape[2]

    def cache(self, rows: Tensor) -> Cache:
        """A new cache that holds copies of the prompts with the indices ``rows`` (R,)."""
        return DynamicCache([(keys[rows], values[rows]) for keys, values in self.past])


@dataclass(frozen=True)
class TreeTokens:
    """A tree of tokens after each of R prompts.

    Args:
        tokens: (R, N).
        depths: (R, N), the distance of each token from the prompt's last position, at least 1.
        mask: (R, N, N) bool, whether token i attends to token j.
    """

    tokens: Tensor
    depths: Tensor
    mask: Tensor


def prefill(
    llm: nn.Module, prompts: Tensor, shared_prefix: PrefixCache | None = None
) -> PrefixCache:
    """Compute the prefix cache of prompts.

    Args:
        llm: causal LM, with or without an adapter, in evaluation mode.
        prompts: (B, P, width) input embeddings, all of one length.
        shared_prefix: cache of one prompt that all of these continue.
    """
    empty = torch.zeros(len(prompts), 0, dtype=torch.long)
    tree = TreeTokens(empty, empty, empty.new_zeros(len(prompts), 0, 0, dtype=torch.bool))
    return prefill_and_decode(llm, prompts, tree, shared_prefix)[0]


@torch.inference_mode()
def prefill_and_decode(
    llm: nn.Module, prompts: Tensor, tree: TreeTokens, shared_prefix: PrefixCache | None = None
) -> tuple[PrefixCache, Tensor]:
    """Prefill prompts and decode a tree of tokens after each of them, in one pass.

    Args:
        llm: as for :func:`prefill`.
        prompts: (B, P, width) input embeddings, all of one length.
        tree: N tokens after each of the B prompts.
        shared_prefix: cache of one prompt that all of these continue.

    Returns:
        The prefix cache of the prompts, without the tree, and the logits (B, N, V) of the token
        after each token of the tree.
    """
    batch, length = prompts.shape[:2]
    count = tree.tokens.shape[1]
    rows = torch.zeros(batch, dtype=torch.long, device=prompts.device)
    before = shared_prefix.length if shared_prefix else 0
    cache = shared_prefix.cache(rows) if shared_prefix else DynamicCache()
    end = before + length
    mask = torch.ones(length + count, end + count, dtype=torch.bool).tril(before)
    mask = mask.repeat(batch, 1, 1)
    mask[:, length:, end:] = tree.mask
    positions = before + torch.arange(length).expand(batch, -1)
    logits = forward(
        llm,
        torch.cat([prompts, _embed(llm, tree.tokens)], dim=1),
        torch.cat([positions, end - 1 + tree.depths], dim=1),
        mask,
        cache,
        1 + count,
    )
    past = [(layer.keys[:, :, :end], layer.values[:, :, :end]) for layer in cache.layers]
    return PrefixCache(past, logits[:, 0]), logits[:, 1:]


@torch.inference_mode()
def decode_tree(llm: nn.Module, prefix: PrefixCache, rows: Tensor, tree: TreeTokens) -> Tensor:
    """Decode trees of tokens after cached prompts.

    Args:
        llm: as for :func:`prefill`.
        prefix: the cached prompts.
        rows: (R,) indices of prompts.
        tree: N tokens after each of them.

    Returns:
        (R, N, V) logits of the token after each token of the tree.
    """
    prompt = torch.ones(*tree.tokens.shape, prefix.length, dtype=torch.bool)
    return forward(
        llm,
        _embed(llm, tree.tokens),
        prefix.length - 1 + tree.depths,
        torch.cat([prompt, tree.mask], dim=-1),
        prefix.cache(rows.to(prefix.logits.device)),
        tree.tokens.shape[1],
    )


def _embed(llm: nn.Module, tokens: Tensor) -> Tensor:
    layer = llm.get_input_embeddings()  # type: ignore[operator]
    embedded: Tensor = layer(tokens.to(layer.weight.device))
    return embedded


def forward(
    llm: nn.Module, embedded: Tensor, positions: Tensor, allowed: Tensor, cache: Cache, kept: int
) -> Tensor:
    """Float32 logits (B, kept, V) of the last positions; keys and values are added to the cache.

    Args:
        llm: as for :func:`prefill`.
        embedded: (B, N, width) input embeddings.
        positions: (B, N) position ids.
        allowed: (B, N, cached + N) bool, the positions that each one attends to.
        cache: what precedes.
        kept: number of positions whose logits are needed.
    """
    mask = torch.zeros(allowed.shape, dtype=embedded.dtype)
    mask = mask.masked_fill_(~allowed, torch.finfo(embedded.dtype).min)
    logits: Tensor = llm(
        inputs_embeds=embedded,
        attention_mask=mask[:, None].to(embedded.device),
        position_ids=positions.to(embedded.device),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=kept,
    ).logits
    return logits.float()
