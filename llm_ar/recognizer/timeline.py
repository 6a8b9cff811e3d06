"""Long recordings: each window over time is recognized, and the windows become segments.

Windows have several lengths in seconds, those of the training clips. A window in which the body is
still, or is like no training clip, counts as nothing known; `llm_ar.recognizer.merging` makes
segments of the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from llm_ar.errors import ConfigError
from llm_ar.recognizer.merging import Segment, merge
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.scoring import Ranking
from llm_ar.recognizer.unknown import encode
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers import as_clip
from llm_ar.skeletons.windows import Window, alone, at_rate, cut, duration, speed, windows_over

LENGTHS = (1.0, 2.0, 4.0)
"""Seconds of the windows of a model that does not know its training clips' lengths."""
STILL = 0.1
"""Body extents a second, of such a model."""
SLACK = 1.4
"""A window is like no training clip from so many times the threshold for whole clips on: it also
shows what comes before and after an action."""
BATCH = 32
_RANKED = 3
"""Names of a window whose probabilities count; the others' are small."""


@dataclass(frozen=True)
class PersonTimeline:
    """What one person does over time.

    Args:
        person: counted from 1; None where the model sees all people together.
        segments: in order, from 0 to the recording's end.
    """

    person: int | None
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Timeline:
    """What happens in a recording.

    Args:
        file: its source.
        seconds: that it lasts.
        people: one line a person.
    """

    file: str
    seconds: float
    people: tuple[PersonTimeline, ...]


def window_lengths(model: ActionRecognizer) -> tuple[float, ...]:
    """Seconds of the windows, by the training clips where the model knows them."""
    return LENGTHS if model.calibration is None else model.calibration.seconds


def recognize_timeline(
    model: ActionRecognizer,
    recording: Clip | str | Path,
    labels: Sequence[str] | None = None,
    *,
    fast: bool = False,
    lengths: Sequence[float] | None = None,
    reject: bool = True,
) -> Timeline:
    """The segments of a recording of any length.

    Args:
        model: of one person, whose timeline each person gets, or of several people together.
        recording: a clip or a file.
        labels: candidate names; those of the training by default.
        fast: let the token classifier alone answer, without the LLM: a recording has many windows.
        lengths: of the windows in seconds; those of `window_lengths` by default.
        reject: whether windows like no training clip count as nothing known.

    Raises:
        ClipError: the file cannot be read.
        LayoutError: its layout cannot be mapped to the model's.
        ConfigError: a length is not positive, or as `ActionRecognizer.recognize`.
    """
    clip = as_clip(recording, model.repair)
    found = plan(model, clip, lengths)
    scores = [
        window_scores(model, line.clip, line.windows, labels, fast=fast, reject=reject)
        for line in found.lines
    ]
    return merged(found, scores, model.labels if labels is None else labels)


@dataclass(frozen=True)
class Line:
    """A person's windows, before they are recognized.

    Args:
        person: as in `PersonTimeline`.
        clip: of that person, at the common rate.
        windows: over the clip.
    """

    person: int | None
    clip: Clip
    windows: tuple[Window, ...]


@dataclass(frozen=True)
class Plan:
    """What has to be recognized for a timeline.

    Args:
        file: the recording's source.
        seconds: that it lasts.
        lines: one a person.
    """

    file: str
    seconds: float
    lines: tuple[Line, ...]


def plan(model: ActionRecognizer, clip: Clip, lengths: Sequence[float] | None = None) -> Plan:
    """The windows of a recording, a line a person.

    Args:
        model: as of `recognize_timeline`.
        clip: after repair.
        lengths: as of `recognize_timeline`.

    Raises:
        ConfigError: a length is not positive.
    """
    lengths = window_lengths(model) if lengths is None else lengths
    if not lengths or not all(0 < length < float("inf") for length in lengths):
        raise ConfigError("lengths: a window lasts more than 0 seconds; give such lengths")
    clip = at_rate(clip)
    seconds = duration(clip)
    windows = tuple(windows_over(seconds, lengths))
    if model.tokenizer.preprocess.people > 1:
        return Plan(clip.source, seconds, (Line(None, clip, windows),))
    seen = [mine for person in range(clip.people) if (mine := alone(clip, person)) is not None]
    lines = (Line(number, mine, windows) for number, mine in enumerate(seen, 1))
    return Plan(clip.source, seconds, tuple(lines))


def merged(found: Plan, scores: Sequence[NDArray[np.float64]], names: Sequence[str]) -> Timeline:
    """The timeline of a plan.

    Args:
        found: the plan.
        scores: of each line's windows, (N, C).
        names: the C names.
    """
    people = [
        PersonTimeline(line.person, tuple(merge(line.windows, rows, found.seconds, names)))
        for line, rows in zip(found.lines, scores, strict=True)
    ]
    return Timeline(found.file, found.seconds, tuple(people))


def window_scores(
    model: ActionRecognizer,
    clip: Clip,
    windows: Sequence[Window],
    labels: Sequence[str] | None = None,
    *,
    fast: bool = False,
    reject: bool = True,
) -> NDArray[np.float64]:
    """Probabilities (N, C) of the names in each window; zeros where nothing known happens.

    Arguments as of `recognize_timeline`; the clip's people are seen together.
    """
    found = np.zeros((len(windows), len(model.labels if labels is None else labels)))
    moving = moving_parts(model, clip, windows)
    for start in range(0, len(moving), BATCH):
        batch = moving[start : start + BATCH]
        rows = [place for place, _ in batch]
        parts = [part for _, part in batch]
        found[rows] = part_scores(model, parts, labels, fast=fast, reject=reject)
    return found


def moving_parts(
    model: ActionRecognizer, clip: Clip, windows: Sequence[Window]
) -> list[tuple[int, Clip]]:
    """The windows in which the body moves: place among the windows, and the clip's part."""
    still = STILL if model.calibration is None else model.calibration.still
    speeds = speed(clip)
    moving: list[tuple[int, Clip]] = []
    for place, window in enumerate(windows):
        first, last = round(window.start * clip.fps), round(window.end * clip.fps)
        if float(speeds[first : max(last, first + 1)].mean()) >= still:
            part = cut(clip, window)
            if part is not None:
                moving.append((place, part))
    return moving


def part_scores(
    model: ActionRecognizer,
    parts: Sequence[Clip],
    labels: Sequence[str] | None = None,
    *,
    fast: bool = False,
    reject: bool = True,
) -> NDArray[np.float64]:
    """Probabilities (N, C) of the names in N parts of a clip, in one pass; zeros for unknown ones.

    Arguments and errors as of `recognize_timeline`.
    """
    calibration = model.calibration
    names = len(model.labels if labels is None else labels)
    found = np.zeros((len(parts), names))
    tokens, features = encode(model.tokenizer, parts)
    known = torch.ones(len(parts), dtype=torch.bool)
    if reject and calibration is not None:
        limit = SLACK * calibration.unknown.threshold
        known = calibration.unknown.distances(features) <= limit
    if known.any():
        moving = tokens[known.to(tokens.device)]
        if fast:
            posteriors = model.fast_path(labels).log_posteriors(moving)
            ranking = Ranking.from_scores(posteriors, min(_RANKED, names), early_exit=True)
        else:
            ranking = model.best(moving, labels, min(_RANKED, names))
        rows = known.nonzero().numpy()
        found[rows, ranking.indices.numpy()] = ranking.probabilities.numpy()
    return found
