"""llama.cpp itself names clips as the recognizer does; where its npm package is at hand."""

from __future__ import annotations

import os
import shutil
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.llama_cpp import compared, completions
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.synthetic.dataset import procedural_clips

ROOT = Path(__file__).resolve().parents[3]

PACKAGE = Path(os.environ.get("LLM_AR_NODE_LLAMA_CPP") or "node_modules/node-llama-cpp")


@pytest.mark.skipif(
    not (PACKAGE / "dist").is_dir(),
    reason="LLM_AR_NODE_LLAMA_CPP names no folder of the npm package node-llama-cpp",
)
@pytest.mark.slow
def test_same_names_as_the_recognizer() -> None:
    model = ActionRecognizer.from_pretrained(ROOT / "models" / "procedural")
    clips = list(islice(procedural_clips(seed=7), 200))
    found = compared(PACKAGE, model, clips)
    assert found["clips"] == 200
    assert found["same_names"] >= 196


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_a_failure_says_what_was_printed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"llama_cpp.mjs ended with \d+: .*(dist|node)"):
        completions(tmp_path, tmp_path / "model.gguf", ["a prompt"])


def test_without_node_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="install it, so that `node` is found"):
        completions(tmp_path, tmp_path / "model.gguf", ["a prompt"])
