"""Joints of generated people: readers judge layouts by anatomy and refuse random positions."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from llm_ar.skeletons.clip import clean_clip
from llm_ar.skeletons.layouts import KINECT_V1, Layout, map_clip
from llm_ar.skeletons.synthetic.body import forward_kinematics, random_body
from llm_ar.skeletons.synthetic.motion import arm, arms, keyed, legs, trunk


@cache
def _positions(frames: int, layout: Layout, seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    motion = keyed(
        (0.0, {}),
        (0.4, legs(80, 110) | arms(90, 80, 0, 20) | trunk(lean=20)),
        (0.7, arm("right", 0, 120, 0, 60)),
        (1.0, {}),
    )
    start = rng.uniform(0, 0.5)
    moved = forward_kinematics(random_body(rng), motion(np.linspace(start, start + 0.5, frames)))
    # Turned to a camera 3 m away: the person's left is at the smaller x.
    joints = moved * [-1, 1, -1] + [rng.uniform(-0.5, 0.5), -0.8, 3.0]
    clip = clean_clip(joints[:, None], source="body", layout=KINECT_V1, fps=30.0)
    return map_clip(clip, layout).joints[:, 0].astype(np.float32)


def body(frames: int = 6, layout: Layout = KINECT_V1, seed: int = 0) -> NDArray[np.float32]:
    """Joints (T, J, 3) in meters of a person who moves, another one for each seed."""
    return _positions(frames, layout, seed).copy()
