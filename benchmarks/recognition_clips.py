"""Recognition of real test clips, from joints to names, and what the command takes as a whole."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.recognition import Recognition
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.store import ClipStore

ROOT = Path(__file__).resolve().parents[1]
THRESHOLDS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999)
QUICK_THRESHOLDS = (0.0, 0.9, 0.999)


def some_test_clips(model: ActionRecognizer, data: Path, count: int) -> list[Clip]:
    """Some of the model's own test clips, always the same ones."""
    store = ClipStore.open(data)
    _, test = store.split(model.run.protocol)
    order = torch.randperm(len(test), generator=torch.Generator().manual_seed(0))
    return [store[test[place]] for place in order[:count].tolist()]


def on_clips(folder: Path, data: Path, count: int, alone: int, quick: bool) -> dict[str, Any]:
    """Clips a second and accuracy of ``count`` clips; one clip's time, the median of ``alone``."""
    model = ActionRecognizer.from_pretrained(folder)
    clips = some_test_clips(model, data, count)
    model.recognize(clips[:1])
    found: dict[str, Any] = {"model": folder.name, "clips": len(clips)}
    for way in ("plain", "fast") if model.early_exit else ("plain",):
        start = time.perf_counter()
        answers = model.recognize(clips, fast=way == "fast")
        seconds = time.perf_counter() - start
        top1 = _top1(answers, clips)
        found[way] = {
            "clips_per_second": round(len(clips) / seconds, 1),
            "top1": top1,
            "early_exits": sum(answer.early_exit for answer in answers),
        }
    waits = []
    for clip in clips[:alone]:
        start = time.perf_counter()
        model.recognize(clip)
        waits.append(time.perf_counter() - start)
    found["one_clip_milliseconds"] = round(1000 * float(np.median(waits)), 1)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "clip.npz"
        clip = clips[0]
        np.savez(file, joints=clip.joints, present=clip.present, layout=clip.layout.name)
        command = ["recognize", str(file), "--model", str(folder), "--json"]
        cold = seconds_of(command, 1 if quick else 2)
    found["cold_start_seconds"] = round(cold, 2)
    if model.early_exit:
        found["thresholds"] = _curve(model, clips, QUICK_THRESHOLDS if quick else THRESHOLDS)
    return found


def _top1(answers: Sequence[Recognition], clips: Sequence[Clip]) -> float:
    """Percent of the clips whose best answer is right."""
    pairs = zip(answers, clips, strict=True)
    return round(
        100 * float(np.mean([said.top[0].action == clip.label for said, clip in pairs])), 2
    )


def _curve(
    model: ActionRecognizer, clips: Sequence[Clip], thresholds: Sequence[float]
) -> list[dict[str, float]]:
    """Accuracy and clips a second of the fast path over thresholds, each of them run."""
    early_exit = model.fast_path()
    rows = []
    for threshold in thresholds:
        model.early_exit = type(early_exit)(early_exit.votes, threshold)
        start = time.perf_counter()
        answers = model.recognize(clips, top_k=1, fast=True)
        seconds = time.perf_counter() - start
        top1 = _top1(answers, clips)
        rows.append(
            {
                "threshold": threshold,
                "top1": top1,
                "clips_per_second": round(len(clips) / seconds, 1),
                "early_exits": sum(answer.early_exit for answer in answers),
            }
        )
    model.early_exit = early_exit
    return rows


def seconds_of(arguments: Sequence[str], rounds: int) -> float:
    """Seconds of the command in a process of its own, the best of so many."""
    command = [sys.executable, "-m", "llm_ar.applications.cli", *arguments]
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        best = min(best, time.perf_counter() - start)
    return best
