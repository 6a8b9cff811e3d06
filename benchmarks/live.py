"""Answers a second of live recognition, joints in: ``python -m benchmarks.live``.

A recording of joined test clips is pushed frame by frame at 30 a second of its own time; each
answer is about the newest windows. Frames come at once, so that the rate is that of the answers.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.timeline_recordings import recordings
from llm_ar.recognizer.live import LiveRecognizer
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.store import ClipStore

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = "utd-mhad"
ANSWERS, WARM_UP = 150, 100


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and add the figures to the timeline's."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / DEFAULT)
    parser.add_argument("--data", type=Path, default=ROOT / "data/utd-mhad")
    parser.add_argument("--protocol", help="of the data; by default the model's")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--out", type=Path, default=ROOT / "results/timeline.json")
    given = parser.parse_args(arguments)
    model = ActionRecognizer.from_pretrained(given.model)
    store = ClipStore.open(given.data)
    test = store.split(given.protocol or model.run.protocol)[1]
    clip = recordings(store, test, 1, 8, given.seed)[0].clip
    live = LiveRecognizer(model, clip.layout, clip.fps)
    waits, work, stages = [], [], []
    for number, frame in enumerate(clip.joints[: WARM_UP + ANSWERS].astype(np.float64)):
        live.push(frame)
        if number < WARM_UP:
            continue
        start, busy = time.perf_counter(), time.process_time()
        stages.append(live.answer().milliseconds)
        waits.append(time.perf_counter() - start)
        work.append(time.process_time() - busy)
    found: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks.live", *(arguments or sys.argv[1:])]),
        "date": datetime.date.today().isoformat(),
        "seed": given.seed,
        "model": given.model.name,
        **machine.described(),
        "answers": len(waits),
        "answers_per_second": round(len(waits) / sum(waits), 1),
        "answers_per_processor_second": round(len(work) / sum(work), 1),
        "milliseconds": {
            "median": round(1000 * float(np.median(waits)), 1),
            "p95": round(1000 * float(np.quantile(waits, 0.95)), 1),
            **{
                stage: round(float(np.median([one[stage] for one in stages])), 1)
                for stage in stages[0]
            },
        },
    }
    print(json.dumps(found))
    key = "live" if given.model.name == DEFAULT else f"live, {given.model.name}"
    before = json.loads(given.out.read_text("utf-8")) if given.out.is_file() else {}
    given.out.write_text(json.dumps(before | {key: found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
