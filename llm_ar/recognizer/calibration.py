"""What recognition of long and of unknown recordings needs of the training clips.

Their lengths in seconds, how fast bodies move in them, and where the actions lie in the
latents' space. It is one file of the model's folder, made at the end of training or by
``llm-ar calibrate``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from llm_ar.config import RunConfig
from llm_ar.errors import ModelError
from llm_ar.recognizer.unknown import Unknown, encode, fit
from llm_ar.skeletons.store import ClipStore
from llm_ar.skeletons.windows import at_rate, duration, speed
from llm_ar.tensor_files import write_tensors
from llm_ar.tokenizer.data import training_clips
from llm_ar.tokenizer.model import ActionTokenizer

CALIBRATION_FILE = "calibration.safetensors"
QUANTILES = (0.1, 0.5, 0.9)
"""Of the training clips' lengths: those of the windows."""
STILL_QUANTILE = 0.01
"""Training clips whose body moves more slowly on average are as good as still."""
_STILL_SHARE = 0.7
_BATCH = 64
_FOLDS = 5
"""Of the training clips where nobody knows who performs."""


@dataclass(frozen=True)
class Calibration:
    """Figures of a model's training clips.

    Args:
        seconds: quantiles (`QUANTILES`) of their lengths.
        longest: the length of the longest one, in seconds.
        still: speed in body extents a second below which nothing happens.
        unknown: separates known actions from others.
    """

    seconds: tuple[float, ...]
    longest: float
    still: float
    unknown: Unknown


def calibrate(tokenizer: ActionTokenizer, run: RunConfig, store: ClipStore) -> Calibration:
    """The figures of the clips that a run trains on; no other clip has a part in them.

    Raises:
        DatasetError: the dataset has no such protocol.
    """
    lengths, speeds, names, people, features = [], [], [], [], []
    indices = training_clips(store, run)
    for start in range(0, len(indices), _BATCH):
        clips = [store[index] for index in indices[start : start + _BATCH]]
        lengths += [duration(clip) for clip in clips]
        speeds += [float(speed(at_rate(clip)).mean()) for clip in clips]
        names += [str(clip.label) for clip in clips]
        people += [clip.subject for clip in clips]
        features.append(encode(tokenizer, clips)[1])
    groups: Sequence[object] = people
    if len(set(people)) < 2:
        groups = [number % _FOLDS for number in range(len(people))]
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    classes = torch.tensor([places[name] for name in names])
    return Calibration(
        tuple(round(float(value), 3) for value in np.quantile(lengths, QUANTILES)),
        round(max(lengths), 3),
        round(_STILL_SHARE * float(np.quantile(speeds, STILL_QUANTILE)), 4),
        fit(torch.cat(features), classes, groups),
    )


def write_calibration(calibration: Calibration, folder: Path, tokenizer: Path) -> None:
    """Write `CALIBRATION_FILE` into a model's folder.

    Args:
        calibration: the figures.
        folder: it.
        tokenizer: file of the tokenizer's weights, which the figures belong to.

    Raises:
        ModelError: it cannot be written.
    """
    unknown = calibration.unknown
    numbers = (calibration.longest, calibration.still, unknown.threshold, *calibration.seconds)
    tensors = {
        "means": unknown.means.contiguous(),
        "whitening": unknown.whitening.contiguous(),
        "numbers": torch.tensor(numbers, dtype=torch.float64),
    }
    partial = folder / f".{CALIBRATION_FILE}.{os.getpid()}"
    try:
        write_tensors(tensors, partial, {"tokenizer": _digest(tokenizer)})
        os.replace(partial, folder / CALIBRATION_FILE)
    except OSError as error:
        raise ModelError(f"{folder}: cannot be written ({error.strerror or error})") from None
    finally:
        partial.unlink(missing_ok=True)


def read_calibration(folder: Path, tokenizer: Path) -> Calibration | None:
    """The figures in a model's folder; None if it has none, or those of another tokenizer.

    Raises:
        ModelError: the file is damaged.
    """
    file = folder / CALIBRATION_FILE
    if not file.is_file():
        return None
    try:
        with safe_open(file, "pt") as content:
            if (content.metadata() or {}).get("tokenizer") != _digest(tokenizer):
                return None
            found: dict[str, Tensor] = {name: content.get_tensor(name) for name in content.keys()}
        longest, still, threshold, *seconds = found["numbers"].tolist()
        unknown = Unknown(found["means"], found["whitening"], threshold)
        return Calibration(tuple(seconds), longest, still, unknown)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ModelError(
            f"{file} is damaged ({error}); delete it and run llm-ar calibrate"
        ) from None


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
