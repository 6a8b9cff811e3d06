"""Weights in float16 for recognition: ``python -m benchmarks.half_weights``.

Products of a few rows by `HalfLinear`, by ``nn.Linear`` in float32, and by ``torch.ao``'s dynamic
quantization, whose results are the same bits. One process, in turn, processor time, medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.machine import described
from llm_ar.recognizer.fast.fp16_linear import HalfLinear

ROUNDS, ROWS = 9, 4


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.half_weights", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, help="also write the figures to this file")
    given = parser.parse_args(arguments)
    result = {
        "benchmark": "half-weights",
        **described(),
        "rounds": given.rounds,
        **half_weights(given.rounds),
    }
    if given.out is not None:
        given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


def half_weights(rounds: int) -> dict[str, Any]:
    """Products of a few rows with weights in float16, in float32, and by ``torch.ao``."""
    torch.manual_seed(0)
    layer, x = nn.Linear(576, 1536, bias=False), torch.randn(ROWS, 576)
    ours = HalfLinear(layer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library = torch.ao.quantization.quantize_dynamic(
            nn.Sequential(layer), {nn.Linear}, dtype=torch.float16
        )
    with torch.inference_mode():
        same = bool(torch.equal(ours(x), library(x)))
        steps = [_repeated(lambda way=way: way(x)) for way in (ours, layer, library)]
        times = _in_turn(steps, rounds)
    return {
        "same_bits_as_library": same,
        "times_faster_than_float32": round(times[1] / times[0], 2),
        "times_faster_than_library": round(times[2] / times[0], 2),
    }


def _in_turn(steps: Sequence[Callable[[], Any]], rounds: int) -> list[float]:
    """Median processor seconds of each, taken in turn after a first round that warms up."""
    seconds: list[list[float]] = [[] for _ in steps]
    for turn in range(rounds + 1):
        for place, step in enumerate(steps):
            start = time.process_time()
            step()
            if turn:
                seconds[place].append(time.process_time() - start)
    return [statistics.median(taken) for taken in seconds]


def _repeated(step: Callable[[], Any], times: int = 300) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(times):
            step()

    return repeated


if __name__ == "__main__":
    main()
