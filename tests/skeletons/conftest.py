"""Small clips, generated, and files damaged in every way."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, clean_clip
from llm_ar.skeletons.layouts import KINECT_V1, Layout, map_clip
from llm_ar.skeletons.readers import Reader
from llm_ar.skeletons.synthetic.body import forward_kinematics, random_body
from llm_ar.skeletons.synthetic.motion import arm, arms, keyed, legs, trunk

ClipMaker = Callable[..., Clip]
Sample = tuple[Reader, str, bytes]
"""A reader, the name of a file of its format, and what is in it."""

_RUBBISH = [
    b"1000000000",
    b"-1",
    b"1e999",
    b"NaN",
    b"1" * 400,
    b"null",
    b"[",
    b"{}",
    b'"x"',
    b"\xff",
]


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
def body_clip() -> ClipMaker:
    """Makes a clip of a generated person who squats with arms raised and then waves.

    Its keywords: the layout, frames, people (side by side, each at another phase) and a seed.
    """

    def make(layout: Layout = KINECT_V1, frames: int = 40, people: int = 1, seed: int = 0) -> Clip:
        rng = np.random.default_rng(seed)
        motion = keyed(
            (0.0, {}),
            (0.3, legs(80, 110) | arms(90, 80, 0, 20) | trunk(lean=20)),
            (0.6, arms(0, 60, 0, 30)),
            (0.8, arm("right", 0, 120, 0, 60)),
            (1.0, {}),
        )
        joints = np.zeros((frames, people, len(KINECT_V1.joints), 3))
        for person in range(people):
            phases = (np.linspace(0, 1, frames) + 0.37 * person) % 1
            moved = forward_kinematics(random_body(rng), motion(phases))
            # Turned to a camera 3 m away: the person's left is at the smaller x.
            joints[:, person] = moved * [-1, 1, -1] + [1.2 * person - 0.3, -0.8, 3.0]
        return map_clip(clean_clip(joints, source="body", layout=KINECT_V1, fps=30.0), layout)

    return make


@pytest.fixture(scope="session")
def read_bytes_as() -> Callable[[Callable[[Path], Clip], str, bytes], Clip | None]:
    """Reads a file of that name and content: the clip, or None where it was refused properly."""

    def read_them(read: Callable[[Path], Clip], name: str, content: bytes) -> Clip | None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            try:
                clip = read(path)
            except ClipError as error:
                assert str(error).startswith((f"{path}: ", f"{path}#"))
                assert len(str(error).splitlines()) == 1 and len(error.problem) < 400
                return None
        # Clip checks itself when made: whatever comes back is whole.
        assert clip.present.any() and np.isfinite(clip.joints).all()
        return clip

    return read_them


@st.composite
def _damaged(draw: st.DrawFn, samples: Sequence[Sample]) -> Sample:
    reader, name, content = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        kind = draw(st.sampled_from(["cut", "change", "insert", "remove", "swap", "word"]))
        if kind == "cut":
            content = content[:start]
        elif kind == "change":
            new = draw(st.binary(min_size=1, max_size=8))
            content = content[:start] + new + content[start + len(new) :]
        elif kind == "insert":
            content = content[:start] + draw(st.binary(min_size=1, max_size=8)) + content[start:]
        elif kind == "remove":
            content = content[:start] + content[start + draw(st.integers(1, 40)) :]
        else:
            marks = (
                [b"\n"] if kind == "swap" else [mark for mark in (b",", b" ") if mark in content]
            )
            mark = draw(st.sampled_from(marks or [b" "]))
            pieces = content.split(mark)
            a, b = (draw(st.integers(0, len(pieces) - 1)) for _ in range(2))
            if kind == "swap":
                pieces[a], pieces[b] = pieces[b], pieces[a]
            else:
                pieces[a] = draw(st.sampled_from(_RUBBISH))
            content = mark.join(pieces)
    return reader, name, content


@pytest.fixture(scope="session")
def damaged() -> Callable[[Sequence[Sample]], st.SearchStrategy[Sample]]:
    """Of samples: one cut, with bytes changed, put in or taken out, or lines or words exchanged."""
    return _damaged
