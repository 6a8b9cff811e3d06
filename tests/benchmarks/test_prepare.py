"""The benchmark measures what it says: the same joints by both readers, and all its figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import ntu_tree, plain_ntu
from llm_ar.skeletons.readers import ntu

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("real", [False, pytest.param(True, marks=pytest.mark.data)])
def test_both_readers_read_the_same(tmp_path, real, request):
    place = request.getfixturevalue("real_data") if real else None
    ntu_tree.write_tree(tmp_path / "raw", 5, place)
    paths = sorted((tmp_path / "raw").iterdir())
    assert len({path.read_bytes() for path in paths}) == 5
    for path in paths:
        clip, plain = ntu.read(path), plain_ntu.read(path)
        theirs = plain.transpose(3, 1, 2, 0)[: clip.people]
        ours = clip.joints.transpose(1, 0, 2, 3)
        if clip.people == 2 and not np.allclose(ours[0], theirs[0], atol=1e-6):
            theirs = theirs[::-1]
        assert np.allclose(ours, np.where(clip.present.transpose(1, 0, 2)[..., None], theirs, 0))


def test_recordings_of_a_tree_differ_and_are_named_as_published(tmp_path):
    size = ntu_tree.write_tree(tmp_path / "raw", 12, None)
    paths = sorted((tmp_path / "raw").iterdir())
    assert len(paths) == 12 and size == sum(path.stat().st_size for path in paths)
    assert all(ntu.read(path).label is not None for path in paths)
    assert len(ntu_tree.names(None)) > 40_000


def test_the_command_ends_with_its_figures(tmp_path):
    command = [sys.executable, "-m", "benchmarks.prepare", "--files", "12", "--out"]
    done = subprocess.run(
        [*command, str(tmp_path / "figures.json")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LLM_AR_DATA": str(tmp_path / "none")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures == json.loads((tmp_path / "figures.json").read_text())
    assert figures["files"] == 12 and figures["content"] == "generated"
    assert {run["clips"] for run in figures["prepare"].values()} == {12}
    assert figures["reader_ms_per_file"]["times_faster"] > 2
    assert all(run["peak_mebibytes"] > 20 for run in figures["prepare"].values())
