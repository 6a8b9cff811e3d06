"""Which models and prepared datasets are there; checked before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from llm_ar.applications.ui.text import visible
from llm_ar.errors import DatasetError, ModelError
from llm_ar.recognizer.default_model import default_model

MODEL_FOLDERS = (Path("models"), Path("runs"))
DATA_FOLDER = Path("data")
COMMAND_FILE = Path("training") / "command.txt"
"""The command that began a training, in the model's folder."""
_MODEL_FILE, _ADAPTER_FILE, _DATA_FILE = "config.json", "adapter_model.safetensors", "dataset.json"
_LABELS_FILE = "labels.csv"
_SHIPPED = Path(__file__).resolve().parents[3] / "models"
"""In a checkout; an installed package has the default model alone."""
_SHOWN = 8


def model_folder(name: str) -> Path:
    """The folder of a model given as a folder, by a shipped model's name, or by a hub id.

    Where there is none, the name as a folder; `check_model` then says what is missing.
    """
    folder = Path(name)
    if folder.exists():
        return folder
    shipped = shipped_models()
    if name in shipped:
        return shipped[name]
    if name.count("/") != 1:
        return folder

    from llm_ar.recognizer.hub import cached_model

    return cached_model(name) or folder


def shipped_models() -> dict[str, Path]:
    """The folders of the models that came with the program, by name."""
    found = {folder.name: folder for folder in models_in([_SHIPPED])}
    default = default_model()
    if default is not None:
        found.setdefault("general", default)
    return found


def check_model(folder: Path) -> None:
    """See that a folder holds a finished model, as far as that can be seen at once.

    Raises:
        ModelError: it does not; the message names the models that are there.
    """
    if (folder / _MODEL_FILE).is_file():
        return
    if not folder.exists():
        pulled = len(folder.parts) == 2 and not folder.parent.exists()
        hint = f"; one of the hub comes by llm-ar models pull {folder.as_posix()}" if pulled else ""
        raise ModelError(
            f"{folder}: there is no such model folder; {known_models(folder.parent)}{hint}"
        )
    if (folder / "training").is_dir() or (folder / "tokenizer").is_dir():
        raise ModelError(
            f"{folder}: {_MODEL_FILE} is missing, so this model is not finished; {_go_on(folder)}"
        )
    raise ModelError(
        f"{folder}: {_MODEL_FILE} is missing, so this is no model; {known_models(folder)}"
    )


def check_data(folder: Path) -> None:
    """See that a folder holds a prepared dataset, as far as that can be seen at once.

    Raises:
        DatasetError: it does not; the message names the datasets that are there.
    """
    if (folder / _DATA_FILE).is_file():
        return
    if (folder / _LABELS_FILE).is_file():
        raise DatasetError(
            f"{folder}: these recordings are not prepared yet; run llm-ar prepare folder --raw "
            f"{folder} --out {DATA_FOLDER / folder.resolve().name} and give that folder"
        )
    fault = "not a prepared dataset" if folder.is_dir() else "no such dataset folder"
    raise DatasetError(f"{folder}: {fault}; {known_data(folder.parent)}")


def known_models(beside: Path | None = None) -> str:
    """The finished models in the usual folders and beside a path, as the end of a sentence."""
    places = [*MODEL_FOLDERS, *([beside] if beside is not None else [])]
    found = list(models_in(places))
    if found:
        return f"there are {_listed(found)}"
    shipped = ", ".join(sorted(shipped_models()))
    return f"shipped: {shipped}" if shipped else "train one with llm-ar train"


def known_data(beside: Path | None = None) -> str:
    """The prepared datasets in the usual folder and beside a path, as the end of a sentence."""
    places = [DATA_FOLDER, *([beside] if beside is not None else [])]
    found = list(data_in(places))
    made = "llm-ar prepare or llm-ar data make-procedural"
    if not found:
        return f"make one with {made}"
    return f"there are {_listed(found)}; {made} make others"


def models_in(places: list[Path]) -> Iterator[Path]:
    """The finished models in folders, each once."""
    return _holding(places, _MODEL_FILE, _ADAPTER_FILE)


def data_in(places: list[Path]) -> Iterator[Path]:
    """The prepared datasets in folders, each once."""
    return _holding(places, _DATA_FILE)


def _holding(places: list[Path], *files: str) -> Iterator[Path]:
    seen: set[Path] = set()
    for place in places:
        try:
            folders = sorted(place.iterdir()) if place.is_dir() else []
        except OSError:
            continue
        for folder in folders:
            if folder.resolve() not in seen and all((folder / file).is_file() for file in files):
                seen.add(folder.resolve())
                yield folder


def _listed(folders: list[Path]) -> str:
    more = f" and {len(folders) - _SHOWN} more" if len(folders) > _SHOWN else ""
    return ", ".join(visible(folder) for folder in folders[:_SHOWN]) + more


def _go_on(folder: Path) -> str:
    """How an unfinished training goes on, by the command that began it where it is noted."""
    try:
        command = (folder / COMMAND_FILE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return "finish it by the command that began it, with --resume"
    return f"finish it with: {command}"
