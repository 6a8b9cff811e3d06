"""The LLM with its adapter merged and the action tokens among its words.

A checkpoint has one vocabulary, for its input and its output. Here the output must not answer with
action tokens: a name's probability is normalized over the LLM's own words. Rows of zeros in the
output layer would give each action token the logit 0, which is not nothing.

So the hidden state is made wider. Its first added channel holds a constant c at every token and in
every layer; all weights that write to the added channels are zero. The output rows of action tokens
read only that channel, with a large negative weight: their logits are far below all others whatever
the text, and are -inf in float16. The output rows of the LLM's own words do not read it.

RMSNorm is the same function as before, exactly. With widths d and d', gain g, epsilon e:

    g x / sqrt(|x|^2 / d + e) = g' x / sqrt((|x|^2 + c^2) / d' + e')
    where g' = g sqrt(d / d'), c^2 = d e / 2, e' = d e / (2 d')

The result is an ordinary checkpoint of the same architecture, which needs no code of its own.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, GenerationConfig, PretrainedConfig, PreTrainedModel

from llm_ar.errors import ModelError

ARCHITECTURES = ("llama", "mistral")
"""Types of LLMs whose only norms are RMSNorms over the hidden state, with one epsilon."""
_GAIN_TIMES_CONSTANT = 2.0**5
_OUTPUT_WEIGHT = -(2.0**15)
"""The logits of action tokens are -2^20 / rms of the last hidden state; both fit in float16."""
_READS = ("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "lm_head")
"""Layers that read the hidden state: their added columns are zero."""
_WRITES = ("o_proj", "down_proj")
"""Layers that write to it: their added rows are zero."""


def wider_llm(
    llm: nn.Module,
    token_embeddings: Tensor,
    ids: Sequence[int],
    end: int,
    longest: int,
    dtype: torch.dtype = torch.float32,
) -> PreTrainedModel:
    """A causal LM of the same architecture with action tokens in its vocabulary.

    Args:
        llm: the LLM with its adapter merged, on the CPU.
        token_embeddings: (U, width) embeddings of the action tokens.
        ids: their U numbers in the vocabulary.
        end: the token that ends an answer.
        longest: tokens of the longest answer, for the generation settings.
        dtype: of the weights.

    Raises:
        ModelError: the LLM has another architecture.
    """
    config: PretrainedConfig = llm.config
    if config.model_type not in ARCHITECTURES:
        raise ModelError(
            f"a language model of the type {config.model_type} cannot be exported; "
            f"those of the types {' and '.join(ARCHITECTURES)} can"
        )
    added = added_channels(config.hidden_size, config.num_attention_heads)
    wide = _wider_config(config, added, max(config.vocab_size, max(ids) + 1), dtype)
    constant = (config.hidden_size * config.rms_norm_eps / 2) ** 0.5
    state: dict[str, Tensor] = {}
    for place, module in llm.named_modules():
        leaf = next(module.children(), None) is None
        weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
        if "lora_" in place or not leaf or weight is None:
            continue
        name = place.removesuffix(".base_layer")
        layer = name.rpartition(".")[2]
        state[f"{name}.weight"] = _wider(layer, weight.detach(), added, constant)
        if bias is not None:
            padding = (0, added) if layer in _WRITES else (0, 0)
            state[f"{name}.bias"] = F.pad(bias.detach(), padding)
    words = "model.embed_tokens.weight"
    old = len(state[words])
    state[words] = F.pad(state[words], (0, 0, 0, wide.vocab_size - old))
    state["lm_head.weight"] = F.pad(state["lm_head.weight"], (0, 0, 0, wide.vocab_size - old))
    actions = F.pad(token_embeddings.detach().float().cpu(), (0, added))
    actions[:, config.hidden_size] = constant
    state[words][list(ids)] = actions
    never = sorted({*ids, *range(old, wide.vocab_size)})
    state["lm_head.weight"][never] = 0
    state["lm_head.weight"][never, config.hidden_size] = _OUTPUT_WEIGHT
    with torch.device("meta"):
        result: PreTrainedModel = AutoModelForCausalLM.from_config(wide, dtype=dtype)
    result.load_state_dict(
        {name: weight.to(dtype).contiguous() for name, weight in state.items()}, assign=True
    )
    result.generation_config = GenerationConfig(
        bos_token_id=config.bos_token_id,
        eos_token_id=end,
        pad_token_id=end if config.pad_token_id is None else config.pad_token_id,
        do_sample=False,
        max_new_tokens=longest,
    )
    return result.eval()


def added_channels(width: int, heads: int) -> int:
    """How many channels are added, one of which is used.

    The width stays a multiple of the number of heads, which configurations of Llamas want, and of
    64 or at least 8, which suits kernels and block formats.
    """
    step = math.lcm(heads, 64)
    return step if step <= width // 8 else math.lcm(heads, 8)


def _wider_config(
    config: PretrainedConfig, added: int, vocabulary: int, dtype: torch.dtype
) -> PretrainedConfig:
    """The settings of the wider LLM; the size of its attention heads stays."""
    wide = copy.deepcopy(config)
    wide.head_dim = (
        getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    )
    wide.hidden_size = config.hidden_size + added
    wide.rms_norm_eps = config.rms_norm_eps * config.hidden_size / (2 * wide.hidden_size)
    wide.vocab_size = vocabulary
    wide.tie_word_embeddings = False
    wide.dtype = dtype
    return wide


def _wider(layer: str, weight: Tensor, added: int, constant: float) -> Tensor:
    """A weight of the wider LLM, float32.

    Args:
        layer: the last part of its layer's name.
        weight: of the LLM.
        added: number of channels.
        constant: the value of the first added channel.
    """
    if layer in _READS:
        return F.pad(weight, (0, added))
    if layer in _WRITES:
        return F.pad(weight, (0, 0, 0, added))
    wide = F.pad(weight, (0, added))
    if layer == "embed_tokens":
        wide[:, weight.shape[1]] = constant
    elif layer == "norm":
        wide *= (len(weight) / len(wide)) ** 0.5
        wide[len(weight)] = _GAIN_TIMES_CONSTANT / constant
    else:
        wide *= (len(weight) / len(wide)) ** 0.5
    return wide
