"""``llm-ar inspect``: what a recording is, what is wrong with it, and a picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from llm_ar.applications.ui.options import add_read_options, read_options
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import (
    EXIT_FAILED,
    note,
    print_error,
    print_json,
    results,
    show_lines,
)
from llm_ar.applications.ui.text import plain, plain_lines, visible
from llm_ar.errors import ConfigError, LlmArError
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions

if TYPE_CHECKING:
    from llm_ar.skeletons.clip import Clip

SHOWN = 6
"""Missing joints and clips' names that are listed; JSON has all."""


@dataclass(frozen=True)
class Inspection:
    """What a file is.

    Args:
        file: its path.
        format: one of `llm_ar.skeletons.readers.FORMATS`.
        layout: the joint layout's name.
        frames: T.
        people: how many are seen at any time.
        dimensions: 2 or 3.
        fps: frames a second.
        label, subject, camera, split: as far as the file knows.
        empty_frames: those that show nobody.
        missing: joint to the share of frames in which it is missing, of those with its person.
        problems: one sentence each.
        understood: how axes, layout, unit, up, handedness and frame rate were understood, and other
            notes; null where the format leaves nothing open.
    """

    file: str
    format: str
    layout: str
    joints: int
    frames: int
    people: int
    dimensions: int
    fps: float
    label: str | None
    subject: str | None
    camera: str | None
    split: str | None
    empty_frames: int
    missing: dict[str, float]
    problems: tuple[str, ...]
    understood: dict[str, str | None]


def run(arguments: Sequence[str]) -> int:
    """Inspect each file; returns 1 if any could not be read."""
    parser = CommandParser(
        prog="llm-ar inspect",
        description="Show what a recording is: format, layout, frames, people, missing joints, "
        "frame rate and problems; and draw it. The format is found by content. The exit code is 1 "
        'if a file cannot be read; with --json it gets an object with "file" and "error".',
        example="llm-ar inspect clip.npz --picture clip.png",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="recordings")
    parser.add_argument("--json", action="store_true", help="one JSON object a line and clip")
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="OUT",
        help="draw the clip: .png is a strip of frames, .gif and .html an animation, all as "
        "the camera saw the people",
    )
    add_read_options(parser)
    given = parser.parse_args(arguments)
    options = read_options(given)
    if given.picture is not None and len(given.files) > 1:
        raise ConfigError("--picture draws one clip; name one file")
    failed = 0
    for file in given.files:
        try:
            _one(file, given.json, given.picture, options)
        except ConfigError:
            raise
        except LlmArError as error:
            print_error(error)
            if given.json:
                print_json({"file": str(file), "error": str(error)})
            failed += 1
    return EXIT_FAILED if failed else 0


def inspect(path: Path, options: ReadOptions = BY_FILE) -> tuple[Inspection, Clip]:
    """What the clip in a file is, and the clip.

    Args:
        path: the file.
        options: how it is to be read.

    Raises:
        ClipError: it cannot be read.
    """
    from llm_ar.skeletons.doubts import doubts
    from llm_ar.skeletons.layouts import KINECT_V1, map_clip
    from llm_ar.skeletons.readers import format_of, read_clip
    from llm_ar.skeletons.repair import repair

    name = format_of(path)
    clip, decisions = repair(read_clip(path, options))
    seen = np.asarray(clip.present.any(axis=2))
    empty = clip.frames - int(np.count_nonzero(seen.any(axis=1)))
    shares = 1 - clip.present[seen].mean(axis=0)
    missing = {
        joint: round(float(share), 4)
        for joint, share in zip(clip.layout.joints, shares, strict=True)
        if share > 0
    }
    problems = [*clip.repairs, *(decision.sentence for decision in decisions)]
    if empty and not decisions:
        problems.append(f"{empty} of {clip.frames} frames show nobody")
    never = [joint for joint, share in missing.items() if share == 1]
    if never:
        problems.append(f"never seen: {', '.join(never)}")
    problems.extend(doubts(clip))
    try:
        map_clip(clip, KINECT_V1)
    except LlmArError as error:
        problems.append(str(error))
    about = Inspection(
        file=str(path),
        format=name,
        layout=clip.layout.name,
        joints=len(clip.layout.joints),
        frames=clip.frames,
        people=int(np.count_nonzero(seen.any(axis=0))),
        dimensions=clip.dimensions,
        fps=round(clip.fps, 3),
        label=clip.label,
        subject=clip.subject,
        camera=clip.camera,
        split=clip.split,
        empty_frames=empty,
        missing=missing,
        problems=tuple(problems),
        understood=_understood(clip),
    )
    return about, clip


