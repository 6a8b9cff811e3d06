"""How fast sentences become names: ``python -m benchmarks.recognition``.

The same model and the same clips in one process: ours (the best five names, exact), one full
pass for each candidate, the library's constrained generation (one name, greedy), and the matrix
products alone that ours has to do. The others run on the libraries' own float32 layers; generation
also on ours, which hold half the bytes, and products on both. Ways are measured in turn and each
one's best round counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import other_answerers as others
from benchmarks.recognition_clips import ROOT, on_clips, seconds_of, some_test_clips
from llm_ar.recognizer.fast import prefix_cache
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.scorer import PromptedLlm
from llm_ar.skeletons.datasets.ntu_actions import ACTIONS

CANDIDATES = (27, 120)
BATCH, QUICK_BATCH = 32, 12
ALONE, QUICK_ALONE = 16, 2
PASSES, QUICK_PASSES = 12, 2
"""Candidates of which full passes are measured; the others take as long, word by word."""
CLIPS, QUICK_CLIPS = 464, 16
ROUNDS, QUICK_ROUNDS = 3, 1
TOP_K = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table and one JSON object of the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recognition", description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "models/utd-mhad")
    parser.add_argument("--data", type=Path, default=ROOT / "data/utd-mhad")
    parser.add_argument("--clips-model", type=Path, default=ROOT / "models/nw-ucla-xview")
    parser.add_argument("--clips-data", type=Path, default=ROOT / "data/nw-ucla")
    parser.add_argument("--quick", action="store_true", help="fewer clips, a minute or two")
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
        "help_seconds": round(seconds_of(["--help"], 2), 2),
    }
    model = ActionRecognizer.from_pretrained(given.model)
    plain = others.by_libraries(model, given.model)
    tokens, content = _sentences(model, given.data, QUICK_BATCH if given.quick else BATCH)
    result |= {"model": given.model.name, "sentences": content}
    result["candidates"] = {
        str(count): against_others(model, plain, tokens, names_of(model, count), given.quick)
        for count in CANDIDATES
    }
    if given.clips_model.is_dir() and given.clips_data.is_dir():
        counts = (QUICK_CLIPS, QUICK_ALONE) if given.quick else (CLIPS, CLIPS)
        result["clips"] = on_clips(given.clips_model, given.clips_data, *counts, given.quick)
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
    return model.tokenizer.encode_clips(some_test_clips(model, data, count)), "of test clips"


def against_others(
    model: ActionRecognizer, plain: PromptedLlm, tokens: Tensor, names: tuple[str, ...], quick: bool
) -> dict[str, Any]:
    """Milliseconds a clip of every way, and how many times faster ours is."""
    answerer = model.prompted_llm
    trie = answerer.trie(names)
    prompts = others.whole_prompts(answerer, tokens)
    words = others.answers_of(answerer, trie.names, model.backbone.text_tokenizer)
    spread = np.linspace(0, len(words) - 1, QUICK_PASSES if quick else PASSES).round().astype(int)
    some = [words[place] for place in sorted(set(spread.tolist()))]
    # A pass takes time by its words, so the rest is estimated from those that are measured.
    before = prompts.shape[1] - 1
    share = sum(before + len(ids) for ids in words) / sum(before + len(ids) for ids in some)
    each_pass = [(before + len(ids), len(ids)) for ids in words]
    batch, alone = len(tokens), QUICK_ALONE if quick else ALONE
    ones = [(prompts[row : row + 1], tokens[row : row + 1]) for row in range(min(alone, batch))]
    passes = {k: [_passes(model, tokens, names, k)] for k in (TOP_K, 1)}
    alone_passes = {k: [_passes(model, one, names, k) for _, one in ones] for k in (TOP_K, 1)}
    taken = _best_rounds(
        {
            "ours": lambda: others.ours(model, tokens, names, TOP_K),
            "ours_one_name": lambda: others.ours(model, tokens, names, 1),
            "one_pass_each": lambda: others.one_pass_each(plain, prompts, some),
            "generate": lambda: others.generate(plain, prompts, trie),
            "generate_our_layers": lambda: others.generate(answerer, prompts, trie),
            "products": lambda: _products(answerer.llm, passes[TOP_K]),
            "products_float32": lambda: _products(plain.llm, passes[TOP_K]),
            "products_one_name": lambda: _products(answerer.llm, passes[1]),
            "ours_alone": lambda: [others.ours(model, one, names, TOP_K) for _, one in ones],
            "ours_one_name_alone": lambda: [others.ours(model, one, names, 1) for _, one in ones],
            "generate_alone": lambda: [others.generate(plain, one, trie) for one, _ in ones],
            "generate_our_layers_alone": lambda: [
                others.generate(answerer, one, trie) for one, _ in ones
            ],
            "products_alone": lambda: _products(answerer.llm, alone_passes[TOP_K]),
            "products_float32_alone": lambda: _products(plain.llm, alone_passes[TOP_K]),
            "products_one_name_alone": lambda: _products(answerer.llm, alone_passes[1]),
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
            "one_pass_each_by_counting": round(
                batch
                * others.work(plain.llm, each_pass)
                / others.work(plain.llm, passes[TOP_K][0]),
                2,
            ),
            "generate_batch": round(each["generate"] / each["ours"], 2),
            "generate_batch_one_name": round(each["generate"] / each["ours_one_name"], 2),
            "generate_alone": round(each["generate_alone"] / each["ours_alone"], 2),
            "generate_alone_one_name": round(
                each["generate_alone"] / each["ours_one_name_alone"], 2
            ),
            "one_pass_each_one_name": round(each["one_pass_each"] / each["ours_one_name"], 2),
            **{
                f"share_of_products{way}": round(each[f"products{way}"] / each[f"ours{way}"], 3)
                for way in ("", "_alone", "_one_name", "_one_name_alone")
            },
            **{
                f"share_of_float32_products{way}": round(
                    each[f"products_float32{way}"] / each[f"ours{way}"], 3
                )
                for way in ("", "_alone")
            },
        },
    }


def _passes(
    model: ActionRecognizer, tokens: Tensor, names: Sequence[str], top_k: int
) -> list[tuple[int, int]]:
    """Words and logits of every pass that recognition needs for these sentences, padding apart."""
    passes: list[tuple[int, int]] = []
    forward = prefix_cache.forward

    def counted(llm: Any, embedded: Tensor, places: Tensor, sees: Tensor, *rest: Any) -> Tensor:
        # What is not padding is seen by some place, itself at least.
        new = sees[:, :, -embedded.shape[1] :].any(dim=1)
        passes.append((int(new.sum()), int(new[:, -rest[-1] :].sum())))
        return forward(llm, embedded, places, sees, *rest)

    prefix_cache.forward = counted
    try:
        others.ours(model, tokens, names, top_k)
    finally:
        prefix_cache.forward = forward
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


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [f"{result['model']}, sentences {result['sentences']}; {result['threads']} threads"]
    titles = {
        "one_pass_each": "one full pass a candidate",
        "generate": "constrained generation",
        "generate_our_layers": "the same on our layers",
        "ours": f"ours, {TOP_K} names",
        "ours_one_name": "ours, 1 name",
        "products": "matrix products alone",
        "products_one_name": "the same, 1 name",
        "products_float32": "products of 5 in float32",
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
                    f"{clips[way]['top1']:>8.1f} % top-1{clips[way]['early_exits']:>6} early exits"
                )
        lines.append(f"  one clip, warm: {clips['one_clip_milliseconds']:.0f} ms (median)")
        lines.append(f"  llm-ar recognize, cold: {clips['cold_start_seconds']:.1f} s")
    lines += ["", f"llm-ar --help: {result['help_seconds']:.2f} s"]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
