"""What ``llm-ar recognize --describe`` adds: the written description of the best answer.

The words are those of the data files, chosen by the language model's answer; nothing is
generated, and an action without a description gets none.
"""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from llm_ar.applications.ui.terminal import results
from llm_ar.applications.ui.text import plain
from llm_ar.recognizer.zero_shot.descriptions import Descriptions, built_in, read_descriptions


def known_descriptions(wanted: bool, own: Path | None) -> Descriptions | None:
    """The descriptions to choose from; None where none are wanted.

    Args:
        wanted: whether the built-in ones are wanted.
        own: a file of own ones, which come first; with it the built-in ones are used as well.

    Raises:
        ConfigError: the file cannot be read, or does not hold descriptions.
    """
    if own is not None:
        return built_in().with_own(read_descriptions(own))
    return built_in() if wanted else None


def description_json(action: str, known: Descriptions) -> dict[str, object] | None:
    """An action's description as JSON values; None where there is none."""
    found = known.find(action)
    if found is None:
        return None
    return {"sentence": found.sentence, "parts": found.parts, "order": list(found.order)}


def show_description(action: str, known: Descriptions) -> None:
    """Print an action's description, or that there is none."""
    found = known.find(action)
    if found is None:
        results.print(plain(f"  There is no description of '{action}'."), soft_wrap=True)
        return
    results.print(plain(f"  {found.sentence}"), soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    for part, does in found.parts.items():
        table.add_row("", Text(part.replace("_", " "), style="dim", no_wrap=True), plain(does))
    table.add_row("", Text("order", style="dim"), plain("; ".join(found.order)))
    results.print(table)
