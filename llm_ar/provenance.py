"""What made a result: versions, commit, device, memory. Kept with every model and every figure."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

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


def commit() -> str | None:
    """The git commit that is checked out, or None outside a checkout."""
    root = Path(llm_ar.__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return None
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None


def device_name() -> str:
    """What networks run on here: the CUDA card's name, or "CPU"."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"


def peak_memory_mib() -> int | None:
    """The most main memory that this process has held so far; None where unknown."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
