"""Figures of matplotlib as PNG, and as inline SVG that follows the page's light or dark theme."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from threading import RLock
from typing import Any
from xml.etree import ElementTree

from matplotlib import font_manager, style
from matplotlib.figure import Figure
from PIL import Image

THEME = {
    "card": "#ffffff",
    "line": "#e2e4e0",
    "ink": "#1c2430",
    "faint": "#667080",
    "right": "#2f6fde",
    "left-limb": "#2662c4",
    "right-limb": "#d06018",
    "trunk": "#3a4454",
}
"""The light color of each variable of ``report.css`` that pictures use; PNG has these."""

POINTS = 72
"""Points an inch: a point of a picture is a pixel of the page, and two of a PNG."""

_FONT = "DejaVu Sans"
_SETTINGS = {
    "font.size": 12,
    "path.simplify": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "llm-ar",
    "text.parse_math": False,
}
_PREFERRED = ("CJK", "Noto", "Gothic", "Hei", "Song")
"""Parts of the names of fonts that are tried first."""
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"-?\d+\.\d+")

_ONE_AT_A_TIME = RLock()
_log = logging.getLogger(__name__)
_font_log = logging.getLogger("matplotlib.font_manager")


@dataclass(frozen=True)
class Picture:
    """A figure and its caption.

    Args:
        figure: made within `settings`.
        alt: what it shows, for those who do not see it.
        titles: what an artist says when pointed at, by its ``gid``; in SVG only.
        texts: all texts from users that it shows.
        whole: the figure's own size counts, not that of what is drawn in and around it.
    """

    figure: Figure
    alt: str
    titles: Mapping[str, str] = field(default_factory=dict)
    texts: Sequence[str] = ()
    whole: bool = False

    def png(self) -> bytes:
        """The bytes of a PNG, two pixels a point."""
        missing = fonts("".join(self.texts))[1]
        if missing:
            _say_missing(missing)
        drawn = Image.open(io.BytesIO(self._saved(format="png", dpi=2 * POINTS)))
        file = io.BytesIO()
        # With a palette it is a third as large.
        drawn.convert("RGB").quantize().save(file, format="PNG", optimize=True)
        return file.getvalue()

    def svg(self, kind: str = "picture") -> str:
        """An ``svg`` element to stand in a page with ``report.css``; the same for the same figure.

        Args:
            kind: its CSS class.
        """
        saved = self._saved(format="svg", dpi=POINTS, facecolor="none", metadata={"Date": None})
        root = ElementTree.fromstring(saved)
        for parent in [*root.iter()]:
            for child in [*parent]:
                # Matplotlib's style would hold for the whole page.
                if child.tag in (f"{_NAMESPACE}metadata", f"{_NAMESPACE}style"):
                    parent.remove(child)
        for element in root.iter():
            self._make_inline(element)
        left, top, width, height = root.attrib["viewBox"].split()
        root.attrib = {
            "viewBox": f"{left} {top} {float(width):.0f} {float(height):.0f}",
            "width": f"{float(width):.0f}",
            "role": "img",
            "aria-label": printable(self.alt),
            "class": kind,
            "stroke-linejoin": "round",
        }
        return ElementTree.tostring(root, encoding="unicode")

    def _saved(self, **how: Any) -> bytes:
        file = io.BytesIO()
        with settings(*self.texts):
            self.figure.savefig(file, bbox_inches=None if self.whole else "tight", **how)
        return file.getvalue()

    def _make_inline(self, element: ElementTree.Element) -> None:
        """Without namespaces and names, of which a page has one each; with titles and theme."""
        element.tag = element.tag.removeprefix(_NAMESPACE)
        name = element.get("id", "")
        if name in self.titles:
            title = ElementTree.Element("title")
            title.text = printable(self.titles[name])
            element.insert(0, title)
        if element.tag in ("g", "text"):
            element.attrib.pop("id", None)
        if "d" in element.attrib:
            path = element.attrib["d"].replace("\n", "")
            element.set("d", _NUMBER.sub(lambda number: f"{float(number[0]):.1f}", path))
        look = element.get("style", "")
        for variable, color in THEME.items():
            look = look.replace(f": {color}", f": var(--{variable})")
        if look:
            element.set("style", look)


@contextmanager
def settings(*texts: str) -> Iterator[None]:
    """Matplotlib's settings while a figure is made or saved: ours, whatever the user's are.

    Args:
        texts: from users, whose letters the fonts should have.
    """
    families = fonts("".join(texts))[0]
    # The settings and warnings are the process's own.
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        level = _font_log.level
        # A font without the usual weight will do.
        _font_log.setLevel(logging.ERROR)
        try:
            with style.context(["default", {**_SETTINGS, "font.family": list(families)}]):
                yield
        finally:
            _font_log.setLevel(level)


@cache
def fonts(text: str) -> tuple[tuple[str, ...], str]:
    """The fonts to draw a text with, and those of its letters that no installed font has.

    Matplotlib's own font comes first; others are looked through for what it lacks.
    """
    families = [_FONT]
    missing = set(printable(text)) - _letters(font_manager.findfont(_FONT))
    if missing:
        for font in sorted(font_manager.fontManager.ttflist, key=_order):
            found = missing & _letters(font.fname)
            if found:
                families.append(font.name)
                missing -= found
            if not missing:
                break
    return tuple(families), "".join(sorted(missing))


def printable(text: str) -> str:
    """The text without control characters, which XML and fonts do not have."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def shortened(text: str, longest: int) -> str:
    """The text in print, cut to so many letters at most."""
    shown = printable(text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _order(font: font_manager.FontEntry) -> tuple[bool, bool, str, str]:
    """Upright and of normal weight first, which matplotlib takes of a family; then by name."""
    plain = font.style == "normal" and font.weight in (400, "normal", "regular")
    wide = any(part in font.name for part in _PREFERRED)
    return not plain, not wide, font.name, font.fname


@cache
def _letters(file: str) -> frozenset[str]:
    """The letters that a font has; none of one that cannot be scaled or only has boxes."""
    try:
        font = font_manager.get_font(file)
    except (OSError, RuntimeError, ValueError):
        return frozenset()
    boxes = font.family_name.startswith(("Last Resort", "LastResort", "."))
    return frozenset() if boxes or not font.scalable else frozenset(map(chr, font.get_charmap()))


@cache
def _say_missing(letters: str) -> None:
    _log.warning(
        "llm-ar: no installed font has %s: pictures show boxes there; install a font that has "
        "them, such as Noto Sans CJK",
        " ".join(letters),
    )
