"""An LLM in 4 bits, where bitsandbytes is installed; it has kernels for the processor as well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from llm_ar.config import LlmConfig, LoraSettings
from llm_ar.recognizer import llm as backbone_module
from llm_ar.recognizer.llm import attach_lora, load_backbone, weights_hash

bitsandbytes = pytest.importorskip("bitsandbytes")


def test_only_the_adapter_of_a_4_bit_llm_learns(
    make_llm: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    llm_folder = make_llm(tmp_path, width=128)
    whole = load_backbone(LlmConfig(name=str(llm_folder)))
    monkeypatch.setattr(backbone_module, "_check_four_bit", lambda _: None)
    four_bit = load_backbone(LlmConfig(name=str(llm_folder), four_bit=True))
    assert four_bit.fingerprint == whole.fingerprint
    kinds = [type(module) for module in four_bit.llm.modules()]
    assert kinds.count(bitsandbytes.nn.Linear4bit) > 0
    llm = attach_lora(four_bit.llm, LoraSettings(dropout=0.0))
    trained = [weight for weight in llm.parameters() if weight.requires_grad]
    ids = torch.arange(3, 11)[None]
    # Not earlier: the first pass on a processor packs the weights in another order.
    llm(input_ids=ids)
    before = weights_hash(llm)
    optimizer = torch.optim.SGD(trained, lr=1.0)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = llm(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert weights_hash(llm) == before
