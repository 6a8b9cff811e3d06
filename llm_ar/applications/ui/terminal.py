"""Where words go: results to standard output, everything else to standard error."""

from __future__ import annotations

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

results = Console(highlight=False)
notes = Console(stderr=True, highlight=False)


def print_error(problem: object) -> None:
    """One line about a user's mistake, on standard error, never wrapped or styled."""
    sentence = " ".join(str(problem).split())
    notes.print(f"llm-ar: {sentence}", style="red", markup=False, soft_wrap=True)


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
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=notes,
        transient=True,
        disable=not notes.is_terminal,
    )
