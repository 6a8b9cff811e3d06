"""What a request asks for, out of a form with a file or out of JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from llm_ar.applications.serve.limits import Limits, Problem
from llm_ar.applications.serve.recordings import clip_of_joints, clip_of_upload
from llm_ar.errors import ConfigError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.read_options import FASTEST, SLOWEST, ReadOptions

FIELD_BYTES = 64 * 1024
"""Of a form's field other than the file."""


class Asked(BaseModel):
    """The settings of a request, in a form and in JSON alike."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(None, description="name of the model; the first one by default")
    candidates: list[str] | None = Field(
        None, description="names to choose from; those of the training by default"
    )
    top_k: int = Field(5, ge=1, description="number of answers")
    fast: bool = Field(
        False,
        description="let the token classifier answer: a clip of which it is confident, and all "
        "windows of a timeline",
    )
    zero_shot: bool = Field(
        False, description="compare descriptions, for names that were not trained"
    )
    movement: bool = Field(False, description="return the skeleton for a picture")
    layout: str | None = Field(None, description="joint layout, such as kinect-v1 or coco-17")
    fps: float | None = Field(
        None, ge=SLOWEST, le=FASTEST, allow_inf_nan=False, description="frames a second"
    )
    axes: str | None = Field(None, description="of an array: letters such as TMVC")
    up: str | None = Field(None, description="direction that is up: x, -x, y, -y, z or -z")
    mirror: bool | None = Field(None, description="whether the axes are a mirror image")

    def options(self) -> ReadOptions:
        """What is stated of the recording.

        Raises:
            Problem: it is impossible.
        """
        try:
            return ReadOptions(self.layout, self.fps, self.axes, self.up, self.mirror)
        except ConfigError as error:
            raise Problem(422, "bad_option", str(error).replace("--", "")) from None


class AskedJoints(Asked):
    """A request in JSON."""

    joints: list[Any] = Field(
        description="frames of joints, or of people of joints, each [x, y] or [x, y, z]; null is "
        "a missing number"
    )


@dataclass(frozen=True)
class Ask:
    """A request with its recording, which is read when `clip` is called, in another thread."""

    asked: Asked
    content: bytes | None
    name: str | None
    joints: Any

    def clip(self, limits: Limits, video: bool) -> Clip:
        """Read the recording.

        Raises:
            Problem: it cannot be used.
        """
        options = self.asked.options()
        if self.content is None:
            return clip_of_joints(self.joints, options, limits)
        return clip_of_upload(self.content, self.name, options, limits, video)


async def ask_of(request: Request, limits: Limits) -> Ask:
    """Read a request's body.

    Raises:
        Problem: it is too large, or neither a form with a file nor JSON as wanted.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _of_form(request, limits)
    if kind == "application/json":
        return await _of_json(request, limits)
    raise Problem(
        415,
        "bad_type",
        "send multipart/form-data with a field 'file', or application/json with 'joints'",
    )


async def _of_form(request: Request, limits: Limits) -> Ask:
    try:
        async with request.form(
            max_files=1, max_fields=limits.candidates + 16, max_part_size=FIELD_BYTES
        ) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Problem(422, "no_file", "the form has no file in its field 'file'")
            content = await file.read(limits.upload + 1)
            if len(content) > limits.upload:
                most = f"{limits.upload / 2**20:g} MiB"
                raise Problem(413, "too_large", f"the file is larger than {most}")
            return Ask(asked(_fields(form)), content, file.filename, None)
    except Problem:
        raise
    except (MultiPartException, UnicodeDecodeError) as error:
        message = error.message if isinstance(error, MultiPartException) else "it is not UTF-8"
        raise Problem(400, "bad_form", f"the form cannot be read: {message}") from None
    except Exception as error:
        # Starlette answers a broken form with an HTTPException of its own.
        if getattr(error, "status_code", None) == 400:
            raise Problem(400, "bad_form", "the form cannot be read") from None
        raise


def _fields(form: FormData) -> dict[str, Any]:
    """The form's fields; candidates stand in several fields, or one a line."""
    fields: dict[str, Any] = {}
    for name in set(form) - {"file"}:
        values = form.getlist(name)
        if not all(isinstance(value, str) for value in values):
            raise Problem(422, "bad_form", f"field {name[:40]!r} must be text")
        if name == "candidates":
            lines = [line for value in values for line in str(value).splitlines()]
            fields[name] = [line for line in lines if line.strip()] or None
        elif values[-1] != "":
            fields[name] = values[-1]
    return fields


async def _of_json(request: Request, limits: Limits) -> Ask:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > limits.json:
            raise Problem(413, "too_large", f"JSON may have {limits.json / 2**20:g} MiB")
    data = await anyio.to_thread.run_sync(_parsed, content)
    if not isinstance(data, dict):
        raise Problem(422, "bad_json", "the JSON must be an object with 'joints'")
    joints = data.pop("joints", None)
    if joints is None:
        raise Problem(422, "no_joints", "the JSON has no 'joints'")
    return Ask(asked(data, strict=True), None, None, joints)


def _parsed(content: bytearray) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Problem(400, "bad_json", "the body is no JSON") from None


def asked(fields: dict[str, Any], *, strict: bool = False) -> Asked:
    """The settings in a request's fields.

    Args:
        fields: by name.
        strict: whether text is no number, as in JSON; a form has nothing but text.

    Raises:
        Problem: one is unknown or impossible.
    """
    try:
        return Asked.model_validate(fields, strict=strict)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(step) for step in first["loc"])[:60]
        raise Problem(422, "bad_option", f"{where}: {first['msg']}") from None
