"""Memory and time of a run on a GPU, as arithmetic that is shown.

Each figure comes with the calculation that gives it. What is left out: fragmentation of memory,
reading the clips, evaluation. Peak rates are the makers', dense; `UTILIZATION` of them is reached.
"""

from __future__ import annotations

from dataclasses import dataclass

from llm_ar.applications.estimate.architectures import Shapes
from llm_ar.config import RunConfig

GIB = 2**30
UTILIZATION = 0.4
"""Share of a GPU's peak rate that training large language models reaches."""
CONTEXT_GIB = 1.0
"""CUDA's own memory, its libraries' and their workspaces."""
KERNEL_SECONDS = 8e-6
"""To start one operation on a GPU: what small models spend most of their time on."""
LAYER_KERNELS, TOKENIZER_KERNELS = 30, 3_000
"""Operations of one layer's forward pass, and of one step of stage 1."""
_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_FOUR_BIT_BYTES = 0.516
"""A weight in NF4 with its share of the doubly quantized scales (Dettmers et al., 2023)."""
_KEPT_BYTES = {"float32": (53, 12), "bfloat16": (46, 6), "float16": (46, 6)}
"""What a layer keeps of each token for the backward pass, in bytes a unit of the model's width and
of its intermediate width; measured with adapters at the four attention projections."""
_ADAM_BYTES = 16
"""A trained parameter: itself, its gradient, two moments, all float32."""


@dataclass(frozen=True)
class Gpu:
    """A GPU by its maker's figures: memory, and dense peak rates in TFLOP/s."""

    name: str
    gib: float
    half: float
    single: float
    gigabytes_a_second: float


GPUS: tuple[Gpu, ...] = (
    Gpu("a100-80gb", 80, 312, 19.5, 2_039),
    Gpu("a100-40gb", 40, 312, 19.5, 1_555),
    Gpu("h100-80gb", 80, 989, 67, 3_350),
    Gpu("rtx-4090", 24, 165, 82.6, 1_008),
    Gpu("rtx-3090", 24, 71, 35.6, 936),
    Gpu("l4", 24, 121, 30.3, 300),
)


@dataclass(frozen=True)
class Work:
    """How much there is to do.

    Args:
        clips: training clips.
        sentence: action tokens a clip, W.
        prompt: tokens of the instruction with the sentence in it.
        answer: tokens of the longest answer, its end included.
        nodes: tokens of all candidate answers together, at most.
    """

    clips: int
    sentence: int
    prompt: int
    answer: int
    nodes: int


@dataclass(frozen=True)
class Figure:
    """One result and how it comes about."""

    name: str
    value: float
    unit: str
    arithmetic: str

    def __str__(self) -> str:
        """``name: value unit = arithmetic``."""
        return f"{self.name}: {self.value:,.2f} {self.unit} = {self.arithmetic}"


def weights(run: RunConfig, shape: Shapes) -> Figure:
    """Memory of the frozen language model."""
    size = _BYTES[run.recognizer.llm.dtype]
    if not run.recognizer.llm.four_bit:
        arithmetic = f"{shape.llm:,} parameters x {size} bytes"
        return Figure("language model", shape.llm * size / GIB, "GiB", arithmetic)
    rest = shape.llm - shape.linear
    value = (shape.linear * _FOUR_BIT_BYTES + rest * size) / GIB
    arithmetic = f"{shape.linear:,} x {_FOUR_BIT_BYTES} + {rest:,} x {size} bytes"
    return Figure("language model", value, "GiB", arithmetic)


def training_memory(run: RunConfig, shape: Shapes, work: Work) -> tuple[Figure, ...]:
    """Memory of stage 2, part by part; the last figure is the sum."""
    llm, batch = run.recognizer.llm, run.recognizer.optim.batch_size
    size, tokens = _BYTES[llm.dtype], work.prompt + work.answer
    model = weights(run, shape)
    adapter = Figure(
        "adapter",
        shape.adapter * _ADAM_BYTES / GIB,
        "GiB",
        f"{shape.adapter:,} parameters x {_ADAM_BYTES} bytes (itself, gradient, two moments)",
    )
    wide, inner = _KEPT_BYTES[llm.dtype]
    kept = wide * shape.hidden + inner * shape.intermediate
    of_a_layer = f"({wide} x {shape.hidden:,} + {inner} x {shape.intermediate:,}) bytes"
    if llm.gradient_checkpointing:
        a_token = shape.layers * shape.hidden * size + kept
        parts = f"({shape.layers} layers x {shape.hidden:,} x {size} + one layer's {of_a_layer})"
    else:
        a_token = shape.layers * kept
        parts = f"{shape.layers} layers x {of_a_layer}"
    activations = Figure(
        "activations",
        batch * tokens * a_token / GIB,
        "GiB",
        f"{batch} clips x {tokens} tokens x {parts}",
    )
    logits = Figure(
        "logits",
        batch * work.answer * shape.vocabulary * (size + 8) / GIB,
        "GiB",
        f"{batch} clips x {work.answer} answer tokens x {shape.vocabulary:,} words x "
        f"{size + 8} bytes (with their float32 copy and its gradient)",
    )
    return _summed("memory for training", (model, adapter, activations, logits))


def inference_memory(run: RunConfig, shape: Shapes, work: Work) -> tuple[Figure, ...]:
    """Memory to recognize one clip, part by part; the last figure is the sum."""
    size, tokens = _BYTES[run.recognizer.llm.dtype], work.prompt + work.nodes
    values = 8 * shape.hidden + 4 * shape.intermediate
    activations = Figure(
        "activations",
        tokens * values * size / GIB,
        "GiB",
        f"({work.prompt} prompt + {work.nodes} answer tokens) x (8 x {shape.hidden:,} + "
        f"4 x {shape.intermediate:,}) values x {size} bytes",
    )
    logits = Figure(
        "logits",
        work.nodes * shape.vocabulary * (size + 4) / GIB,
        "GiB",
        f"{work.nodes} answer tokens x {shape.vocabulary:,} words x {size + 4} bytes",
    )
    return _summed("memory for inference", (weights(run, shape), activations, logits))


def tokenizer_hours(run: RunConfig, shape: Shapes, work: Work, gpu: Gpu) -> Figure:
    """Time of stage 1: a weight acts on at most half the frames, forward and twice backward."""
    optim = run.tokenizer.optim
    steps = -(-work.clips // optim.batch_size) * optim.epochs
    operations = 6 * shape.tokenizer * (run.preprocess.frames // 2) * optim.batch_size
    compute = operations / (gpu.single * 1e12 * UTILIZATION)
    start = TOKENIZER_KERNELS * KERNEL_SECONDS
    return Figure(
        "time of stage 1",
        steps * max(compute, start) / 3600,
        "hours",
        f"{steps:,} steps x the longer of {compute * 1e3:.1f} ms (6 x {shape.tokenizer:,} "
        f"parameters x {run.preprocess.frames // 2} frames x {optim.batch_size} clips / "
        f"({gpu.single:g} TFLOP/s x {UTILIZATION})) and {start * 1e3:.1f} ms to start "
        f"{TOKENIZER_KERNELS:,} operations",
    )


def recognizer_hours(run: RunConfig, shape: Shapes, work: Work, gpu: Gpu) -> Figure:
    """Time of stage 2: forward and backward through frozen weights, 2 operations a weight each.

    Frozen weights need no gradient of their own, which saves a third of the usual 6; activations
    that are not kept are computed once more.
    """
    settings = run.recognizer
    optim, again = settings.optim, settings.llm.gradient_checkpointing
    steps = -(-work.clips // optim.batch_size) * optim.epochs
    passes = 3 if again else 2
    tokens = optim.batch_size * (work.prompt + work.answer)
    rate = gpu.single if settings.llm.dtype == "float32" else gpu.half
    compute = 2 * passes * shape.linear * tokens / (rate * 1e12 * UTILIZATION)
    start = shape.layers * LAYER_KERNELS * (passes + 1) * KERNEL_SECONDS
    return Figure(
        "time of stage 2",
        steps * max(compute, start) / 3600,
        "hours",
        f"{steps:,} steps x the longer of {compute * 1e3:,.1f} ms ({2 * passes} x "
        f"{shape.linear:,} weights x {tokens:,} tokens / ({rate:g} TFLOP/s x {UTILIZATION})) and "
        f"{start * 1e3:.1f} ms to start {shape.layers} layers' operations",
    )


def clip_milliseconds(run: RunConfig, shape: Shapes, work: Work, gpu: Gpu) -> Figure:
    """Time to recognize one clip: all weights are read once, or all tokens computed."""
    llm, tokens = run.recognizer.llm, work.prompt + work.nodes
    rate = gpu.single if llm.dtype == "float32" else gpu.half
    compute = 2 * shape.linear * tokens / (rate * 1e12 * UTILIZATION)
    read = weights(run, shape).value * GIB / (gpu.gigabytes_a_second * 1e9)
    start = shape.layers * LAYER_KERNELS * KERNEL_SECONDS
    return Figure(
        "time to recognize a clip",
        max(compute, read, start) * 1e3,
        "ms",
        f"the longest of {compute * 1e3:.1f} ms (2 x {shape.linear:,} weights x {tokens:,} tokens "
        f"/ ({rate:g} TFLOP/s x {UTILIZATION})), {read * 1e3:.1f} ms to read the weights, and "
        f"{start * 1e3:.1f} ms to start the operations",
    )


def _summed(name: str, parts: tuple[Figure, ...]) -> tuple[Figure, ...]:
    total = sum(part.value for part in parts) + CONTEXT_GIB
    arithmetic = " + ".join(f"{part.value:.2f} {part.name}" for part in parts)
    return (*parts, Figure(name, total, "GiB", f"{arithmetic} + {CONTEXT_GIB:.2f} CUDA's own"))
