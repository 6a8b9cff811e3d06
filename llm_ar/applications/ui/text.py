"""User text on the console: exactly its characters, never markup, an emoji code or a control code.

The consoles of `llm_ar.applications.ui.terminal` read no markup; styles are given with `Text`.
"""

from __future__ import annotations

import unicodedata

from rich.text import Text

_JOINERS = "\u200c\u200d"
"""Without width, but part of words (Persian) and of emoji."""
_SPACE = "Zs"


def visible(value: object) -> str:
    """Text in one line: control characters and undecodable bytes are written as escapes."""
    written = str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(
        one if _is_seen(one) else one.encode("unicode_escape").decode("ascii") for one in written
    )


def plain(value: object, style: str = "") -> Text:
    """One line of user text, as it is (see `visible`)."""
    return Text(visible(value), style=style)


def plain_lines(value: object, style: str = "") -> Text:
    """Several lines of text with user text in them; line breaks stay."""
    return Text("\n".join(visible(line) for line in str(value).split("\n")), style=style)


def _is_seen(character: str) -> bool:
    return (
        character.isprintable()
        or character in _JOINERS
        or unicodedata.category(character) == _SPACE
    )
