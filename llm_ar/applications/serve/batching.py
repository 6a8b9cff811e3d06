"""Dynamic batching: jobs that wait together and ask for the same thing share a pass.

One thread does all the computing. While it computes, jobs gather in a bounded queue; then it takes
the oldest and all others of the same kind. A job that was withdrawn or whose deadline has passed is
never computed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from llm_ar.applications.serve.limits import Problem

LINGER_SHARE = 0.1
"""Of the time of a pass, how long a pass after another one waits for more jobs."""

Compute = Callable[[Hashable, Sequence[Any]], Sequence[Any]]
"""From what jobs have in common and what each brings: each one's result, or its exception."""


@dataclass(eq=False)
class Job:
    """One thing to compute.

    Args:
        key: equal for jobs that can share a pass.
        payload: what to compute with.
        deadline: the time of `time.monotonic` after which nobody wants the result.
        size: how many ordinary jobs it costs as much as.
        future: gets the result.
    """

    key: Hashable
    payload: Any
    deadline: float
    size: int = 1
    future: Future[Any] = field(default_factory=Future)

    def shares(self, other: Job) -> bool:
        """Whether another job can be computed in the same pass."""
        return bool(self.key == other.key)


class Batcher:
    """The queue and its thread.

    Args:
        compute: does one pass.
        capacity: jobs that may wait.
        batch: most jobs of a pass, by their sizes.
        linger: seconds that a pass waits at least for more jobs, unless it is full.
        on_pass: is told each pass's number of jobs and its seconds.
    """

    def __init__(
        self,
        compute: Compute,
        capacity: int = 64,
        batch: int = 16,
        linger: float = 0.005,
        on_pass: Callable[[int, float], None] | None = None,
    ) -> None:
        self.capacity, self.batch = capacity, batch
        self._compute, self._linger, self._on_pass = compute, linger, on_pass
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._seconds = 0.1
        self._thread = threading.Thread(target=self._work, name="passes", daemon=True)

    def start(self) -> None:
        """Begin to compute."""
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return len(self._waiting)

    @property
    def running(self) -> bool:
        """Whether jobs are taken and computed."""
        return self._thread.is_alive() and not self._closed

    @property
    def retry_after(self) -> float:
        """Seconds after which the queue is likely to have room."""
        return max(1.0, self._seconds * len(self._waiting) / self.batch)

    def submit(self, key: Hashable, payload: Any, deadline: float, size: int = 1) -> Job:
        """Put a job into the queue.

        Raises:
            Problem: the queue is full, or the service shuts down.
        """
        with self._changed:
            if self._closed:
                raise Problem(503, "shutting_down", "the service is shutting down", 5)
            if len(self._waiting) >= self.capacity:
                raise Problem(
                    429,
                    "queue_full",
                    "too many requests are waiting; try again later",
                    self.retry_after,
                )
            job = Job(key, payload, deadline, size)
            self._waiting.append(job)
            self._changed.notify()
        return job

    def withdraw(self, job: Job) -> None:
        """Free a job's place, if it has not been computed; nobody waits for it any more."""
        with self._changed:
            if job.future.cancel() and job in self._waiting:
                self._waiting.remove(job)

    def close(self, timeout: float | None = None) -> None:
        """Take no more jobs, and wait until those in the queue are done.

        Args:
            timeout: seconds to wait at most; the rest of the jobs is given up then.
        """
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        with self._changed:
            left, self._waiting = list(self._waiting), deque()
        for job in left:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(
                    Problem(503, "shutting_down", "the service is shutting down", 5)
                )

    def _work(self) -> None:
        while jobs := self._next():
            live = [job for job in jobs if job.future.set_running_or_notify_cancel()]
            if not live:
                continue
            started = time.monotonic()
            try:
                results = self._compute(live[0].key, [job.payload for job in live])
            except BaseException as error:  # noqa: BLE001  # the thread must outlive any pass
                results = [error] * len(live)
            seconds = time.monotonic() - started
            self._seconds += 0.2 * (seconds - self._seconds)
            if self._on_pass is not None:
                self._on_pass(len(live), seconds)
            for job, result in zip(live, results, strict=True):
                if isinstance(result, BaseException):
                    job.future.set_exception(result)
                else:
                    job.future.set_result(result)

    def _next(self) -> list[Job]:
        """The jobs of the next pass; none when the queue is closed and empty."""
        while True:
            with self._changed:
                idle = not self._waiting
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if not self._closed:
                    # Clients that have just been answered ask again while others wait already.
                    again = 0.0 if idle else LINGER_SHARE * self._seconds
                    until = time.monotonic() + max(self._linger, again)
                    while self._size() < self.batch and not self._closed:
                        left = until - time.monotonic()
                        if left <= 0:
                            break
                        self._changed.wait(left)
                late = [job for job in self._waiting if job.deadline <= time.monotonic()]
                self._remove(late)
                jobs = self._fitting()
                self._remove(jobs)
                finished = self._closed and not jobs
            for job in late:
                if job.future.set_running_or_notify_cancel():
                    job.future.set_exception(deadline_passed())
            if jobs or finished:
                return jobs

    def _size(self) -> int:
        """Of all jobs in the queue."""
        return sum(job.size for job in self._waiting)

    def _fitting(self) -> list[Job]:
        """The oldest job in the queue, and others that share its pass and fit into it."""
        jobs: list[Job] = []
        size = 0
        for job in self._waiting:
            if not jobs or (jobs[0].shares(job) and size + job.size <= self.batch):
                jobs.append(job)
                size += job.size
        return jobs

    def _remove(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._waiting.remove(job)


def deadline_passed() -> Problem:
    """The refusal of a request that took too long."""
    return Problem(504, "deadline", "the answer was not ready before the request's deadline", 1)
