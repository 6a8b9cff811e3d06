"""Normalized training clips as a dataset, ready for augmentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from llm_ar.config import PreprocessConfig, RunConfig
from llm_ar.config_files import settings_to_dict
from llm_ar.errors import ConfigError, DatasetError
from llm_ar.skeletons.clip import Joints, Mask
from llm_ar.skeletons.layouts import Layout, map_clip
from llm_ar.skeletons.preprocess import preprocess_clip
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.clip_cache import mapped


class TrainingClips(Dataset[dict[str, Tensor]]):
    """N clips of F moments, M people and J joints, in memory or mapped from files.

    Attributes:
        joints: (N, F, M, J, 3) float32 in body sizes.
        present: (N, F, M, J) bool.
        labels: (N,) int64, indices of ``names``.
        names: the training labels, in the dataset's order.
    """

    def __init__(self, joints: Tensor, present: Tensor, labels: Tensor, names: list[str]) -> None:
        self.joints, self.present, self.labels, self.names = joints, present, labels, names

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.labels)

    def __getitem__(self, place: int) -> dict[str, Tensor]:
        """One clip: "joints", "present" and "classes"."""
        return self.batch(torch.tensor(place))

    def __getitems__(self, places: Sequence[int]) -> dict[str, Tensor]:
        """A batch at once, which torch's loader asks for where a dataset has it."""
        return self.batch(torch.tensor(places))

    def batch(self, places: Tensor) -> dict[str, Tensor]:
        """Clips (B,): "joints" (B, F, M, J, 3), "present" (B, F, M, J) and "classes" (B,)."""
        return {
            "joints": self.joints[places],
            "present": self.present[places],
            "classes": self.labels[places],
        }

    def any_depth(self) -> bool:
        """Whether a clip is in 3-D; it ends at the first one."""
        return any(bool(clip[..., 2].any()) for clip in self.joints)

    @classmethod
    def read(
        cls,
        store: ClipStore,
        indices: Sequence[int],
        preprocess: PreprocessConfig,
        layout: Layout | None = None,
        temporal_oversampling: int = 1,
        cache: Path | None = None,
    ) -> TrainingClips:
        """Read and preprocess clips of a prepared dataset, mapped to a layout (its own if None).

        Of the T frames and between them F = (T - 1) * temporal_oversampling + 1 moments are kept.

        Args:
            store: the dataset.
            indices: its clips.
            preprocess: how they become comparable.
            layout: of the result.
            temporal_oversampling: see above.
            cache: folder of files that hold the result; None: it is held in memory.

        Raises:
            DatasetError: there are no such clips, or the files cannot be written.
            LayoutError: the dataset's layout cannot be mapped to that one.
        """
        layout = layout or store.layout
        if not indices:
            raise DatasetError(
                f"{store.path}: the protocol leaves no clip to train on; "
                "choose another protocol or prepare more clips"
            )
        moments = (preprocess.frames - 1) * temporal_oversampling + 1
        shape = (len(indices), moments, preprocess.people, len(layout.joints))

        def clips() -> Iterator[tuple[Joints, Mask]]:
            for index in indices:
                yield preprocess_clip(map_clip(store[index], layout), preprocess, moments)

        if cache is None:
            joints, present = np.empty((*shape, 3), np.float32), np.empty(shape, np.bool_)
            for row, (positions, seen) in enumerate(clips()):
                joints[row], present[row] = positions, seen
        else:
            made_of = {
                "data": store.fingerprint,
                "clips": list(indices),
                "preprocess": settings_to_dict(preprocess),
                "layout": layout.to_dict(),
                "moments": moments,
            }
            joints, present = mapped(cache, made_of, clips(), shape)
        known = store.metadata()
        found = [str(known[index].label) for index in indices]
        names = [name for name in store.labels if name in set(found)]
        place = {name: number for number, name in enumerate(names)}
        labels = torch.tensor([place[name] for name in found])
        return cls(torch.from_numpy(joints), torch.from_numpy(present), labels, names)

    @classmethod
    def of_run(cls, store: ClipStore, run: RunConfig, layout: Layout) -> TrainingClips:
        """The clips that a run trains on, in a layout, as fine in time as its augmentation asks.

        They are mapped from files beside the run's checkpoints, which both stages use.

        Raises:
            DatasetError, LayoutError: as `read` and `training_clips`.
        """
        return cls.read(
            store,
            training_clips(store, run),
            run.preprocess,
            layout,
            run.augment.temporal_oversampling,
            clips_folder(run.out),
        )


