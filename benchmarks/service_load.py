"""How the service bears load: a soak, a flood, slow clients, and clients that hang up.

Each is a function of a running service; `benchmarks.service` calls them and writes what they find.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.service_clients import Stream, ask_once, figures, percentiles

SOAK_SHARE = 0.8
"""Of the capacity."""
FLOOD_TIMES = 5
"""The capacity."""
NORMAL_TIMES = 2.0
"""The usual time of a request, within which it is normal again."""
LONGEST_RECOVERY = 60.0
SLOW_HEADERS, SLOW_BODIES = 100, 40
SLOW_DEADLINE = 10.0
"""Seconds of ``--deadline`` of the service that slow clients meet."""
HEAD = b"POST /v1/recognize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


def soak(url: str, bodies: Sequence[bytes], capacity: float, seconds: float) -> dict[str, Any]:
    """A steady stream below the capacity: answers, latency, and growth of memory."""
    memory: list[float] = []
    stream = Stream(url, bodies, SOAK_SHARE * capacity)
    stream.run(seconds, seconds / 100, lambda: memory.append(figures(url)[3] / 2**20), False)
    return {
        "seconds": seconds,
        "offered_a_second": round(stream.rate, 2),
        "answers": stream.answers(),
        **percentiles(stream.times),
        **growth(memory),
    }


def growth(memory: Sequence[float]) -> dict[str, float]:
    """How memory grew: the median of the second tenth of the time, as the first one warms up, and
    that of the last tenth."""
    tenth = max(1, len(memory) // 10)
    first = np.median(memory[tenth : 2 * tenth] or memory)
    last = np.median(memory[-tenth:])
    return {
        "memory_mib_first": round(float(first), 1),
        "memory_mib_last": round(float(last), 1),
        "memory_growth_percent": round(float(100 * (last / first - 1)), 2),
    }


def flood(url: str, bodies: Sequence[bytes], capacity: float, seconds: float) -> dict[str, Any]:
    """A stream of several times the capacity; its clients hang up at the end."""
    usual = _usual(url, bodies)
    stream = Stream(url, bodies, FLOOD_TIMES * capacity)
    stream.run(seconds, seconds, lambda: None, True)
    return {
        "seconds": seconds,
        "offered_a_second": round(stream.rate, 2),
        "answers": stream.answers(),
        **percentiles(stream.times),
        "usual_ms": round(1000 * usual, 1),
        "normal_again_after_seconds": _recovery(url, bodies, usual),
    }


def slow(url: str, bodies: Sequence[bytes]) -> dict[str, Any]:
    """Clients that send a byte a second, of headers or of bodies, beside an ordinary client."""
    usual = _usual(url, bodies)
    begins = [HEAD] * SLOW_HEADERS + [HEAD + b"Content-Length: 100000\r\n\r\n{"] * SLOW_BODIES
    times: list[float] = []
    refused = 0
    with ExitStack() as stack:
        connected = [stack.enter_context(_connected(url)) for _ in begins]
        started = time.monotonic()
        for each, begin in zip(connected, begins, strict=True):
            each.sendall(begin)
        alive = list(connected)
        ended = threading.Event()

        def drip() -> None:
            while alive and not ended.wait(1):
                alive[:] = [each for each in alive if _still_open(each)]

        dripping = threading.Thread(target=drip)
        dripping.start()
        while time.monotonic() - started < 1.5 * SLOW_DEADLINE:
            status, seconds = ask_once(url, bodies[len(times) % len(bodies)])
            times.append(seconds)
            refused += status != 200
        ended.set()
        dripping.join()
        return {
            "slow_in_headers": SLOW_HEADERS,
            "slow_in_bodies": SLOW_BODIES,
            "deadline_seconds": SLOW_DEADLINE,
            "still_open_after_1.5_deadlines": len(alive),
            "ordinary_client": {
                "requests": len(times),
                "refused": refused,
                **percentiles(times),
                "usual_ms": round(1000 * usual, 1),
            },
        }


def hang_ups(url: str, bodies: Sequence[bytes], seconds: float) -> dict[str, Any]:
    """Clients that send a whole request and hang up at once, beside an ordinary client."""
    usual = _usual(url, bodies)
    before = figures(url)
    sent, times, refused = 0, [], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for body in bodies:
            with _connected(url) as gone:
                gone.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            sent += 1
        status, took = ask_once(url, bodies[len(times) % len(bodies)])
        times.append(took)
        refused += status != 200
    recovery = _recovery(url, bodies, usual)
    return {
        "hung_up": sent,
        "computed": int(figures(url)[0] - before[0]),
        "ordinary_client": {
            "requests": len(times),
            "refused": refused,
            **percentiles(times),
            "usual_ms": round(1000 * usual, 1),
        },
        "normal_again_after_seconds": recovery,
    }


def _usual(url: str, bodies: Sequence[bytes]) -> float:
    """Seconds of a request to an idle service: the median of some."""
    return float(np.median([ask_once(url, body)[1] for body in bodies[:5]]))


def _recovery(url: str, bodies: Sequence[bytes], usual: float) -> float | None:
    """Seconds until a request is answered in nearly the usual time; None if it never is."""
    started = time.monotonic()
    while (passed := time.monotonic() - started) < LONGEST_RECOVERY:
        status, took = ask_once(url, bodies[0])
        if status == 200 and took <= NORMAL_TIMES * usual:
            return round(passed, 2)
        time.sleep(0.1)
    return None


def _connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 80), timeout=20)


def _still_open(slow: socket.socket) -> bool:
    """Send a byte; whether the service has not closed the connection."""
    with suppress(OSError):
        slow.sendall(b"x")
        if not select.select([slow], [], [], 0)[0]:
            return True
        # An answer may have come; the connection ends after it.
        return bool(slow.recv(65536))
    return False
