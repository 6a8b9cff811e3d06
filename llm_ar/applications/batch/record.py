"""What a folder of answers was made of, so that only the same run goes on in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_ar.applications.batch.shards import Shard
from llm_ar.errors import ConfigError, DatasetError

RECORD_FILE = "recognition.json"
_MODEL_FILES = (
    "config.json",
    "adapter_model.safetensors",
    "token_embeddings.safetensors",
    "tokenizer/model.safetensors",
)


def model_digest(folder: Path) -> str:
    """Identifies a model by its files."""
    digest = hashlib.sha256()
    for name in _MODEL_FILES:
        with (folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def go_on(out: Path, settings: dict[str, Any], shards: Sequence[Shard]) -> None:
    """Note what the answers in a folder are made of; further shards may join.

    Raises:
        ConfigError: the folder holds answers of another model, other options or other shards.
        DatasetError: it cannot be written, or its record is damaged.
    """
    file = out / RECORD_FILE
    before: dict[str, Any] = settings
    known: dict[str, str] = {}
    try:
        if file.exists():
            before = json.loads(file.read_text(encoding="utf-8"))
            known = dict(before["shards"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DatasetError(f"{file}: damaged ({error}); choose another --out") from None
    changed = [name for name in settings if before.get(name) != settings[name]]
    if changed:
        raise ConfigError(
            f"{out}: holds answers that were made with another "
            f"{' and another '.join(changed).replace('_', ' ')}; choose another --out"
        )
    other = next((s for s in shards if known.get(s.name, s.digest) != s.digest), None)
    if other is not None:
        raise ConfigError(
            f"{out}: holds answers of another {other.path.name} than {other.path}; choose another "
            "--out, or delete its answers and its line in " + RECORD_FILE
        )
    known |= {shard.name: shard.digest for shard in shards}
    text = json.dumps({**settings, "shards": known}, indent=1, ensure_ascii=False) + "\n"
    unfinished = file.with_name(f".{file.name}.tmp")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        raise DatasetError(
            f"{out}: cannot be written ({error.strerror or error}); make room or choose another "
            "--out"
        ) from None
