"""Stick figures of a clip: a strip of frames (PNG), or an animation (GIF or HTML)."""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from llm_ar.errors import ConfigError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import Layout

ENDINGS = (".png", ".gif", ".html")
PANELS = 8
"""Frames of a strip, evenly over the clip."""

_PANEL = (150, 210)
_GIF_SIDE, _GIF_FRAMES = 320, 120
_FINER = 3
"""Drawn so much larger and made smaller, which smooths the lines."""
_GROUND = (255, 255, 255)
_SIDES = {"left": (38, 98, 196), "right": (208, 96, 24), "middle": (92, 96, 104)}
_MARGIN = 0.12

Screen = NDArray[np.float64]


def draw(clip: Clip, path: Path) -> None:
    """Draw a clip into a file, of the kind that its ending names (`ENDINGS`).

    Raises:
        ConfigError: another ending, or the file cannot be written.
    """
    kinds = {".png": _strip, ".gif": _gif, ".html": _page}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise ConfigError(f"{path}: a picture ends in {', '.join(ENDINGS)}; rename it")
    partial = path.with_name(f".{path.stem}.partial-{os.getpid()}{path.suffix}")
    try:
        kind(clip, partial)
        os.replace(partial, path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        partial.unlink(missing_ok=True)


def bones(layout: Layout) -> list[tuple[int, int, str]]:
    """Each bone as (joint, parent, side); side is "left", "right" or "middle"."""
    left = {pair[0] for pair in layout.pairs}
    right = {pair[1] for pair in layout.pairs}
    return [
        (joint, parent, "left" if joint in left else "right" if joint in right else "middle")
        for joint, parent in enumerate(layout.parents)
        if parent >= 0
    ]


def on_screen(clip: Clip) -> Screen:
    """Positions as the camera sees them, x right and y down ``(T, M, J, 2)``, in body heights.

    3-D clips are seen a little from the side. Where a joint is missing, the value means nothing.
    """
    joints = clip.joints.astype(np.float64)
    x, y, z = joints[..., 0], joints[..., 1], joints[..., 2]
    if clip.dimensions == 3:
        angle = np.radians(20)
        x = x * np.cos(angle) + (z - np.median(z[clip.present])) * np.sin(angle)
    screen = np.stack([-x, -y], axis=-1)
    heights = [np.ptp(frame[seen][:, 1]) for frame, seen in _bodies(screen, clip) if seen.any()]
    height = float(np.median(heights)) if heights else 0.0
    if not height > 0:
        height = float(np.ptp(screen[clip.present], axis=0).max()) or 1.0
    middle = np.median(screen[clip.present], axis=0)
    # Far outliers stay far, but within what can be drawn.
    return np.clip((screen - middle) / height, -50, 50)


def _bodies(screen: Screen, clip: Clip) -> list[tuple[Screen, NDArray[np.bool_]]]:
    step = max(1, clip.frames // 200)
    return [
        (screen[frame, person], clip.present[frame, person])
        for frame in range(0, clip.frames, step)
        for person in range(clip.people)
    ]


def _strip(clip: Clip, path: Path) -> None:
    screen = on_screen(clip)
    shown = np.flatnonzero(clip.present.any(axis=(1, 2)))
    count = min(PANELS, len(shown))
    chosen = shown[np.linspace(0, len(shown) - 1, count).round().astype(int)]
    width, height = _PANEL
    sides = [np.ptp(screen[frame][clip.present[frame]], axis=0) for frame in chosen]
    wide, high = np.maximum(np.percentile(sides, 90, axis=0), 0.3)
    scale = (1 - 2 * _MARGIN) * min(width / wide, (height - 16) / high) * _FINER
    image = Image.new("RGB", (count * width * _FINER, height * _FINER), _GROUND)
    for panel, frame in enumerate(chosen):
        points = screen[frame]
        seen = points[clip.present[frame]]
        middle = (seen.min(axis=0) + seen.max(axis=0)) / 2
        # Up and down stay as they are, so that sitting and jumping show.
        middle[1] = 0.5 * (middle[1] + np.median(screen[clip.present][:, 1]))
        one = Image.new("RGB", (width * _FINER, height * _FINER), _GROUND)
        at = (points - middle) * scale + np.array([width, height - 16]) * _FINER / 2
        _figure(ImageDraw.Draw(one), at, clip.present[frame], clip.layout)
        image.paste(one, (panel * width * _FINER, 0))
    image = image.resize((count * width, height), Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(image)
    for panel, frame in enumerate(chosen):
        seconds = f"{frame / clip.fps:.2f} s"
        pen.text((panel * width + 8, height - 16), seconds, fill=_SIDES["middle"])
    image.quantize(48).save(path, format="PNG", optimize=True)


def _gif(clip: Clip, path: Path) -> None:
    screen = on_screen(clip)
    chosen = np.linspace(0, clip.frames - 1, min(clip.frames, _GIF_FRAMES)).round().astype(int)
    low, high = np.percentile(screen[clip.present], [1, 99], axis=0)
    scale = (1 - 2 * _MARGIN) * _GIF_SIDE * _FINER / max(*(high - low), 0.3)
    side = _GIF_SIDE * _FINER
    images = []
    for frame in chosen:
        image = Image.new("RGB", (side, side), _GROUND)
        at = (screen[frame] - (low + high) / 2) * scale + side / 2
        _figure(ImageDraw.Draw(image), at, clip.present[frame], clip.layout)
        smaller = image.resize((_GIF_SIDE, _GIF_SIDE), Image.Resampling.LANCZOS)
        images.append(smaller.quantize(32))
    duration = max(20, min(1000, round(1000 * clip.frames / clip.fps / len(chosen))))
    images[0].save(
        path, format="GIF", save_all=True, append_images=images[1:], duration=duration, loop=0
    )


def _page(clip: Clip, path: Path) -> None:
    hundredths = (on_screen(clip) * 100).round().astype(int)
    missing = [[int(i) for i in np.flatnonzero(~seen.ravel())] for seen in clip.present]
    motion = {
        "name": clip.name,
        "fps": clip.fps,
        "bones": bones(clip.layout),
        "joints": len(clip.layout.joints),
        "frames": hundredths.reshape(clip.frames, -1).tolist(),
        "missing": missing,
    }
    page = resources.files("llm_ar.applications.ui").joinpath("animation.html").read_text("utf-8")
    # A name could close the script element.
    text = json.dumps(motion, separators=(",", ":")).replace("<", "\\u003c")
    path.write_text(page.replace("/*motion*/ null", text), encoding="utf-8")


def _figure(
    pen: ImageDraw.ImageDraw, at: Screen, present: NDArray[np.bool_], layout: Layout
) -> None:
    """People's bones and joints at pixels ``(M, J, 2)``."""
    for points, seen in zip(at, present, strict=True):
        for joint, parent, side in bones(layout):
            if seen[joint] and seen[parent]:
                ends = [tuple(points[parent]), tuple(points[joint])]
                pen.line(ends, fill=_SIDES[side], width=3 * _FINER)
        for x, y in points[seen]:
            size = 2 * _FINER
            pen.ellipse((x - size, y - size, x + size, y + size), fill=(40, 42, 48))
