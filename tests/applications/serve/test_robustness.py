"""Damaged uploads, slow clients and floods: the service refuses, and goes on."""

from __future__ import annotations

import collections
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

import uvicorn  # noqa: E402
from starlette.testclient import TestClient  # noqa: E402

from llm_ar.applications.serve.api import application, largest_body  # noqa: E402
from llm_ar.applications.serve.connections import with_deadline  # noqa: E402
from llm_ar.applications.serve.limits import Limits  # noqa: E402
from llm_ar.applications.serve.page import generated  # noqa: E402
from llm_ar.applications.serve.security import Keys, Policy, Rate  # noqa: E402
from llm_ar.applications.serve.service import Service, Settings  # noqa: E402
from llm_ar.recognizer.model import ActionRecognizer  # noqa: E402
from llm_ar.skeletons.readers import FORMATS, format_of  # noqa: E402
from tests.applications.serve.uploads import damaged, samples  # noqa: E402

SAMPLES = samples()
FEW, MANY = 6, 1000
DEADLINE = 2.0
CAPACITY = 4


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> ActionRecognizer:
    return ActionRecognizer.from_pretrained(tiny_model)


def app_of(model: ActionRecognizer, settings: Settings) -> Any:
    service = Service({"tiny": model}, settings)
    policy = Policy(Keys(()), frozenset(), Rate(0), largest_body(service), log=False)
    return application(service, policy)


@pytest.fixture(scope="module")
def client(model: ActionRecognizer) -> Iterator[TestClient]:
    with TestClient(app_of(model, Settings()), raise_server_exceptions=False) as made:
        yield made


def test_every_format_has_a_sample(tmp_path: Path) -> None:
    found = set()
    for number, (name, content) in enumerate(SAMPLES):
        path = tmp_path / str(number) / name
        path.parent.mkdir()
        path.write_bytes(content)
        found.add(format_of(path))
    assert found >= set(FORMATS) - {"video"}


def check(client: TestClient, place: int, seed: int) -> None:
    """One damaged upload; recognizing needs no model's answer to be broken, so sentences do."""
    name, content = damaged(*SAMPLES[place], seed)
    answer = client.post("/v1/sentence", files={"file": (name or "x", content)})
    assert answer.status_code in (200, 413, 415, 422), (name, seed, answer.text)
    assert "Traceback" not in answer.text and "llm-ar-upload" not in answer.text, (name, seed)


@pytest.mark.parametrize("place", range(len(SAMPLES)))
def test_some_damaged_uploads(client: TestClient, place: int) -> None:
    for seed in range(FEW):
        check(client, place, seed)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(len(SAMPLES)))
def test_a_thousand_damaged_uploads(client: TestClient, place: int) -> None:
    for seed in range(MANY):
        check(client, place, seed)


@pytest.fixture(scope="module")
def port(model: ActionRecognizer) -> Iterator[int]:
    """A server of its own thread with a short deadline and few places; its port."""
    settings = Settings(Limits(deadline=DEADLINE), queue=CAPACITY - 1, batch=1)
    config = uvicorn.Config(
        app_of(model, settings),
        host="127.0.0.1",
        port=0,
        log_level="warning",
        http=with_deadline(DEADLINE),
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(1000):
        if server.started:
            break
        time.sleep(0.02)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(20)


HEAD = b"POST /v1/recognize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("begin", "status"),
    [
        (b"", None),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", None),
        (HEAD + b"Content-Length: 1000\r\n\r\n{", b"504"),
        (HEAD.replace(b"json", b"xml") + b"Content-Length: 1000\r\n\r\n<", b"415"),
        (HEAD.replace(b"POST", b"GET") + b"Content-Length: 1000\r\n\r\n<", b"405"),
        (HEAD.replace(b"/v1/recognize", b"/") + b"Content-Length: 1000\r\n\r\n<", b"405"),
    ],
)
def test_a_slow_client_is_cut(port: int, begin: bytes, status: bytes | None) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
        slow.sendall(begin)
        slow.settimeout(0.5)
        received, started = b"", time.monotonic()
        while time.monotonic() - started < 10 * DEADLINE:
            try:
                got = slow.recv(4096)
                received += got
                if not got:
                    break
            except TimeoutError:
                pass
            except ConnectionError:
                break
            try:
                slow.sendall(b"x")
            except ConnectionError:
                break
        else:
            raise AssertionError("the connection is still open")
    if status is None:
        assert received == b""
    else:
        # The answer may be lost where the client was still sending.
        assert received == b"" or received.split(b" ")[1] == status


def test_a_live_connection_outlives_the_deadline(port: int) -> None:
    sync = pytest.importorskip("websockets.sync.client")
    import json

    with sync.connect(f"ws://127.0.0.1:{port}/v1/live", proxy=None) as live:
        live.send(json.dumps({"layout": "kinect-v1", "fps": 30}))
        assert json.loads(live.recv(20))["type"] == "ready"
        time.sleep(1.5 * DEADLINE)
        live.send(json.dumps({"joints": generated()["squat"]["joints"][:30]}))
        assert json.loads(live.recv(20))["type"] in ("answer", "no_answer")


def test_a_flood_is_refused_in_part(model: ActionRecognizer) -> None:
    settings = Settings(Limits(deadline=60), queue=CAPACITY - 1, batch=1)
    config = uvicorn.Config(
        app_of(model, settings),
        host="127.0.0.1",
        port=0,
        log_level="warning",
        http=with_deadline(60),
        limit_concurrency=16 * CAPACITY,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    statuses: collections.Counter[int] = collections.Counter()
    body = generated()["squat"]

    def ask() -> None:
        for _ in range(3):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
            content = {"content-type": "application/json"}
            connection.request("POST", "/v1/recognize", json.dumps(body), content)
            statuses[connection.getresponse().status] += 1
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8 * CAPACITY)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    server.should_exit = True
    thread.join(30)
    assert set(statuses) == {200, 429}
    assert statuses.total() == 3 * 8 * CAPACITY
