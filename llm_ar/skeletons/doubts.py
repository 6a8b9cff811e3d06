"""Reasons to doubt an answer, whatever it is: too little was seen of the movement."""

from __future__ import annotations

import numpy as np

from llm_ar.skeletons.anatomy import extent
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers.clock import unusual_rate

LEAST_SHARE = 0.25
"""Of a clip's frames at least this share should show somebody."""
LEAST_FRAMES = 8
"""Fewer seen frames hardly show an action."""
STILL = 0.02
"""A body none of whose joints moves over more than this share of its extent stands still."""
LONG = 0.65
"""Bones are shorter than this share of the body's extent. Of 427 real clips of 14 sources one had a
longer one, a leg that an estimator had misplaced; the next had 0.54."""
WHOLE_BODY = 10
"""Joints that a person has to show for the extent to be that of a body."""

LONGEST = 10.0
"""Seconds of a clip of one action, where the training clips' lengths are not known."""

TWO_PEOPLE = (
    "another person",
    "someone",
    "each other",
    "two people",
    "other's",
    "shake hands",
    "shaking hands",
    "exchange an object",
    "handshak",
    "carry something together",
    "drink together",
)
"""Words in the names of actions of two people."""


def too_little(clip: Clip) -> tuple[str, ...]:
    """Why a clip shows too little for any answer, one sentence each; empty if it shows enough.

    Args:
        clip: as read or repaired.
    """
    seen = int(clip.present.any(axis=(1, 2)).sum())
    if seen == 1:
        return (f"one of {clip.frames} frames shows somebody, which is no movement",)
    found = []
    if seen < LEAST_SHARE * clip.frames or seen < LEAST_FRAMES:
        found.append(f"only {seen} of {clip.frames} frames show somebody")
    if _still(clip):
        found.append("nobody moves")
    return tuple(found)


def doubts(clip: Clip) -> tuple[str, ...]:
    """What a clip lacks for an answer to mean much, one sentence each; empty if nothing.

    Args:
        clip: as read or repaired.
    """
    rate = unusual_rate(clip.fps)
    return (
        *too_little(clip),
        *_unseen(clip),
        *_long_bones(clip),
        *(() if rate is None else (rate,)),
    )


def answer_doubts(clip: Clip, action: str) -> tuple[str, ...]:
    """What speaks against one answer: an action of two people where one is seen.

    Args:
        clip: as read or repaired.
        action: the answer's name.
    """
    people = int(clip.present.any(axis=(0, 2)).sum())
    if people == 1 and any(words in action.lower() for words in TWO_PEOPLE):
        return (f"{action!r} takes two people, but one is seen",)
    return ()


def length_doubts(clip: Clip, longest: float | None) -> tuple[str, ...]:
    """That a recording is longer than what the model learned: it is squeezed into one clip.

    Args:
        clip: as read or repaired.
        longest: seconds of the longest training clip, or None where nobody knows.
    """
    seconds = clip.frames / clip.fps
    limit = LONGEST if longest is None else longest
    if seconds <= limit + 0.5 / clip.fps:
        return ()
    known = "training clips seldom last" if longest is None else "no training clip lasts"
    return (
        f"the recording lasts {seconds:.1f} s, {known} more than {limit:.1f} s, and one answer "
        "cannot tell what happens in it; llm-ar timeline names the actions over time",
    )


def view_doubts(clip: Clip, trained_on_images: bool) -> tuple[str, ...]:
    """That a 2-D clip is judged by what was learned of 3-D positions.

    Args:
        clip: as read or repaired.
        trained_on_images: whether the model's training had 2-D positions.
    """
    if clip.dimensions == 3 or trained_on_images:
        return ()
    return (
        "the recording is 2-D, but the model learned from 3-D positions; answers are less sure",
    )


def _unseen(clip: Clip) -> tuple[str, ...]:
    """The arms and legs most of whose joints nobody shows in any frame."""
    seen = np.asarray(clip.present.any(axis=(0, 1)))
    limbs = {
        name: joints for name, joints in clip.layout.parts.items() if name not in ("head", "torso")
    }
    hidden = [name for name, joints in limbs.items() if 2 * seen[list(joints)].sum() < len(joints)]
    if not hidden or len(hidden) == len(limbs):
        return ()
    return (f"{' and '.join(hidden)} never seen",)


def _long_bones(clip: Clip) -> tuple[str, ...]:
    """The bone that is longest, if it is longer than a body's: joints are probably confused."""
    longest, worst = LONG, ""
    for person in range(clip.people):
        present = clip.present[:, person]
        joints = np.where(present[..., None], clip.joints[:, person].astype(np.float64), np.nan)
        size = extent(joints)
        if present.any(axis=0).sum() < WHOLE_BODY:
            continue
        for joint, parent, _ in clip.layout.bones():
            both = present[:, joint] & present[:, parent]
            if not both.any() or not size:
                continue
            lengths = np.linalg.norm(joints[both, joint] - joints[both, parent], axis=-1)
            share = float(np.median(lengths)) / size
            if share > longest:
                longest = share
                worst = f"{clip.layout.joints[joint]} is far from {clip.layout.joints[parent]}"
    if not worst:
        return ()
    return (
        f"{worst} ({longest:.0%} of the body's extent); the file's joints may be in another order "
        f"than those of {clip.layout.name}",
    )


def _still(clip: Clip) -> bool:
    """Whether no joint of anybody moves over more than `STILL`, but for single outliers."""
    for person in range(clip.people):
        present = clip.present[:, person]
        if not present.any():
            continue
        joints = np.where(present[..., None], clip.joints[:, person].astype(np.float64), np.nan)
        size = extent(joints)
        for joint in np.flatnonzero(present.any(axis=0)):
            track = joints[present[:, joint], joint]
            low, high = np.percentile(track, (5, 95), axis=0)
            if float(np.linalg.norm(high - low)) > STILL * size:
                return False
    return True
