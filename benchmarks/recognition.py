"""How fast sentences become names: ``python -m benchmarks.recognition``.

The same weights and the same clips in one process: ours (the best five names, exact), one full
pass for each candidate, the library's constrained generation (one name, greedy), and the matrix
products alone that ours has to do. Ways are measured in turn and each one's best round counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import other_answerers as others
from llm_ar.recognizer import answers, search
from llm_ar.recognizer.model import ActionRecognizer, Recognition
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.published.ntu_actions import ACTIONS
from llm_ar.skeletons.store import ClipStore

ROOT = Path(__file__).resolve().parents[1]
CANDIDATES = (27, 120)
BATCH, QUICK_BATCH = 32, 16
ALONE, QUICK_ALONE = 16, 4
PASSES, QUICK_PASSES = 12, 2
"""Candidates of which full passes are measured; the others take as long, word by word."""
CLIPS, QUICK_CLIPS = 464, 32
ROUNDS, QUICK_ROUNDS = 3, 1
TOP_K = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table and one JSON object of the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recognition", description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "models/utd-mhad")
    parser.add_argument("--data", type=Path, default=ROOT / "data/utd-mhad")
    parser.add_argument("--clips-model", type=Path, default=ROOT / "models/nw-ucla-xview")
    parser.add_argument("--clips-data", type=Path, default=ROOT / "data/nw-ucla")
    parser.add_argument("--quick", action="store_true", help="fewer clips, within a minute")
    parser.add_argument(
        "--out", type=Path, help="figures (default results/recognition.json, unless quick)"
    )
    given = parser.parse_args(arguments)
    result: dict[str, Any] = {
        "benchmark": "recognition",
        "quick": given.quick,
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "help_seconds": round(_seconds_of(["--help"]), 2),
    }
    model = ActionRecognizer.from_pretrained(given.model)
    tokens, content = _sentences(model, given.data, QUICK_BATCH if given.quick else BATCH)
    result |= {"model": given.model.name, "sentences": content}
    result["candidates"] = {
        str(count): against_others(model, tokens, names_of(model, count), given.quick)
        for count in CANDIDATES
    }
    if given.clips_model.is_dir() and given.clips_data.is_dir():
        result["clips"] = on_clips(given.clips_model, given.clips_data, given.quick)
    print(table(result))
    out = given.out or (None if given.quick else ROOT / "results/recognition.json")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({count: found["ratios"] for count, found in result["candidates"].items()}))


def names_of(model: ActionRecognizer, count: int) -> tuple[str, ...]:
    """So many candidate names: those of the training, then NTU RGB+D 120's."""
    return tuple(dict.fromkeys([*model.labels, *(action.phrase for action in ACTIONS)]))[:count]


def _sentences(model: ActionRecognizer, data: Path, count: int) -> tuple[Tensor, str]:
    """Sentences (count, W) of test clips, or random ones where the dataset is not there."""
    generator = torch.Generator().manual_seed(0)
    if not data.is_dir():
        size = (count, model.tokenizer.words)
        return torch.randint(model.tokenizer.vocabulary, size, generator=generator), "random"
    return model.tokenizer.encode_clips(_test_clips(model, data, count)), "of test clips"


def _test_clips(model: ActionRecognizer, data: Path, count: int) -> list[Clip]:
    store = ClipStore.open(data)
    _, test = store.split(model.run.protocol)
    order = torch.randperm(len(test), generator=torch.Generator().manual_seed(0))
    return [store[test[place]] for place in order[:count].tolist()]


