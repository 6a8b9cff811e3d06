"""Shards written by several processes, which end with the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import wait
from pathlib import Path

from llm_ar.config import RepairConfig
from llm_ar.errors import ClipError, DatasetError, LlmArError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import Layout
from llm_ar.skeletons.prepare.recordings import Recording
from llm_ar.skeletons.prepare.shards import write_shard


@dataclass(frozen=True)
class Job:
    """One shard to write; arguments as of `write_shard`."""

    recordings: tuple[Recording | ClipError, ...]
    folder: Path
    number: int
    layout: Layout
    config: RepairConfig

    def run(self) -> int:
        """Read, repair and write; returns the number of recordings."""
        write_shard(read_all(self.recordings), self.folder, self.number, self.layout, self.config)
        return len(self.recordings)


def read_all(recordings: tuple[Recording | ClipError, ...]) -> Iterator[Clip | ClipError]:
    """Each recording's clip, or what is wrong with it."""
    for recording in recordings:
        if isinstance(recording, ClipError):
            yield recording
            continue
        try:
            yield recording.clip()
        except ClipError as error:
            yield error
        except LlmArError as error:
            yield ClipError(recording.source, str(error))


def run_jobs(jobs: Iterator[Job], workers: int) -> Iterator[int]:
    """Run all jobs, in any order; yields the recordings of each when it is done.

    Args:
        jobs: drawn as they are needed.
        workers: processes; with 1, this process does it all.

    Raises:
        DatasetError: a process was killed, for lack of memory for instance.
    """
    if workers == 1:
        yield from (job.run() for job in jobs)
        return
    methods = multiprocessing.get_all_start_methods()
    # Not fork: Arrow's threads do not survive it.
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(workers, context, end_with_parent) as pool:
        try:
            waiting = {pool.submit(job.run) for job in islice(jobs, 2 * workers)}
            while waiting:
                done = next(as_completed(waiting))
                waiting.remove(done)
                yield done.result()
                waiting.update(pool.submit(job.run) for job in islice(jobs, 1))
        except BrokenProcessPool:
            raise DatasetError(
                "a process that prepared recordings was ended from outside, perhaps for lack of "
                "memory; run it again with fewer --workers: what is finished is kept"
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def end_with_parent() -> None:
    """Make this process leave Ctrl-C to its parent, and end when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = threading.Thread(target=_leave_after, args=(parent.sentinel,), daemon=True)
        watch.start()


def _leave_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
