"""Clips made comparable: gaps filled, centered, scaled by the body, resampled to a fixed length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from llm_ar.config import PreprocessConfig
from llm_ar.errors import LayoutError
from llm_ar.skeletons.clip import Clip, Joints, Mask
from llm_ar.skeletons.gaps import fill_gaps
from llm_ar.skeletons.layouts import CANONICAL, Layout

Positions = NDArray[np.float64]

BONE_LENGTHS = {
    "neck": 1.0,
    "head": 0.5,
    "shoulder": 0.5,
    "elbow": 0.64,
    "wrist": 0.58,
    "hip": 0.26,
    "knee": 1.12,
    "ankle": 0.86,
}
"""Distance of each joint of the canonical body from its parent, in torso lengths: the medians over
NW-UCLA, UTD-MHAD and MSR Daily Activity 3D."""
_SHORTEST_BONE = 1e-3
_SMALLEST_SIZE = 1e-3
"""A torso below this share of all the clip's extent is a measuring fault, not a body."""


def preprocess_clip(
    clip: Clip, preprocess: PreprocessConfig, moments: int | None = None
) -> tuple[Joints, Mask]:
    """The clip as the tokenizer sees it, in units of the body's own size.

    Short gaps of people and single outliers are filled (`llm_ar.skeletons.gaps`). Frames before
    anyone is seen, and after, are cut off. Longer gaps are interpolated over time, the whole clip
    is moved so that the first person's center starts at the origin (the way walked stays in), and
    divided by that person's torso length. The first person is the one who moves most.

    Args:
        clip: T frames of M people, in any unit; y is up.
        preprocess: frames F and people P of the result, and whether it is turned to the camera.
        moments: F, in place of ``preprocess.frames``: training clips are kept finer in time.

    Returns:
        joints ``(F, P, J, 3)`` float32 and present ``(F, P, J)``: False where a longer gap, or
        that of a joint, was interpolated, and for people that the clip lacks (their joints are 0).
    """
    clip = fill_gaps(clip)
    order, frames = shown(clip, preprocess)
    span = slice(frames.start, frames.stop)
    present = clip.present[span, order]
    joints = _fill_gaps(clip.joints[span, order].astype(np.float64), present, clip.layout)
    seen = np.asarray(present.any(axis=(0, 2)))
    joints -= _center(joints[:, 0], present[:, 0], clip.layout)
    joints /= body_size(joints, present, clip.layout)
    if preprocess.standard_bones and clip.dimensions == 3:
        joints = standard_bones(joints, clip.layout)
    if preprocess.face_camera and clip.dimensions == 3:
        joints = _face_camera(joints, present[:, 0], clip.layout)
    length = moments or preprocess.frames
    joints, present = _resample(joints, present, length)
    result = np.zeros((length, preprocess.people, *joints.shape[2:]), dtype=np.float32)
    mask = np.zeros(result.shape[:3], dtype=np.bool_)
    result[:, : len(order)] = np.where(seen[None, :, None, None], joints, 0)
    mask[:, : len(order)] = present
    return result, mask


def shown(clip: Clip, preprocess: PreprocessConfig) -> tuple[NDArray[np.int64], range]:
    """The people that are kept, the one who moves most first, and the frames that it spans."""
    order = _people_by_motion(clip)[: preprocess.people]
    seen = np.flatnonzero(clip.present[:, order].any(axis=(1, 2)))
    return order, range(int(seen[0]), int(seen[-1]) + 1)


def body_size(joints: Positions, present: Mask, layout: Layout) -> float:
    """The first person's torso: the median length of each of the layout's size bones, summed.

    Bones never seen count as the mean of the others. Where the torso cannot be measured, or is
    absurdly short, the extent of all joints takes its place; the result is never 0.

    Args:
        joints: ``(T, M, J, 3)``, in any unit, which is the result's as well.
        present: ``(T, M, J)``.
        layout: of the J joints.
    """
    lengths = []
    for first, second in layout.size_bones:
        both = present[:, 0, first] & present[:, 0, second]
        if both.any():
            bones = joints[both, 0, first] - joints[both, 0, second]
            lengths.append(float(np.median(np.linalg.norm(bones, axis=-1))))
    measured = float(np.mean(lengths)) * len(layout.size_bones) if lengths else 0.0
    shown = joints[present]
    extent = float(np.ptp(shown, axis=0).max())
    if measured > _SMALLEST_SIZE * extent:
        return measured
    return extent if extent > 0 else 1.0


