"""A full disk while a dataset, a training or an export is written: one sentence, nothing lost.

Files that grow over a limit fail to be written as on a full disk. The limit is that of a process.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from llm_ar.applications.cli import main
from llm_ar.errors import write_failure
from llm_ar.skeletons.store import ClipStore
from llm_ar.skeletons.synthetic.dataset import procedural_clips


def limited(words: Sequence[object], limit: int) -> str:
    """What a command says that must fail in one sentence, without a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "llm_ar.applications.cli", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=500,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("llm-ar: ")]
    assert len(errors) == 1 and "written" in errors[0], done.stderr
    return errors[0]


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def training(folder: Path, data: Path, llm: Path) -> Path:
    config = folder / "run.yaml"
    config.write_text(
        f"""
data: {data}
out: {folder / "run"}
preprocess: {{frames: 16}}
tokenizer:
  encoder: {{width: 64, blocks: 1}}
  codebook: {{size: 16, dim: 16, warmup_steps: 2}}
  optim: {{epochs: 1, batch_size: 32}}
recognizer:
  llm: {{name: {llm}}}
  optim: {{epochs: 1, batch_size: 32}}
"""
    )
    return config


@pytest.mark.slow
def test_an_earlier_dataset_stays(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    rows = ["file,label"]
    for number, clip in enumerate(procedural_clips(6, seed=3)):
        np.save(raw / f"{number}.npy", clip.joints[:, 0])
        rows.append(f"{number}.npy,{clip.label}")
    (raw / "labels.csv").write_text("\n".join(rows) + "\n")
    words = ["prepare", "folder", "--raw", str(raw), "--out", str(out), "--workers", "1"]
    assert main(words) == 0
    before = content(out)
    np.save(raw / "0.npy", np.load(raw / "1.npy"))
    assert f"{out}: cannot be written" in limited(words, 10_000)
    assert content(out) == before and len(ClipStore.open(out)) == 6
    assert main(words) == 0 and content(out) != before


@pytest.mark.slow
def test_a_training_goes_on_when_there_is_room(
    tmp_path: Path, procedural_data: Path, byte_llm: Path
) -> None:
    config = training(tmp_path, procedural_data, byte_llm)
    words = ["train", "--config", str(config)]
    # Clips fit and the checkpoint does not.
    size = 96 * 16 * 20 * 12 + 200
    said = limited(words, size)
    assert "cannot be written" in said and "make room" in said and "--resume" in said
    assert not (tmp_path / "run" / "config.json").exists()
    assert main([*words, "--resume"]) == 0
    assert (tmp_path / "run" / "config.json").exists()


@pytest.mark.slow
def test_an_earlier_export_stays(tmp_path: Path, tiny_model: Path) -> None:
    out = tmp_path / "exported"
    words = ["export", str(tiny_model), "--format", "hf", "--out", str(out)]
    assert main(words) == 0
    before = content(out)
    assert "the export cannot be written there" in limited(words, 20_000)
    assert content(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["exported"]


def test_each_librarys_error_is_understood(tmp_path: Path) -> None:
    assert write_failure(OSError(28, "No space left on device")) == "No space left"
    assert write_failure(ValueError("another")) == ""
    torch_error = "[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0"
    assert write_failure(RuntimeError(torch_error)) == "write failed"
    with pytest.raises(RuntimeError) as caught:
        torch.save({}, tmp_path / "no folder" / "file")
    assert write_failure(caught.value) == ""
