"""What the machine can do: the rate of its matrix products, measured beside what is compared."""

from __future__ import annotations

import os
import platform
import time
from typing import Any

import torch


def product_rate(rows: int, inner: int, columns: int, rounds: int = 5) -> float:
    """Floating-point operations a second of processor time of a float32 product, the best of some.

    Args:
        rows: N of the product (N, K) x (K, M).
        inner: K.
        columns: M.
        rounds: how often it is tried.
    """
    left, right = torch.randn(rows, inner), torch.randn(inner, columns)
    operations = 2 * rows * inner * columns
    times = max(1, int(2e9 / operations))
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(times):
            left @ right
        best = min(best, (time.process_time() - start) / times)
    return operations / best


def described() -> dict[str, Any]:
    """The machine and how busy it was."""
    return {
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
