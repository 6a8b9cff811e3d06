"""Pictures: every script's letters, nobody's settings, and the page's colors."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
from importlib import resources
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure
from PIL import Image

from llm_ar.evaluation.report import picture
from llm_ar.evaluation.report.picture import THEME, Picture, fonts, settings, shortened

CHINESE = "走る"


@pytest.fixture
def own_fonts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing but matplotlib is installed."""
    inside = matplotlib.get_data_path()
    listed = [font for font in font_manager.fontManager.ttflist if font.fname.startswith(inside)]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", listed)
    for known in (picture.fonts, picture._say_missing):
        known.cache_clear()
    yield
    picture.fonts.cache_clear()


def drawn(words: str, titles: dict[str, str] | None = None) -> Picture:
    with settings(words):
        figure = Figure(figsize=(2, 1))
        figure.text(0.1, 0.5, words, gid="words", color=THEME["faint"])
        figure.text(0.1, 0.1, "#ffffff")
    return Picture(figure, "a <picture>", titles or {}, (words,), whole=True)


def pixels(shown: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(shown.png())).convert("RGB")).astype(int)


def test_latin_greek_cyrillic_and_arabic_need_no_other_font() -> None:
    assert fonts("sit, τρέχω, ходить, اركض, ñ") == (("DejaVu Sans",), "")


def test_another_font_is_taken_for_what_is_missing(own_fonts_only: None) -> None:
    assert fonts("𝒜a") == (("DejaVu Sans", "STIXGeneral"), "")
    assert (pixels(drawn("𝒜")) != pixels(drawn("𝒞"))).any(), "no boxes"


def test_letters_that_no_font_has_are_told_once(
    own_fonts_only: None, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    assert fonts(CHINESE) == (("DejaVu Sans",), "る走")
    with caplog.at_level(logging.WARNING):
        drawn(CHINESE).png()
        drawn(CHINESE).png()
        assert CHINESE in drawn(CHINESE).svg(), "the browser's fonts have them"
    (told,) = caplog.messages
    assert "no installed font has る 走" in told and not recwarn.list


def test_fonts_that_cannot_be_read_are_passed_over(
    own_fonts_only: None, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    broken = font_manager.FontEntry(fname=f"{tmp_path}/none.ttf", name="Noto Sans CJK", weight=400)
    listed = [broken, *font_manager.fontManager.ttflist]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", listed)
    assert fonts(CHINESE)[1] == "る走"


def test_text_is_no_formula() -> None:
    root = ElementTree.fromstring(drawn("$a_b$ <i>\\frac").svg())
    assert [text.text for text in root.iter("text")] == ["$a_b$ <i>\\frac", "#ffffff"]


def test_a_picture_in_a_page_follows_its_theme_and_disturbs_nothing() -> None:
    svg = drawn("walk", {"words": 'he "walks" </svg>'}).svg("mine")
    root = ElementTree.fromstring(svg)
    assert root.tag == "svg" and root.get("class") == "mine"
    assert root.get("role") == "img" and root.get("aria-label") == "a <picture>"
    assert [title.text for title in root.iter("title")] == ['he "walks" </svg>']
    words = next(root.iter("text"))
    assert "fill: var(--faint)" in words.attrib["style"]
    assert not list(root.iter("style")) and not list(root.iter("metadata"))
    assert 'id="figure' not in svg and "http" not in svg


def test_the_same_figure_is_the_same_svg_whatever_the_users_settings() -> None:
    first = drawn("walk").svg()
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "font.family": "cmr10"}):
        assert drawn("walk").svg() == first
        assert matplotlib.rcParams["font.size"] == 30
    assert "20" + "26-" not in first


def test_the_colors_are_those_of_the_page() -> None:
    page = resources.files("llm_ar.evaluation.report").joinpath("page", "report.css").read_text()
    light = dict(re.findall(r"--([\w-]+): (#\w+);", page.partition("@media")[0]))
    assert {name: light[name] for name in THEME} == THEME
    assert len(set(THEME.values())) == len(THEME), "each color is one variable"


def test_a_picture_needs_no_pyplot() -> None:
    code = (
        "import sys; from llm_ar.evaluation.report import plots, stick_figures;"
        "from llm_ar.applications.ui import figures; print('matplotlib.pyplot' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_long_and_unprintable_names_are_cut() -> None:
    assert shortened("a\x00b\nc", 9) == "a b c"
    assert shortened("0123456789", 5) == "0123…"
