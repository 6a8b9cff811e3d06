"""Segments of long recordings and unknown actions: ``python -m benchmarks.timeline``.

Recordings are test clips of one person joined with pauses (`benchmarks.timeline_recordings`).
Compared are the timeline, the same without rejection, and a plain sliding window: windows of the
training clips' median length side by side, each named, nothing merged and nothing rejected.

Unknown clips are told from known ones by the distance of `llm_ar.recognizer.unknown` and, as the
baseline, by the largest probability. Known are the model's test clips. Unknown are another
dataset's clips whose actions have other names and other meanings; with ``--left-out``, actions of
the same dataset that did not train.
"""

from __future__ import annotations

import argparse
import datetime
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from benchmarks import machine
from benchmarks.timeline_recordings import Recording, recordings
from llm_ar.config_files import load_run
from llm_ar.evaluation.segments import SegmentScores, segment_scores
from llm_ar.recognizer.calibration import calibrate
from llm_ar.recognizer.fast.early_exit import log_posteriors
from llm_ar.recognizer.llm import load_backbone
from llm_ar.recognizer.merging import Segment
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.timeline import recognize_timeline
from llm_ar.recognizer.train import token_votes
from llm_ar.recognizer.unknown import Unknown, encode
from llm_ar.skeletons.store import ClipStore
from llm_ar.skeletons.windows import Window, cut, duration
from llm_ar.tokenizer.model import ActionTokenizer

ROOT = Path(__file__).resolve().parents[1]
MODELS = {"utd-mhad": "utd-mhad", "nw-ucla-xview": "nw-ucla"}
"""Model to dataset; each one's actions are unknown to the other."""
SHARED = {
    "utd-mhad": {"throw", "walk around", "sit down", "stand up"},
    "nw-ucla-xview": {"throw", "walk", "sit to stand", "stand to sit"},
}
"""The other dataset's actions that a model knows, by this or another name."""
GENERAL, GENERAL_PARTS = "general", ("utd-mhad", "nw-ucla")
"""The default model, on test clips of these datasets among the names of all."""
RECORDINGS, ACTIONS, UNKNOWN_CLIPS = 10, 8, 400
_BATCH = 64


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.timeline", description=__doc__)
    parser.add_argument("--models", type=Path, default=ROOT / "models")
    parser.add_argument("--data", type=Path, default=ROOT / "data")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--recordings", type=int, default=RECORDINGS)
    parser.add_argument("--with-llm", action="store_true", help="ask the LLM about every window")
    parser.add_argument(
        "--left-out",
        type=Path,
        nargs="*",
        default=[],
        metavar="RUN",
        help="folders of tokenizers trained with protocol unseen0, named DATASET-...",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "results/timeline.json")
    given = parser.parse_args(arguments)
    result: dict[str, Any] = {
        "benchmark": "timeline",
        "command": " ".join(
            [
                "python -m benchmarks.timeline",
                *(["--with-llm"] if given.with_llm else []),
                *(["--left-out"] if given.left_out else []),
                *(f"runs/{folder.name}" for folder in given.left_out),
            ]
        ),
        "date": datetime.date.today().isoformat(),
        "seed": given.seed,
        "answers_by": "LLM" if given.with_llm else "token classifier",
        **machine.described(),
        "segments": {},
        "unknown": {},
    }
    for name, dataset in MODELS.items():
        model = ActionRecognizer.from_pretrained(given.models / name)
        store = ClipStore.open(given.data / dataset)
        _, test = store.split(model.run.protocol)
        made = recordings(store, test, given.recordings, ACTIONS, given.seed)
        result["segments"][name] = on_recordings(model, made, fast=not given.with_llm)
        _show(name, result["segments"][name])
        other = next(data for data in MODELS.values() if data != dataset)
        strangers = ClipStore.open(given.data / other)
        labels = {*model.labels, *SHARED[name]}
        unknown = [i for i, info in enumerate(strangers.metadata()) if info.label not in labels]
        order = torch.randperm(len(unknown), generator=torch.Generator().manual_seed(given.seed))
        unknown = [unknown[place] for place in order[:UNKNOWN_CLIPS].tolist()]
        assert model.calibration is not None and model.early_exit is not None
        result["unknown"][f"{name}, other dataset"] = told_apart(
            model.tokenizer,
            model.early_exit.votes,
            model.calibration.unknown,
            (store, test),
            (strangers, unknown),
        )
    if (given.data / GENERAL).is_dir():
        model = ActionRecognizer.from_pretrained(given.models / GENERAL)
        store = ClipStore.open(given.data / GENERAL)
        known = store.metadata()
        _, test = store.split(model.run.protocol)
        for part in GENERAL_PARTS:
            mine = [index for index in test if store.part_of(known[index]) == part]
            made = recordings(store, mine, given.recordings, ACTIONS, given.seed)
            name = f"{GENERAL}, {part}"
            result["segments"][name] = on_recordings(model, made, fast=not given.with_llm)
            _show(name, result["segments"][name])
    for folder in given.left_out:
        name, found = on_left_out(folder, given.data)
        result["unknown"][f"{name}, left-out actions"] = found
    for name, found in result["unknown"].items():
        print(name, json.dumps(found))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(given.out.read_text("utf-8")) if given.out.is_file() else {}
    kept = {key: value for key, value in before.items() if key.startswith("live")}
    given.out.write_text(json.dumps(result | kept, indent=1) + "\n", encoding="utf-8")


