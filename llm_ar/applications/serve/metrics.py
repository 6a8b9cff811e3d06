"""Counters and histograms in the text form that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The figures of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "llm_ar_requests",
            "Requests by route, method and status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._latency = Histogram(
            "llm_ar_request_seconds",
            "Time from a request to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._batch = Histogram(
            "llm_ar_batch_size",
            "Requests that shared a pass.",
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=self.registry,
        )
        self._passes = Histogram(
            "llm_ar_pass_seconds",
            "Time of a pass.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._queue = Gauge(
            "llm_ar_queue_length", "Requests that wait for a pass.", registry=self.registry
        )
        self._live = Gauge(
            "llm_ar_live_connections", "Open connections of /v1/live.", registry=self.registry
        )

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(route, method, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def one_pass(self, jobs: int, seconds: float) -> None:
        """Count a pass."""
        self._batch.observe(jobs)
        self._passes.observe(seconds)

    def watch_queue(self, length: Callable[[], int]) -> None:
        """Ask for the queue's length whenever the figures are read."""
        self._queue.set_function(length)

    def live(self, change: int) -> None:
        """A live connection came (1) or went (-1)."""
        self._live.inc(change)

    def text(self) -> bytes:
        """All figures."""
        return generate_latest(self.registry)
