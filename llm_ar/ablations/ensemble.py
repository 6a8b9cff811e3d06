"""Ensembles of models of one dataset, and each model's token classifier beside its LLM.

A tokenizer with a name head has a posterior of its own, the token classifier's
(`llm_ar.recognizer.fast.early_exit`). Posteriors are combined by their geometric mean: the mean of
log-probabilities, normalized again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ConfigError
from llm_ar.evaluation import metrics
from llm_ar.evaluation.evaluate import Evaluation

Posteriors = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Member:
    """One model's predictions for N test clips.

    Args:
        evaluation: by its language model.
        reader: (N, C) probabilities by its tokenizer alone, or None if it has no name head.
    """

    evaluation: Evaluation
    reader: Posteriors | None


def product(posteriors: Sequence[Posteriors]) -> Posteriors:
    """The normalized geometric mean (N, C) of several predictors' probabilities (N, C)."""
    logs = np.mean([np.log(np.maximum(one, 1e-12)) for one in posteriors], axis=0)
    likelihoods = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(likelihoods / likelihoods.sum(axis=1, keepdims=True))


def member_predictions(members: Sequence[Member]) -> dict[str, dict[str, float]]:
    """Top-1 in percent of each member and of all together.

    Returns:
        For each member, under the number that it has (from 1), and for ``"all"`` of several:
        ``"llm"``, the language models alone; ``"reader"``, the tokenizers alone; ``"product"``,
        both. The last two are left out where a tokenizer has no name head.

    Raises:
        ConfigError: the members answered other clips or other names than the first one.
    """
    first = members[0].evaluation
    for member in members[1:]:
        other = member.evaluation
        same_clips = np.array_equal(first.indices, other.indices)
        if not same_clips or first.labels != other.labels or first.dataset != other.dataset:
            raise ConfigError(
                f"ensemble: {other.model} answers other clips or other names than {first.model}; "
                "give models that were trained on one dataset and protocol"
            )
    groups: dict[str, Sequence[Member]] = {
        str(number): [member] for number, member in enumerate(members, 1)
    }
    if len(members) > 1:
        groups["all"] = members
    return {name: _figures(group, first.truth) for name, group in groups.items()}


def _figures(members: Sequence[Member], truth: NDArray[np.int64]) -> dict[str, float]:
    llm = [member.evaluation.probabilities for member in members]
    readers = [member.reader for member in members if member.reader is not None]
    predictors: Mapping[str, list[Posteriors]] = {"llm": llm}
    if len(readers) == len(members):
        predictors = {"llm": llm, "reader": readers, "product": [*llm, *readers]}
    return {
        name: round(100 * metrics.top_k(product(given), truth, 1), 2)
        for name, given in predictors.items()
    }
