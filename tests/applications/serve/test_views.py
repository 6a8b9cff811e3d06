"""Views of the page beside the answers: timeline, models, and accessibility by axe-core."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
pytest.importorskip("playwright.sync_api", reason="the extra 'browser' is missing")

AXE = Path(__file__).resolve().parents[2] / "vendor/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Several actions one after the other, by two people beside each other."""
    from llm_ar.skeletons.synthetic.dataset import procedural_clips
    from llm_ar.skeletons.windows import at_rate

    clips = [at_rate(clip) for clip in procedural_clips(3, subjects=2, seed=5)]
    joints = np.concatenate([clip.joints[:, :1] for clip in clips])
    beside = joints[::-1] + np.array([1.5, 0, 0], dtype=np.float32)
    path = tmp_path_factory.mktemp("views") / "long.npz"
    both = np.concatenate([joints, beside], axis=1)
    np.savez(path, joints=both, fps=30.0, layout=clips[0].layout.name)
    return path


def take(page: Any, recording: Path) -> dict[str, Any]:
    """Give a long recording to the page; the service's timeline."""
    with page.expect_response("**/v1/timeline") as answered:
        page.set_input_files("#file", recording)
    page.locator(".segment").first.wait_for()
    found: dict[str, Any] = answered.value.json()
    return found


def saved(page: Any, form: str, tmp_path: Path) -> str:
    with page.expect_download() as download:
        page.click(f"#save-{form}")
    assert download.value.suggested_filename == f"long.timeline.{form}"
    path = tmp_path / form
    download.value.save_as(path)
    return path.read_text("utf-8")


@pytest.mark.slow
def test_a_long_recording_has_a_timeline(page: Any, recording: Path, tmp_path: Path) -> None:
    assert page.locator("#timeline").is_hidden()
    found = take(page, recording)
    segments = [each for person in found["people"] for each in person["segments"]]
    assert page.locator(".track").count() == 2
    assert page.locator(".segment").count() == len(segments)
    shown = page.locator(".segment span").all_text_contents()
    assert shown == [each["action"] or "nothing known" for each in segments]

    assert json.loads(saved(page, "json", tmp_path)) == found
    rows = list(csv.reader(io.StringIO(saved(page, "csv", tmp_path))))
    with recording.open("rb") as file:
        multipart = {
            "file": {"name": recording.name, "mimeType": "application/zip", "buffer": file.read()}
        }
    for form in ("csv", "vtt"):
        route = f"/v1/timeline?format={form}"
        wanted = page.request.post(page.url.rstrip("/") + route, multipart=multipart).text()
        if form == "csv":
            for one, two in zip(rows, csv.reader(io.StringIO(wanted)), strict=True):
                assert one[:5] == two[:5]
                assert one[5] == two[5] or float(one[5]) == pytest.approx(float(two[5]), abs=1e-3)
        else:
            assert saved(page, "vtt", tmp_path).splitlines()[:3] == wanted.splitlines()[:3]

    page.select_option("#clips", "squat")
    page.locator("#timeline").wait_for(state="hidden")


@pytest.mark.slow
def test_segments_are_reached_by_keys_and_play(page: Any, recording: Path) -> None:
    found = take(page, recording)
    page.locator(".segment").first.focus()
    page.keyboard.press("End")
    last = found["people"][0]["segments"][-1]
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label.startswith("person 1: ")
    page.keyboard.press("ArrowDown")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label.startswith("person 2: ")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert page.locator("#segment").inner_text().startswith("person 1: ")
    # It plays the segment and stops at its end.
    page.wait_for_function("() => document.getElementById('play').ariaLabel === 'Play'")
    clock = page.inner_text("#clock")
    assert float(clock.split(" /")[0]) == pytest.approx(last["end"], abs=0.2)
    assert page.locator(".segment[tabindex='0']").count() == 1

    narrow = page.evaluate("document.getElementById('tracks').scrollWidth")
    page.keyboard.press("+")
    wide = page.evaluate("document.getElementById('tracks').scrollWidth")
    assert wide == pytest.approx(2 * narrow, abs=2)
    page.click("#zoom-out")
    assert page.evaluate("document.getElementById('tracks').scrollWidth") == narrow
    assert page.locator("#zoom-out").is_disabled()


@pytest.mark.slow
def test_models_and_their_evaluation(page: Any) -> None:
    page.click("#show-models")
    page.locator("#models[open]").wait_for()
    card = page.locator(".model-card")
    assert card.count() == 1
    assert "16 actions" in card.inner_text()
    page.click(".model-card summary:has-text('98.44')")
    page.locator(".matrix table").wait_for()
    assert page.locator(".matrix tbody tr").count() == 16
    assert page.locator(".matrix .wrong").all_inner_texts() == ["1"]
    page.keyboard.press("Escape")
    page.locator("#models").wait_for(state="hidden")


def violations(page: Any) -> list[str]:
    """What axe-core finds; it is put into the page past the content security policy."""
    page.evaluate(AXE.read_text("utf-8") + "; undefined")
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)["violations"]
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_bars_the_way(browser: Any, url: str, recording: Path, theme: str) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(url)
    page.locator("#answers li").first.wait_for()
    take(page, recording)
    page.fill("#names", "a, b")
    page.locator("#names-note:not(:empty)").wait_for()
    page.locator(".segment").first.wait_for()
    assert violations(page) == []
    page.evaluate("document.getElementById('live').hidden = false")
    page.evaluate("document.getElementById('problem').hidden = false")
    page.locator(".chip").first.click()
    page.locator("#token[open]").wait_for()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.click("#show-models")
    page.click(".model-card summary:has-text('98.44')")
    page.click(".model-card summary:has-text('actions')")
    page.locator(".matrix table").wait_for()
    assert violations(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
