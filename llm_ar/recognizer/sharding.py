"""The LLM's frozen weights divided among the processes that train one adapter (FSDP, full shard).

Each process keeps a part of every decoder layer and gathers the rest for as long as the layer
computes. The word embeddings, the last norm and the adapter stay whole: gradients of the adapter
are averaged as without it, and checkpoints hold whole adapters.

Source: Zhao et al., "PyTorch FSDP", VLDB 2023; torch's ``fully_shard``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.nn import Module, ModuleList, ParameterList
from transformers import PreTrainedModel

from llm_ar.errors import ConfigError


def shard_layers(llm: PreTrainedModel, device: torch.device) -> None:
    """Divide the decoder layers of a frozen LLM among all processes, before it has an adapter.

    Args:
        llm: on the host; the parts of its layers are moved to ``device``.
        device: of this process.

    Raises:
        ConfigError: the LLM's layers are not found.
    """
    layers = decoder_layers(llm)
    mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
    for layer in layers:
        # Each layer is a root of its own, and roots stay whole unless told otherwise.
        fully_shard(layer, mesh=mesh, reshard_after_forward=True)


def is_sharded(llm: Module) -> bool:
    """Whether an LLM, adapted or not, is divided: all processes must then compute together."""
    return any(isinstance(module, FSDPModule) for module in llm.modules())


def decoder_layers(llm: PreTrainedModel) -> ModuleList:
    """The list of an LLM's decoder layers.

    Raises:
        ConfigError: there is no list of as many modules as the LLM has layers.
    """
    count = llm.config.num_hidden_layers
    for module in llm.modules():
        if isinstance(module, ModuleList) and len(module) == count:
            return module
    raise ConfigError(
        f"recognizer.llm.sharded: no list of {count} decoder layers was found in this language "
        "model; set it to false"
    )


class TrainedAlone(Module):
    """A module whose frozen parameters are hidden.

    DDP refuses divided ones, and DeepSpeed would copy all of them into each checkpoint.

    Args:
        module: what is computed.

    Attributes:
        trained: the parameters of the module that are trained.
    """

    def __init__(self, module: Module) -> None:
        super().__init__()
        self.trained = ParameterList(p for p in module.parameters() if p.requires_grad)
        # In a tuple it is no part of this module's state.
        self._module = (module,)

    def train(self, mode: bool = True) -> TrainedAlone:
        """Set the mode of the hidden module as well."""
        self._module[0].train(mode)
        super().train(mode)
        return self

    def forward(self, *given: Any, **named: Any) -> Any:
        """What the module computes."""
        return self._module[0](*given, **named)
