"""The page in Chromium, with a service of the tiny model beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_ar.skeletons.synthetic.dataset import PROCEDURAL_ACTIONS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def served_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with an evaluation: of the first action's four clips one is mistaken."""
    folder = tmp_path_factory.mktemp("served") / "tiny"
    shutil.copytree(tiny_model, folder)
    count = len(PROCEDURAL_ACTIONS)
    confusion = [[4 if row == column else 0 for column in range(count)] for row in range(count)]
    confusion[0][:2] = [3, 1]
    found = {"dataset": "procedural", "protocol": "xsub", "clips": 4 * count, "top1": 98.44}
    found |= {"labels": list(PROCEDURAL_ACTIONS), "confusion": confusion}
    (folder / "evaluation.json").write_text(json.dumps(found))
    return folder


@pytest.fixture(scope="session")
def url(served_model: Path) -> Iterator[str]:
    """The service's address."""
    pytest.importorskip("playwright.sync_api", reason="the extra 'browser' is missing")
    from benchmarks.page_picture import service

    with service(served_model, "--deadline", "120") as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the extra 'browser' is missing")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    from benchmarks.page_picture import FLAGS

    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture()
def page(browser: Any, url: str) -> Iterator[Any]:
    """The page with its first clip recognized; errors in its scripts end the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    opened = context.new_page()
    errors: list[str] = []
    asked: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.set_default_timeout(60_000)
    opened.goto(url)
    opened.locator("#answers li").first.wait_for()
    yield opened
    context.close()
    assert not errors
    assert all(each.startswith((url, "blob:")) for each in asked)
