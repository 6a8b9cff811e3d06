"""Which way is up in a recording, and whether its axes are a mirror image, by the body in it.

Up is where the head is from the feet. With left, right and up known, forward is (left - right) x
up; knees bend and feet point forward. In mirrored axes they point backward.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layout import Layout
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions

_ALONG = 0.8
"""A body points along an axis if the cosine of the angle between them is at least this."""
_SHARE = 0.8
"""Share of the frames in which it has to."""
_AWAY = 0.5
"""Mean cosine with the usual axis below which another one is considered."""
_BENT = 0.2
"""Displacement of a knee, in leg lengths, that shows which way it bends: about 135 degrees.
Sensors put the knees of standing people up to half as far to either side."""
_BENT_SHARE = 0.05
_BENT_FRAMES = 6
"""Share and number of a clip's knees, over all frames, that have to be bent so far."""
_TOES_AHEAD = 0.02
"""Median displacement of toes from ankles, in leg lengths, that shows which way they point."""
_ONE_WAY = 0.9
"""Share of knees or toes that have to point the same way."""

_HEAD = (("head",), ("nose",), ("neck",), ("shoulder_center",), ("left_shoulder", "right_shoulder"))
_FEET = (
    ("left_ankle", "right_ankle"),
    ("left_foot", "right_foot"),
    ("left_knee", "right_knee"),
    ("left_hip", "right_hip"),
)
_TOES = ("foot", "foot_index", "big_toe")

_TURNS: dict[str, NDArray[np.float32]] = {
    "y": np.eye(3, dtype=np.float32),
    "-y": np.diag([-1, -1, 1]).astype(np.float32),
    "z": np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], dtype=np.float32),
    "-z": np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=np.float32),
    "x": np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], dtype=np.float32),
    "-x": np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]], dtype=np.float32),
}
"""For each direction that points up in a file the rotation that makes it +y."""


class Forward(NamedTuple):
    """Which way the body's front is, as seen from left, right and up.

    Args:
        toes: 1 where toes point forward, -1 backward (so in mirrored axes), 0 not clear or unseen.
        knees: the same of bent knees.
        has_toes: the layout has toes, and some are seen.
    """

    toes: int
    knees: int
    has_toes: bool

    @property
    def mirrored(self) -> bool | None:
        """Whether the axes are a mirror image; None where the body does not tell.

        Toes are measured more reliably than knees and decide where there are any.
        """
        decisive = self.toes if self.has_toes else self.knees
        if decisive == 0 or self.toes * self.knees < 0:
            return None
        return decisive < 0

    @property
    def sentence(self) -> str:
        """What shows it."""
        ways = {1: "forward", -1: "backward"}
        shown = [
            f"{what} point {ways[way]}"
            for what, way in (("toes", self.toes), ("bent knees", self.knees))
            if way
        ]
        return " and ".join(shown) or "knees and feet do not tell"


def put_upright(clip: Clip, options: ReadOptions = BY_FILE) -> Clip:
    """The clip with y up and right-handed axes, and what was done in `Clip.understood`.

    What the options state comes first. A 2-D clip has no handedness; ``--mirror`` turns its x.

    Args:
        clip: as its reader made it.
        options: what the user states.
    """
    up, why_up = _up(clip, options)
    joints = clip.joints @ (_flip(up) if clip.dimensions == 2 else _TURNS[up]).T
    turned = replace(clip, joints=joints)
    mirrored, why = _handedness(turned, options)
    if mirrored:
        joints = joints * np.array([-1, 1, 1], dtype=np.float32)
    # Absent joints hold 0, not -0.
    joints = np.where(clip.present[..., None], joints, np.float32(0))
    done = []
    if up != "y":
        done.append(f"{up} was up ({why_up}); turned")
    if mirrored:
        done.append(f"the axes were a mirror image ({why}); x turned over")
    return replace(
        clip,
        joints=joints,
        repairs=(*clip.repairs, *done),
        understood=replace(
            clip.understood,
            up=f"{up}, {why_up}",
            handedness=f"{'mirrored' if mirrored else 'right-handed'}, {why}",
        ),
    )


def body_up(clip: Clip) -> str | None:
    """The direction of the clip's axes in which the head is from the feet; None if not clear."""
    joints, present = _person(clip)
    head = _mean_of(joints, present, clip.layout, _HEAD)
    feet = _mean_of(joints, present, clip.layout, _FEET)
    if head is None or feet is None:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        direction = (head - feet) / np.linalg.norm(head - feet, axis=1, keepdims=True)
    direction = direction[np.isfinite(direction).all(axis=1)]
    if not len(direction):
        return None
    for axis in _TURNS:
        along = direction[:, "xyz".index(axis[-1])] * (-1 if axis[0] == "-" else 1)
        if (along > _ALONG).mean() >= _SHARE:
            return axis
    return "y" if float(direction[:, 1].mean()) > _AWAY else None


