"""Clients of the service for its benchmarks: requests, a steady stream of them, and its figures."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import numpy as np

WORKERS = 256
"""Requests of a stream that are open at most, above what the service takes."""
LOST = 0
"""Status of a request whose connection ended without an answer."""
FIGURES = (
    "llm_ar_batch_size_sum",
    "llm_ar_batch_size_count",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
)


def requests_of(count: int) -> list[bytes]:
    """Bodies of requests, one for each of some generated clips."""
    from llm_ar.applications.serve.page import generated

    clips = list(generated().values())[:count]
    return [json.dumps(clip).encode() for clip in clips]


def connection(url: str) -> http.client.HTTPConnection:
    """A new connection."""
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)


def ask(connected: http.client.HTTPConnection, body: bytes) -> int:
    """Send a recording and wait for the answer; its status."""
    connected.request(
        "POST", "/v1/recognize", body=body, headers={"Content-Type": "application/json"}
    )
    answer = connected.getresponse()
    answer.read()
    return answer.status


def ask_once(url: str, body: bytes) -> tuple[int, float]:
    """Status and seconds of one request on a connection of its own."""
    started = time.monotonic()
    connected = connection(url)
    try:
        return ask(connected, body), time.monotonic() - started
    finally:
        connected.close()


def figures(url: str) -> tuple[float, ...]:
    """So far: requests in passes, passes, seconds of processor time; and bytes of memory now."""
    connected = connection(url)
    connected.request("GET", "/metrics")
    text = connected.getresponse().read().decode()
    connected.close()
    found = [re.search(rf"^{name} (\S+)$", text, re.MULTILINE) for name in FIGURES]
    return tuple(float(match[1]) if match else 0.0 for match in found)


def percentiles(times: Sequence[float]) -> dict[str, float | None]:
    """Milliseconds: the median and the 99th percentile; null without any."""
    if not times:
        return {"p50_ms": None, "p99_ms": None}
    p50, p99 = np.percentile(np.array(times) * 1000, (50, 99))
    return {"p50_ms": round(float(p50), 1), "p99_ms": round(float(p99), 1)}


@dataclass
class Stream:
    """Requests that come at an even rate, whether or not earlier ones are answered.

    Args:
        url: of the service.
        bodies: of the requests, in turn.
        rate: requests a second.
    """

    url: str
    bodies: Sequence[bytes]
    rate: float
    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    """Seconds of the answers with status 200."""
    _open: set[http.client.HTTPConnection] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: bool = False

    def run(self, seconds: float, every: float, then: Callable[[], Any], hang_up: bool) -> None:
        """Send for some seconds.

        Args:
            seconds: that it lasts.
            every: seconds between calls of `then`.
            then: is called now and then.
            hang_up: whether requests without an answer at the end are given up.
        """
        started = time.monotonic()
        count, calls = 0, 0
        with ThreadPoolExecutor(WORKERS) as workers:
            while (passed := time.monotonic() - started) < seconds:
                if passed >= calls * every:
                    calls += 1
                    then()
                if passed * self.rate >= count:
                    workers.submit(self._one, self.bodies[count % len(self.bodies)])
                    count += 1
                else:
                    time.sleep(min(0.05, count / self.rate - passed))
            if hang_up:
                self._hang_up()

    def answers(self) -> dict[str, int]:
        """Answers by status; "lost" where there was none."""
        return {str(status or "lost"): count for status, count in sorted(self.statuses.items())}

    def _one(self, body: bytes) -> None:
        begun = time.monotonic()
        connected = connection(self.url)
        status = LOST
        # Lost are the requests whose connection is refused, reset or ends without an answer.
        with closing(connected), suppress(OSError, http.client.HTTPException):
            connected.connect()
            with self._lock:
                if self._ended:
                    return
                self._open.add(connected)
            status = ask(connected, body)
        with self._lock:
            self._open.discard(connected)
            if self._ended and status == LOST:
                return
            self.statuses[status] += 1
            if status == 200:
                self.times.append(time.monotonic() - begun)

    def _hang_up(self) -> None:
        with self._lock:
            self._ended = True
            for connected in self._open:
                if connected.sock is not None:
                    with suppress(OSError):
                        connected.sock.shutdown(socket.SHUT_RDWR)
