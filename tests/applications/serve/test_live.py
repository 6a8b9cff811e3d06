"""The live connection: joints in, rolling answers out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from starlette.testclient import TestClient  # noqa: E402
from starlette.websockets import WebSocketDisconnect  # noqa: E402

from llm_ar.applications.serve.api import application, largest_body  # noqa: E402
from llm_ar.applications.serve.limits import Limits  # noqa: E402
from llm_ar.applications.serve.page import generated  # noqa: E402
from llm_ar.applications.serve.security import Keys, Policy, Rate  # noqa: E402
from llm_ar.applications.serve.service import Service, Settings  # noqa: E402
from llm_ar.recognizer.model import ActionRecognizer  # noqa: E402

KEY = "a-key-of-the-tests-0123"
START = {"layout": "kinect-v1", "fps": 30, "window": 1.0, "every": 0.5}


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> ActionRecognizer:
    return ActionRecognizer.from_pretrained(tiny_model)


def client_of(model: ActionRecognizer, *keys: str, **limits: Any) -> TestClient:
    service = Service({"tiny": model}, Settings(Limits(**limits)))
    policy = Policy(Keys(keys), frozenset({"testserver"}), Rate(0), largest_body(service), False)
    return TestClient(application(service, policy))


@pytest.fixture(scope="module")
def client(model: ActionRecognizer) -> Iterator[TestClient]:
    with client_of(model) as made:
        yield made


def test_answers_roll_with_the_frames(client: TestClient, model: ActionRecognizer) -> None:
    frames = generated()["squat"]["joints"]
    with client.websocket_connect("/v1/live") as socket:
        socket.send_json(START | {"top_k": 2, "candidates": ["squat", "walk", "bow"]})
        assert socket.receive_json() == {"type": "ready", "model": "tiny", "frames": 30}
        for begin in range(0, 60, 15):
            socket.send_json({"joints": frames[begin : begin + 15]})
            answer = socket.receive_json()
            assert answer["type"] == "answer", answer
            assert answer["seconds"][1] == pytest.approx((begin + 15) / 30, abs=1e-3)
            assert answer["seconds"][1] - answer["seconds"][0] <= 1.001
            assert len(answer["top"]) == 2
            assert answer["warnings"] == []
    assert "llm_ar_live_connections 0.0" in client.get("/metrics").text


def test_answers_about_2d_joints_say_what_the_model_learned_from(client: TestClient) -> None:
    frames = [[joint and joint[:2] for joint in frame] for frame in generated()["squat"]["joints"]]
    with client.websocket_connect("/v1/live") as socket:
        socket.send_json(START)
        socket.receive_json()
        socket.send_json({"joints": frames[:30]})
        answer = socket.receive_json()
    assert answer["type"] == "answer", answer
    assert any("the recording is 2-D" in warning for warning in answer["warnings"])


def test_frames_that_show_nobody_are_said(client: TestClient) -> None:
    with client.websocket_connect("/v1/live") as socket:
        socket.send_json(START)
        socket.receive_json()
        socket.send_json({"joints": [[None] * 20] * 15})
        answer = socket.receive_json()
        assert answer["type"] == "no_answer"
        assert answer["error"]["message"]
        socket.send_json({"joints": generated()["squat"]["joints"][:15]})
        assert socket.receive_json()["type"] == "answer"


@pytest.mark.parametrize(
    "first",
    [
        "no JSON",
        "[]",
        "{}",
        '{"layout": "kinect-v1", "fps": 0}',
        '{"layout": "kinect-v1", "fps": 30, "model": "none"}',
        '{"layout": "kinect-v1", "fps": 30, "other": 1}',
        '{"layout": "kinect-v1", "fps": 30, "candidates": []}',
    ],
)
def test_a_wrong_start_ends_it(client: TestClient, first: str) -> None:
    with client.websocket_connect("/v1/live") as socket:
        socket.send_text(first)
        answer = socket.receive_json()
        assert answer["type"] == "error"
        assert "Traceback" not in str(answer)
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()


@pytest.mark.parametrize("message", ['{"joints": 1}', '{"joints": []}', "{", "7"])
def test_a_wrong_message_ends_it(client: TestClient, message: str) -> None:
    with client.websocket_connect("/v1/live") as socket:
        socket.send_json(START)
        socket.receive_json()
        socket.send_text(message)
        assert socket.receive_json()["type"] == "error"


def test_a_key_origin_and_number_are_checked(model: ActionRecognizer) -> None:
    with client_of(model, KEY, live=1) as client:
        with client.websocket_connect("/v1/live") as socket:
            socket.send_json(START)
            assert socket.receive_json()["error"]["code"] == "no_key"
        with client.websocket_connect("/v1/live") as socket:
            socket.send_json(START | {"key": KEY})
            assert socket.receive_json()["type"] == "ready"
            with client.websocket_connect("/v1/live") as second:
                assert second.receive_json()["error"]["code"] == "too_many"
        headers = {"Authorization": f"Bearer {KEY}"}
        with client.websocket_connect("/v1/live", headers=headers) as socket:
            socket.send_json(START)
            assert socket.receive_json()["type"] == "ready"
        with pytest.raises(WebSocketDisconnect):
            with client.websocket_connect("/v1/live", headers={"Origin": "http://evil.example"}):
                pass
