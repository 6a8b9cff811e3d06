"""Every route with the default model, which reads a layout of its own and standard bones."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from starlette.testclient import TestClient  # noqa: E402

from llm_ar.applications.serve.api import application, largest_body  # noqa: E402
from llm_ar.applications.serve.limits import Limits  # noqa: E402
from llm_ar.applications.serve.security import Keys, Policy, Rate  # noqa: E402
from llm_ar.applications.serve.service import Service, Settings  # noqa: E402
from llm_ar.recognizer.model import ActionRecognizer  # noqa: E402
from llm_ar.skeletons.clip import Clip  # noqa: E402
from llm_ar.skeletons.synthetic.dataset import procedural_clips  # noqa: E402

NAMES = ["wave", "dance a waltz"]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    # The first request with own names loads the sentence encoder, beside other tests.
    settings = Settings(limits=Limits(deadline=120.0))
    service = Service({"general": ActionRecognizer.from_pretrained()}, settings)
    hosts = frozenset({"testserver"})
    policy = Policy(Keys(()), hosts, Rate(0), largest_body(service), log=False)
    with TestClient(application(service, policy)) as made:
        yield made


@pytest.fixture(scope="module", params=[3, 2])
def clip(request: pytest.FixtureRequest) -> Clip:
    """A walk in 3-D, and as a camera in front sees it."""
    made = next(procedural_clips(seed=2026))
    if request.param == 3:
        return made
    return replace(made, joints=made.joints * np.array([1, 1, 0], np.float32), dimensions=2)


def form(clip: Clip) -> dict[str, Any]:
    out = io.BytesIO()
    joints = clip.joints[..., : clip.dimensions]
    np.savez(out, joints=joints, present=clip.present, fps=clip.fps, layout=clip.layout.name)
    return {"file": ("clip.npz", out.getvalue())}


def test_the_answer_and_its_picture(client: TestClient, clip: Clip) -> None:
    answer = client.post("/v1/recognize", files=form(clip), data={"movement": "true"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert len(found["top"]) == 5 and len(found["sentence"]) == len(found["spans"])
    frames = np.array(found["movement"]["joints"])
    assert frames.shape[1:] == (1, len(clip.layout.joints), 3)
    assert found["movement"]["skeleton"]["layout"] == clip.layout.name


def test_own_names(client: TestClient, clip: Clip) -> None:
    answer = client.post("/v1/recognize", files=form(clip), data={"candidates": NAMES})
    assert answer.status_code == 200, answer.text
    assert sorted(each["action"] for each in answer.json()["top"]) == sorted(NAMES)


@pytest.mark.parametrize("route", ["sentence", "explain", "timeline"])
def test_other_routes(client: TestClient, clip: Clip, route: str) -> None:
    answer = client.post(f"/v1/{route}", files=form(clip))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("names", [NAMES, None])
def test_what_is_explained_is_what_was_answered(
    client: TestClient, clip: Clip, names: list[str] | None
) -> None:
    data = {} if names is None else {"candidates": names}
    first = client.post("/v1/recognize", files=form(clip), data=data).json()["top"][0]
    answer = client.post("/v1/explain", files=form(clip), data=data)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["answer"] == first["action"]
    assert np.exp(found["log_probability"]) == pytest.approx(first["probability"], abs=0.02)
    assert any(abs(token["drop"]) > 1e-4 for token in found["tokens"])


def test_the_shipped_clips_and_tokens(client: TestClient) -> None:
    for each in client.get("/v1/clips").json()["clips"]:
        given = client.get(f"/v1/clips/{each}")
        assert given.status_code == 200, given.text
        answer = client.post("/v1/recognize", json=given.json() | {"movement": True})
        assert answer.status_code == 200, answer.text
    assert client.get("/v1/tokens", params={"ids": "3,7"}).status_code == 200
    assert client.get("/v1/models").status_code == 200
