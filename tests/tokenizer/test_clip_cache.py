"""Clips mapped from files are those that are held in memory."""

from __future__ import annotations

import dataclasses
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from llm_ar.config import PreprocessConfig
from llm_ar.errors import DatasetError
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer import clip_cache
from llm_ar.tokenizer.data import TrainingClips

SETTINGS = PreprocessConfig(frames=16)


def test_batches_are_equal_to_the_bit(procedural_data: Path, tmp_path: Path) -> None:
    store = ClipStore.open(procedural_data)
    indices = list(range(0, 128, 3))
    held = TrainingClips.read(store, indices, SETTINGS, None, 2)
    for _ in range(2):  # Written, then found.
        files = TrainingClips.read(store, indices, SETTINGS, None, 2, tmp_path)
        assert files.names == held.names and len(files) == len(held) == 43
        assert torch.equal(files.labels, held.labels)
        for places in ([0], [42, 3, 3, 17], list(range(43))):
            expected = held.__getitems__(places)
            for name, values in files.__getitems__(places).items():
                assert torch.equal(values, expected[name]) and values.dtype == expected[name].dtype
    assert isinstance(np.load(next(tmp_path.glob("*/joints.npy")), mmap_mode="r"), np.memmap)


def test_they_are_made_once_and_anew_for_other_clips(
    procedural_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    write = clip_cache._write
    monkeypatch.setattr(clip_cache, "_write", lambda *given: (calls.append(1), write(*given)))
    store = ClipStore.open(procedural_data)
    other = dataclasses.replace(SETTINGS, face_camera=False)
    for settings, indices, made in (
        (SETTINGS, range(8), 1),
        (SETTINGS, range(8), 1),
        (SETTINGS, range(9), 2),
        (other, range(9), 3),
        (other, range(9), 3),
    ):
        clips = TrainingClips.read(store, indices, settings, cache=tmp_path)
        expected = TrainingClips.read(store, indices, settings)
        assert torch.equal(clips.joints, expected.joints)
        assert len(calls) == made and len(list(tmp_path.glob("*/"))) == 1


PROGRAM = """
import sys
from llm_ar.config import PreprocessConfig
from llm_ar.errors import LlmArError
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.data import TrainingClips
from pathlib import Path
store = ClipStore.open(sys.argv[1])
print("ready", flush=True)
try:
    TrainingClips.read(store, range(128), PreprocessConfig(frames=16), cache=Path(sys.argv[2]))
except LlmArError as error:
    sys.exit(f"llm-ar: {error}")
"""


@pytest.mark.slow
def test_what_a_killed_process_left_is_not_read(procedural_data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(procedural_data), str(tmp_path)]
    with subprocess.Popen(command) as process:
        while not list(tmp_path.glob("*/joints.npy")):
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    assert not list(tmp_path.glob("*/whole"))
    store = ClipStore.open(procedural_data)
    clips = TrainingClips.read(store, range(128), SETTINGS, cache=tmp_path)
    assert torch.equal(clips.joints, TrainingClips.read(store, range(128), SETTINGS).joints)


@pytest.mark.slow
def test_a_full_disk_is_one_sentence(procedural_data: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(procedural_data), str(tmp_path)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )
    assert done.returncode == 1
    assert "training clips cannot be written there" in done.stderr and "make room" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*/"))


def test_a_folder_that_cannot_be_written_is_one_sentence(
    procedural_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    store = ClipStore.open(procedural_data)
    with pytest.raises(DatasetError, match="cannot be written there .* choose another --out"):
        TrainingClips.read(store, range(8), SETTINGS, cache=tmp_path / "file" / "clips")
