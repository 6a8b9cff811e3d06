"""The model that travels with the package, for commands that are given none."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
PLACES = (_PACKAGE / "default_model", _PACKAGE.parent / "models" / "general")
"""In an installed wheel (setup.py puts it there), and in a checkout."""


def default_model() -> Path | None:
    """The folder of the model that is used where none is named; None if there is none."""
    return next((folder for folder in PLACES if (folder / "config.json").is_file()), None)
