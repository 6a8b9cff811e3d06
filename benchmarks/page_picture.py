"""The picture of the page in the README: ``python -m benchmarks.page_picture``.

Starts the service, opens the page in Chromium with a generated clip, and takes its picture. Needs
the extras ``serve`` and ``browser``, and Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs/pictures/page.png"
NAMES = "throw something, wave goodbye, open a door, swim"
FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
SIZES = {"desktop": (1440, 1000), "phone": (390, 844)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Take one picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_picture", description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "models/procedural")
    parser.add_argument("--clip", default="throw something")
    parser.add_argument("--seconds", type=float, default=1.5, help="of the clip")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--size", choices=tuple(SIZES), default="desktop")
    parser.add_argument("--why", action="store_true", help="with the explanation")
    parser.add_argument("--token", action="store_true", help="with a token's movement")
    parser.add_argument("--names", default=NAMES, help="own names; empty for the trained ones")
    parser.add_argument("--url", help="of a service that runs; otherwise one is started")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args(arguments)
    if given.url:
        picture(given.url, given)
        return
    with service(given.model) as url:
        picture(url, given)


@contextmanager
def service(model: Path) -> Iterator[str]:
    """A service of one model at a free port of this machine; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "llm_ar.applications.cli", "serve", "--model", str(model)]
    command += ["--port", str(port), "--quiet", "--rate", "0"]
    environment = {name: value for name, value in os.environ.items() if name != "LLM_AR_API_KEY"}
    process = subprocess.Popen(command, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        until_ready(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def until_ready(url: str, process: subprocess.Popen[bytes], seconds: float = 240) -> None:
    """Wait for a service to answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/v1/health/ready", timeout=5):
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.3)
    raise SystemExit("the service did not start")


def picture(url: str, given: argparse.Namespace) -> None:
    """Open the page as asked, and write its picture."""
    width, height = SIZES[given.size]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme=given.theme,
            reduced_motion="reduce",
        )
        page.on("console", lambda message: print("console:", message.text, file=sys.stderr))
        page.on("pageerror", lambda error: print("error:", error, file=sys.stderr))
        page.goto(f"{url}/#{given.clip}")
        prepared(page, given)
        page.wait_for_timeout(800)
        given.out.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=given.out, full_page=not given.token)
        browser.close()
    print(given.out)


def prepared(page: Page, given: argparse.Namespace) -> None:
    """The page in the state that is asked for."""
    page.locator("#answers li").first.wait_for(timeout=60_000)
    page.evaluate(
        """seconds => {
          const scrub = document.getElementById("scrub");
          const total = parseFloat(document.getElementById("clock").textContent.split("/")[1]);
          scrub.value = 1000 * seconds / total;
          scrub.dispatchEvent(new Event("input"));
        }""",
        given.seconds,
    )
    if given.names:
        with page.expect_response("**/v1/recognize"):
            page.fill("#names", given.names)
    if given.why:
        page.click("#why")
        page.locator("#explanation").wait_for(timeout=60_000)
    if given.token:
        page.locator(".chip").nth(5).click()
        page.locator("#token[open]").wait_for(timeout=60_000)


if __name__ == "__main__":
    main()
