"""The tutorial's files and commands do what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from llm_ar.ablations.eta import Rates, stage_minutes
from llm_ar.applications.small_set import fitted
from llm_ar.applications.training_plan import plan
from llm_ar.config_files import load_run
from llm_ar.skeletons.store import ClipStore

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The folder after all the tutorial's commands, and what each of them printed."""
    folder = tmp_path_factory.mktemp("own-data")
    programs = folder / "bin"
    programs.mkdir()
    for name, command in (("python", ""), ("llm-ar", "-m llm_ar.applications.cli")):
        script = f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n'
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    printed = []
    for language, text in BLOCK.findall((ROOT / "docs/own-data.md").read_text("utf-8")):
        if language == "python":
            (folder / text.splitlines()[0].removeprefix("# ")).write_text(text)
        elif language == "bash":
            done = subprocess.run(
                ["bash", "-euc", text], cwd=folder, env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            printed.append(done.stdout)
    return folder, printed


def test_the_mistakes_in_the_files_are_reported(walked):
    summary = walked[1][1]
    assert summary.startswith("prepared: 38 clips of folder")
    for told in (
        "(1 repaired, 2 refused)",
        "repaired dan_wave.npy: 6 joint positions not a finite number, marked as missing",
        "refused labels.csv row 39, dan_broken.npy: the array should have",
        "refused labels.csv row 40, dan_lost.npy: no such file",
        "check: labels 'Wave' (1) and 'wave' (13) differ only in case or spaces",
        "1 clip with exactly the joints of an earlier one: ann_wave_0.npy, which is listed twice",
        "4 labels with 1 to 13 clips each",
    ):
        assert told in summary


def test_the_mended_table_is_prepared_without_complaint(walked):
    folder, printed = walked
    assert printed[2].startswith("prepared: 37 clips") and "check:" not in printed[2]
    store = ClipStore.open(folder / "prepared")
    assert store.labels == ("clap", "squat", "wave")
    lines = [json.loads(line) for line in (folder / "prepared/repairs.jsonl").open()]
    assert [line["source"] for line in lines if line["outcome"] == "repaired"] == ["dan_wave.npy"]


def test_the_trial_begins_as_the_page_shows(walked, monkeypatch):
    monkeypatch.chdir(walked[0])
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    page = (ROOT / "docs/own-data.md").read_text("utf-8")
    command = next(line for line in page.splitlines() if line.startswith("llm-ar train"))
    assert "--preset small-set" in command
    store = ClipStore.open(Path("prepared"))
    settings = fitted(load_run(None, command.split()[2:]), len(store.split("held-out:cem")[0]), ())
    lines = plan(settings, "both", store, command)
    assert len(lines) == 5 and "\n".join(lines) in page


def test_the_table_of_durations_is_what_a_training_prints():
    page = (ROOT / "docs/own-data.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\d,]+) \| (\d+) \| (\d+) \|$", page, re.MULTILINE)
    assert len(rows) == 4
    for row in rows:
        clips, *minutes = (int(cell.replace(",", "")) for cell in row)
        small = fitted(load_run(None, ["--preset=small-set"]), clips, ())
        for run, shown in zip((small, load_run(None, ["--preset=ours"])), minutes, strict=True):
            assert sum(stage_minutes(run, clips, Rates())) == pytest.approx(shown, abs=0.5)


def test_the_protocols_divide_the_clips(walked):
    folder, printed = walked
    assert "protocol held-out:cem: 25 clips train, 12 test" in printed[3]
    assert "check:" not in printed[3].split("seeded")[0]
    train, test = ClipStore.open(folder / "prepared").split("seeded:25")
    assert len(train) + len(test) == 37 and 3 <= len(test) <= 16
