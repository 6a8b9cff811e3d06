"""The service behind the routes: from what was asked to an answer, within a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from starlette.requests import Request

from llm_ar.applications.serve.asks import Ask, Asked, ask_of
from llm_ar.applications.serve.batching import Batcher, deadline_passed
from llm_ar.applications.serve.evaluations import Evaluated
from llm_ar.applications.serve.limits import Limits, Problem
from llm_ar.applications.serve.metrics import Metrics
from llm_ar.applications.serve.passes import Pass, Passes
from llm_ar.applications.serve.recordings import unreadable, usable
from llm_ar.applications.serve.security import CLIENT_GONE
from llm_ar.applications.serve.view import movement_of, spans_of
from llm_ar.errors import LlmArError
from llm_ar.evaluation.explanation import token_spans
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.recognition import Recognition
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.doubts import answer_doubts, doubts, length_doubts, view_doubts
from llm_ar.skeletons.layouts import map_clip

READERS = 2
"""Threads that read recordings."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Settings:
    """How the service works.

    Args:
        limits: of a request.
        queue: requests that may wait for a pass.
        batch: most requests of a pass.
        linger: seconds that a pass waits for others to join.
        video: whether videos are decoded.
        drain: seconds that a shutdown waits for what is being answered.
    """

    limits: Limits = Limits()
    queue: int = 64
    batch: int = 16
    linger: float = 0.005
    video: bool = False
    drain: float = 30.0


