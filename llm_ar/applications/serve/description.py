"""What the interface's description says beside the answers: bodies, keys, and refusals."""

from __future__ import annotations

from typing import Any

from fastapi import Security
from fastapi.params import Depends
from fastapi.security import APIKeyHeader, HTTPBearer

from llm_ar.applications.serve import answers
from llm_ar.applications.serve.asks import Asked, AskedJoints

Responses = dict[int | str, dict[str, Any]]

_TEXTS = {
    400: "the request cannot be understood",
    401: "an API key is needed",
    403: "the request comes from a page of another site",
    404: "there is nothing of that name",
    413: "the recording or the request is too large",
    415: "neither a form nor JSON, or a video where none are taken",
    421: "the service is not known under this host name",
    422: "the recording or an option cannot be used",
    429: "too many requests",
    500: "something went wrong; the log has the same id",
    503: "the service starts, shuts down, or has too many connections",
    504: "the deadline has passed",
}
_LATER = {429, 503, 504}
_RETRY = {"Retry-After": {"description": "seconds", "schema": {"type": "integer", "minimum": 1}}}


def _refused(*statuses: int) -> Responses:
    made: Responses = {}
    for status in statuses:
        made[status] = {"model": answers.Refused, "description": _TEXTS[status]}
        if status in _LATER:
            made[status]["headers"] = _RETRY
    return made


ANYWHERE = _refused(400, 413, 421, 500, 503)
"""Refusals of every route."""
KEYED = ANYWHERE | _refused(401, 429)
"""Of routes that may need a key."""
NAMED = KEYED | _refused(404, 422)
"""Of routes that take a name."""
COMPUTED = NAMED | _refused(504)
"""Of routes that wait for a pass."""
UPLOADED = COMPUTED | _refused(403, 415)
"""Of routes that take a recording."""

KEYS: list[Depends] = [
    Security(HTTPBearer(auto_error=False, description="an API key")),
    Security(APIKeyHeader(name="X-API-Key", auto_error=False, description="an API key")),
]
"""Where a key may stand. The shield checks it; these are for the description."""

CSV_EXAMPLE = (
    "file,person,start,end,action,probability\nlong.npz,1,0.000,4.100,walk,0.9987\n"
    "long.npz,1,4.100,6.400,,\n"
)
VTT_EXAMPLE = "WEBVTT\n\n00:00:00.000 --> 00:00:04.100\nwalk (100 %)\n"
_JOINTS_EXAMPLE = {
    "layout": "kinect-v1",
    "fps": 30,
    "candidates": ["walk", "jog", "squat"],
    "top_k": 3,
    "joints": [[[0.01 * joint, 0.1 * joint, 2.5] for joint in range(20)]],
}


def recording() -> dict[str, Any]:
    """The deadline's header, and the two forms of a body with a recording."""
    form = Asked.model_json_schema()
    form["properties"]["file"] = {
        "type": "string",
        "format": "binary",
        "description": "a recording in any supported format",
    }
    form["required"] = ["file"]
    return {
        "parameters": [
            {
                "name": "X-Deadline-Seconds",
                "in": "header",
                "required": False,
                "description": "seconds after which the answer is 504, if less than the service's",
                "schema": {"type": "number", "exclusiveMinimum": 0},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form},
                "application/json": {
                    "schema": AskedJoints.model_json_schema(),
                    "example": _JOINTS_EXAMPLE,
                },
            },
        },
    }
