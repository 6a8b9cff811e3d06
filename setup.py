"""Builds as pyproject.toml says, and puts the default model into the wheel."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

MODEL = Path(__file__).parent / "models" / "general"


class BuildWithModel(build_py):
    """Copies ``models/general`` to ``llm_ar/default_model`` (see `llm_ar.default_model`)."""

    def run(self) -> None:
        """Build the package; an editable one takes the model from the checkout."""
        super().run()
        if not self.editable_mode:
            place = Path(self.build_lib, "llm_ar", "default_model")
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(MODEL, place)


setup(cmdclass={"build_py": BuildWithModel})
