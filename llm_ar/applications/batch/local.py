"""Jobs on one machine, by several processes; one that is killed does not end the run."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import SimpleQueue

from llm_ar.applications.batch.job import Done, Job, run_job
from llm_ar.errors import DatasetError
from llm_ar.skeletons.prepare.workers import end_with_parent

MOST_LOSSES = 3
"""A run ends when processes were killed so many times while no shard was finished."""

_device: str | None = None


def run_in_processes(jobs: Sequence[Job], workers: int) -> Iterator[Done]:
    """Run all jobs, in any order; yields what became of each.

    Args:
        jobs: what is to be done.
        workers: processes, which take turns with the GPUs or share the processor's cores; with 1,
            this process does it all.

    Raises:
        DatasetError: processes are killed again and again, for lack of memory for instance.
    """
    if workers == 1:
        yield from map(run_job, jobs)
        return
    left = {job.shard.name: job for job in jobs}
    losses = 0
    while left:
        try:
            for done in _run(list(left.values()), workers):
                del left[done.shard]
                losses = 0
                yield done
        except BrokenProcessPool:
            losses += 1
            if losses == MOST_LOSSES:
                raise DatasetError(
                    f"a process that recognized clips was ended from outside {losses} times in a "
                    "row, perhaps for lack of memory; run it again with fewer --workers: shards "
                    "that are finished are kept"
                ) from None


def _run(jobs: Sequence[Job], workers: int) -> Iterator[Done]:
    # Not fork: torch's and Arrow's threads do not survive it.
    context = multiprocessing.get_context("spawn")
    devices: SimpleQueue[str | None] = context.SimpleQueue()
    for device in _devices(workers):
        devices.put(device)
    threads = max(1, (os.cpu_count() or 1) // workers)
    waiting: list[Future[Done]] = []
    with ProcessPoolExecutor(workers, context, _begin, (devices, threads)) as pool:
        try:
            waiting += [pool.submit(_on_own_device, job) for job in jobs]
            for future in as_completed(waiting):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def default_workers() -> int:
    """One process for each GPU, or one."""
    import torch

    return max(1, torch.cuda.device_count())


def _devices(workers: int) -> list[str | None]:
    """Where each process computes: on the GPUs in turn, or on the processor."""
    import torch

    count = torch.cuda.device_count()
    return [f"cuda:{number % count}" if count else None for number in range(workers)]


def _begin(devices: SimpleQueue[str | None], threads: int) -> None:
    from llm_ar.applications.ui.terminal import quiet_libraries

    global _device
    end_with_parent()
    quiet_libraries()
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads)
    _device = devices.get()


def _on_own_device(job: Job) -> Done:
    return run_job(job, _device)
