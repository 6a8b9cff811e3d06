"""A timeline as a video: stick figures with the action's name, over the recording if it is one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from llm_ar.applications.ui.figures import on_screen
from llm_ar.applications.ui.timeline_output import NOTHING, clock, who
from llm_ar.errors import ConfigError, MissingExtraError
from llm_ar.evaluation.report.picture import fonts, printable
from llm_ar.evaluation.report.stick_figures import SIDES
from llm_ar.recognizer.merging import Segment
from llm_ar.recognizer.timeline import Timeline
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layout import Layout

SIZE = (640, 480)
"""Width and height of a video without a recorded picture."""
_MARGIN = 0.16
_BAND = 26
"""Height of a line of text."""
_FASTEST = 60.0


def write_video(timeline: Timeline, clip: Clip, out: Path, video: Path | None = None) -> None:
    """Write an MP4 of the clip with the names of its actions.

    Args:
        timeline: of the clip.
        clip: as read; its positions are pixels where ``video`` is given.
        out: the file.
        video: the recording that the clip was estimated from.

    Raises:
        ConfigError: the file has another ending than .mp4, or cannot be written.
        MissingExtraError: OpenCV is not installed.
    """
    if out.suffix.lower() != ".mp4":
        raise ConfigError(f"{out}: a video ends in .mp4; rename it")
    try:
        import cv2
    except ImportError:
        raise MissingExtraError("writing video", "video") from None
    partial = out.with_name(f".{out.stem}.partial-{os.getpid()}.mp4")
    capture = cv2.VideoCapture(str(video)) if video is not None else None
    try:
        _write(cv2, timeline, clip, partial, capture)
        os.replace(partial, out)
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written ({error.strerror or error})") from None
    finally:
        if capture is not None:
            capture.release()
        partial.unlink(missing_ok=True)


def _write(cv2: Any, timeline: Timeline, clip: Clip, path: Path, capture: Any) -> None:
    size = SIZE
    if capture is not None:
        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        size = (max(width, 2) // 2 * 2, max(height, 2) // 2 * 2)
    every = max(1, int(np.ceil(clip.fps / _FASTEST - 1e-9)))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), clip.fps / every, size)
    if not writer.isOpened():
        raise OSError("there is no encoder for MP4, or no such folder")
    try:
        points = _in_pixels(clip) if capture is not None else _fitted(clip, size)
        font = _font(timeline)
        for frame in range(clip.frames):
            image = _background(cv2, capture, size)
            if frame % every == 0:
                draw_frame(image, timeline, clip, points[frame], frame, font)
                writer.write(cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR))
    finally:
        writer.release()


def draw_frame(
    image: Image.Image,
    timeline: Timeline,
    clip: Clip,
    points: NDArray[np.float64],
    frame: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """Draw people ``(M, J, 2)`` in pixels, the time, and what each of them does."""
    pen = ImageDraw.Draw(image)
    for person in range(clip.people):
        _figure(pen, points[person], clip.present[frame, person], clip.layout)
    time = frame / clip.fps
    lines = [clock(time)]
    for line in timeline.people:
        segment = _at(line.segments, time)
        name, probability = NOTHING, ""
        if segment is not None and segment.action is not None:
            name = printable(segment.action)
            probability = f"  {100 * (segment.probability or 0):.0f} %"
        before = f"{who(line)}: " if len(timeline.people) > 1 else ""
        lines.append(f"{before}{name}{probability}")
    pen.rectangle((0, 0, image.width, _BAND * len(lines) + 6), fill=(28, 36, 48))
    for place, text in enumerate(lines):
        pen.text((10, 5 + _BAND * place), text, fill=(255, 255, 255), font=font)


def _at(segments: tuple[Segment, ...], time: float) -> Segment | None:
    return next((segment for segment in segments if segment.start <= time < segment.end), None)


def _figure(
    pen: ImageDraw.ImageDraw,
    points: NDArray[np.float64],
    present: NDArray[np.bool_],
    layout: Layout,
) -> None:
    left, right = ({pair[side] for pair in layout.pairs} for side in (0, 1))
    for joint, parent in enumerate(layout.parents):
        if parent >= 0 and present[joint] and present[parent]:
            side = "left" if joint in left else "right" if joint in right else "middle"
            color = tuple(round(255 * part) for part in to_rgb(SIDES[side]))
            ends = [tuple(points[parent].tolist()), tuple(points[joint].tolist())]
            pen.line(ends, fill=color, width=5)


def _in_pixels(clip: Clip) -> NDArray[np.float64]:
    """Positions (T, M, J, 2) in the pixels of the video that the clip was read from."""
    return clip.joints[..., :2].astype(np.float64) * (-1, -1)


def _fitted(clip: Clip, size: tuple[int, int]) -> NDArray[np.float64]:
    """The same so that the whole recording fits into a picture."""
    screen = on_screen(clip) * (1, -1)
    low, high = np.percentile(screen[clip.present], [1, 99], axis=0)
    inner = (1 - 2 * _MARGIN) * np.array(size, dtype=float)
    scale = float((inner / np.maximum(high - low, 0.3)).min())
    return np.asarray((screen - (low + high) / 2) * scale + np.array(size) / 2 + (0, _BAND))


def _background(cv2: Any, capture: Any, size: tuple[int, int]) -> Image.Image:
    if capture is not None:
        whole, picture = capture.read()
        if whole:
            cropped = picture[: size[1], : size[0]]
            return Image.fromarray(cv2.cvtColor(cropped, cv2.COLOR_BGR2RGB))
    return Image.new("RGB", size, (255, 255, 255))


def _font(timeline: Timeline) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font that has the letters of the names, as far as one is installed."""
    names = "".join(s.action or "" for line in timeline.people for s in line.segments)
    families = fonts(names)[0]
    try:
        return ImageFont.truetype(font_manager.findfont(families[-1]), 18)
    except OSError:
        return ImageFont.load_default(18)
