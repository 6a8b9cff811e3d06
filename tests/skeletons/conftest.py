"""Small clips and recordings, generated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.layouts import KINECT_V1, Layout

ClipMaker = Callable[..., Clip]
SkeletonWriter = Callable[..., Path]


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


@pytest.fixture(scope="session")
def write_skeleton() -> SkeletonWriter:
    """Writes an NTU file from, for each frame, ``(body ID, joints (25, 3), tracking (25,))``."""

    def write(
        path: Path, frames: Sequence[Sequence[tuple[int, np.ndarray, Sequence[int]]]]
    ) -> Path:
        lines = [str(len(frames))]
        for bodies in frames:
            lines.append(str(len(bodies)))
            for body, joints, tracking in bodies:
                lines += [f"{body} 0 1 1 1 1 0 -0.1 0.2 2", "25"]
                for (x, y, z), state in zip(joints, tracking, strict=True):
                    unused = "276.1 190.1 1032.3 514.1 -0.17 0.04 0.97 -0.16"
                    lines.append(f"{x:.7g} {y:.7g} {z:.7g} {unused} {state}")
        path.write_bytes(("\r\n".join(lines) + "\r\n").encode())
        return path

    return write
