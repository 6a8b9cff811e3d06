"""The page in a browser: recordings, answers, own names, tokens, errors, keyboard, narrow windows.

Needs the extra ``browser`` and Chromium; ``pytest -m slow``.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

STATIC = Path(__file__).resolve().parents[3] / "llm_ar/applications/serve/static"


def test_vendored_files_are_as_published() -> None:
    for folder in (STATIC / "vendor", Path(__file__).resolve().parents[2] / "vendor"):
        listed = (folder / "THIRD_PARTY.md").read_text("utf-8")
        rows = re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", listed, re.MULTILINE)
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
        assert {name for name, _ in rows} == {
            name for name in files if not name.endswith((".md", ".txt"))
        }
        for name, digest in rows:
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    size = sum(path.stat().st_size for path in (STATIC / "vendor/pose").iterdir())
    assert size < 12 * 2**20


def test_nothing_is_loaded_from_outside() -> None:
    page = (STATIC / "page.html").read_text("utf-8")
    assert not re.findall(r"(?:src|href)=\"(?!/static/|#)", page)
    assert "<style" not in page and not re.search(r"\son\w+=|style=", page)
    for path in STATIC.glob("*.[jc]s*"):
        text = path.read_text("utf-8")
        assert not re.search(r"(?:\bfrom |import\()[\"'](?!\./)", text), path.name
        assert not re.search(r"\burl\(", text) and "@import" not in text, path.name


sync_api = pytest.importorskip("playwright.sync_api", reason="the extra 'browser' is missing")


def names(page: sync_api.Page) -> list[str]:
    return page.locator("#answers .name b").all_inner_texts()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from llm_ar.skeletons.synthetic.dataset import procedural_clips

    clip = next(procedural_clips(1, subjects=2, seed=3))
    path = tmp_path_factory.mktemp("page") / "my clip.npz"
    np.savez(path, joints=clip.joints, present=clip.present, fps=clip.fps, layout="kinect-v1")
    return path


@pytest.mark.slow
def test_a_recording_is_dropped(page: sync_api.Page, recording: Path) -> None:
    content = list(recording.read_bytes())
    with page.expect_response("**/v1/recognize") as answered:
        page.evaluate(
            """content => {
              const files = new DataTransfer();
              files.items.add(new File([new Uint8Array(content)], "my clip.npz"));
              window.dispatchEvent(new DragEvent("drop", {dataTransfer: files, cancelable: true}));
            }""",
            content,
        )
    expected = [each["action"] for each in answered.value.json()["top"]]
    page.wait_for_function(
        "() => document.getElementById('caption').textContent.includes('frames')"
    )
    assert names(page) == expected and len(expected) == 5
    assert "my clip.npz" in page.inner_text("#caption")
    assert page.locator(".chip").count() == 4
    assert "file=@my clip.npz" in page.inner_text("#snippet")
    page.click("#tab-python")
    assert "requests.post" in page.inner_text("#snippet")


@pytest.mark.slow
def test_a_wrong_file_is_said_and_the_next_works(
    page: sync_api.Page, recording: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "holiday.txt"
    wrong.write_text("no recording")
    page.set_input_files("#file", wrong)
    page.locator("#problem").wait_for()
    assert "in no format known here" in page.inner_text("#problem")
    page.set_input_files("#file", recording)
    page.locator("#problem").wait_for(state="hidden")
    assert len(names(page)) == 5


@pytest.mark.slow
def test_own_names_are_scored_at_once(page: sync_api.Page) -> None:
    with page.expect_response("**/v1/recognize"):
        page.fill("#names", "dance a waltz, walk\nfly")
    page.wait_for_function("() => document.querySelectorAll('#answers li').length === 3")
    assert set(names(page)) == {"dance a waltz", "walk", "fly"}
    assert "not trained" in page.inner_text("#names-note")
    with page.expect_response("**/v1/recognize"):
        page.click("#reset-names")
    page.wait_for_function("() => document.querySelectorAll('#answers li').length === 5")


@pytest.mark.slow
def test_play_scrub_and_lit_tokens(page: sync_api.Page) -> None:
    lit = "[...document.querySelectorAll('.chip')].map((chip) => chip.classList.contains('on'))"
    scrub = page.locator("#scrub")
    for share, place in ((0, 0), (400, 1), (1000, 3)):
        scrub.evaluate(
            "(input, share) => { input.value = share; input.dispatchEvent(new Event('input')); }",
            share,
        )
        page.wait_for_function(f"() => ({lit})[{place}]")
        assert page.evaluate(lit).count(True) == 1
    before = page.inner_text("#clock")
    page.locator("#play").focus()
    page.keyboard.press("Enter")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    page.wait_for_function(
        "text => document.getElementById('clock').textContent !== text", arg=before
    )


@pytest.mark.slow
def test_a_token_shows_its_movement_and_escape_closes_it(page: sync_api.Page) -> None:
    chip = page.locator(".chip").nth(2)
    chip.click()
    page.locator("#token[open]").wait_for()
    assert page.inner_text("#token-title") == f"Token {chip.inner_text()}"
    page.keyboard.press("Escape")
    page.locator("#token").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.className").startswith("chip")


@pytest.mark.slow
def test_why(page: sync_api.Page) -> None:
    page.click("#why")
    page.locator("#explanation").wait_for()
    assert page.locator("#parts li").count() == 6
    assert page.locator(".chip .weight").count() == 4


@pytest.mark.slow
def test_a_server_that_is_gone_is_said(page: sync_api.Page) -> None:
    page.route("**/v1/recognize", lambda route: route.abort())
    page.select_option("#clips", "jump")
    page.locator("#problem").wait_for()
    assert "does not answer" in page.inner_text("#problem")
    page.unroute("**/v1/recognize")
    page.click("#retry")
    page.locator("#problem").wait_for(state="hidden")
    page.wait_for_function("() => document.getElementById('caption').textContent.includes('jump')")


@pytest.mark.slow
def test_everything_has_a_name_and_a_focus(page: sync_api.Page) -> None:
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, textarea')]
            .filter((one) => one.checkVisibility())
            .filter((one) => !(one.labels?.length || one.textContent.trim()
              || one.getAttribute('aria-label')))
            .map((one) => one.id)"""
    )
    assert nameless == []
    seen = []
    for _ in range(20):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"file", "clips", "camera", "stage", "play", "scrub", "speed", "chip"} <= set(seen)


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling_and_text_has_contrast(
    browser: sync_api.Browser, url: str, theme: str
) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(url)
    page.locator("#answers li").first.wait_for()
    page.fill("#names", "a, b")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    contrast = page.evaluate(
        """() => {
          const probe = document.createElement("canvas").getContext("2d");
          const light = (color) => {
            probe.fillStyle = color;
            probe.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...probe.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
              .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const style = getComputedStyle(document.documentElement);
          const value = (name) => style.getPropertyValue(name).trim();
          const ratio = (one, two) => {
            const [a, b] = [light(one), light(two)].sort((x, y) => y - x);
            return (a + 0.05) / (b + 0.05);
          };
          const pairs = [["--ink", "--paper"], ["--ink", "--card"], ["--soft", "--card"],
            ["--soft", "--paper"], ["--soft", "--stage-2"], ["--accent-ink", "--accent"],
            ["--accent", "--card"], ["--warn", "--warn-bg"], ["--bad", "--bad-bg"],
            ["--ink", "--accent-soft"]];
          const found = pairs.map(([one, two]) => ratio(value(one), value(two)));
          for (let hue = 0; hue < 360; hue += 10) {
            const [s, l, on] = ["--chip-s", "--chip-l", "--chip-on-l"].map(value);
            found.push(ratio(value("--ink"), `hsl(${hue} ${s} ${l})`));
            found.push(ratio(value("--card"), `hsl(${hue} 68% ${on})`));
          }
          return Math.min(...found);
        }"""
    )
    assert contrast >= 4.5
    context.close()
