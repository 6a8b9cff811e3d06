"""Models on the Hugging Face hub, by its own client: folders as they are, in the client's cache.

The client's settings hold, such as ``HF_HUB_CACHE``, ``HF_ENDPOINT``, ``HF_TOKEN`` and
``HF_HUB_OFFLINE``. Nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from llm_ar.errors import ModelError

LIBRARY = "llm-ar"
"""``library_name`` in the metadata of a model's card, by which the hub and `pull` know one."""
NEEDED = (
    "config.json",
    "adapter_config.json",
    "adapter_model.safetensors",
    "token_embeddings.safetensors",
    "tokenizer/config.json",
    "tokenizer/model.safetensors",
)
FILES = [*NEEDED, "calibration.safetensors", "README.md"]
"""What belongs to a model; logs and checkpoints of its training do not."""


def is_hub_id(name: str) -> bool:
    """Whether a name has the form OWNER/NAME of the hub."""
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return name.count("/") == 1


def cached_model(name: str) -> Path | None:
    """The folder of a pulled model; None if there is none of that hub id."""
    from huggingface_hub import try_to_load_from_cache

    if not is_hub_id(name):
        return None
    found = try_to_load_from_cache(name, NEEDED[0])
    folder = Path(found).parent if isinstance(found, str) else None
    return folder if folder is not None and _whole(folder) else None


def cached_models() -> Iterator[tuple[str, Path]]:
    """Hub id and folder of each pulled model."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.utils import CacheNotFound

    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return
    for repository in sorted(repositories, key=lambda found: found.repo_id):
        folder = cached_model(repository.repo_id) if repository.repo_type == "model" else None
        if folder is not None:
            yield repository.repo_id, folder


def pull(name: str, revision: str | None = None) -> Path:
    """Download a model into the user's cache; what is there already is not loaded again.

    Args:
        name: its hub id, OWNER/NAME.
        revision: a branch, tag or commit; the main branch by default.

    Returns:
        Its folder.

    Raises:
        ModelError: there is no such model, or it cannot be downloaded, or it is none of this
            program.
    """
    from huggingface_hub import snapshot_download

    _check_id(name)
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=FILES))
    except Exception as error:
        # The client passes on what its HTTP library raises, which is another in each version.
        raise ModelError(f"{name}: the model cannot be pulled ({_reason(error)})") from error
    if not _whole(folder):
        missing = ", ".join(file for file in NEEDED if not (folder / file).is_file())
        raise ModelError(f"{name}: this is no model of llm-ar; it lacks {missing}")
    return folder


def push(folder: Path, name: str, *, private: bool = False) -> str:
    """Upload a model's folder; the repository is created if there is none.

    Args:
        folder: a model's.
        name: the hub id to give it, OWNER/NAME.
        private: whether a new repository is private.

    Returns:
        The address of the upload.

    Raises:
        ModelError: the folder is incomplete, its card lacks the hub's metadata, or the hub refuses.
    """
    from huggingface_hub import HfApi, ModelCard

    _check_id(name)
    missing = [file for file in (*NEEDED, "README.md") if not (folder / file).is_file()]
    if missing:
        raise ModelError(f"{folder}: this is no complete model; it lacks {', '.join(missing)}")
    try:
        library = ModelCard.load(folder / "README.md").data.library_name
    except ValueError as error:
        raise ModelError(f"{folder / 'README.md'}: its metadata cannot be read ({error})") from None
    if library != LIBRARY:
        raise ModelError(
            f"{folder / 'README.md'}: its metadata must have library_name: {LIBRARY}; take the "
            "first lines of another model's card"
        )
    api = HfApi(library_name=LIBRARY)
    try:
        api.create_repo(name, private=private, exist_ok=True)
        done = api.upload_folder(
            repo_id=name, folder_path=folder, allow_patterns=FILES, commit_message="Upload model"
        )
    except Exception as error:  # see `pull`
        raise ModelError(f"{name}: the model cannot be pushed ({_reason(error)})") from error
    return str(done.commit_url)


def _check_id(name: str) -> None:
    if not is_hub_id(name):
        raise ModelError(f"{name!r} is no hub id; write OWNER/NAME")


def _whole(folder: Path) -> bool:
    return all((folder / file).is_file() for file in NEEDED)


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else repr(error)
