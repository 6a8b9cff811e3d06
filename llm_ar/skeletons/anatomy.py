"""How well positions fit a joint layout: bones of steady length, alike on both sides, and short.

Nothing here depends on the unit, the direction of the axes or the number of coordinates, so it
judges layouts and orders of axes before either is known.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from llm_ar.skeletons.layout import Layout

_FRAMES = 60
"""Frames that are measured, evenly over the clip."""
_TREES = 5
"""Frames of which the shortest tree is computed."""
_SHORTEST = 1e-3
"""Bones shorter than this share of the body's extent have no length to speak of."""


@dataclass(frozen=True)
class Fit:
    """How positions fit a layout; 0 is perfect in all three.

    Args:
        layout: the layout.
        variation: mean deviation of bone lengths over time, as a share of the length.
        asymmetry: difference of left and right bones, as a share of their sum.
        excess: by how much the layout's bones together are longer than the shortest tree that
            connects the same joints.
    """

    layout: Layout
    variation: float
    asymmetry: float
    excess: float

    @property
    def cost(self) -> float:
        """All three in one number; under 0.5 for a right layout of a real recording."""
        return self.variation + self.asymmetry + 0.5 * self.excess

    @property
    def sentence(self) -> str:
        """The three as text."""
        return (
            f"bone lengths vary by {self.variation:.0%}, left and right differ by "
            f"{self.asymmetry:.0%}, bones {self.excess:.0%} longer than the shortest tree"
        )


def best_fits(
    positions: NDArray[np.float64], present: NDArray[np.bool_], layouts: Iterable[Layout]
) -> list[Fit]:
    """How each layout fits the person who is seen most, best first.

    Args:
        positions: ``(T, M, V, C)`` with C = 2 or 3, in any unit and any axes.
        present: ``(T, M, V)``.
        layouts: all of V joints.
    """
    person = int(present.sum(axis=(0, 2)).argmax())
    shown = np.flatnonzero(present[:, person].any(axis=1))
    chosen = shown[np.unique(np.linspace(0, len(shown) - 1, _FRAMES).astype(int))]
    joints = np.where(
        present[chosen, person, :, None], positions[chosen, person].astype(np.float64), np.nan
    )
    fits = [_fit(joints, layout) for layout in layouts]
    return sorted(fits, key=lambda fit: fit.cost)


def step(positions: NDArray[np.float64], present: NDArray[np.bool_]) -> float:
    """Median distance that joints move in a frame, as a share of the body's extent.

    Args:
        positions: ``(T, M, V, C)``.
        present: ``(T, M, V)``.
    """
    person = int(present.sum(axis=(0, 2)).argmax())
    joints, seen = positions[:, person], present[:, person]
    both = seen[1:] & seen[:-1]
    if not both.any():
        return 0.0
    moved = np.linalg.norm(np.diff(joints, axis=0), axis=-1)[both]
    size = extent(np.where(seen[..., None], joints, np.nan))
    return float(np.mean(moved)) / size if size > 0 else 0.0


def extent(joints: NDArray[np.float64]) -> float:
    """Median over time of the diagonal of the body's box; joints ``(T, V, C)``, NaN if missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a frame without any joint
        boxes = np.nanmax(joints, axis=1) - np.nanmin(joints, axis=1)
        return float(np.nan_to_num(np.nanmedian(np.linalg.norm(boxes, axis=-1))))


def _fit(joints: NDArray[np.float64], layout: Layout) -> Fit:
    bones = [(joint, parent) for joint, parent in enumerate(layout.parents) if parent >= 0]
    children, parents = np.array([bone[0] for bone in bones]), np.array([bone[1] for bone in bones])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # bones never seen
        lengths = np.linalg.norm(joints[:, children] - joints[:, parents], axis=-1)
        usual = np.nanmedian(lengths, axis=0)
        spread = np.nanmean(np.abs(lengths - usual), axis=0)
    size = extent(joints)
    real = np.isfinite(usual) & (usual > _SHORTEST * size)
    if not real.any():
        return Fit(layout, 1.0, 1.0, 1.0)
    variation = float(np.mean(np.minimum(spread[real] / usual[real], 1.0)))
    index = {child: number for number, child in enumerate(children.tolist())}
    differences = [
        abs(usual[index[left]] - usual[index[right]]) / (usual[index[left]] + usual[index[right]])
        for left, right in layout.pairs
        if left in index and right in index and real[index[left]] and real[index[right]]
    ]
    asymmetry = float(np.mean(differences)) if differences else 0.0
    return Fit(layout, variation, asymmetry, _excess(joints, children, parents, lengths))


def _excess(
    joints: NDArray[np.float64],
    children: NDArray[np.int64],
    parents: NDArray[np.int64],
    lengths: NDArray[np.float64],
) -> float:
    """By how much the bones are longer than the shortest tree over the joints they connect."""
    ratios = []
    for frame in np.unique(np.linspace(0, len(joints) - 1, _TREES).astype(int)):
        known = np.isfinite(lengths[frame])
        used = np.unique(np.concatenate([children[known], parents[known]]))
        if len(used) < 3:
            continue
        points = joints[frame, used]
        distances = cdist(points, points)
        if not distances.any():
            continue
        # The tree takes distance 0 for no edge at all.
        tiny = float(distances.max()) * 1e-9
        shortest = float(minimum_spanning_tree(np.maximum(distances, tiny)).sum())
        ratios.append(float(lengths[frame][known].sum()) / shortest)
    return min(max(float(np.median(ratios)) - 1.0, 0.0), 2.0) if ratios else 1.0