class Service:
    """Models and what they need to answer requests.

    Args:
        models: by name; the first is used where none is named.
        settings: how it works.
        evaluations: of the models that have one, by name.
    """

    def __init__(
        self,
        models: Mapping[str, ActionRecognizer],
        settings: Settings | None = None,
        evaluations: Mapping[str, Evaluated] | None = None,
    ) -> None:
        self.evaluations = dict(evaluations or {})
        self.models, self.settings = dict(models), settings or Settings()
        self.metrics = Metrics()
        self.batcher = Batcher(
            Passes(self.models),
            self.settings.queue,
            self.settings.batch,
            self.settings.linger,
            self.metrics.one_pass,
        )
        self.metrics.watch_queue(lambda: self.batcher.waiting)
        self._readers = ThreadPoolExecutor(READERS, "readers")
        self._places = self.settings.queue + self.settings.batch
        self.live = 0

    def start(self) -> None:
        """Begin to answer."""
        self.batcher.start()

    def close(self) -> None:
        """Answer what is in the queue, and stop."""
        self.batcher.close(self.settings.drain)
        self._readers.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def request(self, request: Request) -> AsyncIterator[tuple[Ask, float]]:
        """What a request asks, and its deadline; it holds one of a limited number of places.

        Raises:
            Problem: all places are taken, the deadline passes, or the body is wrong.
        """
        limits = self.settings.limits
        if self._places < 1:
            wait = self.batcher.retry_after
            raise Problem(429, "queue_full", "too many requests are open; try again later", wait)
        self._places -= 1
        seconds = _wanted_seconds(request, limits.deadline)
        deadline = time.monotonic() + seconds
        try:
            async with asyncio.timeout(seconds):
                yield await ask_of(request, limits), deadline
        except TimeoutError:
            raise deadline_passed() from None
        finally:
            self._places += 1

    def model(self, name: str | None) -> tuple[str, ActionRecognizer]:
        """The model of that name, or the first.

        Raises:
            Problem: there is none of that name.
        """
        if name is None:
            return next(iter(self.models.items()))
        if name not in self.models:
            raise Problem(404, "no_model", f"there is no such model; see {', '.join(self.models)}")
        return name, self.models[name]

    async def read(self, ask: Ask, model: ActionRecognizer) -> Clip:
        """Read a request's recording, in one of the threads for that.

        Raises:
            Problem: it cannot be used with this model.
        """
        limits = self.settings.limits

        def work() -> Clip:
            clip = ask.clip(limits, self.settings.video)
            try:
                clip = usable(clip, model.repair, limits)
                map_clip(clip, model.tokenizer.layout)
            except LlmArError as error:
                raise unreadable(error) from None
            return clip

        return await self.in_thread(work)

    async def in_thread(self, work: Callable[[], Result]) -> Result:
        """Do work in one of the readers' threads."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def compute(
        self,
        key: Pass,
        payload: Any,
        deadline: float,
        request: Request | None = None,
        size: int = 1,
    ) -> Any:
        """Compute in a pass; a client that goes away frees its place in the queue.

        Raises:
            Problem: the queue is full, the client is gone, or the payload cannot be used.
        """
        job = self.batcher.submit(key, payload, deadline, size)
        future = asyncio.wrap_future(job.future)
        waiting: set[asyncio.Future[Any]] = {future}
        gone = asyncio.ensure_future(_disconnected(request)) if request is not None else None
        if gone is not None:
            waiting.add(gone)
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not future.done():
                raise Problem(CLIENT_GONE, "client_gone", "the client closed the connection")
            return future.result()
        except LlmArError as error:
            raise unreadable(error) from None
        finally:
            if gone is not None:
                gone.cancel()
            if not future.done():
                self.batcher.withdraw(job)

    def key(self, kind: Any, asked: Asked) -> tuple[Pass, ActionRecognizer]:
        """What a request's pass has in common with others.

        Raises:
            Problem: the model or the names cannot be used.
        """
        name, model = self.model(asked.model)
        limits = self.settings.limits
        names = None if asked.candidates is None else limits.check_names(asked.candidates)
        if asked.top_k > limits.answers:
            raise Problem(422, "bad_option", f"top_k: at most {limits.answers} answers are given")
        if asked.fast and (asked.zero_shot or model.early_exit is None):
            raise Problem(
                422, "bad_option", "fast: this model has no fast path for that; leave it out"
            )
        if asked.zero_shot and names is None:
            raise Problem(422, "bad_option", "zero_shot is for names of your own; give candidates")
        if kind != "recognize":
            return Pass(kind, name, names), model
        return Pass(kind, name, names, asked.top_k, asked.fast, asked.zero_shot), model

    async def recognize(self, request: Request) -> dict[str, Any]:
        """The answer of ``/v1/recognize``."""
        async with self.request(request) as (ask, deadline):
            key, model = self.key("recognize", ask.asked)
            clip = await self.read(ask, model)
            found: Recognition = await self.compute(key, clip, deadline, request)
            return await self.in_thread(
                lambda: {
                    "model": key.model,
                    "top": [
                        {"action": answer.action, "probability": answer.probability}
                        for answer in found.top
                    ],
                    "early_exit": found.early_exit,
                    "warnings": warnings_of(model, clip, found),
                    "understood": _understood(clip),
                    **_sentence(model, clip, found.sentence, ask.asked.movement),
                }
            )

    async def sentence(self, request: Request) -> dict[str, Any]:
        """The answer of ``/v1/sentence``."""
        async with self.request(request) as (ask, deadline):
            key, model = self.key("sentence", ask.asked)
            clip = await self.read(ask, model)
            tokens = await self.compute(Pass("sentence", key.model), clip, deadline, request)
            wanted = ask.asked.movement
            return await self.in_thread(
                lambda: {"model": key.model, **_sentence(model, clip, tokens, wanted)}
            )

    async def explain(self, request: Request) -> dict[str, Any]:
        """The answer of ``/v1/explain``."""
        async with self.request(request) as (ask, deadline):
            key, model = self.key("explain", ask.asked)
            clip = await self.read(ask, model)
            found = await self.compute(key, clip, deadline, request)
            kept = {name: value for name, value in found.items() if name not in ("file", "nearest")}
            return {"model": key.model, **kept}


def _wanted_seconds(request: Request, most: float) -> float:
    """Seconds that a request may take: its header ``X-Deadline-Seconds``, at most the limit."""
    try:
        wanted = float(request.headers.get("x-deadline-seconds", most))
    except ValueError:
        wanted = -1.0
    if not wanted > 0:
        raise Problem(400, "bad_deadline", "X-Deadline-Seconds must be a positive number")
    return min(wanted, most)


def _disconnected(request: Request) -> Awaitable[None]:
    """Returns when the client has closed the connection; the body has been read by then."""

    async def wait() -> None:
        message = await request.receive()
        while message["type"] != "http.disconnect":
            message = await request.receive()

    return wait()


def _sentence(
    model: ActionRecognizer, clip: Clip, tokens: list[int], movement: bool
) -> dict[str, Any]:
    return {
        "sentence": tokens,
        "spans": spans_of(token_spans(clip, model.tokenizer)),
        "movement": movement_of(clip, model.tokenizer) if movement else None,
    }


def warnings_of(model: ActionRecognizer, clip: Clip, found: Recognition) -> list[str]:
    """Reasons to doubt an answer: in the clip, in the answer, in the training."""
    longest = None if model.calibration is None else model.calibration.longest
    return [
        *length_doubts(clip, longest),
        *doubts(clip),
        *answer_doubts(clip, found.top[0].action),
        *view_doubts(clip, model.trained_on_images),
    ]


def _understood(clip: Clip) -> dict[str, Any]:
    """How the recording was understood, without what was never open."""
    values = {field.name: getattr(clip.understood, field.name) for field in fields(clip.understood)}
    found: dict[str, Any] = {name: value for name, value in values.items() if value}
    return found | {
        "in_layout": clip.layout.name,
        "frames": clip.frames,
        "people": int(clip.present.any(axis=(0, 2)).sum()),
        "frames_a_second": clip.fps,
        "repairs": list(clip.repairs),
    }
