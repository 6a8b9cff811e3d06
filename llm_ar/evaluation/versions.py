"""What was installed: kept with every result, so that it can be had again."""

from __future__ import annotations

import platform
from importlib import metadata

import llm_ar

PACKAGES = ("torch", "transformers", "peft", "datasets", "numpy", "scikit-learn", "safetensors")


def versions() -> dict[str, str]:
    """Version of each package that results depend on; "absent" for one that is not installed."""
    found = {"python": platform.python_version(), "llm-ar": llm_ar.__version__}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found
