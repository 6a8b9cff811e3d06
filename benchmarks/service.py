"""How many requests a second the service answers: ``python -m benchmarks.service``.

The service runs in a process of its own on this machine's loopback address. Clients in this process
send joints as JSON, one request after the other each. The same model asked in this process for one
clip after the other is what it is compared with, by the clock and, as other programs may keep the
machine busy, by processor time. Asked for 16 clips at once, it shows what batching can gain at
most. Before each measurement some requests are sent that do not count; each lasts a number of
seconds and is bounded in its requests.

Then `benchmarks.service_load` measures how the service bears load: a soak at 80 % of the capacity,
which is the largest rate measured before, a flood at five times the capacity, slow clients, and
clients that hang up.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import service_load
from benchmarks.machine import described
from benchmarks.page_picture import ROOT, service
from benchmarks.service_clients import ask, connection, figures, percentiles, requests_of

CLIENTS = (1, 8, 64)
MOST_REQUESTS = 4000
CLIPS = 16
BATCH = 16
"""Clips of a pass, as the service takes them at most."""
OUT = ROOT / "results/service.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "models/procedural")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--soak", type=float, default=10.0, metavar="MINUTES", help="of the soak")
    parser.add_argument("--quick", action="store_true", help="three seconds each, not written")
    parser.add_argument("--out", type=Path, help="figures (default results/service.json)")
    given = parser.parse_args(arguments)
    seconds = 3.0 if given.quick else given.seconds
    soak = 3.0 if given.quick else 60 * given.soak
    options = sys.argv[1:] if arguments is None else arguments
    bodies = requests_of(CLIPS)
    result: dict[str, Any] = {
        "benchmark": "service",
        "command": " ".join(["python -m benchmarks.service", *options]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": given.quick,
        "model": given.model.name,
        "clips": CLIPS,
        "seconds": seconds,
        **described(),
        "alone": alone(given.model, seconds),
    }
    with service(given.model, "--deadline", "120") as url:
        result["service"] = [measured(url, bodies, clients, seconds) for clients in CLIENTS]
        capacity = max(row["requests_a_second"] for row in result["service"])
        result["soak"] = service_load.soak(url, bodies, capacity, soak)
        result["flood"] = service_load.flood(url, bodies, capacity, 2 * seconds)
        result["hang_ups"] = service_load.hang_ups(url, bodies, seconds)
    with service(given.model, "--deadline", str(service_load.SLOW_DEADLINE)) as url:
        result["slow"] = service_load.slow(url, bodies)
    one = result["alone"][0]
    for row in (*result["alone"], *result["service"]):
        rate = row.get("clips_a_second") or row["requests_a_second"]
        row["speedup"] = round(rate / one["clips_a_second"], 2)
        row["processor_speedup"] = round(one["processor_ms"] / row["processor_ms"], 2)
    show(result)
    print(json.dumps(result))
    if not given.quick or given.out:
        (given.out or OUT).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def alone(folder: Path, seconds: float) -> list[dict[str, Any]]:
    """The same model in this process without a network: clip after clip, and passes of `BATCH`."""
    from itertools import islice

    from llm_ar.recognizer.model import ActionRecognizer
    from llm_ar.skeletons.synthetic.dataset import procedural_clips

    model = ActionRecognizer.from_pretrained(folder)
    clips = list(islice(procedural_clips(CLIPS, subjects=CLIPS, seed=2026), CLIPS))
    found = []
    for batch in (1, BATCH):
        passes = [clips[start : start + batch] for start in range(0, CLIPS, batch)]
        model.recognize(passes[0])
        times: list[float] = []
        busy = time.process_time()
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(times) < MOST_REQUESTS:
            started = time.monotonic()
            model.recognize(passes[len(times) % len(passes)])
            times.append(time.monotonic() - started)
        busy = time.process_time() - busy
        found.append(
            {
                "batch": batch,
                "clips_a_second": round(batch * len(times) / sum(times), 2),
                **percentiles(times),
                "processor_ms": round(1000 * busy / (batch * len(times)), 1),
            }
        )
    return found


def measured(url: str, bodies: Sequence[bytes], clients: int, seconds: float) -> dict[str, Any]:
    """Throughput and latency with a number of clients."""
    for body in bodies[:2]:
        ask(connection(url), body)
    before = figures(url)
    times: list[float] = []
    refused: list[int] = []
    lock = threading.Lock()
    started = time.monotonic()
    end = started + seconds

    def work(number: int) -> None:
        connected = connection(url)
        for turn in range(MOST_REQUESTS // clients):
            if time.monotonic() >= end:
                break
            begun = time.monotonic()
            status = ask(connected, bodies[(number + turn) % len(bodies)])
            with lock:
                if status == 200:
                    times.append(time.monotonic() - begun)
                else:
                    refused.append(status)
        connected.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - started
    after = figures(url)
    jobs, count, busy = (after[place] - before[place] for place in range(3))
    return {
        "clients": clients,
        "requests_a_second": round(len(times) / took, 2),
        **percentiles(times),
        "answered": len(times),
        "refused": len(refused),
        "mean_batch": round(jobs / max(count, 1), 2),
        "processor_ms": round(1000 * busy / max(jobs, 1), 1),
    }


def show(result: dict[str, Any]) -> None:
    """The figures as a table."""
    for row in (*result["alone"], *result["service"]):
        name, rate = f"{row.get('clients')} clients", row.get("requests_a_second")
        if rate is None:
            name, rate = f"no network, passes of {row['batch']}", row["clips_a_second"]
        print(
            f"{name:<26}{rate:>8} /s  p50 {row['p50_ms']} ms  p99 {row['p99_ms']} ms  "
            f"batch {row.get('mean_batch', row.get('batch'))}  {row['speedup']} x  "
            f"processor {row['processor_ms']} ms, {row['processor_speedup']} x"
        )
    for name in ("soak", "flood", "hang_ups", "slow"):
        print(f"{name}: {json.dumps(result[name])}")


if __name__ == "__main__":
    main()
