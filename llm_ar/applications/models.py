"""``llm-ar models``: the models that are here, and those of the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llm_ar.applications.ui.models import check_model, known_models, model_folder, shipped_models
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import note, print_json, results
from llm_ar.applications.ui.text import plain


def run_list(arguments: Sequence[str]) -> int:
    """Print the name and folder of each shipped and each pulled model."""
    parser = CommandParser(
        prog="llm-ar models list",
        description="The models that come with llm-ar and those that were pulled from the hub. "
        "Their names can be given as --model.",
        example="llm-ar models list",
    )
    parser.add_argument(
        "--json", action="store_true", help='print one object a line: {"name", "from", "folder"}'
    )
    given = parser.parse_args(arguments)

    from llm_ar.recognizer.hub import cached_models

    found = [(name, "shipped", folder) for name, folder in shipped_models().items()]
    found += [(name, "hub", folder) for name, folder in cached_models()]
    width = max((len(name) for name, _, _ in found), default=0)
    for name, source, folder in found:
        if given.json:
            print_json({"name": name, "from": source, "folder": str(folder)})
        else:
            results.print(plain(f"{name:<{width}}  {source:<7}  {folder}"), soft_wrap=True)
    return 0


def run_pull(arguments: Sequence[str]) -> int:
    """Download a model and print its folder."""
    parser = CommandParser(
        prog="llm-ar models pull",
        description="Download a model of the Hugging Face hub into the cache of its client, once. "
        "Its hub id can be given as --model then. The client's settings hold (HF_HUB_CACHE, "
        "HF_TOKEN, HF_HUB_OFFLINE).",
        example="llm-ar models pull OWNER/NAME",
    )
    parser.add_argument("id", metavar="OWNER/NAME", help="the model's hub id")
    parser.add_argument("--revision", metavar="NAME", help="a branch, tag or commit")
    given = parser.parse_args(arguments)

    from llm_ar.recognizer.hub import pull

    results.print(plain(pull(given.id, given.revision)), soft_wrap=True)
    return 0


def run_push(arguments: Sequence[str]) -> int:
    """Upload a model and print the upload's address."""
    parser = CommandParser(
        prog="llm-ar models push",
        description="Upload a model's folder to the Hugging Face hub, without logs and "
        "checkpoints. The language model is not in it. Needs a token with the right to write "
        "(HF_TOKEN).",
        example="llm-ar models push runs/mine OWNER/NAME --private",
    )
    model = parser.add_argument(
        "model", type=model_folder, metavar="MODEL", help="folder or name of a model"
    )
    parser.offer(model, known_models)
    parser.add_argument("id", metavar="OWNER/NAME", help="the hub id to give it")
    parser.add_argument("--private", action="store_true", help="if the repository is a new one")
    given = parser.parse_args(arguments)
    check_model(given.model)

    from llm_ar.recognizer.hub import push

    llm = _language_model(given.model)
    if Path(llm).is_dir():
        note(f"{given.model}: needs the language model in {llm}, which others must have there too")
    results.print(plain(push(given.model, given.id, private=given.private)), soft_wrap=True)
    return 0


def _language_model(folder: Path) -> str:
    """The name of the language model that a model needs."""
    from llm_ar.recognizer.checkpoint import read_config

    return str(read_config(folder).get("llm", {}).get("name", ""))
