"""How many requests a second the service answers: ``python -m benchmarks.service``.

The service runs in a process of its own on this machine's loopback address. Clients in this process
send joints as JSON, one request after the other each. The same model asked in this process for one
clip after the other is what it is compared with, by the clock and, as other programs may keep the
machine busy, by processor time. Before each measurement some requests are sent
that do not count; each lasts a number of seconds and is bounded in its requests.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.machine import described
from benchmarks.page_picture import ROOT, service

CLIENTS = (1, 8, 64)
MOST_REQUESTS = 4000
CLIPS = 16
OUT = ROOT / "results/service.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "models/procedural")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--quick", action="store_true", help="three seconds each, not written")
    parser.add_argument("--out", type=Path, help="figures (default results/service.json)")
    given = parser.parse_args(arguments)
    seconds = 3.0 if given.quick else given.seconds
    bodies = requests_of(CLIPS)
    result: dict[str, Any] = {
        "benchmark": "service",
        "quick": given.quick,
        "model": given.model.name,
        "clips": CLIPS,
        "seconds": seconds,
        **described(),
        "alone": alone(given.model, seconds),
    }
    with service(given.model, "--deadline", "120") as url:
        result["service"] = [measured(url, bodies, clients, seconds) for clients in CLIENTS]
    one = result["alone"]
    for row in result["service"]:
        row["speedup"] = round(row["requests_a_second"] / one["clips_a_second"], 2)
        row["processor_speedup"] = round(one["processor_ms"] / row["processor_ms"], 2)
    show(result)
    print(json.dumps(result))
    if not given.quick or given.out:
        (given.out or OUT).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def requests_of(count: int) -> list[bytes]:
    """Bodies of requests, one for each of some generated clips."""
    from llm_ar.applications.serve.page import generated

    clips = list(generated().values())[:count]
    return [json.dumps(clip).encode() for clip in clips]


def alone(folder: Path, seconds: float) -> dict[str, Any]:
    """The same model in this process, one clip after the other, without a network."""
    from itertools import islice

    from llm_ar.recognizer.model import ActionRecognizer
    from llm_ar.skeletons.synthetic.dataset import procedural_clips

    model = ActionRecognizer.from_pretrained(folder)
    clips = list(islice(procedural_clips(CLIPS, subjects=CLIPS, seed=2026), CLIPS))
    model.recognize(clips[0])
    times: list[float] = []
    busy = time.process_time()
    end = time.monotonic() + seconds
    while time.monotonic() < end and len(times) < MOST_REQUESTS:
        started = time.monotonic()
        model.recognize(clips[len(times) % len(clips)])
        times.append(time.monotonic() - started)
    busy = time.process_time() - busy
    return {
        "clips_a_second": round(len(times) / sum(times), 2),
        **percentiles(times),
        "processor_ms": round(1000 * busy / len(times), 1),
    }


def measured(url: str, bodies: Sequence[bytes], clients: int, seconds: float) -> dict[str, Any]:
    """Throughput and latency with a number of clients."""
    for body in bodies[:2]:
        _ask(_connection(url), body)
    before = figures(url)
    times: list[float] = []
    refused: list[int] = []
    lock = threading.Lock()
    started = time.monotonic()
    end = started + seconds

    def work(number: int) -> None:
        connection = _connection(url)
        for turn in range(MOST_REQUESTS // clients):
            if time.monotonic() >= end:
                break
            begun = time.monotonic()
            status = _ask(connection, bodies[(number + turn) % len(bodies)])
            with lock:
                if status == 200:
                    times.append(time.monotonic() - begun)
                else:
                    refused.append(status)
        connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - started
    jobs, count, busy = (after - first for after, first in zip(figures(url), before, strict=True))
    return {
        "clients": clients,
        "requests_a_second": round(len(times) / took, 2),
        **percentiles(times),
        "answered": len(times),
        "refused": len(refused),
        "mean_batch": round(jobs / max(count, 1), 2),
        "processor_ms": round(1000 * busy / max(jobs, 1), 1),
    }


def percentiles(times: Sequence[float]) -> dict[str, float]:
    """Milliseconds: the median and the 99th percentile."""
    if not times:
        return {"p50_ms": float("nan"), "p99_ms": float("nan")}
    p50, p99 = np.percentile(np.array(times) * 1000, (50, 99))
    return {"p50_ms": round(float(p50), 1), "p99_ms": round(float(p99), 1)}


def figures(url: str) -> tuple[float, ...]:
    """Requests in passes, passes, and seconds of processor time so far; the service tells them."""
    connection = _connection(url)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    names = ("llm_ar_batch_size_sum", "llm_ar_batch_size_count", "process_cpu_seconds_total")
    found = [re.search(rf"^{name} (\S+)$", text, re.MULTILINE) for name in names]
    return tuple(float(match[1]) if match else 0.0 for match in found)


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)


def _ask(connection: http.client.HTTPConnection, body: bytes) -> int:
    connection.request(
        "POST", "/v1/recognize", body=body, headers={"Content-Type": "application/json"}
    )
    answer = connection.getresponse()
    answer.read()
    return answer.status


def show(result: dict[str, Any]) -> None:
    """The figures as a table."""
    row = result["alone"]
    print(f"{'one at a time, no network':<26}{row['clips_a_second']:>8} /s  p50 {row['p50_ms']} ms")
    for row in result["service"]:
        name = f"{row['clients']} clients"
        print(
            f"{name:<26}{row['requests_a_second']:>8} /s  p50 {row['p50_ms']} ms  "
            f"p99 {row['p99_ms']} ms  batch {row['mean_batch']}  {row['speedup']} x  "
            f"processor {row['processor_ms']} ms, {row['processor_speedup']} x"
        )


if __name__ == "__main__":
    main()