def against_others(
    model: ActionRecognizer, tokens: Tensor, names: tuple[str, ...], quick: bool
) -> dict[str, Any]:
    """Milliseconds a clip of every way, and how many times faster ours is."""
    answerer = model.answerer
    trie = answerer.trie(names)
    prompts = others.whole_prompts(answerer, tokens)
    words = others.answers_of(answerer, trie.names, model.backbone.text_tokenizer)
    spread = np.linspace(0, len(words) - 1, QUICK_PASSES if quick else PASSES).round().astype(int)
    some = [words[place] for place in sorted(set(spread.tolist()))]
    # A pass takes time by its words, so the rest is reckoned from those that are measured.
    before = prompts.shape[1] - 1
    share = sum(before + len(ids) for ids in words) / sum(before + len(ids) for ids in some)
    batch, alone = len(tokens), QUICK_ALONE if quick else ALONE
    ones = [(prompts[row : row + 1], tokens[row : row + 1]) for row in range(min(alone, batch))]
    passes = [_passes(answerer, tokens, trie, TOP_K)]
    passes_of_one = [_passes(answerer, one, trie, TOP_K) for _, one in ones]
    taken = _best_rounds(
        {
            "ours": lambda: others.ours(answerer, tokens, trie, TOP_K),
            "ours_one_name": lambda: others.ours(answerer, tokens, trie, 1),
            "one_pass_each": lambda: others.one_pass_each(answerer, prompts, some),
            "generate": lambda: others.generate(answerer, prompts, trie),
            "products": lambda: _products(answerer.llm, passes),
            "ours_alone": lambda: [others.ours(answerer, one, trie, TOP_K) for _, one in ones],
            "ours_one_name_alone": lambda: [others.ours(answerer, one, trie, 1) for _, one in ones],
            "generate_alone": lambda: [others.generate(answerer, one, trie) for one, _ in ones],
            "products_alone": lambda: _products(answerer.llm, passes_of_one),
        },
        QUICK_ROUNDS if quick else ROUNDS,
    )
    taken["one_pass_each"] *= share
    each = {
        way: round(1000 * seconds / (len(ones) if way.endswith("alone") else batch), 2)
        for way, seconds in taken.items()
    }
    return {
        "names": len(names),
        "nodes": len(trie.tokens),
        "batch": batch,
        "milliseconds_a_clip": each,
        "passes_measured": len(some),
        "ratios": {
            "one_pass_each": round(each["one_pass_each"] / each["ours"], 2),
            "generate_batch": round(each["generate"] / each["ours"], 2),
            "generate_batch_one_name": round(each["generate"] / each["ours_one_name"], 2),
            "generate_alone": round(each["generate_alone"] / each["ours_alone"], 2),
            "generate_alone_one_name": round(
                each["generate_alone"] / each["ours_one_name_alone"], 2
            ),
            "share_of_products": round(each["products"] / each["ours"], 3),
            "share_of_products_alone": round(each["products_alone"] / each["ours_alone"], 3),
        },
    }


def _passes(answerer: Any, tokens: Tensor, trie: Any, top_k: int) -> list[tuple[int, int]]:
    """Words and logits of every pass that recognition needs for these sentences, padding apart."""
    passes = [(answerer.prompts(tokens).shape[1] * len(tokens), len(tokens))]
    read_nodes = search.read_nodes

    def counted(llm: Any, reading: Any, rows: Tensor, nodes: Tensor, trie: Any) -> Tensor:
        words = int((nodes >= 0).sum())
        passes.append((words, words))
        return read_nodes(llm, reading, rows, nodes, trie)

    search.read_nodes = answers.read_nodes = counted
    try:
        others.ours(answerer, tokens, trie, top_k)
    finally:
        search.read_nodes = answers.read_nodes = read_nodes
    return passes


def _products(llm: Any, passes: Sequence[Sequence[tuple[int, int]]]) -> float:
    return sum(others.products(llm, some) for some in passes)


