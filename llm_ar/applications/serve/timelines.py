"""``/v1/timeline``: a recording of any length, divided into segments.

Its windows are recognized a few at a time, and the next ones are queued when those have an answer:
other requests have their turn in between, however long the recording is.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from enum import StrEnum
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from llm_ar.applications.serve.asks import Asked
from llm_ar.applications.serve.limits import Limits, Problem
from llm_ar.applications.serve.passes import Pass
from llm_ar.applications.serve.service import Service
from llm_ar.applications.ui.timeline_output import as_csv, as_json, as_vtt
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.timeline import Line, Plan, Timeline, merged, moving_parts, plan
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.windows import duration

WAIT = 0.2
"""Seconds after which a request whose windows find the queue full tries again."""


class Form(StrEnum):
    """How the segments are written."""

    JSON = "json"
    CSV = "csv"
    VTT = "vtt"


async def timeline(service: Service, request: Request, form: Form) -> Response:
    """The answer of ``/v1/timeline``.

    Raises:
        Problem: the request is refused, as of `Service.recognize`; the recording is too long.
    """
    async with service.request(request) as (ask, deadline):
        key, model = _key(service, ask.asked)
        clip = await service.read(ask, model)
        found = await service.in_thread(lambda: _plan(model, clip, service.settings.limits))
        scores = [
            await _scores(service, key, model, line, deadline, request) for line in found.lines
        ]
        names = key.names or model.labels
        return await service.in_thread(
            lambda: _written(merged(found, scores, names), key.model, form)
        )


def _key(service: Service, asked: Asked) -> tuple[Pass, ActionRecognizer]:
    if asked.zero_shot:
        raise Problem(422, "bad_option", "zero_shot: a timeline compares no descriptions")
    checked, model = service.key("recognize", asked)
    return Pass("timeline", checked.model, checked.names, fast=asked.fast), model


def _plan(model: ActionRecognizer, clip: Clip, limits: Limits) -> Plan:
    if duration(clip) > limits.seconds:
        raise Problem(
            413,
            "too_large",
            f"the recording lasts {duration(clip):.0f} seconds, at most {limits.seconds:g} are "
            "taken; cut it, or correct fps",
        )
    # The folder of an upload is no business of the client.
    return plan(model, replace(clip, source=PurePath(clip.source).name))


async def _scores(
    service: Service,
    key: Pass,
    model: ActionRecognizer,
    line: Line,
    deadline: float,
    request: Request,
) -> NDArray[np.float64]:
    """Probabilities (N, C) of the names in a line's N windows."""
    moving = await service.in_thread(lambda: moving_parts(model, line.clip, line.windows))
    scores = np.zeros((len(line.windows), len(key.names or model.labels)))
    step = service.settings.batch
    for start in range(0, len(moving), step):
        some = moving[start : start + step]
        parts = [part for _, part in some]
        while True:
            try:
                rows = await service.compute(key, parts, deadline, request, len(parts))
                break
            except Problem as problem:
                # What is begun is finished: only the first windows are refused.
                if problem.status != 429 or start == 0:
                    raise
                await asyncio.sleep(WAIT)
        scores[[place for place, _ in some]] = rows
    return scores


def _written(found: Timeline, model: str, form: Form) -> Response:
    if form is Form.CSV:
        return Response(as_csv(found), media_type="text/csv; charset=utf-8")
    if form is Form.VTT:
        return Response(as_vtt(found), media_type="text/vtt; charset=utf-8")
    return JSONResponse({"model": model} | as_json(found))
