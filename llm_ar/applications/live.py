"""``llm-ar live``: names for what a camera, a video or standard input shows, as it comes."""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.applications.recognize import candidate_names
from llm_ar.applications.timeline import seconds_listed
from llm_ar.applications.ui.loading import load_recognizer
from llm_ar.applications.ui.models import check_model
from llm_ar.applications.ui.options import add_model_option
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import note, print_error, print_json
from llm_ar.errors import ClipError, ConfigError

if TYPE_CHECKING:
    from llm_ar.recognizer.live import LiveAnswer, LiveRecognizer
    from llm_ar.skeletons.layout import Layout

FPS = 30.0
LAYOUT = "kinect-v1"
MOST_PEOPLE = 8

Frame = NDArray[np.float64]


def run(arguments: Sequence[str]) -> int:
    """Answer until the input ends."""
    parser = CommandParser(
        prog="llm-ar live",
        description="Print an answer a line as JSON about what a camera or a video shows (at the "
        "speed of its recording), or about joints on standard input, one frame a line: "
        "[[x, y, z], ...] of one person, a list of such lists of several, or null where nobody is "
        "seen; x to the camera's left, y up, z away. When frames come faster than answers, the "
        'newest counts; "skipped" is how many were left out.',
        example="llm-ar live webcam:0",
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="webcam:0 (or, for 12 seconds, webcam:0:12), a video, or - for standard input",
    )
    add_model_option(parser)
    parser.add_argument("--labels", help="candidate names, as for recognize (default: trained)")
    parser.add_argument(
        "--with-llm",
        action="store_true",
        help="ask the LLM about every window (default: the token classifier answers them)",
    )
    parser.add_argument("--lengths", type=seconds_listed, metavar="SECONDS", help="as for timeline")
    parser.add_argument("--layout", help="joint layout of standard input (default kinect-v1)")
    parser.add_argument("--fps", type=float, help="frames a second of standard input (default 30)")
    parser.add_argument(
        "--every-frame",
        action="store_true",
        help="answer each frame and skip none, for input that waits",
    )
    given = parser.parse_args(arguments)
    joints = given.source == "-"
    for option in ("layout", "fps"):
        if not joints and getattr(given, option) is not None:
            raise ConfigError(f"--{option}: is that of standard input; a video has its own")
    fps = FPS if given.fps is None else given.fps
    if not 0 < fps <= 1000:
        raise ConfigError(f"--fps: {fps} is no number of frames a second up to 1000")

    check_model(given.model)

    from llm_ar.recognizer.live import LiveRecognizer
    from llm_ar.skeletons.readers.layout_choice import known_layouts
    from llm_ar.skeletons.readers.live_video import check_live, open_live

    labels = candidate_names(given.labels, None)
    if not joints:
        check_live(Path(given.source))
    model = load_recognizer(given.model)
    answered = passed = 0
    with ExitStack() as opened:
        video = None
        if joints:
            (layout,) = known_layouts(Path("standard input"), given.layout or LAYOUT)
            frames = frames_of(sys.stdin, layout)
        else:
            video = opened.enter_context(open_live(Path(given.source), given.every_frame))
            layout, fps, frames = video.layout, video.fps, video.frames()
        fast = not given.with_llm and model.early_exit is not None and labels is None
        live = LiveRecognizer(model, layout, fps, labels, fast=fast, lengths=given.lengths)
        start = time.monotonic()
        try:
            for answer in _each(live, frames) if given.every_frame else newest(live, frames):
                found = as_json(answer)
                if video is not None:
                    found["milliseconds"]["poses"] = video.milliseconds
                print_json(found)
                answered += 1
                passed += answer.skipped
        except KeyboardInterrupt:
            # A camera has no other end.
            if video is None:
                raise
    if answered:
        rate = answered / max(time.monotonic() - start, 1e-9)
        note(f"llm-ar: {answered} answers, {rate:.1f} a second; {passed} frames skipped")
    return 0


def as_json(answer: LiveAnswer) -> dict[str, Any]:
    """One answer as JSON values."""
    probability = None if answer.probability is None else round(answer.probability, 4)
    return {
        "time": round(answer.time, 3),
        "action": answer.action,
        "probability": probability,
        "skipped": answer.skipped,
        "milliseconds": dict(answer.milliseconds),
    }


def newest(live: LiveRecognizer, frames: Iterable[Frame]) -> Iterator[LiveAnswer]:
    """Answers about the newest frame at each time, while others are read beside.

    Raises:
        ClipError: a frame is not as it should be.
    """
    waiting: queue.Queue[Frame | Exception | None] = queue.Queue()

    def read() -> None:
        try:
            for frame in frames:
                waiting.put(frame)
            waiting.put(None)
        except Exception as error:  # of whatever kind: the other thread waits for it
            waiting.put(error)

    threading.Thread(target=read, daemon=True).start()
    ended = False
    while not ended:
        taken = [waiting.get()]
        while not waiting.empty():
            taken.append(waiting.get())
        for item in taken:
            if item is None:
                ended = True
            elif isinstance(item, Exception):
                raise item
            else:
                live.push(item)
        if live.ready:
            yield from _answer(live)


def _each(live: LiveRecognizer, frames: Iterable[Frame]) -> Iterator[LiveAnswer]:
    for frame in frames:
        live.push(frame)
        if live.ready:
            yield from _answer(live)


def _answer(live: LiveRecognizer) -> Iterator[LiveAnswer]:
    from llm_ar.recognizer.live import LiveAnswer

    try:
        yield live.answer()
    except ClipError:
        yield LiveAnswer(live.time, None, None, 0)


def frames_of(lines: Iterable[str], layout: Layout) -> Iterator[Frame]:
    """Frames (M, J, C) of JSON lines; a broken line is reported and left out.

    Raises:
        ClipError: a frame has another number of joints than the layout.
    """
    dimensions: int | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            if value is None or value == []:
                yield np.full((1, len(layout.joints), dimensions or 3), np.nan)
                continue
            frame = np.array(value, dtype=np.float64)
        except (ValueError, TypeError, RecursionError):
            print_error(f"line {number} is no list of joints in JSON; it is left out")
            continue
        frame = frame[None] if frame.ndim == 2 else frame
        wanted = len(layout.joints)
        if frame.ndim != 3 or frame.shape[1] != wanted or frame.shape[2] not in (2, 3):
            raise ClipError(
                "standard input",
                f"line {number} has numbers of shape {frame.shape}, but {layout.name} needs "
                f"{wanted} joints of 2 or 3 numbers; state --layout",
            )
        if dimensions is not None and frame.shape[2] != dimensions:
            raise ClipError("standard input", f"line {number} has other dimensions than before")
        dimensions = frame.shape[2]
        yield frame[:MOST_PEOPLE]
