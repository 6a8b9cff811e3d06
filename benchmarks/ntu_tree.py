"""A folder like that of NTU RGB+D: its file names, and recordings with their own numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

_LAST_DECIMALS = re.compile(rb"\.\d{2,}(?= )")
"""Numbers whose last digit may change; body IDs and counts have no point."""
_SETUPS, _CAMERAS, _PERFORMERS, _REPLICATIONS, _ACTIONS = 17, 3, 40, 2, 60


def names(real_data: Path | None) -> list[str]:
    """The usable clips of NTU60 by name: the real list where it is, else as many made ones."""
    if real_data is not None:
        lists = real_data / "samples/ntu_rgbd/ctrgcn_statistics/ntu/skes_available_name.txt"
        if lists.is_file():
            return lists.read_text(encoding="utf-8").split()
    return [
        f"S{setup:03}C{camera:03}P{performer:03}R{replication:03}A{action:03}"
        for setup in range(1, _SETUPS + 1)
        for camera in range(1, _CAMERAS + 1)
        for performer in range(1 + setup % 5, _PERFORMERS + 1, 5)
        for replication in range(1, _REPLICATIONS + 1)
        for action in range(1, _ACTIONS + 1)
    ]


def contents(real_data: Path | None) -> list[bytes]:
    """Texts to vary: the real recordings where they are, else five made ones."""
    if real_data is not None:
        found = sorted((real_data / "samples/ntu_rgbd").glob("*.skeleton"))
        if found:
            return [path.read_bytes() for path in found]
    return [_made(seed, frames) for seed, frames in enumerate((70, 71, 82, 100, 124))]


def write_tree(folder: Path, files: int, real_data: Path | None, seed: int = 0) -> int:
    """Write so many recordings, spread over the list of names; returns their bytes."""
    rng = np.random.default_rng(seed)
    listed = names(real_data)
    step = max(len(listed) // files, 1)
    written = 0
    folder.mkdir(parents=True, exist_ok=True)
    varied = _varied([np.frombuffer(text, np.uint8) for text in contents(real_data)], rng)
    for name, text in zip(listed[::step][:files], varied, strict=False):
        (folder / f"{name}.skeleton").write_bytes(text)
        written += len(text)
    return written


def _varied(texts: list[np.ndarray], rng: np.random.Generator) -> Iterator[bytes]:
    """The texts in turn, for ever; the last decimal of each number is drawn anew."""
    places = [
        np.array([match.end() - 1 for match in _LAST_DECIMALS.finditer(text.tobytes())])
        for text in texts
    ]
    while True:
        for text, digits in zip(texts, places, strict=True):
            new = text.copy()
            new[digits] = rng.integers(ord("0"), ord("9") + 1, len(digits), dtype=np.uint8)
            yield new.tobytes()


def _made(seed: int, frames: int) -> bytes:
    """A recording of one person, with as many and as long numbers as real ones."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(-1, 1, size=(25, 11))
    drift = rng.normal(scale=0.01, size=(frames, 25, 11)).cumsum(axis=0)
    scale = np.array([0.4, 0.8, 3, 300, 200, 1000, 500, 1, 1, 1, 1])
    lines = [str(frames)]
    for joints in (start + drift) * scale:
        lines += ["1", "72057594037944738 0 1 1 1 1 0 0.01119184 -0.256052 2", "25"]
        lines += [" ".join(f"{value:.7g}" for value in joint) + " 2" for joint in joints]
    return ("\r\n".join(lines) + "\r\n").encode()