def _understood(clip: Clip) -> dict[str, str | None]:
    """How the file was understood, one entry a question."""
    how = clip.understood
    return {
        "axes": how.axes,
        "layout": how.layout,
        "unit": how.unit or _unit(clip),
        "up": how.up,
        "handedness": how.handedness,
        "fps": how.fps,
        "notes": "; ".join(how.notes) or None,
    }


def _unit(clip: Clip) -> str:
    """The unit that a body of so many of them would have; positions are scaled by the body."""
    from llm_ar.skeletons.anatomy import extent

    person = int(clip.present.sum(axis=(0, 2)).argmax())
    seen = clip.present[:, person, :, None]
    size = extent(np.where(seen, clip.joints[:, person].astype(np.float64), np.nan))
    if clip.dimensions == 2:
        name = "pixels" if size > 4 else "shares of the image"
    elif 0.3 <= size < 5:
        name = "meters"
    elif 30 <= size < 300:
        name = "centimeters"
    elif 300 <= size < 5000:
        name = "millimeters"
    else:
        name = "unknown"
    return f"{name}, by the body's extent of {size:.3g}"


def _one(file: Path, as_json: bool, picture: Path | None, options: ReadOptions) -> None:
    from llm_ar.skeletons.readers import members

    clips = members(file)
    if len(clips) > 1:
        if picture is not None:
            raise ConfigError(f"{file}: holds {len(clips):,} clips; draw one, such as {clips[0]}")
        _show_container(file, clips, as_json)
        return
    about, clip = inspect(clips[0], options)
    if as_json:
        print_json(asdict(about))
    else:
        _show(about)
    if picture is not None:
        from llm_ar.applications.ui.figures import draw

        draw(clip, picture)
        # JSON has standard output for itself.
        (note if as_json else show_lines)(f"Picture: {picture}")


def _show_container(file: Path, clips: list[Path], as_json: bool) -> None:
    if as_json:
        print_json({"file": str(file), "clips": [str(clip) for clip in clips]})
        return
    results.print(plain(file, "bold"), soft_wrap=True)
    show_lines(f"  {len(clips):,} clips; inspect one of them:")
    for clip in clips[:SHOWN]:
        results.print(plain(f"  {clip}"), soft_wrap=True)
    if len(clips) > SHOWN:
        show_lines(f"  and {len(clips) - SHOWN:,} more (--json lists all)")


def _show(about: Inspection) -> None:
    results.print(plain(about.file, "bold"), soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    seconds = about.frames / about.fps
    people = "person" if about.people == 1 else "people"
    rows = [
        ("format", about.format),
        ("layout", f"{about.layout}, {about.joints} joints, {about.dimensions}-D"),
        ("frames", f"{about.frames:,} at {about.fps:g} a second, {seconds:.2f} s"),
        ("people", f"{about.people} {people}"),
        *((name, getattr(about, name)) for name in ("label", "subject", "camera", "split")),
        *((f"{name}, how", how) for name, how in about.understood.items()),
        ("missing", _missing(about.missing)),
        ("problems", "\n".join(map(visible, about.problems)) or "none"),
    ]
    for name, value in rows:
        if value is not None:
            cell = plain_lines(value) if name == "problems" else plain(value)
            table.add_row(f"  {name}", cell)
    results.print(table)


def _missing(missing: dict[str, float]) -> str:
    if not missing:
        return "no joint"
    worst = sorted(missing.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{joint} {100 * share:.0f} %" for joint, share in worst[:SHOWN])
    more = f", and {len(worst) - SHOWN} more joints" if len(worst) > SHOWN else ""
    return f"{listed}{more} of the frames"
