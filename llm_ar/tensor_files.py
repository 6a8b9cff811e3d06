"""Writing safetensors files that others on the machine can read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor


def write_tensors(
    tensors: Mapping[str, Tensor], file: Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors by their names, as a file that all users may read.

    safetensors makes files that only their owner reads, so a service that runs as another user
    could not load a model.

    Raises:
        OSError: the file cannot be written.
        SafetensorError: the same, where safetensors finds it.
    """
    save_file(dict(tensors), file, None if metadata is None else dict(metadata))
    file.chmod(0o644)
