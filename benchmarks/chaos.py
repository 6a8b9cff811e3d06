"""Kills at random moments: is anything half-written ever read, is anything lost?

A tiny model goes the whole way: prepare, stage 1, stage 2, batch recognition, export. First
undisturbed; then each part is begun, killed and gone on with until it ends, again and again, until
the kills are used up. After each kill the public readers open what is there: they refuse it, or it
is what the undisturbed run has written. Each part runs in a process forked from one that has only
imported, so that a kill meets the work and not the imports.

    python -m benchmarks.chaos --kills 50
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import decoders, pre_tokenizers

from benchmarks.machine import described
from benchmarks.tiny_llm import tiny_backbone
from llm_ar.applications.cli import main as llm_ar
from llm_ar.applications.evaluate import evaluate_model
from llm_ar.errors import LlmArError
from llm_ar.recognizer.export.folder import read_record
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.prepare import prepare as preparing
from llm_ar.skeletons.store import ClipStore
from llm_ar.skeletons.synthetic.dataset import procedural_clips
from llm_ar.tokenizer.model import ActionTokenizer

CLIPS, SHARD = 160, 16
MOST_IN_A_ROUND = 6
"""Kills before a part may end in peace and is compared."""
CONFIG = """
data: {data}
protocol: split
out: {out}
preprocess: {{frames: 16}}
tokenizer:
  encoder: {{width: 16, blocks: 1}}
  codebook: {{size: 32, dim: 16, warmup_steps: 4, update: ema}}
  extensions: {{name_loss: 1.0}}
  optim: {{epochs: 6, batch_size: 16, save_minutes: 0}}
recognizer:
  llm: {{name: {llm}}}
  optim: {{epochs: 4, batch_size: 16, save_minutes: 0}}
"""
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Part:
    """One part of the way.

    Args:
        name: for the figures.
        folder: what it writes, by the run's folder.
        command: what is typed, by the run's folder; the same again goes on.
        state: what the public readers make of the folder: files and their content; None if they
            refuse it.
    """

    name: str
    folder: Callable[[Path], Path]
    command: Callable[[Path], list[str]]
    state: Callable[[Path], dict[str, Any] | None]


def digests(folder: Path, pattern: str = "*") -> dict[str, Any]:
    """Each file's content, as a digest; what begins with a dot is no result."""
    files = sorted(path for path in folder.rglob(pattern) if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if not path.name.startswith(".")
    }


def weights(file: Path) -> dict[str, Any]:
    """Tensors by name, as arrays, which travel between processes."""
    return {name: tensor.double().numpy() for name, tensor in load_file(file).items()}


def prepared(folder: Path) -> dict[str, Any] | None:
    """Of a prepared dataset; its report holds times."""
    with contextlib.suppress(LlmArError):
        sum(clip.frames for clip in ClipStore.open(folder))
        return {k: v for k, v in digests(folder).items() if k != "report.json"}
    return None


def tokenizer(folder: Path) -> dict[str, Any] | None:
    """Weights of stage 1."""
    with contextlib.suppress(LlmArError):
        ActionTokenizer.from_pretrained(folder / "tokenizer")
        return weights(folder / "tokenizer" / "model.safetensors")
    return None


def model(folder: Path) -> dict[str, Any] | None:
    """Weights of stage 2."""
    with contextlib.suppress(LlmArError):
        ActionRecognizer.from_pretrained(folder)
        return weights(folder / "adapter_model.safetensors")
    return None


def answers(folder: Path) -> dict[str, Any] | None:
    """Of the shards that are finished."""
    return digests(folder, "*.parquet") if folder.exists() else None


def exported(folder: Path) -> dict[str, Any] | None:
    """Of an export."""
    with contextlib.suppress(LlmArError):
        read_record(folder)
        return digests(folder)
    return None


def parts(base: Path, config: Callable[[Path], Path]) -> list[Part]:
    """The way; each part reads what the undisturbed run has written, so that parts are apart."""
    whole = base / "undisturbed"

    def train(stage: str, out: Path) -> list[str]:
        return ["train", stage, "--config", str(config(out)), "--resume"]

    def prepare(out: Path) -> list[str]:
        raw = str(base / "raw")
        return ["prepare", "folder", "--raw", raw, "--out", str(out / "data"), "--workers", "1"]

    def recognize(out: Path) -> list[str]:
        where = ["--model", str(whole / "model"), "--out", str(out / "answers")]
        return ["recognize-dataset", str(whole / "data"), *where]

    def export(out: Path) -> list[str]:
        where = ["--format", "hf", "--out", str(out / "exported")]
        return ["export", str(whole / "model"), *where]

    def trained(out: Path) -> Path:
        return out / "model"

    return [
        Part("prepare", lambda out: out / "data", prepare, prepared),
        Part("stage 1", trained, lambda out: train("tokenizer", out), tokenizer),
        Part("stage 2", trained, lambda out: train("recognizer", out), model),
        Part("batch recognition", lambda out: out / "answers", recognize, answers),
        Part("export", lambda out: out / "exported", export, exported),
    ]


