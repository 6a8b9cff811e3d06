"""As many threads as the machine has free cores: one too many, and all wait for the slowest.

With two cores that train something else, recognition with two threads takes 1.3 to 2 times as long
as with one (``results/trials.json``).
"""

from __future__ import annotations

import os
from pathlib import Path

_RUNNING = Path("/proc/loadavg")
"""Where Linux writes how many programs want a core right now, this one included."""


def spare_threads(threads: int, cores: int, running: int) -> int:
    """Threads to use of those that the library would take, at least one.

    Args:
        threads: what the library takes.
        cores: of the machine, whoever may use them.
        running: programs that want a core right now, this one included.
    """
    return max(1, min(threads, cores - (running - 1)))


def take_spare_threads() -> None:
    """Lower the library's number of threads on a busy machine; one that the user gave stays."""
    if "OMP_NUM_THREADS" in os.environ or not _RUNNING.exists():
        return
    import torch

    running = int(_RUNNING.read_text(encoding="ascii").split()[3].partition("/")[0])
    torch.set_num_threads(spare_threads(torch.get_num_threads(), os.cpu_count() or 1, running))
