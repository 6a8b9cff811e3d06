"""The page and the clips that it offers: files of this package, and generated recordings."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from llm_ar.applications.serve.answers import ClipOut, Clips
from llm_ar.applications.serve.description import KEYED, NAMED
from llm_ar.applications.serve.limits import Problem
from llm_ar.skeletons.synthetic.dataset import PROCEDURAL_ACTIONS, procedural_clips

FOLDER = Path(__file__).parent / "static"
SEED = 2026
CLIPS = 20
"""Of so many generated clips, the first of each action is offered."""

router = APIRouter()
clips = APIRouter(prefix="/v1/clips")


def static_files() -> StaticFiles:
    """The page's scripts and styles."""
    return StaticFiles(directory=FOLDER)


@router.get("/", include_in_schema=False)
async def page() -> Response:
    """The page itself."""
    return FileResponse(FOLDER / "page.html", headers={"Cache-Control": "no-cache"})


@clips.get("", summary="Recordings to try", response_model=Clips, responses=KEYED)
async def clip_names() -> Response:
    """Names of generated recordings, one for each procedural action."""
    return JSONResponse({"clips": list(PROCEDURAL_ACTIONS)})


@clips.get(
    "/{name}",
    summary="One of them, as JSON for /v1/recognize",
    response_model=ClipOut,
    responses=NAMED,
)
async def clip(name: str, request: Request) -> Response:
    """Joints, layout and frame rate of a generated recording."""
    if name not in PROCEDURAL_ACTIONS:
        raise Problem(404, "no_clip", "there is no such clip; see /v1/clips")
    service = request.app.state.service
    return JSONResponse((await service.in_thread(generated))[name])


@lru_cache(maxsize=1)
def generated() -> dict[str, dict[str, Any]]:
    """A generated recording for each procedural action."""
    found: dict[str, dict[str, Any]] = {}
    for made in procedural_clips(CLIPS, subjects=CLIPS, seed=SEED):
        if made.label is None or made.label in found:
            continue
        joints = np.where(made.present[..., None], made.joints, np.nan)[:, 0].round(4)
        found[made.label] = {
            "layout": made.layout.name,
            "fps": made.fps,
            "joints": [
                [None if np.isnan(joint).any() else joint.tolist() for joint in frame]
                for frame in joints
            ],
        }
    return found
