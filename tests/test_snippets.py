"""What README and docs print is what happens: snippets run, commands and paths exist."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from llm_ar.applications.cli import main
from llm_ar.config_files import load_run

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACEHOLDER = re.compile(r"[A-Z]{3,}|\.\.\.|[<>|]")


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(page.read_text("utf-8")) if name == language]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What README's first recognition prints, on the command line and in Python."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "models").symlink_to(ROOT / "models")
    for name, command in (("python", ""), ("llm-ar", "-m llm_ar.applications.cli")):
        script = folder / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        script.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    readme = ROOT / "README.md"
    [recognize] = [text for text in blocks(readme, "bash") if "llm-ar recognize clip.npz" in text]
    [snippet] = blocks(readme, "python")

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run("bash", "-euc", recognize), run("python", "-c", snippet)


def test_the_first_recognition_prints_what_readme_shows(walked: tuple[str, str]) -> None:
    shown = [text for text in blocks(ROOT / "README.md", "") if text.startswith("clip.npz")]
    assert walked[0].split() == shown[0].split()


def test_the_same_in_python(walked: tuple[str, str]) -> None:
    answer, sentence = walked[1].splitlines()
    [snippet] = blocks(ROOT / "README.md", "python")
    comments = [line.partition("# ")[2] for line in snippet.splitlines() if "# " in line]
    assert answer.startswith(comments[0].partition("...")[0])
    assert sentence.startswith(comments[1].partition(" ...")[0])


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each page and command line that starts with ``llm-ar`` or ``python -m``."""
    for page in PAGES:
        for text in blocks(page, "bash"):
            for line in re.split(r"\n|&&|\|", text.replace("\\\n", " ")):
                line = re.sub(r"^\s*([A-Z_]+=\S+\s+)+", "", line).strip()
                if line.startswith(("llm-ar ", "python -m ")) and line.count('"') % 2 == 0:
                    yield page.relative_to(ROOT).as_posix(), shlex.split(line, comments=True)


@cache
def help_of(*command: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            code: object = main([*command, "--help"])
        except SystemExit as ended:
            code = ended.code
    assert code == 0, f"llm-ar {' '.join(command)} is no command"
    return printed.getvalue()


@pytest.mark.parametrize(
    ("page", "words"), commands(), ids=lambda part: part if isinstance(part, str) else part[1]
)
def test_commands_exist_with_their_options_and_files(page: str, words: list[str]) -> None:
    if words[0] == "python":
        assert importlib.util.find_spec(words[2]) is not None
    else:
        name = words[1:3] if words[1] in ("data", "models") else words[1:2]
        known = set(re.findall(r"--[\w.-]+", help_of(*name)))
        for option in (word.partition("=")[0] for word in words if word.startswith("--")):
            if "." in option:
                with pytest.raises(Exception, match="unknown setting|value|expected") as caught:
                    load_run(overrides=[f"{option}=no such value"])
                assert "unknown setting" not in str(caught.value), option
            else:
                assert option in known, f"{option} is no option of llm-ar {' '.join(name)}"
    for word in words:
        if word.startswith(("experiments/", "models/")) and not PLACEHOLDER.search(word):
            assert list(ROOT.glob(word)), f"{word} is not there"


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
            if not re.match(r"\w+:", link):
                assert (page.parent / link).exists(), f"{page}: {link}"


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        place = page.relative_to(ROOT / "docs").as_posix()
        assert re.search(rf"[-:] {re.escape(place)}$", navigation, re.MULTILINE), place
