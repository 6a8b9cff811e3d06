"""The clients of the service's benchmark, against a server that answers as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import service_load
from benchmarks.service_clients import Stream, percentiles

USUAL = 0.02


class Handler(BaseHTTPRequestHandler):
    """Answers 200 in the usual time, 429 to "full", and nothing to "wait" until it hangs up."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"wait":
            self.rfile.read(1)
            return
        time.sleep(USUAL)
        self.send_response(429 if body == b"full" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_stream_counts_each_answer(url: str) -> None:
    calls: list[int] = []
    stream = Stream(url, [b"well", b"full"], 40)
    stream.run(1.0, 0.25, lambda: calls.append(1), hang_up=False)
    assert 2 <= stream.statuses.total() <= 41
    assert stream.statuses[200] == pytest.approx(stream.statuses[429], abs=1)
    assert len(stream.times) == stream.statuses[200] and min(stream.times) >= USUAL
    assert set(stream.answers()) == {"200", "429"}
    assert 1 <= len(calls) <= 4


def test_a_stream_hangs_up_on_what_is_not_answered(url: str) -> None:
    stream = Stream(url, [b"wait"], 40)
    stream.run(0.5, 1.0, lambda: None, hang_up=True)
    assert stream.answers() == {}


def test_answers_that_are_lost_are_told() -> None:
    stream = Stream("http://127.0.0.1:9", [b"well"], 10)
    stream.run(0.3, 1.0, lambda: None, hang_up=False)
    assert stream.answers() == {"lost": stream.statuses.total()} and stream.times == []
    assert percentiles([]) == {"p50_ms": None, "p99_ms": None}


def test_growth_of_memory_leaves_out_the_warm_up() -> None:
    # Memory doubles at first, and grows by a tenth later.
    found = service_load.growth([100.0] * 9 + [200.0] * 50 + [220.0] * 41)
    assert found["memory_growth_percent"] == pytest.approx(10)
