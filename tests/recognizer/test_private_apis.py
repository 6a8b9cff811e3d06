"""Private names of libraries: all in one module, and the installed versions have each of them."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import Trainer

from llm_ar.recognizer import private_apis
from llm_ar.recognizer.llm import Backbone
from llm_ar.recognizer.private_apis import PRIVATE_APIS

PACKAGE = Path(private_apis.__file__).parents[1]
LIBRARIES = ("transformers", "peft", "datasets", "accelerate")
PUBLIC_IN_SPITE_OF_THE_UNDERSCORE = {"_fields", "_exit"}
"""Of named tuples and of ``os``, both documented."""
MODULES = [
    path for path in sorted(PACKAGE.rglob("*.py")) if path != Path(private_apis.__file__).resolve()
]


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def private_names(tree: ast.AST) -> Iterator[str]:
    """Private attributes that the module's own classes do not define, and those it imports."""
    defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            of_self = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not of_self and node.attr not in PUBLIC_IN_SPITE_OF_THE_UNDERSCORE | defined:
                yield node.attr
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(LIBRARIES):
            parts = [*(node.module or "").split("."), *(name.name for name in node.names)]
            yield from filter(is_private, parts)


def overridden(kind: type) -> set[str]:
    """Private names of a class that a library's class it derives from has too."""
    own = set(filter(is_private, vars(kind))) - {"_abc_impl"}
    bases = (b for b in kind.__mro__[1:] if b.__module__.partition(".")[0] in LIBRARIES)
    return own & {name for base in bases for name in vars(base)}


@pytest.mark.parametrize(
    "owner, name", PRIVATE_APIS, ids=lambda part: getattr(part, "__name__", part)
)
def test_the_installed_libraries_have_it(owner: type, name: str) -> None:
    library = owner.__module__.partition(".")[0]
    assert hasattr(owner, name), (
        f"{library} {version(library)} has no {owner.__name__}.{name} any more; "
        "find what replaces it and change llm_ar/recognizer/private_apis.py"
    )


def test_all_that_the_module_uses_is_listed() -> None:
    tree = ast.parse(inspect.getsource(private_apis))
    overridden = {
        function.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for function in node.body
        if isinstance(function, ast.FunctionDef) and is_private(function.name)
    }
    assert {name for _, name in PRIVATE_APIS} == overridden | set(private_names(tree))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_other_module_uses_private_names(path: Path) -> None:
    assert not set(private_names(ast.parse(path.read_text("utf-8"))))


def test_a_private_name_would_be_seen() -> None:
    source = "from peft._new import x\nconfig._attn = 1\nself._own = namedtuple._fields\n"
    assert set(private_names(ast.parse(source))) == {"_new", "_attn"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_other_module_overrides_private_methods(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    if not any(isinstance(node, ast.ClassDef) for node in ast.walk(tree)):
        return
    if path.is_relative_to(PACKAGE / "applications" / "serve"):
        pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
    name = ".".join(("llm_ar", *path.relative_to(PACKAGE).with_suffix("").parts))
    module = importlib.import_module(name.removesuffix(".__init__"))
    for kind in vars(module).values():
        if inspect.isclass(kind) and kind.__module__ == module.__name__:
            assert not overridden(kind), kind


def test_an_overridden_private_method_would_be_seen() -> None:
    class Own(Trainer):
        def _save(self) -> None: ...

        def _own(self) -> None: ...

    assert overridden(Own) == {"_save"}


def test_attention_by_name(backbone: Backbone) -> None:
    llm = backbone.llm
    assert private_apis.uses_registered_attention(llm)
    assert not private_apis.uses_registered_attention(nn.Linear(2, 2))
    assert private_apis.attention_implementation(llm) == "sdpa"
    ids = torch.tensor([[2, 3, 4]])
    with torch.no_grad():
        expected = llm(input_ids=ids).logits
        private_apis.set_attention_implementation(llm, "eager")
        assert private_apis.attention_implementation(llm) == "eager"
        torch.testing.assert_close(llm(input_ids=ids).logits, expected, rtol=1e-4, atol=1e-4)
        private_apis.set_attention_implementation(llm, "unheard-of")
        with pytest.raises((KeyError, ValueError)):
            llm(input_ids=ids)
