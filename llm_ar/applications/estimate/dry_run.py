"""``llm-ar train --dry-run``: what a run would take, before anything is loaded or trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from llm_ar.applications.estimate.architectures import Shapes, shapes
from llm_ar.applications.estimate.arithmetic import (
    GPUS,
    UTILIZATION,
    Figure,
    Gpu,
    Work,
    clip_milliseconds,
    inference_memory,
    recognizer_hours,
    tokenizer_hours,
    training_memory,
)
from llm_ar.config import RunConfig
from llm_ar.errors import ConfigError, DatasetError
from llm_ar.recognizer.prompt import templates
from llm_ar.skeletons.datasets.protocols import dataset_named, protocol_named
from llm_ar.skeletons.layouts import Layout
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.encoder import STRIDE

CHARACTERS_A_TOKEN = 4
"""Of English text, about, in the vocabularies of common language models."""


@dataclass(frozen=True)
class Data:
    """What the estimate needs to know of the dataset.

    Args:
        clips: that train.
        origin: where the number comes from.
        classes: names of the answers.
        layout: of the skeletons.
    """

    clips: int
    origin: str
    classes: tuple[str, ...]
    layout: Layout


def dry_run(run: RunConfig, gpu: str) -> str:
    """Parameters, tokens a clip, memory and time of a run, each with its arithmetic.

    Args:
        run: its settings.
        gpu: name of a GPU, one of `GPUS`.

    Raises:
        ConfigError: an unknown GPU, or an impossible setting.
        DatasetError: neither is the dataset prepared nor does its folder have a dataset's name.
        ModelError: the language model's sizes are not known.
    """
    device = _gpu(gpu)
    data = _data(run)
    shape = shapes(run, data.layout)
    work = _work(run, data)
    training, inference = training_memory(run, shape, work), inference_memory(run, shape, work)
    fits = "fits" if training[-1].value <= device.gib else "does not fit"
    times = (
        tokenizer_hours(run, shape, work, device),
        recognizer_hours(run, shape, work, device),
        clip_milliseconds(run, shape, work, device),
    )
    return "\n".join(
        [
            f"data: {run.data}, protocol {run.protocol}: {data.clips:,} clips train "
            f"({data.origin}), {len(data.classes)} actions, layout {data.layout.name}",
            *_parameters(run, shape),
            *_tokens(work, run.tokenizer.extensions.clip_tokens),
            *_figures("memory for training (stage 2)", training),
            *_figures("memory for inference, one clip", inference),
            f"time on one {device.name} ({device.gib:g} GiB, {device.half:g} TFLOP/s in half and "
            f"{device.single:g} in single precision, {UTILIZATION:.0%} of it reached); the "
            f"training {fits}",
            *(f"  {figure}" for figure in times),
        ]
    )


def _parameters(run: RunConfig, shape: Shapes) -> list[str]:
    lora = run.recognizer.lora
    return [
        "parameters",
        f"  action tokenizer: {shape.tokenizer:,}, trained in stage 1",
        f"  language model {run.recognizer.llm.name}: {shape.llm:,}, frozen "
        f"({shape.layers} layers of width {shape.hidden:,}, {shape.vocabulary:,} words)",
        f"  adapter: {shape.adapter:,}, trained in stage 2 (rank {lora.rank} at "
        f"{', '.join(lora.targets)})",
    ]


def _tokens(work: Work, clip_tokens: int) -> list[str]:
    whole = f" and {clip_tokens} for the whole" if clip_tokens else ""
    return [
        "tokens",
        f"  a clip: {work.sentence} action tokens (one for {STRIDE} frames{whole})",
        f"  a prompt: {work.prompt} with the instruction's text, an answer: at most {work.answer} "
        f"(one for {CHARACTERS_A_TOKEN} characters, and its end)",
    ]


def _figures(title: str, figures: tuple[Figure, ...]) -> list[str]:
    return [title, *(f"  {figure}" for figure in figures)]


def _work(run: RunConfig, data: Data) -> Work:
    sentence = run.preprocess.frames // STRIDE + run.tokenizer.extensions.clip_tokens
    known = templates()
    if run.recognizer.template not in known:
        raise ConfigError(
            f"recognizer.template: there is no '{run.recognizer.template}'; choose one of "
            f"{', '.join(known)}"
        )
    text = known[run.recognizer.template].replace("{sentence}", "")
    answers = [1 + math.ceil(len(name) / CHARACTERS_A_TOKEN) for name in data.classes]
    return Work(
        clips=data.clips,
        sentence=sentence,
        prompt=1 + math.ceil(len(text) / CHARACTERS_A_TOKEN) + sentence,
        answer=max(answers),
        nodes=sum(answers),
    )


def _data(run: RunConfig) -> Data:
    """From the prepared dataset if it is there, else from the dataset that its folder names."""
    if Path(run.data).is_dir():
        store = ClipStore.open(run.data)
        training, _ = store.split(run.protocol)
        return Data(len(training), "counted", tuple(store.labels), store.layout)
    known = dataset_named(Path(run.data).name)
    protocol = protocol_named(known, run.protocol)
    if known.layout is None or not known.classes:
        raise DatasetError(
            f"{run.data}: not prepared yet, and nothing is known of it before; prepare it first"
        )
    classes = tuple(name for name in known.classes if name not in protocol.unseen)
    if protocol.counts is not None:
        return Data(protocol.counts[0], "published", classes, known.layout)
    return Data(known.clips, "all clips, of which a part trains", classes, known.layout)


def _gpu(name: str) -> Gpu:
    for gpu in GPUS:
        if gpu.name == name.lower():
            return gpu
    raise ConfigError(
        f"--gpu: no figures of a {name!r} are known; known are {', '.join(g.name for g in GPUS)}"
    )
