"""Completion in the shell, by argcomplete: ``eval "$(register-python-argcomplete llm-ar)"``.

The shell runs ``llm-ar`` with the line that is being typed in the environment. The words that name
a command are completed here, its options by the command's own parser.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_ar.applications.ui.models import DATA_FOLDER, MODEL_FOLDERS, data_in, models_in

_MODELS = ("model", "models", "start")
_DATA = ("data", "parts")


def completion_words(commands: Sequence[str]) -> list[str]:
    """The words of the line that is being typed, from the command's name on.

    Where the command itself is being typed, this answers the shell and ends the process.
    """
    import argcomplete
    from argcomplete.lexers import split_line

    _, _, _, words, _ = split_line(os.environ["COMP_LINE"], int(os.environ["COMP_POINT"]))
    given = words[int(os.environ["_ARGCOMPLETE"]) :]
    for command in commands:
        name = command.split()
        if given[: len(name)] == name:
            # The command's parser starts to count behind its name.
            os.environ["_ARGCOMPLETE"] = str(int(os.environ["_ARGCOMPLETE"]) + len(name))
            return given
    places = [command.split() for command in commands if command.split()[: len(given)] == given]
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("word", choices=sorted({name[len(given)] for name in places}), nargs="?")
    os.environ["_ARGCOMPLETE"] = str(int(os.environ["_ARGCOMPLETE"]) + len(given))
    argcomplete.autocomplete(parser, always_complete_options=False)
    sys.exit(0)


def complete_options(parser: argparse.ArgumentParser, actions: Sequence[argparse.Action]) -> None:
    """Answer the shell with the parser's options and their values, and end the process."""
    import argcomplete

    for action in actions:
        finder = _folders(action.dest)
        if finder is not None:
            action.completer = finder  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


def _folders(dest: str) -> Any:
    if dest in _MODELS:
        return lambda prefix, **_: _shown(prefix, list(models_in(list(MODEL_FOLDERS))))
    if dest in _DATA:
        return lambda prefix, **_: _shown(prefix, list(data_in([DATA_FOLDER])))
    return None


def _shown(prefix: str, folders: Sequence[Path]) -> list[str]:
    """Known folders; any other path where none of them begins like it."""
    from argcomplete.completers import DirectoriesCompleter

    known = [folder.as_posix() for folder in folders if folder.as_posix().startswith(prefix)]
    return known or list(DirectoriesCompleter()(prefix))