def _best_rounds(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of each way's best round, the ways in turn; a way may tell its seconds itself."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            told = way()
            seconds = told if isinstance(told, float) else time.perf_counter() - start
            best[name] = min(best[name], seconds)
    return best


def on_clips(folder: Path, data: Path, quick: bool) -> dict[str, Any]:
    """Real test clips, from joints to names: clips a second and accuracy, and one clip's time."""
    model = ActionRecognizer.from_pretrained(folder)
    clips = _test_clips(model, data, QUICK_CLIPS if quick else CLIPS)
    model.recognize(clips[:1])
    found: dict[str, Any] = {"model": folder.name, "clips": len(clips)}
    for way in ("plain", "fast") if model.glance else ("plain",):
        start = time.perf_counter()
        answers = model.recognize(clips, fast=way == "fast")
        seconds = time.perf_counter() - start
        top1 = _top1(answers, clips)
        found[way] = {
            "clips_per_second": round(len(clips) / seconds, 1),
            "top1": top1,
            "at_a_glance": sum(answer.glance for answer in answers),
        }
    waits = []
    for clip in clips[: QUICK_ALONE if quick else CLIPS]:
        start = time.perf_counter()
        model.recognize(clip)
        waits.append(time.perf_counter() - start)
    found["one_clip_milliseconds"] = round(1000 * float(np.median(waits)), 1)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "clip.npz"
        clip = clips[0]
        np.savez(file, joints=clip.joints, present=clip.present, layout=clip.layout.name)
        cold = _seconds_of(["recognize", str(file), "--model", str(folder), "--json"])
    found["cold_start_seconds"] = round(cold, 2)
    if model.glance:
        found["thresholds"] = _curve(model, clips)
    return found


def _top1(answers: Sequence[Recognition], clips: Sequence[Clip]) -> float:
    """Percent of the clips whose best answer is right."""
    pairs = zip(answers, clips, strict=True)
    return round(
        100 * float(np.mean([said.top[0].action == clip.label for said, clip in pairs])), 2
    )


def _curve(model: ActionRecognizer, clips: Sequence[Clip]) -> list[dict[str, float]]:
    """Accuracy and clips a second of the fast path over thresholds, each of them run."""
    glance = model.fast_path()
    rows = []
    for threshold in (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999):
        model.glance = type(glance)(glance.votes, threshold)
        start = time.perf_counter()
        answers = model.recognize(clips, top_k=1, fast=True)
        seconds = time.perf_counter() - start
        top1 = _top1(answers, clips)
        rows.append(
            {
                "threshold": threshold,
                "top1": top1,
                "clips_per_second": round(len(clips) / seconds, 1),
                "at_a_glance": sum(answer.glance for answer in answers),
            }
        )
    model.glance = glance
    return rows


def _seconds_of(arguments: Sequence[str]) -> float:
    """Seconds of the command in a process of its own, best of two."""
    command = [sys.executable, "-m", "llm_ar.applications.cli", *arguments]
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        best = min(best, time.perf_counter() - start)
    return best


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [f"{result['model']}, sentences {result['sentences']}; {result['threads']} threads"]
    titles = {
        "one_pass_each": "one full pass a candidate",
        "generate": "constrained generation",
        "ours": f"ours, {TOP_K} names",
        "ours_one_name": "ours, 1 name",
        "products": "matrix products alone",
    }
    for found in result["candidates"].values():
        each = found["milliseconds_a_clip"]
        head = f"{found['names']} names, {found['nodes']} nodes"
        lines += ["", f"{head:<30}{'batch of ' + str(found['batch']):>18}{'ratio':>8}"]
        lines[-1] += f"{'one at a time':>18}{'ratio':>8}"
        for way, title in titles.items():
            line = f"  {title:<28}{each[way]:>12.1f} ms/clip{each[way] / each['ours']:>7.2f}"
            if f"{way}_alone" in each:
                alone = each[f"{way}_alone"]
                line += f"{alone:>11.1f} ms/clip{alone / each['ours_alone']:>7.2f}"
            lines.append(line)
    if clips := result.get("clips"):
        lines += ["", f"{clips['clips']} test clips, {clips['model']}, from joints to names"]
        for way in ("plain", "fast"):
            if way in clips:
                lines.append(
                    f"  {way:<8}{clips[way]['clips_per_second']:>8.1f} clips/s"
                    f"{clips[way]['top1']:>8.1f} % top-1{clips[way]['at_a_glance']:>6} at a glance"
                )
        lines.append(f"  one clip, warm: {clips['one_clip_milliseconds']:.0f} ms (median)")
        lines.append(f"  llm-ar recognize, cold: {clips['cold_start_seconds']:.1f} s")
    lines += ["", f"llm-ar --help: {result['help_seconds']:.2f} s"]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