def clips_folder(out: Path) -> Path:
    """Where a run keeps its normalized training clips until it ends."""
    return out / "training" / "clips"


def training_clips(store: ClipStore, run: RunConfig) -> list[int]:
    """Indices of the clips that train: the protocol's, or ``run.shots`` of each action.

    The draw depends on the seed alone, and a larger one holds the smaller: 5 shots are 1 and 4
    more.

    Raises:
        DatasetError: the dataset has no such protocol.
    """
    train, _ = store.split(run.protocol)
    if not run.shots:
        return train
    known = store.metadata()
    order = np.random.default_rng(run.seed).permutation(train)
    drawn: dict[str | None, list[int]] = {}
    for index in order.tolist():
        of_action = drawn.setdefault(known[index].label, [])
        if len(of_action) < run.shots:
            of_action.append(index)
    return sorted(index for of_action in drawn.values() for index in of_action)


def co_occurring(store: ClipStore, indices: Sequence[int], names: Sequence[str]) -> Tensor:
    """Which of the names (C, C) occur in the same dataset, bool; all do if nothing was merged."""
    known = store.metadata()
    place = {name: number for number, name in enumerate(names)}
    occurs = torch.zeros(len(store.parts) or 1, len(names), dtype=torch.bool)
    rows = {part: row for row, part in enumerate(store.parts or (store.dataset,))}
    for index in indices:
        info = known[index]
        occurs[rows[store.part_of(info)], place[str(info.label)]] = True
    return (occurs.T.float() @ occurs.float()) > 0


def balanced(
    store: ClipStore,
    indices: Sequence[int],
    fit: Sequence[int],
    share: float,
    weights: Mapping[str, float] | None = None,
) -> list[int]:
    """The clips of an epoch: those of rare actions repeated, datasets drawn by their weights.

    An action of a dataset that has n clips, where the most frequent one of all datasets has m,
    gets w n (m / n)^share: all as they are for 0, all alike for 1, times the dataset's weight w.

    Args:
        store: where the clips are.
        indices: the training clips.
        fit: places in ``indices`` of the clips to fit.
        share: see above.
        weights: of the datasets that were merged; 1 where nothing is said.

    Raises:
        ConfigError: a weight's dataset is none of those that were merged.
    """
    weights = weights or {}
    parts = store.parts or (store.dataset,)
    if unknown := sorted(weights.keys() - set(parts)):
        raise ConfigError(
            f"dataset_weights: {', '.join(unknown)} is not in {store.path}, which has "
            f"{', '.join(parts)}"
        )
    if not share and not weights:
        return list(fit)
    known = store.metadata()
    groups: dict[tuple[str, str | None], list[int]] = {}
    for place in fit:
        info = known[indices[place]]
        groups.setdefault((store.part_of(info), info.label), []).append(place)
    most = max(map(len, groups.values()))
    chosen: list[int] = []
    for (part, _), members in groups.items():
        n = len(members)
        count = max(1, round(weights.get(part, 1.0) * n * (most / n) ** share))
        if count < n:
            # From everywhere: clips that follow each other are often of one person.
            chosen += [members[number * n // count] for number in range(count)]
        else:
            chosen += [members[number % n] for number in range(count)]
    return sorted(chosen)
