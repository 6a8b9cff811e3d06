"""``llm-ar timeline``: what happens when in a recording of any length."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from llm_ar.applications.recognize import candidate_names
from llm_ar.applications.ui.loading import load_recognizer
from llm_ar.applications.ui.models import check_model
from llm_ar.applications.ui.options import (
    add_candidate_options,
    add_model_option,
    add_read_options,
    read_options,
)
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import note, notes, print_json
from llm_ar.errors import ConfigError

MOST_LENGTHS = 8


def run(arguments: Sequence[str]) -> int:
    """Print the segments of a recording, and draw them where that is asked for."""
    parser = CommandParser(
        prog="llm-ar timeline",
        description="Divide a recording of any length into segments: start, end, action, "
        "probability, a line a person. Where no name fits, nothing known happens.",
        example="llm-ar timeline long.npz --model models/utd-mhad --picture timeline.png",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a recording")
    add_model_option(parser)
    add_candidate_options(parser, windows=True)
    parser.add_argument(
        "--lengths",
        type=seconds_listed,
        metavar="SECONDS",
        help="lengths of the windows, such as 1,2,4 (default: those of the training clips; 1,2,4 "
        "where the model does not know them)",
    )
    parser.add_argument(
        "--no-reject",
        action="store_true",
        help="name the likeliest action also where the movement is like no training clip",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    form.add_argument("--csv", action="store_true", help="print a row a segment")
    form.add_argument("--vtt", action="store_true", help="print WebVTT subtitles")
    parser.add_argument("--picture", type=Path, metavar="PNG", help="draw the timeline")
    parser.add_argument(
        "--video",
        type=Path,
        metavar="MP4",
        help="draw the people with names, over the video if FILE is one (needs llm-ar[video])",
    )
    add_read_options(parser)
    given = parser.parse_args(arguments)
    if given.picture is not None and given.picture.suffix.lower() != ".png":
        raise ConfigError(f"{given.picture}: a picture ends in .png; rename it")
    if given.video is not None and given.video.suffix.lower() != ".mp4":
        raise ConfigError(f"{given.video}: a video ends in .mp4; rename it")
    labels = candidate_names(given.labels, given.labels_file)
    options = read_options(given)
    check_model(given.model)

    from llm_ar.applications.ui import timeline_output as output
    from llm_ar.recognizer.timeline import recognize_timeline
    from llm_ar.skeletons.doubts import doubts, view_doubts
    from llm_ar.skeletons.readers import format_of, read_clip
    from llm_ar.skeletons.repair import repair

    clip = read_clip(given.file, options)
    model = load_recognizer(given.model)
    clip = repair(clip, model.repair)[0]
    with notes.status("Recognizing windows ..."):
        found = recognize_timeline(
            model,
            clip,
            labels,
            fast=given.fast,
            lengths=given.lengths,
            reject=not given.no_reject,
        )
    warnings = (*doubts(clip), *view_doubts(clip, model.trained_on_images))
    if given.json:
        print_json(output.as_json(found) | {"warnings": list(warnings)})
    elif given.csv:
        print(output.as_csv(found), end="")
    elif given.vtt:
        print(output.as_vtt(found), end="")
    else:
        output.show(found)
    if not given.json:
        for warning in warnings:
            note(f"warning: {warning}")
    if given.picture is not None:
        from llm_ar.applications.ui.timeline_picture import picture

        _write(given.picture, picture(found).png())
    if given.video is not None:
        from llm_ar.applications.ui.timeline_video import write_video

        recorded = format_of(given.file) == "video" and given.file.is_file()
        write_video(found, clip, given.video, given.file if recorded else None)
    return 0


def seconds_listed(text: str) -> tuple[float, ...]:
    """Lengths of windows separated by commas, for ``argparse``."""
    try:
        lengths = tuple(float(part) for part in text.split(","))
    except ValueError:
        lengths = ()
    if not 1 <= len(lengths) <= MOST_LENGTHS or not all(0.1 <= one <= 600 for one in lengths):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no list of 1 to {MOST_LENGTHS} lengths of 0.1 to 600 seconds, such as 1,2"
        )
    return lengths


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        partial.unlink(missing_ok=True)
