"""The parser of a command's words: no abbreviations, an example, and errors that name a way out.

A misspelled option is reported before a missing one, with the option that is meant. What is missing
is reported with the names that can be given.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn, TypeVar

from llm_ar.applications.ui.terminal import print_error

EXIT_USAGE = 2
"""Exit code when something that the user gave is wrong."""
_MISSING = "the following arguments are required: "
_NUMBER = re.compile(r"-\d+$|-\d*\.\d+$")
_Action = TypeVar("_Action", bound=argparse.Action)


class CommandParser(argparse.ArgumentParser):
    """The parser of one command.

    Args:
        prog: how it is called, such as ``llm-ar train``.
        description: what it does.
        example: one line that can be typed.
        rest: as `argparse.ArgumentParser` takes it.
    """

    def __init__(self, prog: str, description: str, example: str, **rest: Any) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=f"example:\n  {example}",
            formatter_class=_Formatter,
            allow_abbrev=False,
            **rest,
        )
        self._names: dict[str, Callable[[], str]] = {}

    def offer(self, action: _Action, names: Callable[[], str]) -> _Action:
        """Have a message that the argument is missing end with what can be given for it."""
        self._names[_shown(action)] = names
        return action

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """As argparse does; unknown options are reported first."""
        words = list(sys.argv[1:] if args is None else args)
        self.complete()
        self.check_options(words, self.options)
        return super().parse_args(words, namespace)

    @property
    def options(self) -> list[str]:
        """All options as they are written."""
        return [name for action in self._actions for name in action.option_strings]

    def check_options(self, words: Sequence[str], known: Sequence[str]) -> None:
        """End with a suggestion at the first word that looks like an option and is none."""
        for word in words:
            if word == "--":
                return
            name = word.partition("=")[0]
            if len(name) > 1 and name[0] == "-" and not _NUMBER.match(word) and " " not in word:
                if name not in known:
                    self.error(f"there is no option {name}{did_you_mean(name, known)}")

    def complete(self, more: Sequence[str] = ()) -> None:
        """Answer a shell that completes a line, if one does; see `completion`.

        Args:
            more: options that are not the parser's own.
        """
        if "_ARGCOMPLETE" in os.environ:
            from llm_ar.applications.ui.completion import complete_options

            for name in more:
                self.add_argument(name)
            complete_options(self, self._actions)

    def error(self, message: str) -> NoReturn:
        """Print one line on standard error and exit with the code for wrong usage."""
        if message.startswith(_MISSING):
            missing = message.removeprefix(_MISSING).split(", ")
            message = "; ".join(self._lacking(name) for name in missing)
        elif message.startswith("unrecognized arguments: "):
            words = message.removeprefix("unrecognized arguments: ")
            message = f"nothing is expected here: {words!r}"
        print_error(f"{message} (see {self.prog} --help)")
        sys.exit(EXIT_USAGE)

    def _lacking(self, name: str) -> str:
        known = self._names.get(name)
        names = known() if known is not None else ""
        return f"{name} is missing{f': {names}' if names else ''}"


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """``; did you mean X?`` where a known name begins like the word or is close to it, else ""."""
    longer = [name for name in known if len(word) > 3 and name.startswith(word)]
    close = longer[:1] or get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


class _Formatter(argparse.HelpFormatter):
    """Wraps descriptions and leaves the lines of examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith("example:"):
            return "".join(f"{indent}{line}\n" for line in text.splitlines())
        return super()._fill_text(text, width, indent)


def _shown(action: argparse.Action) -> str:
    """How argparse names an argument in its messages."""
    if action.option_strings:
        return "/".join(action.option_strings)
    return action.metavar if isinstance(action.metavar, str) else action.dest
