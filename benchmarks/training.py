"""How fast both stages train, and in how much memory: ``python -m benchmarks.training``.

Stage 2 against a plain ``transformers.Trainer`` (`benchmarks.plain_training`): the same sentences,
LLM, adapter, seed and batches; a step of one, then a step of the other, in one process and in
processor time, so that both suffer alike where other programs run beside them. The losses of both
are shown. Memory is that of each alone, in a process of its own. Stage 1 against itself as first
written, and against the machine: the operations that its matrix products need, and the rate at
which the machine makes such products.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import described
from benchmarks.stage1 import measure_stage1
from benchmarks.stage2 import OPTIM, WAYS, drawing_seconds, memory_of, side_by_side
from llm_ar.config import LlmConfig, LoraSettings

STEPS, QUICK_STEPS, STAGE1_STEPS = 24, 4, 12
ROOT = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--steps", type=int, help=f"steps of each way (default {STEPS})")
    parser.add_argument("--quick", action="store_true", help="few steps, within a minute")
    parser.add_argument("--llm", default=LlmConfig().name, help="name or folder of the LLM")
    parser.add_argument(
        "--out",
        type=Path,
        help="where the figures go (default results/training.json, unless quick)",
    )
    given = parser.parse_args(arguments)
    steps = given.steps or (QUICK_STEPS if given.quick else STEPS)
    result = measure(given.llm, steps)
    print(table(result))
    out = given.out or (None if given.quick else ROOT / "results/training.json")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


def measure(llm: str, steps: int) -> dict[str, Any]:
    """All figures."""
    machine, batch = described(), OPTIM.batch_size
    memory = {way: memory_of(way, llm) for way in WAYS}
    dropout = LoraSettings().dropout
    # Dropout draws at random, and the ways draw differently: without it their losses are equal.
    alike, usual = side_by_side(llm, steps, 0.0), side_by_side(llm, max(2, steps // 3), dropout)
    losses = {way: alike[way]["losses"] for way in WAYS}
    apart = [abs(a - b) for a, b in zip(*losses.values(), strict=True)]
    return {
        "benchmark": "training",
        "stage2": {
            "llm": llm,
            "batch": batch,
            "steps": steps,
            "clips_per_second": {way: alike[way]["clips_per_second"] for way in WAYS},
            "times_faster": _ratio(alike),
            "times_faster_with_dropout": _ratio(usual),
            "memory": memory,
            "memory_share": round(memory["ours"]["peak_mib"] / memory["plain"]["peak_mib"], 3),
            "training_memory_share": round(
                memory["ours"]["training_mib"] / memory["plain"]["training_mib"], 3
            ),
            "losses": losses,
            "largest_difference": max(apart),
            "drawing_share": round(
                drawing_seconds(batch) * usual["ours"]["clips_per_second"] / batch, 4
            ),
        },
        "stage1": measure_stage1(max(3, min(steps, STAGE1_STEPS))),
        **machine,
    }


def _ratio(run: dict[str, dict[str, Any]]) -> float:
    return round(run["ours"]["clips_per_second"] / run["plain"]["clips_per_second"], 2)


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    two, one = result["stage2"], result["stage1"]
    lines = [
        f"stage 2, batches of {two['batch']}, {two['steps']} steps each, processor time",
        f"{'':<24}{'clips/s':>9}{'ratio':>8}{'memory':>11}{'share':>7}{'by steps':>11}{'share':>7}",
    ]
    for way, name in zip(WAYS, ("transformers.Trainer", "llm-ar"), strict=True):
        memory, plain = two["memory"][way], two["memory"]["plain"]
        speed = two["clips_per_second"][way]
        lines.append(
            f"  {name:<22}{speed:>9.2f}{speed / two['clips_per_second']['plain']:>8.2f}"
            f"{memory['peak_mib']:>7} MiB{memory['peak_mib'] / plain['peak_mib']:>7.2f}"
            f"{memory['training_mib']:>7} MiB{memory['training_mib'] / plain['training_mib']:>7.2f}"
        )
    lines += [
        f"  with LoRA's dropout: {two['times_faster_with_dropout']:.2f} times as fast; drawing "
        f"action tokens takes {100 * two['drawing_share']:.1f} % of a step",
        "",
        f"{'step':>6}{'plain loss':>12}{'our loss':>12}{'difference':>12}",
    ]
    pairs = list(zip(two["losses"]["plain"], two["losses"]["ours"], strict=True))
    for step in range(0, len(pairs), max(1, len(pairs) // 8)):
        plain_loss, our_loss = pairs[step]
        lines.append(
            f"{step + 1:>6}{plain_loss:>12.6f}{our_loss:>12.6f}{our_loss - plain_loss:>12.1e}"
        )
    lines += [
        "",
        f"stage 1, batches of {one['batch']}: {one['clips_per_second']:.0f} clips/s of processor "
        f"time, {one['times_faster']:.2f} times as fast as first written "
        f"({one['plain_clips_per_second']:.0f}); its matrix products are "
        f"{one['gigaflop_a_clip']:.2f} GFLOP a clip",
        f"  machine's products of that size {one['product_gigaflops']:.0f} GFLOP/s; reached "
        f"{one['reached_gigaflops']:.0f} GFLOP/s, {100 * one['share_of_limit']:.0f} %",
        *(f"  {part['share']:>6.1%}  {part['name']}" for part in one["profile"]),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
