"""The routes under ``/v1``, the metrics, and the application that holds them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated

import anyio
from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

import llm_ar
from llm_ar.applications.serve import answers, live, page
from llm_ar.applications.serve.description import (
    ANYWHERE,
    COMPUTED,
    CSV_EXAMPLE,
    KEYED,
    KEYS,
    NAMED,
    UPLOADED,
    VTT_EXAMPLE,
    recording,
)
from llm_ar.applications.serve.limits import Problem
from llm_ar.applications.serve.metrics import CONTENT_TYPE
from llm_ar.applications.serve.passes import Pass
from llm_ar.applications.serve.security import Keys, Policy, Rate, Shield
from llm_ar.applications.serve.service import Service
from llm_ar.applications.serve.timelines import Form
from llm_ar.applications.serve.timelines import timeline as write_timeline
from llm_ar.applications.serve.view import skeleton_of
from llm_ar.recognizer.timeline import window_lengths

MOST_TOKENS = 64
"""Tokens whose movement one request may ask for."""

router = APIRouter(prefix="/v1")
health = APIRouter(prefix="/v1/health")


def application(service: Service, policy: Policy | None = None) -> FastAPI:
    """The application that serves a service's models.

    Args:
        service: models, queue and limits.
        policy: who may ask; by default anybody, under any host name.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        await anyio.to_thread.run_sync(service.close)

    app = FastAPI(
        title="LLM-AR",
        version=llm_ar.__version__,
        summary="The action in a skeleton recording, named by a large language model",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    policy = policy or Policy(Keys(()), frozenset(), Rate(0), largest_body(service))
    app.state.keys = policy.keys
    keys = KEYS if policy.keys else []
    app.include_router(router, dependencies=keys)
    app.include_router(page.clips, dependencies=keys)
    app.include_router(health)
    app.include_router(live.router)
    app.include_router(page.router)
    app.get("/metrics", include_in_schema=False)(metrics)
    app.mount("/static", page.static_files(), name="static")
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(RequestValidationError, _validation_problem)
    app.add_middleware(GZipMiddleware, minimum_size=2048)
    app.add_middleware(Shield, policy=policy, metrics=service.metrics)
    return app


def largest_body(service: Service) -> int:
    """Bytes of any request's body: a file and the fields around it."""
    limits = service.settings.limits
    return max(limits.upload, limits.json) + 256 * 1024


def service_of(request: Request) -> Service:
    """The application's service."""
    service: Service = request.app.state.service
    return service


@router.post(
    "/recognize",
    summary="Name the action in a recording",
    response_model=answers.Recognized,
    responses=UPLOADED,
    openapi_extra=recording(),
)
async def recognize(request: Request) -> Response:
    """The best names for a file (a form's field ``file``) or for joints (JSON)."""
    return JSONResponse(await service_of(request).recognize(request))


@router.post(
    "/sentence",
    summary="The action sentence of a recording",
    response_model=answers.Sentence,
    responses=UPLOADED,
    openapi_extra=recording(),
)
async def sentence(request: Request) -> Response:
    """The tokens of a file or of joints, each with its seconds."""
    return JSONResponse(await service_of(request).sentence(request))


@router.post(
    "/explain",
    summary="What carried the answer",
    response_model=answers.Explained,
    responses=UPLOADED,
    openapi_extra=recording(),
)
async def explain(request: Request) -> Response:
    """What the answer loses when a token says nothing, and when a body part is hidden."""
    return JSONResponse(await service_of(request).explain(request))


@router.post(
    "/timeline",
    summary="What happens when in a recording of any length",
    response_model=answers.TimelineOut,
    responses=UPLOADED
    | {
        200: {
            "description": "segments of each person; in CSV a row a segment, in WebVTT a cue",
            "content": {
                "text/csv": {"example": CSV_EXAMPLE},
                "text/vtt": {"example": VTT_EXAMPLE},
            },
        }
    },
    openapi_extra=recording(),
)
async def timeline(
    request: Request,
    form: Annotated[Form, Query(alias="format", description="of the answer")] = Form.JSON,
) -> Response:
    """Segments of a file or of joints: start, end, action and probability, a line a person.

    ``top_k`` and ``movement`` change nothing here.
    """
    return await write_timeline(service_of(request), request, form)


@router.get(
    "/models",
    summary="The models and the limits",
    response_model=answers.Models,
    responses=KEYED,
)
async def models(request: Request) -> Response:
    """All models by name; the first is used where a request names none."""
    service = service_of(request)
    found = [
        {
            "name": name,
            "actions": list(model.labels),
            "layout": model.tokenizer.layout.name,
            "people": model.tokenizer.preprocess.people,
            "frames": model.tokenizer.preprocess.frames,
            "tokens": model.tokenizer.vocabulary,
            "words": model.tokenizer.words,
            "language_model": model.run.recognizer.llm.name.replace("\\", "/").split("/")[-1],
            "fast": model.early_exit is not None,
            "seconds": max(window_lengths(model)),
            "evaluation": service.evaluations[name].summary()
            if name in service.evaluations
            else None,
        }
        for name, model in service.models.items()
    ]
    settings = service.settings
    return JSONResponse(
        {"models": found, "limits": asdict(settings.limits), "video": settings.video}
    )


@router.get(
    "/models/{name}/evaluation",
    summary="What a model's evaluation found, with the confusion matrix",
    response_model=answers.ConfusionOut,
    responses=NAMED,
)
async def evaluation(name: str, request: Request) -> Response:
    """Figures and counts of the test clips; 404 where the model has no evaluation."""
    service = service_of(request)
    service.model(name)
    if name not in service.evaluations:
        raise Problem(404, "no_evaluation", "this model has no evaluation; run llm-ar evaluate")
    return JSONResponse(asdict(service.evaluations[name]))


@router.get(
    "/tokens",
    summary="What tokens mean",
    response_model=answers.TokenMovements,
    responses=COMPUTED,
)
async def tokens(request: Request, ids: str, model: str | None = None) -> Response:
    """The decoded movement of up to 64 tokens; ``ids`` are separated by commas."""
    service = service_of(request)
    name, recognizer = service.model(model)
    vocabulary = recognizer.tokenizer.vocabulary
    parts = ids.split(",")
    if len(parts) > MOST_TOKENS or not all(
        part.isascii() and part.isdigit() and len(part) < 8 and int(part) < vocabulary
        for part in parts
    ):
        raise Problem(
            422,
            "bad_tokens",
            f"ids must be up to {MOST_TOKENS} numbers below {vocabulary}, separated by commas",
        )
    wanted = [int(part) for part in parts]
    deadline = time.monotonic() + service.settings.limits.deadline
    found = await service.compute(Pass("tokens", name), wanted, deadline, request)
    return JSONResponse(
        {
            "model": name,
            "skeleton": skeleton_of(recognizer.tokenizer.layout),
            "tokens": wanted,
            "movements": found,
        }
    )


@health.get(
    "/live",
    summary="Whether the process lives",
    response_model=answers.Health,
    responses=ANYWHERE,
)
async def health_live() -> dict[str, str]:
    """Always well while requests are answered at all."""
    return {"status": "ok"}


@health.get(
    "/ready",
    summary="Whether requests are answered",
    response_model=answers.Health,
    responses=ANYWHERE,
)
async def health_ready(request: Request) -> dict[str, str]:
    """Not while the service starts or shuts down."""
    if not service_of(request).batcher.running:
        raise Problem(503, "not_ready", "the service starts or shuts down", 5)
    return {"status": "ok"}


async def metrics(request: Request) -> Response:
    """The figures for Prometheus."""
    return Response(service_of(request).metrics.text(), media_type=CONTENT_TYPE)


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "bad_method"}.get(error.status_code, "bad_request")
    message = {404: "there is nothing here", 405: "this method is not allowed here"}.get(
        error.status_code, "the request cannot be understood"
    )
    problem = Problem(error.status_code, code, message)
    body = problem.body(request.state.request_id)
    return JSONResponse(body, error.status_code, headers=dict(error.headers or {}))


async def _validation_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"][1:])[:60]
    problem = Problem(422, "bad_option", f"{where}: {first['msg']}")
    return JSONResponse(problem.body(request.state.request_id), 422)
