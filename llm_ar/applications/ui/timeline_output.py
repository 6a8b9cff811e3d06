"""A timeline as text, JSON, CSV and WebVTT."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from llm_ar.applications.ui.terminal import results
from llm_ar.applications.ui.text import plain
from llm_ar.recognizer.merging import Segment
from llm_ar.recognizer.timeline import PersonTimeline, Timeline

NOTHING = "nothing known"
COLUMNS = ("file", "person", "start", "end", "action", "probability")
_VTT_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": " ", "\r": " "})


def who(line: PersonTimeline) -> str:
    """The name of a person's line."""
    return "everybody" if line.person is None else f"person {line.person}"


def show(timeline: Timeline) -> None:
    """Print the segments, one a line, under each person."""
    title = plain(timeline.file, "bold")
    title.append(f"  {timeline.seconds:.1f} s", style="dim")
    results.print(title, soft_wrap=True)
    for line in timeline.people:
        results.print(Text(f"  {who(line)}"))
        table = Table.grid(padding=(0, 2))
        for segment in line.segments:
            known = segment.action is not None
            style = "cyan" if known else "dim"
            table.add_row(
                "  ",
                Text(f"{clock(segment.start)} - {clock(segment.end)}"),
                plain(segment.action or NOTHING, style),
                Text(_percent(segment), style=style),
            )
        results.print(table)


def clock(seconds: float) -> str:
    """Minutes and seconds with one decimal."""
    tenths = round(10 * seconds)
    return f"{tenths // 600:02d}:{tenths // 10 % 60:02d}.{tenths % 10}"


def as_json(timeline: Timeline) -> dict[str, object]:
    """The timeline as JSON values; action and probability are null where nothing is known."""
    return {
        "file": timeline.file,
        "seconds": round(timeline.seconds, 3),
        "people": [
            {
                "person": line.person,
                "segments": [
                    {
                        "start": round(segment.start, 3),
                        "end": round(segment.end, 3),
                        "action": segment.action,
                        "probability": _rounded(segment),
                    }
                    for segment in line.segments
                ],
            }
            for line in timeline.people
        ],
    }


def as_csv(timeline: Timeline) -> str:
    """A table with a row a segment; person, action and probability are empty where unknown."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in timeline.people:
        for segment in line.segments:
            probability = _rounded(segment)
            writer.writerow(
                [
                    timeline.file,
                    "" if line.person is None else line.person,
                    f"{segment.start:.3f}",
                    f"{segment.end:.3f}",
                    segment.action or "",
                    "" if probability is None else probability,
                ]
            )
    return file.getvalue()


def as_vtt(timeline: Timeline) -> str:
    """WebVTT subtitles: a cue for each known segment, in order of time."""
    cues = sorted(
        (segment.start, segment.end, cue)
        for line in timeline.people
        for segment, cue in _cues(line, len(timeline.people) > 1)
    )
    blocks = [f"{_stamp(start)} --> {_stamp(end)}\n{cue}" for start, end, cue in cues]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _cues(line: PersonTimeline, several: bool) -> Iterator[tuple[Segment, str]]:
    for segment in line.segments:
        # A cue must last at least a thousandth of a second.
        if segment.action is not None and round(1000 * segment.end) > round(1000 * segment.start):
            name = segment.action.translate(_VTT_ESCAPES)
            who_it_is = f"{who(line)}: " if several else ""
            yield segment, f"{who_it_is}{name} ({_percent(segment)})"


def _stamp(seconds: float) -> str:
    thousandths = round(1000 * seconds)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _percent(segment: Segment) -> str:
    return "" if segment.probability is None else f"{100 * segment.probability:.0f} %"


def _rounded(segment: Segment) -> float | None:
    return None if segment.probability is None else round(segment.probability, 4)