def on_recordings(
    model: ActionRecognizer, made: Sequence[Recording], *, fast: bool
) -> dict[str, Any]:
    """Scores of the ways on the same recordings, and seconds of work a second recorded."""
    seconds = [duration(recording.clip) for recording in made]
    found: dict[str, Any] = {
        "recordings": len(made),
        "seconds": round(sum(seconds), 1),
        "actions": sum(len(recording.truth) for recording in made),
    }
    for way in ("timeline", "without rejection", "sliding window"):
        start = time.perf_counter()
        if way == "sliding window":
            told = [sliding(model, recording, fast=fast) for recording in made]
        else:
            told = [
                recognize_timeline(model, one.clip, fast=fast, reject=way == "timeline")
                .people[0]
                .segments
                for one in made
            ]
        took = time.perf_counter() - start
        pairs = [(line, recording.truth) for line, recording in zip(told, made, strict=True)]
        found[way] = _rounded(segment_scores(pairs, seconds))
        found[way]["work_per_second"] = round(took / sum(seconds), 3)
    return found


def sliding(model: ActionRecognizer, recording: Recording, *, fast: bool) -> list[Segment]:
    """Windows side by side, each with its likeliest name."""
    assert model.calibration is not None
    length, seconds = model.calibration.seconds[1], duration(recording.clip)
    starts = [place * length for place in range(max(1, round(seconds / length)))]
    windows = [Window(start, min(start + length, seconds)) for start in starts]
    parts = [cut(recording.clip, window) for window in windows]
    clips = [part for part in parts if part is not None]
    answers = model.recognize(clips, top_k=1, fast=fast)
    return [
        Segment(window.start, window.end, answer.top[0].action, answer.top[0].probability)
        for window, answer in zip(windows, answers, strict=True)
    ]


def told_apart(
    tokenizer: ActionTokenizer,
    votes: Tensor,
    unknown: Unknown,
    known_clips: tuple[ClipStore, Sequence[int]],
    unknown_clips: tuple[ClipStore, Sequence[int]],
) -> dict[str, Any]:
    """AUROC of both scores, and what the threshold does."""
    scores: dict[str, list[Tensor]] = {"distance": [], "probability": []}
    for store, indices in (known_clips, unknown_clips):
        distances, probabilities = [], []
        for start in range(0, len(indices), _BATCH):
            clips = [store[index] for index in indices[start : start + _BATCH]]
            tokens, features = encode(tokenizer, clips)
            distances.append(unknown.distances(features))
            probabilities.append(log_posteriors(votes, tokens).max(dim=1).values.exp().double())
        scores["distance"].append(torch.cat(distances))
        scores["probability"].append(-torch.cat(probabilities))
    truth = [0] * len(known_clips[1]) + [1] * len(unknown_clips[1])
    known, strange = scores["distance"]
    return {
        "known_clips": len(known),
        "unknown_clips": len(strange),
        "auroc": round(float(roc_auc_score(truth, torch.cat([known, strange]).numpy())), 3),
        "auroc_largest_probability": round(
            float(roc_auc_score(truth, torch.cat(scores["probability"]).numpy())), 3
        ),
        "threshold": round(unknown.threshold, 2),
        "known_kept": round(float((known <= unknown.threshold).double().mean()), 3),
        "unknown_rejected": round(float((strange > unknown.threshold).double().mean()), 3),
    }


def on_left_out(folder: Path, data: Path) -> tuple[str, dict[str, Any]]:
    """A tokenizer trained without some actions of its dataset, whose clips are then unknown."""
    dataset = next(name for name in MODELS.values() if folder.name.startswith(name))
    base = {"utd-mhad": "odd-even", "nw-ucla": "xview"}[dataset]
    run = load_run(ROOT / f"experiments/ours/{dataset}.yaml", ["--protocol=unseen0"])
    store = ClipStore.open(data / dataset)
    tokenizer = ActionTokenizer.from_pretrained(folder / "tokenizer")
    train, unknown = store.split("unseen0")
    known = store.metadata()
    unseen = {known[index].label for index in unknown}
    test = [index for index in store.split(base)[1] if known[index].label not in unseen]
    seen = {known[index].label for index in train}
    labels = [name for name in store.labels if name in seen]
    votes = token_votes(run, tokenizer, load_backbone(run.recognizer.llm), labels)
    assert votes is not None
    rejection = calibrate(tokenizer, run, store).unknown
    found = told_apart(tokenizer, votes, rejection, (store, test), (store, unknown))
    return dataset, {
        "left_out": sorted(map(str, unseen)),
        "epochs": tokenizer.figures.get("epochs"),
        **found,
    }


def _rounded(scores: SegmentScores) -> dict[str, Any]:
    return {
        **{f"f1@{least:g}": round(100 * value, 1) for least, value in scores.f1.items()},
        "precision@0.5": round(100 * scores.precision[0.5], 1),
        "recall@0.5": round(100 * scores.recall[0.5], 1),
        "frame_accuracy": round(100 * scores.frame_accuracy, 1),
        "frame_accuracy_in_actions": round(100 * scores.known_frame_accuracy, 1),
    }


def _show(name: str, found: dict[str, Any]) -> None:
    for way in ("timeline", "without rejection", "sliding window"):
        print(f"{name:18} {way:18} {json.dumps(found[way])}")


if __name__ == "__main__":
    main()
