"""The plain baseline: the name of the training clip whose normalized joints are nearest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier

from llm_ar.config import RunConfig
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import CANONICAL, map_clip
from llm_ar.skeletons.preprocess import preprocess_clip
from llm_ar.skeletons.store import ClipStore


def nearest_by_joints(
    store: ClipStore, protocol: str, run: RunConfig, labels: Sequence[str]
) -> NDArray[np.int64]:
    """Classes (N,) of the protocol's test clips by one nearest neighbor; nothing is trained.

    The distance is Euclidean between joints that are preprocessed as the model's are: centered,
    scaled, turned to the camera if the run says so, and resampled to its frames. Missing joints are
    zeros.

    Args:
        store: a prepared dataset.
        protocol: its training and test clips.
        run: whose preprocessing is applied.
        labels: the classes; training clips of others are left out.
    """
    known = store.metadata()
    train, test = store.split(protocol)
    train = [index for index in train if known[index].label in labels]
    classes = [labels.index(str(known[index].label)) for index in train]
    classifier = KNeighborsClassifier(n_neighbors=1).fit(_rows(store, train, run), classes)
    return np.asarray(classifier.predict(_rows(store, test, run)), dtype=np.int64)


def _rows(store: ClipStore, indices: Sequence[int], run: RunConfig) -> NDArray[np.float32]:
    clips: Iterable[Clip] = (store[index] for index in indices)
    if run.preprocess.standard_bones:  # their lengths are known for one layout
        clips = (map_clip(clip, CANONICAL) for clip in clips)
    return np.stack([preprocess_clip(clip, run.preprocess)[0].ravel() for clip in clips])
