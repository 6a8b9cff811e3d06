"""How fast NTU RGB+D is prepared, and in how much memory: ``python -m benchmarks.prepare``.

A tree of recordings is generated and measured twice: its files are read one by one, by the reader
here and by a plain one (`benchmarks.plain_ntu`), in one process and in processor time; and the
whole is prepared (read, repaired, written, checked) with one process and with two, in time on the
clock. Where other programs run beside it, the clock suffers, the ratio of processor times does not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks import plain_ntu
from benchmarks.ntu_tree import write_tree
from llm_ar.skeletons.readers import ntu

NTU60_CLIPS = 56_578
FILES, QUICK_FILES = 10_240, 2_560
READ_FILES, QUICK_READ_FILES = 200, 50
ROUNDS = 5
ROOT = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Generate, measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prepare", description=__doc__)
    parser.add_argument("--files", type=int, help=f"recordings of the tree (default {FILES:,})")
    parser.add_argument("--quick", action="store_true", help="a small tree, within a minute")
    parser.add_argument(
        "--out", type=Path, help="where the figures go (default results/prepare.json, unless quick)"
    )
    parser.add_argument("--one", nargs=3, metavar=("RAW", "OUT", "WORKERS"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        print(json.dumps(prepare_once(Path(given.one[0]), Path(given.one[1]), int(given.one[2]))))
        return
    files = given.files or (QUICK_FILES if given.quick else FILES)
    result = measure(files, QUICK_READ_FILES if given.quick else READ_FILES)
    print(table(result))
    out = given.out or (None if given.quick else ROOT / "results/prepare.json")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


def measure(files: int, read_files: int) -> dict[str, Any]:
    """All figures."""
    place = Path(os.environ.get("LLM_AR_DATA", ROOT.parent / "shared" / "data"))
    real = place if place.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="ntu-") as folder:
        raw = Path(folder) / "raw"
        size = write_tree(raw, files, real)
        paths = sorted(raw.iterdir())
        some = random.Random(0).sample(paths, min(read_files, len(paths)))
        ours, plain = _milliseconds(some, ntu.read, plain_ntu.read)
        runs = {}
        for workers in (1, 2):
            out = str(Path(folder) / f"out{workers}")
            command = [sys.executable, "-m", "benchmarks.prepare", "--one"]
            command += [str(raw), out, str(workers)]
            told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
            runs[workers] = json.loads(told)
            runs[workers]["clips_per_second"] = round(len(paths) / runs[workers]["seconds"], 1)
            runs[workers]["megabytes_per_second"] = round(size / 1e6 / runs[workers]["seconds"], 1)
    two = runs[2]
    return {
        "benchmark": "prepare",
        "files": len(paths),
        "megabytes": round(size / 1e6, 1),
        "content": "real recordings, numbers changed" if real else "generated",
        "reader_ms_per_file": {
            "ours": ours,
            "plain": plain,
            "times_faster": round(plain / ours, 2),
        },
        "prepare": {str(workers): run for workers, run in runs.items()},
        "two_processes_times_faster": round(runs[1]["seconds"] / two["seconds"], 2),
        "ntu60_minutes_with_two": round(NTU60_CLIPS / two["clips_per_second"] / 60, 1),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }


def _milliseconds(paths: list[Path], *readers: Callable[[Path], object]) -> list[float]:
    """Processor time a file: of some rounds in turn, each reader's best."""
    best = [float("inf")] * len(readers)
    for _ in range(ROUNDS):
        for place, read in enumerate(readers):
            start = time.process_time()
            for path in paths:
                read(path)
            best[place] = min(best[place], time.process_time() - start)
    return [round(1000 * seconds / len(paths), 3) for seconds in best]


def prepare_once(raw: Path, out: Path, workers: int) -> dict[str, Any]:
    """Seconds on the clock and of all processors, and the most memory of all processes together."""
    from llm_ar.skeletons.prepare.prepare import prepare

    peak, processor = 0, 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak, processor
        me = psutil.Process()
        over = False
        while not over:
            over = done.wait(0.2 if peak else 0)
            total, seconds = 0, 0.0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_full_info().pss
                    times = process.cpu_times()
                    seconds += times.user + times.system
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            peak, processor = max(peak, total), max(processor, seconds)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.monotonic()
    report = prepare("ntu60", raw, out, workers=workers)
    seconds = time.monotonic() - start
    done.set()
    watcher.join()
    return {
        "seconds": round(seconds, 2),
        "processor_seconds": round(processor, 2),
        "peak_mebibytes": round(peak / 2**20),
        "clips": report.read,
        "refused": len(report.refused),
    }


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    reader = result["reader_ms_per_file"]
    lines = [
        f"{result['files']:,} recordings, {result['megabytes']:,.0f} MB ({result['content']})",
        "",
        f"{'reader, one process':<28}{'ms a file':>10}{'ratio':>8}",
        f"{'  plain, line by line':<28}{reader['plain']:>10.2f}{1:>8.1f}",
        f"{'  llm-ar':<28}{reader['ours']:>10.2f}{reader['times_faster']:>8.1f}",
        "",
        f"{'prepare':<16}{'seconds':>9}{'clips/s':>9}{'MB/s':>8}{'memory':>10}{'ratio':>8}",
    ]
    for workers, run in result["prepare"].items():
        ratio = result["prepare"]["1"]["seconds"] / run["seconds"]
        name = "  1 process" if workers == "1" else f"  {workers} processes"
        lines.append(
            f"{name:<16}{run['seconds']:>9.1f}{run['clips_per_second']:>9.0f}"
            f"{run['megabytes_per_second']:>8.0f}{run['peak_mebibytes']:>6} MiB{ratio:>8.2f}"
        )
    lines += [
        "",
        f"NTU60 ({NTU60_CLIPS:,} clips) at that rate with two processes: "
        f"{result['ntu60_minutes_with_two']:.1f} minutes",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
