"""``llm-ar timeline``, ``live`` and what recognize says of long and unknown recordings."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from llm_ar.applications.cli import main
from llm_ar.applications.ui.timeline_output import as_vtt, show
from llm_ar.recognizer.live import LiveRecognizer
from llm_ar.recognizer.merging import Segment
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.timeline import PersonTimeline, Timeline, recognize_timeline
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.synthetic.dataset import procedural_clips
from llm_ar.skeletons.windows import at_rate

Capture = pytest.CaptureFixture[str]
STAMP = r"(\d\d):(\d\d):(\d\d\.\d{3})"


@pytest.fixture(scope="module")
def long_clip() -> Clip:
    clips = [at_rate(clip) for clip in procedural_clips(6, subjects=2, seed=5)]
    joints = np.concatenate([clip.joints[:, :1] for clip in clips])
    present = np.concatenate([clip.present[:, :1] for clip in clips])
    return Clip(joints, present, 30.0, clips[0].layout, source="joined")


@pytest.fixture(scope="module")
def long_file(long_clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("long") / "[bold]long.npz"
    np.savez(file, joints=long_clip.joints, present=long_clip.present, fps=30.0)
    return file


@pytest.fixture(scope="module")
def calibrated(
    tiny_model: Path, procedural_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("calibrated") / "model"
    shutil.copytree(tiny_model, folder)
    config = json.loads((folder / "config.json").read_text())
    config["run"]["protocol"] = "xsub"
    (folder / "config.json").write_text(json.dumps(config))
    assert main(["calibrate", "--model", str(folder), "--data", str(procedural_data)]) == 0
    return folder


def test_all_forms_tell_the_same_segments(
    long_file: Path, tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = ["timeline", str(long_file), "--model", str(tiny_model), "--lengths", "1,2"]
    picture = tmp_path / "timeline.png"
    assert main([*words, "--json", "--picture", str(picture)]) == 0
    found = json.loads(capsys.readouterr().out)
    [person] = found["people"]
    segments = person["segments"]
    assert person["person"] == 1 and segments[0]["start"] == 0
    assert segments[-1]["end"] == found["seconds"]
    assert Image.open(picture).width > 500
    assert main([*words, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["action"] for row in rows] == [s["action"] or "" for s in segments]
    assert [float(row["start"]) for row in rows] == [s["start"] for s in segments]
    assert main([*words, "--vtt"]) == 0
    cues = parsed(capsys.readouterr().out)
    known = [s for s in segments if s["action"] is not None]
    assert [(start, end) for start, end, _ in cues] == [(s["start"], s["end"]) for s in known]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "[bold]long.npz" in shown and "person 1" in shown


def parsed(text: str) -> list[tuple[float, float, str]]:
    """The cues of a WebVTT file, by its grammar."""
    head, *blocks = text.strip().split("\n\n")
    assert head == "WEBVTT"
    cues = []
    for block in blocks:
        times, words = block.split("\n")
        match = re.fullmatch(f"{STAMP} --> {STAMP}", times)
        assert match is not None and "-->" not in words
        assert not re.search(r"<|>|&(?!(amp|lt|gt);)", words)
        parts = [float(part) for part in match.groups()]
        start, end = (3600 * h + 60 * m + s for h, m, s in (parts[:3], parts[3:]))
        assert start < end
        cues.append((round(start, 3), round(end, 3), words))
    assert [cue[0] for cue in cues] == sorted(cue[0] for cue in cues)
    return cues


def test_names_are_escaped(capsys: Capture) -> None:
    name = "a <b> & [red]c --> d"
    segments = (Segment(0, 3700.5, name, 0.5), Segment(3700.5, 3701, None))
    timeline = Timeline("f", 3701.0, (PersonTimeline(1, segments), PersonTimeline(2, segments)))
    [one, two] = parsed(as_vtt(timeline))
    assert one[1] == 3700.5 and one[2].startswith("person 1: a &lt;b&gt; &amp;")
    assert two[2].startswith("person 2")
    show(timeline)
    assert name in capsys.readouterr().out


@pytest.mark.parametrize("fps", [10, 120])
def test_slow_and_fast_cameras_agree(long_clip: Clip, calibrated: Path, fps: float) -> None:
    model = ActionRecognizer.from_pretrained(calibrated)
    reference = at_rate(at_rate(long_clip, 10), 120)
    lines = [
        recognize_timeline(model, at_rate(reference, rate), reject=False).people[0].segments
        for rate in (fps, 30)
    ]
    moments = np.arange(0.05, reference.frames / reference.fps, 0.1)

    def at(segments: tuple[Segment, ...], time: float) -> str | None:
        return next(s.action for s in segments if s.start <= time < s.end or s.end >= time)

    agree = [at(lines[0], time) == at(lines[1], time) for time in moments.tolist()]
    assert np.mean(agree) > 0.9


def test_long_and_unknown_recordings_are_told(
    long_file: Path, calibrated: Path, tiny_model: Path, capsys: Capture
) -> None:
    words = ["recognize", str(long_file), "--model", str(calibrated)]
    assert main([*words, "--json", "--unknown"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "llm-ar timeline" in found["warnings"][0]
    assert found["unknown"] == (found["unknown_distance"] > 1)
    assert main([*words, "--unknown"]) == 0
    shown = capsys.readouterr().out
    assert shown.index("llm-ar timeline") < shown.index(" %") and "unknown above 1" in shown
    assert main(["recognize", str(long_file), "--model", str(tiny_model), "--unknown"]) == 2
    assert "llm-ar calibrate" in capsys.readouterr().err


def test_mistakes_are_told(long_file: Path, tiny_model: Path, capsys: Capture) -> None:
    words = ["timeline", str(long_file), "--model", str(tiny_model)]
    for more in (["--picture", "a.jpg"], ["--video", "a.avi"]):
        assert main([*words, *more]) == 2
        assert "rename it" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*words, "--lengths", "0,nan"])
    assert "list of 1 to 8 lengths" in capsys.readouterr().err
    assert main(["live", "camera", "--model", str(tiny_model)]) == 2
    assert "camera: no such file" in capsys.readouterr().err


def test_a_video_is_drawn(long_file: Path, tiny_model: Path, tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    out = tmp_path / "out.mp4"
    words = ["timeline", str(long_file), "--model", str(tiny_model), "--lengths", "2"]
    assert main([*words, "--video", str(out)]) == 0
    capture = cv2.VideoCapture(str(out))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) > 30
    whole, image = capture.read()
    assert whole and image.shape == (480, 640, 3) and (image < 100).any()


def test_live_answers_each_frame_or_the_newest(
    long_clip: Clip, tiny_model: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [json.dumps(frame[0].tolist()) for frame in long_clip.joints[:12]]
    lines = "\n".join(["null", *frames[:6], "no JSON", "[]", *frames[6:]])
    words = ["live", "-", "--model", str(tiny_model), "--lengths", "0.5,1"]
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert main([*words, "--every-frame"]) == 0
    shown = capsys.readouterr()
    answers = [json.loads(line) for line in shown.out.splitlines()]
    assert len(answers) == 13 and answers[-1]["time"] == pytest.approx(13 / 30, abs=0.001)
    assert "line 8 is no list" in shown.err and "13 answers" in shown.err
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert main(words) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers[-1]["time"] == pytest.approx(13 / 30, abs=0.001)
    assert sum(1 + answer["skipped"] for answer in answers) == 14
    assert set(answers[-1]["milliseconds"]) == {"prepare", "recognize"}
    monkeypatch.setattr("sys.stdin", io.StringIO("[[1, 2, 3]]"))
    assert main(words) == 2
    assert "needs 20 joints" in capsys.readouterr().err


def test_live_skips_what_came_meanwhile(long_clip: Clip, tiny_model: Path) -> None:
    model = ActionRecognizer.from_pretrained(tiny_model)
    live = LiveRecognizer(model, long_clip.layout, 30.0, fast=False)
    assert not live.ready
    for frame in long_clip.joints[:10]:
        live.push(frame)
    assert live.ready and live.answer().skipped == 9 and not live.ready
