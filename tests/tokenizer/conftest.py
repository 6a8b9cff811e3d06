"""Small clips, tokenizers and a small prepared dataset, all made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from llm_ar.config import CodebookConfig, EncoderConfig, ExtensionConfig, PreprocessConfig
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import KINECT_V1, Layout
from llm_ar.skeletons.store import write_store
from llm_ar.skeletons.synthetic.dataset import PROCEDURAL_ACTIONS, procedural_clips
from llm_ar.tokenizer.model import ActionTokenizer

ACTIONS = PROCEDURAL_ACTIONS[2:6]

ClipMaker = Callable[..., Clip]
TokenizerMaker = Callable[..., ActionTokenizer]


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """Every test draws the same numbers, on one thread, whichever tests ran before it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def make_clip() -> ClipMaker:
    """Makes a clip whose joints wander about; one joint in ten is missing in a frame."""

    def make(frames: int = 30, people: int = 1, layout: Layout = KINECT_V1, seed: int = 0) -> Clip:
        rng = np.random.default_rng(seed)
        shape = (frames, people, len(layout.joints))
        steps = rng.normal(scale=0.1, size=(*shape, 3))
        steps[0] = rng.normal(size=steps[0].shape)
        present = rng.random(shape) < 0.9
        present[0, 0] = True
        joints = np.where(present[..., None], steps.cumsum(0), 0).astype(np.float32)
        return Clip(joints=joints, present=present, fps=30.0, layout=layout)

    return make


@pytest.fixture(scope="session")
def make_tokenizer() -> TokenizerMaker:
    """Makes an untrained tokenizer whose codebook lies on latents of clips, ready to encode."""

    def make(
        layout: Layout = KINECT_V1,
        preprocess: PreprocessConfig | None = None,
        codebook: CodebookConfig | None = None,
        seed: int = 0,
    ) -> ActionTokenizer:
        torch.manual_seed(seed)
        tokenizer = ActionTokenizer(
            EncoderConfig(width=16, blocks=1),
            codebook or CodebookConfig(size=32, dim=8, warmup_steps=0),
            preprocess or PreprocessConfig(frames=16),
            layout,
            ExtensionConfig(joint_blocks=1, joint_width=8),
        )
        shape = (8, tokenizer.preprocess.frames, tokenizer.preprocess.people, len(layout.joints))
        wandering = torch.randn(shape[0], 1, *shape[2:], 3) + 0.3 * torch.randn(*shape, 3).cumsum(1)
        tokenizer.quantize(wandering, torch.ones(shape, dtype=torch.bool))
        return tokenizer.eval()

    return make


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared dataset of 4 procedural actions: 24 clips to train on, 8 to test."""
    out = tmp_path_factory.mktemp("data") / "procedural"
    clips = procedural_clips(clips=8 * len(PROCEDURAL_ACTIONS), subjects=8)
    kept = [clip for clip in clips if clip.label in ACTIONS]
    renamed = [replace(clip, split="train" if i % 4 else "test") for i, clip in enumerate(kept)]
    write_store(renamed, out, dataset="procedural", layout=KINECT_V1, fingerprint="test")
    return out
