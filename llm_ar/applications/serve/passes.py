"""The passes through the models: what the batcher's thread computes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from llm_ar.applications.explain import as_json
from llm_ar.errors import LlmArError
from llm_ar.evaluation.explanation import explain
from llm_ar.evaluation.report.vocabulary import movements
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.recognition import AnswerPolicy
from llm_ar.recognizer.timeline import part_scores
from llm_ar.recognizer.zero_shot.nearest_sentence import zero_shot_policy
from llm_ar.skeletons.clip import Clip

KEPT = 16
"""Policies of candidate names that are kept."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Pass:
    """What the jobs of one pass have in common.

    Args:
        kind: what is computed.
        model: its name.
        names: candidate names; None for those of the training.
        top_k: number of answers.
        fast: whether the token classifier may answer.
        zero_shot: whether the names are compared by their descriptions.
    """

    kind: Literal["recognize", "sentence", "explain", "tokens", "timeline"]
    model: str
    names: tuple[str, ...] | None = None
    top_k: int = 5
    fast: bool = False
    zero_shot: bool = False


class Passes:
    """Computes passes; only the batcher's thread calls it, so that a model has one user at a time.

    Args:
        models: by name.
    """

    def __init__(self, models: Mapping[str, ActionRecognizer]) -> None:
        self.models = models
        self._policies: OrderedDict[Pass, AnswerPolicy] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, key: Hashable, payloads: Sequence[Any]) -> Sequence[Any]:
        """One pass; a payload that cannot be used gets its own error, and the others results."""
        assert isinstance(key, Pass)
        model = self.models[key.model]
        with self._lock:
            if key.kind == "recognize":
                return _alone_if_needed(lambda clips: self._recognize(model, key, clips), payloads)
            if key.kind == "sentence":
                return _alone_if_needed(
                    lambda clips: model.tokenizer.encode_clips(clips).tolist(), payloads
                )
            if key.kind == "timeline":
                return _alone_if_needed(partial(_timeline, model, key), payloads)
            if key.kind == "explain":
                return [_tried(partial(_explain, model, clip, key.names)) for clip in payloads]
            return [_tried(partial(_movements, model, tokens)) for tokens in payloads]

    def _recognize(self, model: ActionRecognizer, key: Pass, clips: Sequence[Clip]) -> list[Any]:
        if key.zero_shot:
            return model.recognize_with(self._conse(model, key), clips, key.top_k)
        return model.recognize(clips, key.names, key.top_k, key.fast)

    def _conse(self, model: ActionRecognizer, key: Pass) -> AnswerPolicy:
        if key not in self._policies:
            self._policies[key] = zero_shot_policy(model, key.names or model.labels)
            while len(self._policies) > KEPT:
                self._policies.popitem(last=False)
        self._policies.move_to_end(key)
        return self._policies[key]


def _timeline(
    model: ActionRecognizer, key: Pass, payloads: Sequence[Sequence[Clip]]
) -> list[NDArray[np.float64]]:
    """Scores (N, C) of each payload's N windows, all in one pass."""
    parts = [part for payload in payloads for part in payload]
    scores = part_scores(model, parts, key.names, fast=key.fast)
    return np.split(scores, np.cumsum([len(payload) for payload in payloads])[:-1])


def _explain(
    model: ActionRecognizer, clip: Clip, names: tuple[str, ...] | None
) -> dict[str, object]:
    return as_json(explain(model, clip, names), None)


def _movements(model: ActionRecognizer, tokens: Sequence[int]) -> list[Any]:
    return movements(model.tokenizer, list(tokens)).round(3).tolist()


def _alone_if_needed(
    compute: Callable[[Sequence[Any]], Sequence[Any]], payloads: Sequence[Any]
) -> Sequence[Any]:
    """All in one pass, or one by one where one of them cannot be used."""
    try:
        return compute(payloads)
    except LlmArError as error:
        if len(payloads) == 1:
            return [error]
        return [_tried(partial(_only, compute, payload)) for payload in payloads]


def _only(compute: Callable[[Sequence[Any]], Sequence[Any]], payload: Any) -> Any:
    return compute([payload])[0]


def _tried(compute: Callable[[], Result]) -> Result | LlmArError:
    try:
        return compute()
    except LlmArError as error:
        return error
