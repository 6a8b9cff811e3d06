"""The picture of the method shows the clip's own tokens, names and instruction."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from llm_ar.errors import ConfigError
from llm_ar.evaluation.report.architecture_picture import architecture
from llm_ar.evaluation.report.codebook_picture import disk
from llm_ar.evaluation.report.readme_picture import clip_of
from llm_ar.recognizer.recognition import Answer, Recognition
from llm_ar.tokenizer.model import ActionTokenizer


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> ActionTokenizer:
    return ActionTokenizer.from_pretrained(tiny_model / "tokenizer")


def test_the_picture_is_of_the_clip(tokenizer: ActionTokenizer) -> None:
    clip = clip_of("squat")
    joints, _ = tokenizer.prepare_clips([clip])
    sentence = tokenizer.encode_clips([clip])[0].tolist()
    answer = Recognition("squat.npz", [Answer("squat", 0.75), Answer("sit down", 0.25)], sentence)
    picture = architecture(tokenizer, joints[0].double().numpy(), answer, "paper")
    shown = [element.text or "" for element in ElementTree.fromstring(picture.svg()).iter("text")]
    for text in ("squat", "75 %", "sit down", "25 %", *map(str, sentence)):
        assert text in shown
    assert "please predict the" in " ".join(shown)
    codebook = picture.figure.axes[1]
    points, _ = disk(tokenizer)
    assert codebook.lines[0].get_xydata() == pytest.approx(
        points[list(sentence[: tokenizer.steps])]
    )
    with pytest.raises(ConfigError, match="there is no 'none'"):
        architecture(tokenizer, joints[0].double().numpy(), answer, "none")
