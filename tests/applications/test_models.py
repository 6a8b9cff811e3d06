"""Models by folder, shipped name and hub id; the hub's cache is read offline."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from llm_ar.applications.cli import main
from llm_ar.applications.ui.models import model_folder, shipped_models
from llm_ar.errors import ModelError
from llm_ar.recognizer import hub

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
RUN = "import sys; from llm_ar.applications.cli import main; sys.exit(main(sys.argv[1:]))"


def fill_cache(cache: Path, name: str, folder: Path) -> Path:
    """Lay a folder out as the hub's client does; returns its snapshot."""
    place = cache / f"models--{name.replace('/', '--')}"
    snapshot = place / "snapshots" / COMMIT
    for number, file in enumerate(path for path in folder.rglob("*") if path.is_file()):
        blob = place / "blobs" / f"{number:040x}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, blob)
        link = snapshot / file.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(COMMIT)
    return snapshot


def offline(cache: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command with this cache, and no network."""
    return subprocess.run(
        [sys.executable, "-c", RUN, *words],
        capture_output=True,
        text=True,
        env=os.environ
        | {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(cache), "PYTHONPATH": str(ROOT)},
        timeout=300,
    )


def test_a_cached_model_is_listed_pulled_and_used(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    snapshot = fill_cache(cache, "someone/waves", ROOT / "models" / "procedural")
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text("{}")
    fill_cache(cache, "someone/other", other)

    shown = offline(cache, "models", "list", "--json")
    found = {line["name"]: line for line in map(json.loads, shown.stdout.splitlines())}
    assert found["someone/waves"] == {
        "name": "someone/waves",
        "from": "hub",
        "folder": str(snapshot),
    }
    assert found["utd-mhad"]["from"] == "shipped" and "someone/other" not in found
    shown = offline(cache, "models", "pull", "someone/waves")
    assert (shown.stdout, shown.returncode) == (f"{snapshot}\n", 0), shown.stderr
    shown = offline(cache, "models", "pull", "someone/other")
    assert shown.returncode == 2 and "no model of llm-ar; it lacks" in shown.stderr
    shown = offline(cache, "models", "pull", "someone/missing")
    assert shown.returncode == 2 and len(shown.stderr.splitlines()) == 1
    assert "someone/missing: the model cannot be pulled" in shown.stderr

    clip = tmp_path / "clip.npz"
    shown = offline(cache, "sentence", str(clip), "--model", "someone/waves")
    assert str(clip) in shown.stderr and "no such model" not in shown.stderr
    shown = offline(cache, "sentence", str(clip), "--model", "someone/missing")
    assert "llm-ar models pull someone/missing" in shown.stderr


def test_a_name_is_a_folder_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert model_folder("utd-mhad") == ROOT / "models" / "utd-mhad"
    (tmp_path / "utd-mhad").mkdir()
    assert model_folder("utd-mhad") == Path("utd-mhad")
    assert model_folder("no such") == Path("no such")
    assert "general" in shipped_models()


@pytest.fixture()
def uploads(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the hub is asked to create and to store."""
    asked: list[dict[str, Any]] = []

    class Done:
        commit_url = "https://hub/someone/waves/commit/1"

    def create_repo(self: HfApi, repo_id: str, **options: Any) -> None:
        asked.append({"repo_id": repo_id, **options})

    def upload_folder(self: HfApi, **options: Any) -> Done:
        asked.append(options)
        return Done()

    monkeypatch.setattr(HfApi, "create_repo", create_repo)
    monkeypatch.setattr(HfApi, "upload_folder", upload_folder)
    return asked


def test_push_uploads_the_model_alone(
    uploads: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "push", "utd-mhad", "someone/waves", "--private"]) == 0
    assert capsys.readouterr().out == "https://hub/someone/waves/commit/1\n"
    created, uploaded = uploads
    assert created == {"repo_id": "someone/waves", "private": True, "exist_ok": True}
    folder = ROOT / "models" / "utd-mhad"
    assert uploaded["repo_id"] == "someone/waves" and uploaded["folder_path"] == folder
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files <= set(uploaded["allow_patterns"])


def test_push_refuses_what_others_could_not_use(
    uploads: list[dict[str, Any]], tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(ROOT / "models" / "procedural", own)
    with pytest.raises(ModelError, match="no hub id; write OWNER/NAME"):
        hub.push(own, "waves")
    (own / "README.md").write_text("# no metadata\n")
    with pytest.raises(ModelError, match="library_name: llm-ar"):
        hub.push(own, "someone/waves")
    (own / "token_embeddings.safetensors").unlink()
    with pytest.raises(ModelError, match="it lacks token_embeddings.safetensors"):
        hub.push(own, "someone/waves")
    assert uploads == []
