"""``llm-ar explain`` as users type it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from llm_ar.applications.cli import main
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.synthetic.dataset import procedural_clips

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clip = next(iter(procedural_clips(1, subjects=2, seed=5)))
    file = tmp_path_factory.mktemp("recordings") / "clip.npy"
    np.save(file, clip.joints[:, 0])
    return file


def test_json_and_a_page_that_loads_nothing(
    recording: Path, tiny_model: Path, procedural_data: Path, tmp_path: Path, capsys: Capture
) -> None:
    page = tmp_path / "new" / "page.html"
    words = ["explain", str(recording), "--model", str(tiny_model), "--json"]
    assert main([*words, "--data", str(procedural_data), "--html", str(page)]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = ActionRecognizer.from_pretrained(tiny_model).recognize(recording)
    assert found["file"] == str(recording) and found["answer"] == expected.top[0].action
    assert [row["token"] for row in found["tokens"]] == expected.sentence
    assert [row["action"] for row in found["top"]] == [a.action for a in expected.top]
    assert found["probability"] == pytest.approx(expected.top[0].probability, abs=1e-4)
    assert found["log_probability"] == pytest.approx(np.log(found["probability"]), abs=1e-3)
    assert [row["part"] for row in found["parts"]][:2] == ["head", "torso"]
    assert len(found["parts"]) == 6 and len(found["nearest"]) == 5
    assert found["tokens"][0]["seconds"][0] == 0
    text = page.read_text("utf-8")
    assert list(page.parent.iterdir()) == [page]
    assert not re.search(r"(src|href)=|@import|url\(|https?://", text)
    assert text.count('class="strip"') == 4 and "Nearest training clips" in text
    motion = json.loads(re.search(r'id="motion">(.*?)</script>', text).group(1))
    assert motion["samples"][0]["sentence"] == expected.sentence


def test_a_recording_unlike_the_training_is_said_at_the_answer(
    recording: Path, tiny_model: Path, capsys: Capture
) -> None:
    flat = recording.with_name("flat.npy")
    np.save(flat, np.load(recording)[..., :2])
    said = "the recording is 2-D, but the model learned from 3-D positions; answers are less sure"
    words = ["--model", str(tiny_model)]
    for command, more in (("explain", []), ("timeline", ["--lengths", "1"])):
        for file, expected in ((flat, [said]), (recording, [])):
            assert main([command, str(file), *words, *more, "--json"]) == 0
            assert json.loads(capsys.readouterr().out)["warnings"] == expected
            assert main([command, str(file), *words, *more]) == 0
            shown = capsys.readouterr()
            assert (f"warning: {said}" in shown.out + shown.err) == bool(expected)


def test_people_see_tables(recording: Path, tiny_model: Path, capsys: Capture) -> None:
    names = "<i>wave</i>,[red]sit"
    words = ["explain", str(recording), "--model", str(tiny_model), "--labels", names]
    page = recording.with_name("page.html")
    assert main([*words, "--html", str(page)]) == 0
    shown = capsys.readouterr().out
    assert "left arm" in shown and "█" in shown and "nearest" not in shown
    assert "<i>wave</i>" in shown or "[red]sit" in shown
    assert "<i>wave" not in page.read_text("utf-8") and "Nearest" not in page.read_text("utf-8")


def test_mistakes_are_one_line(
    recording: Path, tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = ["explain", str(recording), "--model", str(tiny_model)]
    blocked = tmp_path / "file"
    blocked.write_text("")
    for more, expected in (
        (["--data", str(tmp_path / "no")], str(tmp_path / "no")),
        (["--html", str(blocked / "page.html")], "page.html: cannot be written"),
        (["--labels", "a,,b"], "--labels"),
    ):
        assert main([*words, *more]) == 2
        error = capsys.readouterr().err
        assert len(error.splitlines()) == 1 and expected in error
