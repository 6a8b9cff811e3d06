"""The camera in the page: a recorded video takes its place in headless Chromium.

Needs the extra ``browser`` and Chromium; the first test the videos of J-HMDB and OpenCV as well.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")
pytest.importorskip("playwright.sync_api", reason="the extra 'browser' is missing")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FAKE = "--use-fake-device-for-media-stream"
GRANTED = "--use-fake-ui-for-media-stream"


@pytest.fixture(scope="module")
def footage(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of somebody who claps, as Motion JPEG, twice as large."""
    cv2 = pytest.importorskip("cv2", reason="the extra 'video' is not installed")
    videos = sorted((real_data / "jhmdb/videos/clap").glob("*.mp4"))
    if not videos:
        pytest.skip("the videos of J-HMDB are not there")
    capture = cv2.VideoCapture(str(videos[0]))
    pictures = bytearray()
    while True:
        whole, image = capture.read()
        if not whole:
            break
        larger = cv2.resize(image, None, fx=2, fy=2)
        pictures += cv2.imencode(".jpg", larger)[1].tobytes()
    path = tmp_path_factory.mktemp("camera") / "clap.mjpeg"
    path.write_bytes(bytes(pictures))
    return path


@contextmanager
def opened(browser: Any, url: str, *flags: str) -> Iterator[Any]:
    """The page in a Chromium of its own with these flags."""
    from benchmarks.page_picture import FLAGS

    launched = browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*FLAGS, *flags], timeout=120_000
    )
    page = launched.new_context(viewport={"width": 1280, "height": 900}).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(300_000)
    page.goto(url)
    page.locator("#answers li").first.wait_for()
    yield page
    launched.close()
    assert not errors


@pytest.mark.slow
@pytest.mark.data
def test_joints_go_and_answers_come(browser: Any, url: str, footage: Path) -> None:
    file = f"--use-file-for-fake-video-capture={footage}"
    with opened(browser, url, FAKE, GRANTED, file) as page:
        asked: list[str] = []
        sent: list[Any] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on(
            "websocket",
            lambda live: live.on("framesent", lambda text: sent.append(json.loads(text))),
        )
        page.click("#camera")
        # Pose estimation without a GPU leaves no time for the pictures by which Playwright waits.
        answers = "document.querySelectorAll('#live-answers li').length"
        for _ in range(240):
            if page.evaluate(answers):
                break
            page.wait_for_timeout(500)
        assert page.evaluate(answers) == 3
        figures = page.evaluate("document.getElementById('live-figures').textContent")
        assert "ms after the picture" in figures
        note = page.evaluate("document.getElementById('live-note').textContent")
        assert "the recording is 2-D" in note
        # The picture has been drawn.
        assert page.evaluate(
            """() => {
              const canvas = document.getElementById("live-picture");
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, 40);
              return new Set(data).size > 10;
            }"""
        )
        start, *messages = sent
        assert (start["layout"], start["up"]) == ("mediapipe-33", "y")
        assert all(set(message) == {"joints"} for message in messages)
        frames = [frame for message in messages for frame in message["joints"]]
        assert all(len(frame) == 33 for frame in frames)
        assert all(joint is None or joint[1] <= 0 for frame in frames for joint in frame)
        assert any(joint is not None and len(joint) == 2 for frame in frames for joint in frame)
        assert all(each.startswith((url, "blob:", "data:")) for each in asked)
        assert not any("/v1/recognize" in each for each in asked)
        page.evaluate("document.getElementById('live-stop').click()")
        page.locator("#live").wait_for(state="hidden")
        assert page.evaluate("document.getElementById('live-video').srcObject") is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "sentence"),
    [((), "No camera was found"), ((FAKE, "--deny-permission-prompts"), "The camera was refused")],
    ids=["none", "refused"],
)
def test_without_a_camera_there_is_a_sentence(
    browser: Any, url: str, flags: tuple[str, ...], sentence: str
) -> None:
    with opened(browser, url, *flags) as page:
        page.click("#camera")
        page.locator("#problem").wait_for()
        assert sentence in page.inner_text("#problem-text")
        assert page.locator("#live").is_hidden()
        assert page.inner_text("#camera") == "Use the camera"
