"""How many threads recognition takes on an idle and on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from llm_ar.applications.ui import threads
from llm_ar.applications.ui.threads import spare_threads, take_spare_threads


@pytest.fixture(autouse=True)
def _same_threads_afterward() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("library", "cores", "running", "expected"),
    [
        (2, 2, 1, 2),
        (2, 2, 2, 1),
        (2, 2, 3, 1),
        (2, 2, 9, 1),
        (8, 8, 4, 5),
        # A container may use two of many cores, most of which are busy or not.
        (2, 64, 30, 2),
        (2, 64, 64, 1),
    ],
)
def test_cores_that_are_free(library: int, cores: int, running: int, expected: int) -> None:
    assert spare_threads(library, cores, running) == expected


def test_a_busy_machine_lowers_the_threads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = tmp_path / "loadavg"
    told.write_text("2.76 2.64 2.56 3/99 5663\n")
    monkeypatch.setattr(threads, "_RUNNING", told)
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 4)
    torch.set_num_threads(4)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    take_spare_threads()
    assert torch.get_num_threads() == 4, "what the user says holds"
    monkeypatch.delenv("OMP_NUM_THREADS")
    take_spare_threads()
    assert torch.get_num_threads() == 2
    monkeypatch.setattr(threads, "_RUNNING", tmp_path / "absent")
    torch.set_num_threads(4)
    take_spare_threads()
    assert torch.get_num_threads() == 4
