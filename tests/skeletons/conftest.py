"""Small clips, generated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.layouts import KINECT_V1, Layout

ClipMaker = Callable[..., Clip]


@pytest.fixture(scope="session")
def make_clip() -> ClipMaker:
    """Makes a clip of random joints; keywords as of `clean_clip`."""

    def make(
        frames: int = 8,
        people: int = 1,
        layout: Layout = KINECT_V1,
        seed: int = 0,
        dimensions: int = 3,
        **known: str,
    ) -> Clip:
        rng = np.random.default_rng(seed)
        joints = rng.normal(size=(frames, people, len(layout.joints), dimensions))
        return clean_clip(joints, layout=layout, fps=30.0, **{"source": f"made-{seed}", **known})

    return make
