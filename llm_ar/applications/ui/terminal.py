"""Results go to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import warnings

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from llm_ar.applications.ui.text import plain, plain_lines

# No markup and no emoji codes: what is printed is mostly the user's own text (labels, paths).
results = Console(highlight=False, markup=False, emoji=False)
notes = Console(stderr=True, highlight=False, markup=False, emoji=False)


EXIT_FAILED = 1
"""Exit code when some of several files could not be used; the others were."""


def print_error(problem: object) -> None:
    """One line about what is wrong, on standard error, never wrapped."""
    sentence = " ".join(str(problem).split())
    notes.print(plain(f"llm-ar: {sentence}", "red"), soft_wrap=True)


def print_json(value: object) -> None:
    """One JSON value as a line on standard output."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # Bytes of a file name that are no text are lone surrogates, which JSON can only escape.
    print(text.encode("utf-8", "backslashreplace").decode("utf-8"), flush=True)


def note(sentence: object) -> None:
    """One line of progress or advice on standard error."""
    notes.print(plain(sentence), soft_wrap=True)


def show_lines(text: object) -> None:
    """Lines of a result on standard output, never wrapped or styled."""
    results.print(plain_lines(text), soft_wrap=True)


def quiet_libraries() -> None:
    """Keep other libraries' advice and progress bars off the terminal; before importing them."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)


def progress_bar() -> Progress:
    """A bar with counts and time left, gone when done; on standard error, if it is a terminal."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=notes,
        transient=True,
        disable=not notes.is_terminal,
    )