def begin(arguments: Sequence[str]) -> Any:
    """A command in a process of its own, which prints to nowhere."""

    def work() -> None:
        silent = os.open(os.devnull, os.O_WRONLY)
        log = os.open(os.environ["CHAOS_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(silent, 1)
        os.dup2(log, 2)
        os._exit(llm_ar(list(arguments)))

    process = _FORK.Process(target=work)
    process.start()
    return process


def in_process(function: Callable[..., Any], *given: Any) -> Any:
    """What a function returns, in a process of its own."""
    receiving, sending = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=lambda: sending.send(function(*given)))
    process.start()
    sending.close()
    result = receiving.recv()
    process.join()
    return result


def finish(part: Part, out: Path) -> float:
    """Run a part to its end; returns the seconds it took.

    Raises:
        RuntimeError: it failed.
    """
    start = time.monotonic()
    process = begin(part.command(out))
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{part.name} ended with {process.exitcode}; see the log")
    return time.monotonic() - start


def difference(found: dict[str, Any], expected: dict[str, Any], some: bool) -> float:
    """The largest difference of weights, or infinity for other files; ``some`` may be missing."""
    if found.keys() != expected.keys() and not (some and found.keys() <= expected.keys()):
        return float("inf")
    largest = 0.0
    for name, value in found.items():
        if isinstance(value, np.ndarray):
            largest = max(largest, float(np.abs(value - expected[name]).max(initial=0.0)))
        elif value != expected[name]:
            return float("inf")
    return largest


def tormented(part: Part, base: Path, seconds: float, kills: int, chance: random.Random) -> dict:
    """Kill a part at random moments and go on, until the kills are used up."""
    expected = in_process(part.state, part.folder(base / "undisturbed"))
    done = rounds = refused = whole = 0
    largest = 0.0
    while done < kills:
        rounds += 1
        out = base / f"{part.name} {rounds}".replace(" ", "-")
        out.mkdir()
        if part.name == "stage 2":
            first = base / "undisturbed" / "model" / "tokenizer"
            shutil.copytree(first, part.folder(out) / "tokenizer")
        in_round = 0
        while in_round < MOST_IN_A_ROUND and done < kills:
            process = begin(part.command(out))
            process.join(chance.uniform(0, seconds))
            if process.exitcode is not None:
                break
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            done, in_round = done + 1, in_round + 1
            state = in_process(part.state, part.folder(out))
            if state is None:
                refused += 1
            else:
                whole += 1
                largest = max(largest, difference(state, expected, part.name.startswith("batch")))
        finish(part, out)
        state = in_process(part.state, part.folder(out))
        largest = max(
            largest, float("inf") if state is None else difference(state, expected, False)
        )
        if part.name == "stage 2":
            same = figures(out / "model", base / "undisturbed" / "data")
            if same != figures(base / "undisturbed" / "model", base / "undisturbed" / "data"):
                raise RuntimeError(f"other final metrics: {same}")
        shutil.rmtree(out)
    return {
        "kills": done,
        "rounds": rounds,
        "seconds_undisturbed": round(seconds, 2),
        "refused_by_readers_after_a_kill": refused,
        "whole_after_a_kill": whole,
        "largest_difference": "other files" if largest == float("inf") else largest,
    }


def figures(folder: Path, data: Path) -> dict[str, Any]:
    """The metrics of a model on the test clips, without the time they took."""

    def measured() -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as place:
            summary = evaluate_model(folder, data, None, Path(place) / "out")[0].summary()
        return {k: v for k, v in summary.items() if k not in ("clips_per_second", "model", "date")}

    return in_process(measured)


def write_inputs(base: Path) -> None:
    """Recordings with labels, and a tiny language model."""
    raw = base / "raw"
    raw.mkdir()
    lines = ["file,label,split"]
    for number, clip in enumerate(procedural_clips(CLIPS, seed=7)):
        np.savez(raw / f"{number}.npz", joints=clip.joints, present=clip.present, fps=clip.fps)
        lines.append(f"{number}.npz,{clip.label},{'test' if number % 4 == 0 else 'train'}")
    (raw / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    backbone = tiny_backbone(64, 2)
    words = backbone.text_tokenizer.backend_tokenizer
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    backbone.llm.save_pretrained(base / "llm")
    backbone.text_tokenizer.save_pretrained(base / "llm")


def main() -> None:
    """Run, kill, compare, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="of all parts together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="write no results file")
    given = parser.parse_args()
    torch.set_num_threads(1)
    preparing.SHARD_CLIPS = SHARD
    chance = random.Random(given.seed)
    machine = described()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        os.environ["CHAOS_LOG"] = str(base / "log")
        in_process(write_inputs, base)

        def config(out: Path) -> Path:
            file = out / "run.yaml"
            data = base / "undisturbed" / "data"
            file.write_text(CONFIG.format(data=data, out=out / "model", llm=base / "llm"))
            return file

        way = parts(base, config)
        whole = base / "undisturbed"
        whole.mkdir()
        try:
            times = {part.name: finish(part, whole) for part in way}
            for place, part in enumerate(way):
                kills = given.kills // len(way) + (place < given.kills % len(way))
                found[part.name] = tormented(part, base, times[part.name], kills, chance)
                print(part.name, found[part.name], flush=True)
        except RuntimeError:
            print((base / "log").read_text(encoding="utf-8")[-3000:])
            raise
        metrics = figures(whole / "model", whole / "data")
    result = {
        "command": f"python -m benchmarks.chaos --kills {given.kills} --seed {given.seed}",
        "date": datetime.now(UTC).date().isoformat(),
        "seed": given.seed,
        "machine": machine,
        "kills": sum(part["kills"] for part in found.values()),
        "parts": found,
        "final_metrics_of_each_round_and_of_the_undisturbed_run": metrics,
    }
    text = json.dumps(result, indent=1, default=float)
    print(text)
    if not given.quick:
        Path("results/chaos.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
