"""``/v1/live``: joints come frame by frame, and answers about the last seconds go back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from typing import Any

from fastapi import APIRouter, WebSocket
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.websockets import WebSocketDisconnect

from llm_ar.applications.serve.asks import Ask, Asked
from llm_ar.applications.serve.limits import Limits, Problem
from llm_ar.applications.serve.passes import Pass
from llm_ar.applications.serve.security import Keys, key_of
from llm_ar.applications.serve.service import Service, warnings_of
from llm_ar.recognizer.model import ActionRecognizer

router = APIRouter()

START_SECONDS = 10.0
"""In which the first message must come."""
FEWEST_FRAMES = 8
FRAMES_A_MESSAGE = 600
CLOSE_CODES = {401: 1008, 413: 1009, 429: 1013, 503: 1012}


class Start(BaseModel):
    """The first message of a client."""

    model_config = ConfigDict(extra="forbid")

    layout: str
    fps: float = Field(gt=0, le=1000, allow_inf_nan=False)
    model: str | None = None
    candidates: list[str] | None = None
    top_k: int = Field(3, ge=1)
    fast: bool = False
    window: float = Field(2.0, gt=0, le=30, description="seconds that an answer is about")
    every: float = Field(0.5, gt=0, le=30, description="seconds of frames between answers")
    up: str | None = None
    key: str | None = None


class _Window:
    """The last frames, and how many came in all."""

    def __init__(self, length: int) -> None:
        self.frames: deque[Any] = deque(maxlen=length)
        self.count, self.answered = 0, 0
        self.changed, self.ended = asyncio.Event(), False

    def add(self, frames: list[Any]) -> None:
        self.frames.extend(frames)
        self.count += len(frames)
        self.changed.set()

    def end(self) -> None:
        self.ended = True
        self.changed.set()


@router.websocket("/v1/live")
async def live(socket: WebSocket) -> None:
    """First a message with layout and frame rate, then messages ``{"joints": [frame, ...]}``."""
    service: Service = socket.app.state.service
    keys: Keys = socket.app.state.keys
    await socket.accept()
    service.live += 1
    service.metrics.live(1)
    try:
        if service.live > service.settings.limits.live:
            raise Problem(429, "too_many", "too many live connections are open", 5)
        start = await _started(socket, keys, service.settings.limits)
        await _answer(socket, service, start)
    except Problem as problem:
        await _close(socket, problem)
    except WebSocketDisconnect:
        return  # The client has left; there is nobody to answer.
    except Exception:
        await _close(socket, Problem(500, "internal", "something went wrong here"))
    finally:
        service.live -= 1
        service.metrics.live(-1)


async def _started(socket: WebSocket, keys: Keys, limits: Limits) -> Start:
    try:
        async with asyncio.timeout(START_SECONDS):
            data = await _message(socket, limits)
    except TimeoutError:
        raise Problem(400, "no_start", "no first message came") from None
    given = data.get("key")
    keys.check(given if isinstance(given, str) else key_of(socket.headers))
    try:
        return Start.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(step) for step in first["loc"])[:60]
        raise Problem(422, "bad_start", f"{where}: {first['msg']}") from None


async def _message(socket: WebSocket, limits: Limits) -> dict[str, Any]:
    """One message as JSON.

    Raises:
        Problem: it is none, or too large.
        WebSocketDisconnect: the client is gone.
    """
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    text = message.get("text")
    if text is None:
        raise Problem(422, "bad_message", "messages must be JSON text")
    if len(text) > limits.json:
        raise Problem(413, "too_large", "the message is too large")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise Problem(422, "bad_message", "messages must be JSON objects")
    return data


async def _answer(socket: WebSocket, service: Service, start: Start) -> None:
    """Take frames, and answer as often as wanted and possible."""
    limits = service.settings.limits
    asked = Asked.model_validate(
        {
            **start.model_dump(include={"model", "candidates", "top_k", "fast"}),
            **start.model_dump(include={"layout", "fps", "up"}),
        }
    )
    key, model = service.key("recognize", asked)
    length = min(limits.frames, max(FEWEST_FRAMES, round(start.window * start.fps)))
    window = _Window(length)
    await socket.send_json({"type": "ready", "model": key.model, "frames": length})
    receiving = asyncio.ensure_future(_receive(socket, window, limits))
    try:
        step = max(1, round(start.every * start.fps))
        while not window.ended:
            await window.changed.wait()
            window.changed.clear()
            enough = window.count >= FEWEST_FRAMES and window.count - window.answered >= step
            if enough and not window.ended:
                window.answered = window.count
                answer = await _rolling(service, key, model, asked, window, start.fps)
                await socket.send_json(answer)
        await receiving
    finally:
        receiving.cancel()


async def _receive(socket: WebSocket, window: _Window, limits: Limits) -> None:
    try:
        while True:
            data = await _message(socket, limits)
            frames = data.get("joints")
            if not isinstance(frames, list) or not 0 < len(frames) <= FRAMES_A_MESSAGE:
                raise Problem(
                    422,
                    "bad_message",
                    f"a message needs 'joints': a list of 1 to {FRAMES_A_MESSAGE} frames",
                )
            window.add(frames)
    finally:
        window.end()


async def _rolling(
    service: Service,
    key: Pass,
    model: ActionRecognizer,
    asked: Asked,
    window: _Window,
    fps: float,
) -> dict[str, Any]:
    """The answer about the window as it is now; what cannot be answered is said."""
    frames, end = list(window.frames), window.count
    seconds = [round((end - len(frames)) / fps, 3), round(end / fps, 3)]
    try:
        clip = await service.read(Ask(asked, None, None, frames), model)
        deadline = time.monotonic() + service.settings.limits.deadline
        found = await service.compute(key, clip, deadline)
    except Problem as problem:
        if problem.status == 413:
            raise
        error = {"code": problem.code, "message": problem.message}
        return {"type": "no_answer", "seconds": seconds, "error": error}
    return {
        "type": "answer",
        "seconds": seconds,
        "top": [{"action": each.action, "probability": each.probability} for each in found.top],
        "sentence": found.sentence,
        "warnings": warnings_of(model, clip, found),
    }


async def _close(socket: WebSocket, problem: Problem) -> None:
    error = {"code": problem.code, "message": problem.message}
    # The client may have left before it hears of the error.
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_json({"type": "error", "error": error})
        await socket.close(CLOSE_CODES.get(problem.status, 1008))