def standard_bones(joints: Positions, layout: Layout) -> Positions:
    """The same movement by a body whose bones have the lengths of `BONE_LENGTHS`.

    The root keeps its path. A bone whose ends coincide, as those of joints that were never seen,
    has no direction and stays so.

    Args:
        joints: (T, M, J, 3) in body sizes.
        layout: of the J joints; parents come before their children.

    Raises:
        LayoutError: the lengths of its bones are not known.
    """
    if layout != CANONICAL:
        raise LayoutError(
            f"preprocess.standard_bones: the bones of layout {layout.name} have no standard "
            f"lengths; merge the data into layout {CANONICAL.name}, or set it to false"
        )
    result = joints.copy()
    for joint, parent in enumerate(layout.parents):
        if parent >= 0:
            bone = joints[:, :, joint] - joints[:, :, parent]
            length = np.linalg.norm(bone, axis=-1, keepdims=True)
            standard = BONE_LENGTHS[
                layout.joints[joint].removeprefix("left_").removeprefix("right_")
            ]
            result[:, :, joint] = result[:, :, parent] + bone * (
                standard / np.maximum(length, _SHORTEST_BONE)
            )
    return result


def _people_by_motion(clip: Clip) -> NDArray[np.int64]:
    """People in order of the path their joints travel; those never seen come last."""
    both = clip.present[1:] & clip.present[:-1]
    steps = np.linalg.norm(np.diff(clip.joints.astype(np.float64), axis=0), axis=-1)
    motion = (steps * both).sum(axis=(0, 2)) / len(clip.layout.joints)
    motion[~clip.present.any(axis=(0, 2))] = -1
    return np.argsort(-motion, kind="stable")


def _fill_gaps(joints: Positions, present: Mask, layout: Layout) -> Positions:
    """Interpolate each joint over time; one that is never seen takes its parent's place."""
    times = np.arange(len(joints))
    gaps = ~present.all(axis=0) & present.any(axis=0)
    for person, joint in np.argwhere(gaps):
        known = present[:, person, joint]
        for axis in range(3):
            track = joints[:, person, joint, axis]
            track[~known] = np.interp(times[~known], times[known], track[known])
    for person in range(joints.shape[1]):
        seen = np.asarray(present[:, person].any(axis=0))
        if seen.all() or not seen.any():
            continue
        middle = joints[:, person, seen].mean(axis=1)
        for joint in np.flatnonzero(~seen):
            parent = layout.parents[joint]
            while parent >= 0 and not seen[parent]:
                parent = layout.parents[parent]
            joints[:, person, joint] = joints[:, person, parent] if parent >= 0 else middle
    return joints


def _center(joints: Positions, present: Mask, layout: Layout) -> Positions:
    """The body's center in the first frame that shows any of the person, ``(3,)``."""
    first = int(present.any(axis=1).argmax())
    return np.asarray(joints[first, list(layout.centre)].mean(axis=0))


def _face_camera(joints: Positions, present: Mask, layout: Layout) -> Positions:
    """Turn the clip about the vertical so that the hips' line lies along x on average."""
    if not layout.pairs:
        return joints
    named = [pair for pair in layout.pairs if "hip" in layout.joints[pair[0]]]
    left, right = (named or layout.pairs)[0]
    both = present[:, left] & present[:, right]
    if not both.any():
        return joints
    across = (joints[both, 0, right] - joints[both, 0, left]).mean(axis=0)
    length = float(np.hypot(across[0], across[2]))
    if length == 0:
        return joints
    cosine, sine = across[0] / length, across[2] / length
    turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    return np.asarray(joints @ turn.T)


def _resample(joints: Positions, present: Mask, frames: int) -> tuple[Positions, Mask]:
    """Linear in time, first frame on first and last on last; present where both neighbors are."""
    times = np.linspace(0, len(joints) - 1, frames)
    before = np.floor(times).astype(np.int64)
    after = np.minimum(before + 1, len(joints) - 1)
    weight = times - before
    after = np.where(weight > 0, after, before)
    blend = weight[:, None, None, None]
    return (1 - blend) * joints[before] + blend * joints[after], present[before] & present[after]
