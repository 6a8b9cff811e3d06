"""Figures of merit of class probabilities ``(N, C)`` against true classes ``(N,)``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

Probabilities = NDArray[np.floating]
Classes = NDArray[np.integer]


def top_k(probabilities: Probabilities, truth: Classes, k: int) -> float:
    """Share of clips whose true class is among the k most probable, in [0, 1].

    Ties count against the model: a class is among the k best only if fewer than k others are at
    least as probable.
    """
    own = probabilities[np.arange(len(truth)), truth]
    rivals = (probabilities >= own[:, None]).sum(axis=1) - 1
    return float((rivals < k).mean())


def confusion_counts(answers: Classes, truth: Classes, classes: int) -> NDArray[np.int64]:
    """Counts (C, C): row = true class, column = answered class."""
    return np.asarray(confusion_matrix(truth, answers, labels=np.arange(classes)), dtype=np.int64)


def class_accuracy(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Accuracy (C,) of each true class in [0, 1]; NaN for a class without clips."""
    clips = confusion.sum(axis=1)
    return np.where(clips > 0, np.diag(confusion) / np.maximum(clips, 1), np.nan)


def mean_class(confusion: NDArray[np.int64]) -> float:
    """Mean of the accuracies of the classes that have clips, in [0, 1]."""
    return float(np.nanmean(class_accuracy(confusion)))


@dataclass(frozen=True)
class CalibrationBin:
    """Clips whose answer had a probability in ``(lower, upper]``."""

    lower: float
    upper: float
    clips: int
    confidence: float
    """Mean probability of their answers; 0 in an empty bin."""
    accuracy: float
    """Share of them that is right; 0 in an empty bin."""


@dataclass(frozen=True)
class Calibration:
    """How far probabilities can be trusted."""

    ece: float
    """Expected calibration error in [0, 1]: mean |confidence - accuracy|, weighted by clips."""
    bins: tuple[CalibrationBin, ...]


def calibration(probabilities: Probabilities, truth: Classes, bins: int = 10) -> Calibration:
    """Reliability of the answers' probabilities in bins of equal width (Guo et al., 2017)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    rows = []
    for index in range(bins):
        inside = bin_of == index
        clips = int(inside.sum())
        rows.append(
            CalibrationBin(
                lower=index / bins,
                upper=(index + 1) / bins,
                clips=clips,
                confidence=float(confidence[inside].mean()) if clips else 0.0,
                accuracy=float(right[inside].mean()) if clips else 0.0,
            )
        )
    gap = sum(row.clips * abs(row.confidence - row.accuracy) for row in rows)
    return Calibration(ece=gap / len(truth), bins=tuple(rows))
