"""The pipeline's direction and the modules' size, read from the sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "llm_ar"
STEPS = ("skeletons", "tokenizer", "recognizer", "evaluation", "ablations", "applications")
ANYWHERE = {"config", "config_files", "errors", "provenance", "tensor_files"}
BOTH_STAGES = {"training", "callbacks", "resume", "dropout"}
"""What training both stages takes, for the tokenizer and all that come after it."""
LONGEST = 500

MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def own_parts(path: Path) -> set[str]:
    """The direct parts of llm_ar that a module imports from."""
    names = (name.split(".") for name in imports(ast.parse(path.read_text("utf-8"))))
    return {name[1] for name in names if name[0] == "llm_ar" and len(name) > 1}


def identity(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=identity)
def test_imports_run_one_way(path: Path) -> None:
    place = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    allowed = ANYWHERE | {"__version__"}
    if place in STEPS:
        allowed |= {*STEPS[: STEPS.index(place) + 1]}
    if place in STEPS[1:] or place in BOTH_STAGES:
        allowed |= BOTH_STAGES
    assert own_parts(path) <= allowed


def test_a_backward_import_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("def late():\n    from llm_ar.tokenizer import model\n    return model\n")
    assert own_parts(module) == {"tokenizer"}


@pytest.mark.parametrize("path", [p for p in MODULES if "skeletons" in p.parts], ids=identity)
def test_skeletons_need_no_torch(path: Path) -> None:
    heavy = {"torch", "transformers", "peft"}
    assert not heavy & {name.split(".")[0] for name in imports(ast.parse(path.read_text("utf-8")))}


@pytest.mark.parametrize("path", MODULES, ids=identity)
def test_modules_are_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST
