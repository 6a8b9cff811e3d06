"""Tokens' uses counted by hand, and their movements as the decoder renders them."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from llm_ar.evaluation.evaluate import Evaluation
from llm_ar.evaluation.report.stick_figures import limbs, strip
from llm_ar.evaluation.report.vocabulary import TokenUse, most_used, movements
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.tokenizer.model import ActionTokenizer


def test_uses_and_names_by_hand() -> None:
    evaluation = Evaluation(
        model="toy",
        dataset="toy",
        protocol="split",
        labels=("sit", "stand", "run"),
        indices=np.arange(4),
        truth=np.array([0, 0, 1, 1]),
        probabilities=np.eye(3)[[0, 0, 1, 1]],
        sentences=np.array([[7, 7, 2], [7, 2, 2], [7, 5, 5], [2, 5, 2]]),
        duplicates=np.zeros(4, dtype=np.bool_),
        seconds=1.0,
        seed=0,
        date="2026-01-01T00:00:00+00:00",
    )
    found = most_used(evaluation, 2, 3)
    assert found == [
        TokenUse(2, 5, 3, (("sit", 2 / 3), ("stand", 1 / 3))),
        TokenUse(7, 4, 3, (("sit", 2 / 3), ("stand", 1 / 3))),
    ]
    assert most_used(evaluation, 48, 3)[2] == TokenUse(5, 3, 2, (("stand", 1.0),))


def test_a_movement_is_the_middle_of_a_constant_sentence(tiny_model: Path) -> None:
    tokenizer = ActionTokenizer.from_pretrained(tiny_model / "tokenizer")
    found = movements(tokenizer, [3, 11])
    assert found.shape == (2, 4, 1, 20, 3)
    for token, movement in zip((3, 11), found, strict=True):
        told = tokenizer.decode(torch.full((1, tokenizer.words), token))[0]
        assert movement == pytest.approx(told[8:12].numpy(), abs=1e-5)


def lines(svg: str) -> list[tuple[str, np.ndarray]]:
    """The style of each line of a strip, and its bones ``(N, 2, 2)``."""
    paths = [path.attrib for path in ElementTree.fromstring(svg).iter("path")]
    return [
        (path["style"], np.array(re.findall(r"-?[\d.]+", path["d"]), float).reshape(-1, 2, 2))
        for path in paths
        if "stroke: var" in path["style"]
    ]


def test_a_strip_draws_every_bone_of_every_frame() -> None:
    movements = np.random.default_rng(0).normal(size=(3, 4, 1, 20, 3)).astype(np.float32)
    strips = strip(movements, KINECT_V1)
    assert len(strips) == 3
    for svg in strips:
        drawn = lines(svg)
        # Four figures, and the first one behind three of them.
        assert sum(len(bones) for _, bones in drawn) == 7 * 19
        faint = [bones for style, bones in drawn if "stroke-opacity: 0.22" in style]
        assert sum(map(len, faint)) == 3 * 19
        sides = {re.search(r"var\(--([\w-]+)\)", style)[1] for style, _ in drawn}
        assert sides == {"left-limb", "right-limb", "trunk"}
        assert 'viewBox="0 0 248 96"' in svg and 'class="strip"' in svg


def test_absent_people_are_not_drawn() -> None:
    movements = np.random.default_rng(0).normal(size=(1, 4, 2, 20, 3)).astype(np.float32)
    movements[:, :, 1] *= 0.01
    drawn = lines(strip(movements, KINECT_V1)[0])
    assert sum(len(bones) for _, bones in drawn) == 7 * 19


def test_a_bone_with_a_missing_end_is_not_drawn() -> None:
    present = np.ones((1, 20), bool)
    present[0, KINECT_V1.joints.index("left_foot")] = False
    drawn = limbs(np.ones((1, 20, 2)), present, KINECT_V1)
    whole = limbs(np.ones((1, 20, 2)), np.ones((1, 20), bool), KINECT_V1)
    for side in drawn:
        fewer = (whole[side] == 1).sum() - (drawn[side] == 1).sum()
        assert fewer == (2 if side == "left" else 0)


def test_strips_have_one_ground() -> None:
    standing = np.zeros((1, 4, 1, 20, 3), dtype=np.float32)
    standing[..., 1] = np.linspace(0, 2, 20)
    jumping = standing + np.float32([0, 1, 0])
    low, high = (
        max(bones[..., 1].max() for _, bones in lines(svg))
        for svg in strip(np.concatenate([standing, jumping]), KINECT_V1)
    )
    assert low == pytest.approx(90, abs=0.1) and high == pytest.approx(62, abs=0.1)


def test_a_summary_is_no_use_of_a_movement() -> None:
    sentences = np.array([[7, 7, 2], [7, 2, 5]])
    evaluation = Evaluation(
        model="toy",
        dataset="toy",
        protocol="split",
        labels=("sit", "stand"),
        indices=np.arange(2),
        truth=np.array([0, 1]),
        probabilities=np.eye(2),
        sentences=sentences,
        duplicates=np.zeros(2, dtype=np.bool_),
        seconds=1.0,
        seed=0,
        date="2026-01-01T00:00:00+00:00",
    )
    found = most_used(evaluation, 9, steps=2)
    assert [(use.token, use.uses, use.clips) for use in found] == [(7, 3, 2), (2, 1, 1)]
