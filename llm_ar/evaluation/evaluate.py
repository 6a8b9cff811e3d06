"""One pass over a protocol's test clips: the exact probability of every class for every clip."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import DatasetError
from llm_ar.evaluation import metrics
from llm_ar.evaluation.baseline import nearest_by_joints
from llm_ar.provenance import versions
from llm_ar.recognizer.interface import NamesActions
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.datasets.protocols import dataset_named, protocol_named
from llm_ar.skeletons.store import ClipStore


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a recognizer answered on N test clips of C classes, and what follows from it.

    Args:
        model: name of the model (its folder's).
        dataset: name of the dataset.
        protocol: who trained and who was tested.
        labels: the C candidate names.
        indices: rows (N,) of the test clips in the prepared dataset.
        truth: true classes (N,), indices into ``labels``.
        probabilities: (N, C), each row summing to 1.
        sentences: action sentences (N, W).
        duplicates: (N,), which test clips hold exactly the joints of a training clip.
        seconds: time taken, from joints to probabilities.
        seed: the seed that the model was trained with.
        date: when, ISO 8601, UTC.
        name_head: classes (N,) that the tokenizer's name head alone answers, without the LLM; None
            for a tokenizer without one.
        neighbor: classes (N,) of the training clips with the nearest joints, the plain baseline.
    """

    model: str
    dataset: str
    protocol: str
    labels: tuple[str, ...]
    indices: NDArray[np.int64]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    sentences: NDArray[np.int64]
    duplicates: NDArray[np.bool_]
    seconds: float
    seed: int
    date: str
    name_head: NDArray[np.int64] | None = None
    neighbor: NDArray[np.int64] | None = None

    @cached_property
    def answers(self) -> NDArray[np.int64]:
        """The most probable class of each clip, (N,)."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Counts (C, C): row = true class, column = answer."""
        return metrics.confusion_counts(self.answers, self.truth, len(self.labels))

    @cached_property
    def calibration(self) -> metrics.Calibration:
        """How far the probabilities can be trusted."""
        return metrics.calibration(self.probabilities, self.truth)

    def summary(self) -> dict[str, float | None]:
        """The figures to quote; accuracies and ECE in percent with two decimals."""
        return {
            "top1": _percent(metrics.top_k(self.probabilities, self.truth, 1)),
            "top5": _percent(metrics.top_k(self.probabilities, self.truth, 5)),
            "mean_class": _percent(metrics.mean_class(self.confusion)),
            "ece": _percent(self.calibration.ece),
            "clips": len(self.truth),
            "clips_per_second": round(len(self.truth) / self.seconds, 2),
            "duplicates": int(self.duplicates.sum()),
            "top1_without_duplicates": self._top1_without_duplicates(),
            "name_head_top1": self._top1_of(self.name_head),
            "neighbour_top1": self._top1_of(self.neighbor),
        }

    def _top1_of(self, answers: NDArray[np.int64] | None) -> float | None:
        return None if answers is None else _percent(float((answers == self.truth).mean()))

    def _top1_without_duplicates(self) -> float:
        """Top-1 on the clips that did not train under another name."""
        new = ~self.duplicates
        if not new.any():
            return 0.0
        return _percent(metrics.top_k(self.probabilities[new], self.truth[new], 1))

    def per_class(self) -> list[dict[str, Any]]:
        """Each class with its clips, accuracy (percent; None without clips) and top confusion."""
        rows = []
        accuracy = metrics.class_accuracy(self.confusion)
        mistakes = self.confusion - np.diag(np.diag(self.confusion))
        for index, name in enumerate(self.labels):
            clips, wrong = int(self.confusion[index].sum()), mistakes[index]
            rows.append(
                {
                    "action": name,
                    "clips": clips,
                    "accuracy": _percent(accuracy[index]) if clips else None,
                    "taken_for": self.labels[int(wrong.argmax())] if wrong.any() else None,
                }
            )
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values, the summary first."""
        return {
            **self.summary(),
            "model": self.model,
            "dataset": self.dataset,
            "protocol": self.protocol,
            "seed": self.seed,
            "date": self.date,
            "seconds": round(self.seconds, 3),
            "labels": list(self.labels),
            "per_class": self.per_class(),
            "confusion": self.confusion.tolist(),
            "calibration": asdict(self.calibration),
            "versions": versions(),
        }


def evaluate(
    model: NamesActions,
    store: ClipStore,
    protocol: str | None = None,
    *,
    name: str = "model",
    batch_size: int = 16,
    fast: bool = False,
    own_names: bool = False,
    baseline: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Recognize the protocol's test clips among the names that the model was trained on.

    Where the protocol holds actions back from training (a zero-shot split), the candidates are
    those unseen actions alone, as is usual for such splits.

    Args:
        model: the recognizer.
        store: a prepared dataset.
        protocol: one of the dataset's protocols; the model's own by default.
        name: what the model is called in the results.
        batch_size: clips recognized at a time.
        fast: let the token classifier answer clips of which it is confident, without the LLM.
        own_names: leave out trained names that are none of the dataset's, as a model of this
            dataset alone would not know them.
        baseline: also answer by the nearest joints, the plain baseline.
        on_progress: called with clips done and clips in all, after each batch.

    Raises:
        DatasetError: the protocol is unknown or leaves no test clips, or a test clip's label is
            none that the model knows.
        LayoutError: the dataset's joints cannot be mapped to the model's.
    """
    protocol = protocol or model.run.protocol
    unseen = protocol_named(dataset_named(store.dataset), protocol).unseen
    labels = unseen or tuple(model.labels)
    indices = [int(index) for index in store.split(protocol)[1]]
    if not indices:
        raise DatasetError(f"protocol {protocol} of dataset {store.dataset} has no test clips")
    training, _ = store.split(protocol)
    trained = {_fingerprint(store[index]) for index in training}
    duplicates = np.array([_fingerprint(store[index]) in trained for index in indices])
    known = store.metadata()
    truths = [known[index].label for index in indices]
    _refuse_unknown_labels(truths, labels, name)
    if own_names:
        labels = tuple(label for label in labels if label in store.labels)
    truth = np.array([labels.index(str(label)) for label in truths])

    started = time.perf_counter()
    probabilities, sentences, name_head = [], [], []
    for first in range(0, len(indices), batch_size):
        clips = [store[index] for index in indices[first : first + batch_size]]
        tokens = model.tokenizer.encode_clips(clips)
        scores = model.log_likelihoods(tokens, labels, fast=fast)
        probabilities.append(scores.double().softmax(dim=-1).cpu().numpy())
        sentences.append(tokens.cpu().numpy())
        if (logits := model.token_logits(tokens)) is not None:
            columns = [list(model.labels).index(name) for name in labels if name in model.labels]
            name_head.append(logits[:, columns].argmax(dim=-1).cpu().numpy())
        if on_progress is not None:
            on_progress(first + len(clips), len(indices))
    seconds = time.perf_counter() - started
    return Evaluation(
        model=name,
        dataset=store.dataset,
        protocol=protocol,
        labels=labels,
        indices=np.array(indices),
        truth=truth,
        probabilities=np.concatenate(probabilities),
        sentences=np.concatenate(sentences),
        duplicates=duplicates,
        seconds=seconds,
        seed=model.run.seed,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        name_head=np.concatenate(name_head) if name_head and not unseen else None,
        neighbor=(
            nearest_by_joints(store, protocol, model.run, labels)
            if baseline and not unseen
            else None
        ),
    )


def _fingerprint(clip: Clip) -> bytes:
    """Tells a clip's joints from all others; the same recording under two names has one."""
    return hashlib.sha256(clip.joints.tobytes() + clip.present.tobytes()).digest()


def _refuse_unknown_labels(names: Sequence[str | None], labels: Sequence[str], model: str) -> None:
    """Every name must be one of the model's labels."""
    unknown_labels = Counter(name for name in names if name not in labels)
    if unknown_labels:
        listed = ", ".join(
            f"{name!r} ({clips} clips)" for name, clips in unknown_labels.most_common(5)
        )
        raise DatasetError(
            f"test clips are labeled {listed}, which {model} was not trained to answer (it knows "
            f"{', '.join(labels)}); evaluate a model trained on this dataset, or correct the labels"
        )


def _percent(share: float) -> float:
    return round(100 * float(share), 2)
