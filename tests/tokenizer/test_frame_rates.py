"""One movement recorded at 10, 30 and 120 frames a second is nearly the same sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch.nn.functional as F

from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.synthetic.dataset import procedural_clips
from llm_ar.tokenizer.model import ActionTokenizer

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "general" / "tokenizer"


def recorded_at(clip: Clip, fps: float) -> Clip:
    """The clip as a sensor of another frame rate sees it, linear between its frames."""
    seconds = (clip.frames - 1) / clip.fps
    places = np.arange(int(seconds * fps + 1e-9) + 1) / fps * clip.fps
    low = np.floor(places).astype(int)
    high = np.minimum(low + 1, clip.frames - 1)
    weight = (places - low)[:, None, None, None]
    joints = (1 - weight) * clip.joints[low] + weight * clip.joints[high]
    present = clip.present[low] & clip.present[high]
    joints[~present] = 0
    return replace(clip, joints=joints.astype(np.float32), present=present, fps=fps)


@pytest.mark.parametrize("fps", [30.0, 120.0])
def test_the_frame_rate_hardly_changes_a_sentence(fps: float) -> None:
    """What a recording of 10 frames a second shows, at higher rates."""
    tokenizer = ActionTokenizer.from_pretrained(SHIPPED)
    clips = [recorded_at(clip, 10) for clip in procedural_clips(clips=24, subjects=4, seed=3)]
    expected = tokenizer.encode_clips(clips)
    found = tokenizer.encode_clips([recorded_at(clip, fps) for clip in clips])
    assert (found == expected).float().mean() > 0.95


@pytest.mark.parametrize("fps", [10.0, 120.0])
def test_another_frame_rate_of_a_noisy_recording(fps: float) -> None:
    tokenizer = ActionTokenizer.from_pretrained(SHIPPED)
    clips = list(procedural_clips(clips=24, subjects=4, seed=3))
    expected = tokenizer.encode_clips(clips)
    found = tokenizer.encode_clips([recorded_at(clip, fps) for clip in clips])
    # At 10 frames a second two of three frames, and with them half of the noise, are lost: 0.79 to
    # 0.86 of the shipped models' tokens stay.
    assert (found == expected).float().mean() > (0.85 if fps < 30 else 0.99)
    texts = tokenizer.token_text_embeddings
    cosines = F.cosine_similarity(texts[found].mean(1), texts[expected].mean(1))
    assert cosines.mean() > 0.95, "what the sentences say"