def forward(clip: Clip) -> Forward:
    """Which way knees bend and toes point in a 3-D clip."""
    toes, knees = ahead(clip)
    return Forward(_toes(toes), _knees(knees), any(np.isfinite(values).any() for values in toes))


def ahead(clip: Clip) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """How far toes and knees are before the leg, in leg lengths, by left, right and up.

    Args:
        clip: 3-D, with y up.

    Returns:
        of toes and of knees one ``(T,)`` array a side that the layout has, NaN where unseen.
    """
    joints, present = _person(clip)
    index = {name: number for number, name in enumerate(clip.layout.joints)}

    def place(name: str) -> NDArray[np.float64] | None:
        if name not in index:
            return None
        seen = present[:, index[name], None]
        return np.where(seen, joints[:, index[name]], np.nan)

    def across(name: str) -> NDArray[np.float64] | None:
        left, right = place(f"left_{name}"), place(f"right_{name}")
        return None if left is None or right is None else left - right

    sides = [side for side in (across("hip"), across("shoulder")) if side is not None]
    top = _mean_of(joints, present, clip.layout, (("left_shoulder", "right_shoulder"), *_HEAD))
    low = _mean_of(joints, present, clip.layout, (("left_hip", "right_hip"), ("hip_center",)))
    if not sides or top is None or low is None:
        return [], []
    front = np.cross(np.mean(sides, axis=0), top - low)
    with np.errstate(invalid="ignore", divide="ignore"):
        front /= np.linalg.norm(front, axis=1, keepdims=True)
    knees, toes = [], []
    for side in ("left", "right"):
        hip, knee = place(f"{side}_hip"), place(f"{side}_knee")
        ends = [end for end in (place(f"{side}_{name}") for name in _TOES) if end is not None]
        ankle = place(f"{side}_ankle")
        if ankle is None and ends:
            ankle, ends = ends[0], []
        if hip is None or knee is None or ankle is None:
            continue
        leg = np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            line = (ankle - hip) / np.linalg.norm(ankle - hip, axis=1, keepdims=True)
            bend = knee - hip
            bend = bend - (bend * line).sum(axis=1, keepdims=True) * line
            knees.append((bend * front).sum(axis=1) / leg)
            if ends:
                toes.append(((ends[0] - ankle) * front).sum(axis=1) / leg)
    return toes, knees


def _toes(values: list[NDArray[np.float64]]) -> int:
    shown = _finite(values)
    if not len(shown) or abs(float(np.median(shown))) < _TOES_AHEAD:
        return 0
    return _one_way(shown)


def _knees(values: list[NDArray[np.float64]]) -> int:
    shown = _finite(values)
    bent = shown[np.abs(shown) > _BENT]
    if len(bent) < max(_BENT_FRAMES, _BENT_SHARE * len(shown)):
        return 0
    return _one_way(bent)


def _one_way(values: NDArray[np.float64]) -> int:
    """1 or -1 where nearly all numbers have that sign, otherwise 0."""
    positive = float((values > 0).mean())
    return 1 if positive >= _ONE_WAY else -1 if positive <= 1 - _ONE_WAY else 0


def _finite(values: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    shown = np.concatenate(values) if values else np.zeros(0)
    return shown[np.isfinite(shown)]


def _up(clip: Clip, options: ReadOptions) -> tuple[str, str]:
    if options.up is not None:
        return options.up, "as stated"
    found = body_up(clip)
    if clip.dimensions == 2 and found not in ("y", "-y", None):
        found = None
    if found is None:
        return "y", "assumed, the body does not tell"
    return found, "the head is that way from the feet"


def _handedness(clip: Clip, options: ReadOptions) -> tuple[bool, str]:
    if options.mirror is not None:
        return options.mirror, "as stated"
    if clip.dimensions == 2:
        return False, "assumed, an image does not tell"
    found = forward(clip)
    if found.mirrored is None:
        return False, f"assumed, {found.sentence}"
    return found.mirrored, found.sentence


def _flip(up: str) -> NDArray[np.float32]:
    """For a 2-D clip: y turned over where it points down, x kept."""
    return np.diag([1, -1 if up == "-y" else 1, 1]).astype(np.float32)


def _person(clip: Clip) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The person who is seen most: joints ``(T, J, 3)`` and present ``(T, J)``."""
    person = int(clip.present.sum(axis=(0, 2)).argmax())
    return clip.joints[:, person].astype(np.float64), clip.present[:, person]


def _mean_of(
    joints: NDArray[np.float64],
    present: NDArray[np.bool_],
    layout: Layout,
    groups: tuple[tuple[str, ...], ...],
) -> NDArray[np.float64] | None:
    """Mean ``(T, 3)`` of the first group of joints that the layout has, NaN where none is seen."""
    for group in groups:
        if all(name in layout.joints for name in group):
            chosen = [layout.joints.index(name) for name in group]
            there = present[:, chosen, None]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # frames that show none of them
                return np.asarray(np.nanmean(np.where(there, joints[:, chosen], np.nan), axis=1))
    return None
