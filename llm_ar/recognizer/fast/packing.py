"""Training sequences in one row: what they share is computed once, and nothing is padded.

Everything but attention treats places one by one, so a batch can be a single row: the beginning
that all sequences share, then each sequence's own part. Only attention needs them side by side; it
lays them out, pads them behind their ends, where causal attention never looks, and takes the
results back to the row. Losses and gradients are those of the padded batch: what reaches the shared
part is the sum over the sequences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from llm_ar.recognizer.private_apis import (
    attention_implementation,
    set_attention_implementation,
    uses_registered_attention,
)

_NAME = "sdpa_packed"


class Packing:
    """Where the places of B sequences are in a row of N = S + sum of their lengths.

    Args:
        shared: S, places at the beginning that all sequences share.
        lengths: places of each sequence behind the shared ones, at least one.
        device: where the indices are used.

    Attributes:
        positions: (1, N) the row's places in their sequences.
        ends: (B,) where each sequence ends in the row.
    """

    def __init__(self, shared: int, lengths: Sequence[int], device: torch.device) -> None:
        # On the host, from lengths that are known there: nothing waits for the device.
        own = np.asarray(lengths)
        self.ends = torch.from_numpy(shared + own.cumsum()).to(device)
        place = np.arange(shared + own.max())
        real = place < shared + own[:, None]
        in_row = (own.cumsum() - own)[:, None] + place
        in_row[:, :shared] = place[:shared]
        self._layout = torch.from_numpy(np.where(real, in_row, 0)).to(device)
        real[1:, :shared] = False
        self._row = torch.from_numpy(np.flatnonzero(real)).to(device)
        self.positions = torch.from_numpy(np.nonzero(real)[1])[None].to(device)

    def lay_out(self, row: Tensor) -> Tensor:
        """A row (1, H, N, D) as a padded batch (B, H, L, D)."""
        places = row[0].transpose(0, 1).index_select(0, self._layout.flatten())
        return places.unflatten(0, self._layout.shape).transpose(1, 2)

    def take_back(self, batch: Tensor) -> Tensor:
        """A padded batch (B, L, H, D) as a row (1, N, H, D)."""
        return batch.flatten(0, 1).index_select(0, self._row)[None]

    def __deepcopy__(self, memo: dict[int, Any]) -> Packing:
        """Itself: nothing changes it."""
        return self


def allow_packing(llm: PreTrainedModel) -> bool:
    """Teach an LLM, adapted or not, to compute rows; whether it can is tried.

    Given no packing, it computes as before. LLMs that mix places by other means than attention
    (state-space layers, convolutions) fail the trial, as those do whose attention is their own.
    """
    if attention_implementation(llm) not in ("sdpa", _NAME) or not uses_registered_attention(llm):
        return False
    AttentionInterface.register(_NAME, _attention)
    AttentionMaskInterface.register(_NAME, sdpa_mask)
    set_attention_implementation(llm, _NAME)
    if _trial(llm):
        return True
    set_attention_implementation(llm, "sdpa")
    return False


def packed_logits(llm: PreTrainedModel, row: Tensor, packing: Packing, places: Tensor) -> Tensor:
    """Logits (K, V) at some places (K,) of a row of input embeddings (N, width)."""
    return llm(
        inputs_embeds=row[None],
        # A mask of four dimensions is passed on as it is; attention makes its own.
        attention_mask=row.new_empty(1, 1, 1, 1),
        position_ids=packing.positions,
        logits_to_keep=places,
        use_cache=False,
        packing=packing,
    ).logits[0]


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    packing: Packing | None = None,
    **rest: Any,
) -> tuple[Tensor, None]:
    if packing is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **rest)
    laid_out = (packing.lay_out(row) for row in (query, key, value))
    # No mask: causal.
    batch, _ = sdpa_attention_forward(module, *laid_out, None, **rest)
    return packing.take_back(batch), None


@torch.no_grad()
def _trial(llm: PreTrainedModel) -> bool:
    """Compare sequences of 2 + 2 and 2 + 1 places with the same ones in a row."""
    training = [module for module in llm.modules() if module.training]
    llm.eval()
    words = llm.get_input_embeddings()
    device = words.weight.device
    ids = torch.linspace(0, words.num_embeddings - 1, 5, device=device).long()
    packing = Packing(2, [2, 1], device)
    found = packed_logits(llm, words(ids), packing, packing.ends - 1)
    expected = torch.stack(
        [
            llm(inputs_embeds=words(ids[chosen])[None], use_cache=False).logits[0, -1]
            for chosen in ([0, 1, 2, 3], [0, 1, 4])
        ]
    )
    for module in training:
        module.training = True
    # The root of a precision is far above its rounding and far below a mistake.
    near = torch.finfo(found.dtype).eps ** 0.5
    return bool((found - expected).norm() <= near * expected.norm())
