"""Stage 1 on clips that are mapped from files: memory, speed, and an epoch of NTU60's kind.

The dataset is generated: two people, 25 joints, NTU60's names and performers, and as many clips as
asked for. An epoch is trained in a process of its own, whose memory is watched. Then batches are
drawn from the same clips in memory and from files, in turn, in one process.

    python -m benchmarks.streaming --clips 8000
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.machine import described
from llm_ar.config import RunConfig
from llm_ar.config_files import load_run
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.datasets.protocols import dataset_named
from llm_ar.skeletons.layouts import layout_named
from llm_ar.skeletons.store import ClipStore, write_store
from llm_ar.tokenizer.data import TrainingClips, training_clips
from llm_ar.tokenizer.train import train_tokenizer

EXPERIMENT = Path("experiments/paper/small/ntu60-xsub.yaml")
FULL = 56_880
"""Clips of NTU60."""
TRAINED = 40_091
"""Of these, the training clips of X-Sub."""
WORDS, WIDTH = 49_152, 576
"""Word embeddings of the default language model, here random."""
COMPARED = 1_500
"""Clips of the comparison in one process."""
ROUNDS = 7


def generated(count: int, seed: int = 0) -> Iterator[Clip]:
    """Clips of 40 to 120 frames of two people who swing their joints, named as NTU60's."""
    random = np.random.default_rng(seed)
    known = dataset_named("ntu60")
    layout = layout_named("kinect-v2")
    body = random.normal(scale=0.4, size=(2, 25, 3)) + [[[0, 0, 3]], [[1, 0, 3]]]
    for number in range(count):
        frames = int(random.integers(40, 121))
        phase, swing = random.uniform(0, 6, (2, 25, 3)), random.uniform(0, 0.2, (2, 25, 3))
        time_ = np.linspace(0, 6, frames)[:, None, None, None]
        joints = body + swing * np.sin(time_ + phase)
        yield Clip(
            joints=joints.astype(np.float32),
            present=np.ones((frames, 2, 25), np.bool_),
            fps=30.0,
            layout=layout,
            label=known.classes[number % 60],
            subject=f"{1 + number // 60 % 40}",
            camera=f"{1 + number % 3}",
            source=f"generated {number}",
        )


def memory() -> dict[str, int]:
    """MiB that this process holds: its own, and pages of mapped files, which can be dropped."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in lines if "Rss" in line}
    return {"own": found["RssAnon"], "mapped": found["RssFile"]}


def epoch(run: RunConfig) -> dict[str, Any]:
    """One epoch of stage 1 in this process, from the prepared dataset to the tokenizer."""
    words = torch.randn(WORDS, WIDTH, generator=torch.Generator().manual_seed(0))
    store = ClipStore.open(run.data)
    train = training_clips(store, run)
    before = memory()
    peak = dict(before)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            for name, value in memory().items():
                peak[name] = max(peak[name], value)

    threading.Thread(target=watch, daemon=True).start()
    start = time.perf_counter()
    clips = TrainingClips.of_run(store, run, store.layout)
    first = time.perf_counter() - start
    held = clips.joints.nbytes + clips.present.nbytes
    del clips
    start = time.perf_counter()
    train_tokenizer(run, words, torch.zeros(len(store.labels), 0))
    seconds = time.perf_counter() - start
    ended.set()
    return {
        "training_clips": len(train),
        "gib_of_training_clips": round(held / 2**30, 3),
        "own_mib_before": before["own"],
        "own_mib_most": peak["own"],
        "mapped_mib_most": peak["mapped"],
        "seconds_to_write_clips": round(first, 1),
        "seconds_of_epoch": round(seconds, 1),
        "clips_a_second": round(len(train) / seconds, 1),
    }


def compared(run: RunConfig, folder: Path) -> dict[str, Any]:
    """Clips a second of batches from memory and from files, round by round in turn."""
    store = ClipStore.open(run.data)
    indices = training_clips(store, run)[:COMPARED]
    fine = run.augment.temporal_oversampling
    ways = {
        "memory": TrainingClips.read(store, indices, run.preprocess, None, fine),
        "files": TrainingClips.read(store, indices, run.preprocess, None, fine, folder),
    }
    random = torch.Generator().manual_seed(0)
    speeds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        order = torch.randperm(len(indices), generator=random).tolist()
        for way, clips in ways.items():
            start = time.perf_counter()
            for place in range(0, len(order), run.tokenizer.optim.batch_size):
                clips.__getitems__(order[place : place + run.tokenizer.optim.batch_size])
            speeds[way].append(len(order) / (time.perf_counter() - start))
    middle = {way: statistics.median(values) for way, values in speeds.items()}
    return {
        "clips": len(indices),
        "rounds": ROUNDS,
        "batches_from_memory_clips_a_second": round(middle["memory"]),
        "batches_from_files_clips_a_second": round(middle["files"]),
        "files_over_memory": round(middle["files"] / middle["memory"], 3),
    }


def main() -> None:
    """Generate, train, compare, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=8_000, help=f"NTU60 has {FULL:,}")
    parser.add_argument("--quick", action="store_true", help="write no results file")
    given = parser.parse_args()
    machine = described()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        start = time.perf_counter()
        write_store(
            generated(given.clips),
            folder / "data",
            dataset="ntu60",
            layout=layout_named("kinect-v2"),
            fingerprint=f"generated {given.clips}",
        )
        prepared = time.perf_counter() - start
        run = load_run(EXPERIMENT)
        optim = dataclasses.replace(run.tokenizer.optim, epochs=1)
        run = dataclasses.replace(
            run,
            data=folder / "data",
            out=folder / "run",
            tokenizer=dataclasses.replace(run.tokenizer, optim=optim),
        )
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, context) as pool:
            trained = pool.submit(epoch, run).result()
        beside = compared(run, folder / "compared")
    a_clip = trained["gib_of_training_clips"] / trained["training_clips"]
    hours = TRAINED / trained["clips_a_second"] * load_run(EXPERIMENT).tokenizer.optim.epochs / 3600
    figures = {
        "command": f"python -m benchmarks.streaming --clips {given.clips}",
        "date": datetime.now(UTC).date().isoformat(),
        "seed": 0,
        "machine": machine,
        "experiment": str(EXPERIMENT),
        "clips": given.clips,
        "seconds_to_generate_and_prepare": round(prepared, 1),
        "epoch": trained,
        "in_one_process": beside,
        "projected_for_ntu60": {
            "gib_of_training_clips": round(a_clip * TRAINED, 2),
            "hours_of_stage_1_here": round(hours, 1),
        },
    }
    text = json.dumps(figures, indent=1)
    print(text)
    if not given.quick:
        Path("results/streaming.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
