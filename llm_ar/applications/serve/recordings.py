"""From what a request brings to a clip: uploaded files and joints as numbers.

An upload is read from a file in a folder made for it alone, which is removed at once. Of the name
that the request gives, only plain characters are kept.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from llm_ar.applications.serve.limits import Limits, Problem
from llm_ar.config import RepairConfig
from llm_ar.errors import ClipError, LlmArError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import layout_named
from llm_ar.skeletons.orientation import put_upright
from llm_ar.skeletons.read_options import ReadOptions
from llm_ar.skeletons.readers import format_of, read_clip
from llm_ar.skeletons.readers.arrays import clip_of_array
from llm_ar.skeletons.repair import repair

_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80
_DEEPEST = 5
_OPTION = re.compile(r"--(?=axes|layout|fps|up|mirror)")
_JOINTS = Path("/dev/null/joints")
"""In no folder, so that nothing can lie beside it."""


def plain_name(given: str | None) -> str:
    """The last part of a file's name in plain characters, so that it is a name and no path."""
    last = re.split(r"[/\\]", given or "")[-1]
    plain = _PLAIN.sub("_", last).lstrip(".")[-_LONGEST:].lstrip(".")
    return plain or "recording"


def clip_of_upload(
    content: bytes, name: str | None, options: ReadOptions, limits: Limits, video: bool
) -> Clip:
    """The clip in an uploaded file, before repair.

    Args:
        content: of the file.
        name: as the request gives it.
        options: what the request states of the recording.
        limits: of the service.
        video: whether videos are decoded.

    Raises:
        Problem: it cannot be read, is too large, or a video where none are taken.
    """
    with tempfile.TemporaryDirectory(prefix="llm-ar-upload-") as folder:
        # A layout beside the file, or a container's member, must not be named by an upload.
        path = Path(folder) / plain_name(name)
        if path.name == "layout.yaml":
            path = path.with_name("layout.yaml.recording")
        path.write_bytes(content)
        try:
            if format_of(path) == "video":
                return _video(path, limits, video)
            return read_clip(path, options)
        except LlmArError as error:
            raise unreadable(error, path) from None


def clip_of_joints(joints: Any, options: ReadOptions, limits: Limits) -> Clip:
    """The clip in nested lists of numbers, as JSON gives them; null is a missing number.

    Args:
        joints: frames of joints, or of people of joints, each 2 or 3 numbers.
        options: what the request states of them.
        limits: of the service.

    Raises:
        Problem: they are no such lists, or too large.
    """
    try:
        values = np.array(_filled(joints, *(_numbers(joints) or (1, 0))), dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RecursionError):
        values = np.zeros(0)
    if values.ndim not in (3, 4) or 0 in values.shape or values.shape[-1] not in (2, 3):
        raise Problem(
            422,
            "bad_joints",
            "joints must be a list of frames, each a list of joints (or of people of joints), "
            "each of 2 or 3 numbers",
        )
    if values.shape[0] > limits.frames or max(values.shape[1:-1]) > limits.joints:
        raise Problem(
            413,
            "too_large",
            f"at most {limits.frames} frames of {limits.joints} joints are taken",
        )
    if options.axes is None:
        axes = "TVC" if values.ndim == 3 else "TMVC"
        options = ReadOptions(options.layout, options.fps, axes, options.up, options.mirror)
    try:
        if options.layout is not None:
            layout_named(options.layout)
        clip = clip_of_array(_JOINTS, values, options, fps=options.fps, what="joints")
        return replace(put_upright(clip, options), source=_JOINTS.name)
    except LlmArError as error:
        raise unreadable(error, _JOINTS) from None


def _numbers(value: Any, depth: int = 1) -> tuple[int, int] | None:
    """How deep the first list lies that holds a number, and its length; None if there is none."""
    if not isinstance(value, list) or depth > _DEEPEST:
        return None
    if any(each is not None and not isinstance(each, list) for each in value):
        return depth, len(value)
    return next(filter(None, (_numbers(each, depth + 1) for each in value)), None)


def _filled(value: Any, depth: int, width: int) -> Any:
    """The lists, with as many nulls as a joint has numbers where it is null itself."""
    if depth == 1:
        return [None] * width if value is None else value
    if not isinstance(value, list):
        return value
    return [_filled(each, depth - 1, width) for each in value]


def usable(clip: Clip, rules: RepairConfig, limits: Limits) -> Clip:
    """The clip with people for tracks.

    Raises:
        Problem: it is too large.
    """
    limits.check_clip(clip)
    return repair(clip, rules)[0]


def unreadable(error: LlmArError, path: Path | None = None) -> Problem:
    """The refusal of what cannot be used; names no folder of this machine."""
    message = error.problem if isinstance(error, ClipError) else str(error)
    if path is not None:
        message = message.replace(str(path), path.name).replace(str(path.parent), "")
    return Problem(422, "unusable", _OPTION.sub("", message))


def _video(path: Path, limits: Limits, allowed: bool) -> Clip:
    """A video's clip, decoded in a process of its own whose time and memory are limited."""
    if not allowed or importlib.util.find_spec("mediapipe") is None:
        raise Problem(
            415,
            "no_video",
            "this service does not decode videos; send the joints of a pose estimator instead",
        )
    return read_apart(path, limits)


def read_apart(path: Path, limits: Limits) -> Clip:
    """Read a recording in a process of its own.

    Raises:
        Problem: it takes too long or too much memory, or cannot be read.
    """
    result = path.with_name("result.npz")
    kept = ("PATH", "LANG", "PYTHONPATH", "OMP_NUM_THREADS", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    command = [sys.executable, "-m", "llm_ar.applications.serve.reading_process"]
    command += [str(path), str(result), str(limits.video_memory), str(limits.video_seconds)]
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limits.video_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Problem(
            413,
            "too_large",
            f"the video was not decoded within {limits.video_seconds:g} seconds; cut it",
        ) from None
    if done.returncode == 2:
        message = done.stdout.decode("utf-8", "replace").strip()[-400:]
        raise Problem(422, "unusable", message.replace(str(path), path.name))
    if done.returncode or not result.exists():
        raise Problem(422, "unusable", "the video cannot be decoded within this service's limits")
    with np.load(result, allow_pickle=False) as arrays:
        return Clip(
            joints=arrays["joints"],
            present=arrays["present"],
            fps=float(arrays["fps"]),
            layout=layout_named(str(arrays["layout"])),
            dimensions=2 if int(arrays["dimensions"]) == 2 else 3,
            source=path.name,
        )
