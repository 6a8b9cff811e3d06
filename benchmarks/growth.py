"""How cost grows with each size: ``python -m benchmarks.growth``.

Processor time of one kind of work at several sizes, everything else fixed; the exponent k of
time = a size^k by least squares of the logarithms, over all sizes and over the two largest, beside
the one that theory gives. What does not grow (starting a step, the smaller parts) flattens the
beginning of a curve, so that an exponent may lie below its theory, but none may lie above it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.curves import draw
from benchmarks.machine import described
from benchmarks.stage1 import stage1_step
from benchmarks.tiny_llm import scoring, stage2_step, tiny_backbone
from llm_ar.config import PreprocessConfig, TokenizerConfig

ROUNDS = 2
BATCH = 16
ROOT = Path(__file__).resolve().parents[1]

Work = Callable[[], object]


@dataclass(frozen=True)
class Curve:
    """One size that is varied.

    Attributes:
        what: of which the time is taken, in words.
        theory: the exponent, and why.
        make: the work at a size.
    """

    name: str
    what: str
    theory: float
    why: str
    sizes: tuple[int, ...]
    make: Callable[[int], Work]


def curves() -> list[Curve]:
    """All sizes."""
    return [
        Curve(
            "clips",
            "an epoch of stage 1",
            1,
            "as many steps as clips allow",
            (32, 64, 128, 256),
            lambda size: _epoch(size),
        ),
        Curve(
            "frames",
            "a step of stage 1",
            1,
            "frame by frame",
            (32, 64, 128, 256),
            lambda size: _stage1(PreprocessConfig(frames=size)),
        ),
        Curve(
            "people",
            "a step of stage 1",
            1,
            "the joints of all people enter as one vector",
            (1, 2, 4, 8),
            lambda size: _stage1(PreprocessConfig(people=size)),
        ),
        Curve(
            "codebook size",
            "a step of stage 1",
            2,
            "distances of latents to tokens grow by 1, tokens to tokens (MMD) by 2",
            (128, 256, 512, 1024, 2048),
            lambda size: _stage1(PreprocessConfig(), codebook=size),
        ),
        Curve(
            "candidates",
            "scoring a batch of clips",
            1,
            "nodes of the names' trie, in pieces of limited size",
            (16, 64, 256, 1024),
            lambda size: scoring(tiny_backbone(width=64, layers=4), size),
        ),
        Curve(
            "LLM width",
            "a step of stage 2",
            2,
            "the weights of a layer",
            (64, 128, 256, 512),
            lambda size: stage2_step(tiny_backbone(width=size, layers=4)),
        ),
        Curve(
            "LLM layers",
            "a step of stage 2",
            1,
            "one after the other",
            (2, 4, 8, 16),
            lambda size: stage2_step(tiny_backbone(width=128, layers=size)),
        ),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, draw, print a table and one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few sizes, within a minute")
    parser.add_argument(
        "--out", type=Path, help="where the figures go (default results/growth.json, unless quick)"
    )
    parser.add_argument(
        "--picture",
        type=Path,
        help="where the picture goes (default docs/growth.png, unless quick)",
    )
    given = parser.parse_args(arguments)
    result = measure(given.quick)
    print(table(result))
    out = given.out or (None if given.quick else ROOT / "results/growth.json")
    picture = given.picture or (None if given.quick else ROOT / "docs/growth.png")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if picture is not None:
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(draw(result["curves"]).png())
    print(json.dumps(result))


def measure(quick: bool) -> dict[str, Any]:
    """All curves with their exponents."""
    machine = described()
    found = []
    for curve in curves():
        sizes = curve.sizes[:3] if quick else curve.sizes
        times = measured([curve.make(size) for size in sizes], 1 if quick else ROUNDS)
        # Rounded first, so that the exponents are those of the seconds that are shown.
        seconds = [float(f"{value:.4g}") for value in times]
        found.append(
            {
                "name": curve.name,
                "what": curve.what,
                "theory": curve.theory,
                "why": curve.why,
                "sizes": list(sizes),
                "seconds": seconds,
                "exponent": exponent(sizes, seconds),
                "last_exponent": exponent(sizes[-2:], seconds[-2:]),
            }
        )
    return {"benchmark": "growth", "curves": found, **machine}


def measured(works: Sequence[Work], rounds: int) -> list[float]:
    """Processor seconds of each work, the best of some rounds through all of them."""
    best = [float("inf")] * len(works)
    for work in works:
        work()
    for _ in range(rounds):
        for place, work in enumerate(works):
            start = time.process_time()
            work()
            best[place] = min(best[place], time.process_time() - start)
    return best


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """k of seconds = a sizes^k, by least squares of the logarithms."""
    slope, _ = np.polyfit(np.log(sizes), np.log(seconds), 1)
    return round(float(slope), 2)


def _stage1(preprocess: PreprocessConfig, codebook: int | None = None, clips: int = BATCH) -> Work:
    config = TokenizerConfig()
    if codebook is not None:
        size = dataclasses.replace(config.codebook, size=codebook)
        config = dataclasses.replace(config, codebook=size)
    training = stage1_step(config, preprocess, clips)
    training(torch.arange(min(clips, BATCH)))

    def step() -> None:
        for batch in torch.arange(clips).split(BATCH):
            training(batch)["loss"].backward()
            training.zero_grad()

    return step


def _epoch(clips: int) -> Work:
    return _stage1(PreprocessConfig(), clips=clips)


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [
        f"{'size':<15}{'of':<26}{'values':<24}{'milliseconds':<30}"
        f"{'exponent':>9}{'at end':>8}{'theory':>8}"
    ]
    for curve in result["curves"]:
        values = " ".join(str(size) for size in curve["sizes"])
        times = " ".join(f"{1000 * value:.3g}" for value in curve["seconds"])
        lines.append(
            f"{curve['name']:<15}{curve['what']:<26}{values:<24}{times:<30}"
            f"{curve['exponent']:>9.2f}{curve['last_exponent']:>8.2f}{curve['theory']:>8.0f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
