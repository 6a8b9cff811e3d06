"""What is worth knowing of a dataset before anything is trained on it.

The questions are put to its log (one line a clip), not to the clips: they cost seconds.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from llm_ar.errors import DatasetError
from llm_ar.skeletons.datasets.dataset import Assignment, ClipInfo, Protocol

LOG_FILE = "repairs.jsonl"
"""Beside the rows of a dataset: what became of each recording."""

FEW_CLIPS = 5
"""Classes with fewer training clips are pointed out."""
SHORT_FRAMES = 8
"""Clips with fewer frames are pointed out."""
LEAST_COVERAGE = 0.5
"""Clips with a smaller share of joints present are pointed out."""
EXAMPLES = 3
"""Clips or classes that a finding names."""


@dataclass(frozen=True)
class Finding:
    """Something that may spoil training or its figures, or one line of plain facts.

    Args:
        kind: ``clips``, ``labels``, ``similar-labels``, ``few-clips``, ``never-trained``,
            ``never-tested``, ``lengths``, ``short``, ``coverage``, ``unseen-joints``,
            ``mirrored``, ``joined-labels``, ``duplicates``, ``train-test-duplicates`` or
            ``unchecked``.
        sentence: the same for people.
        count: clips or classes concerned.
        warning: False for plain facts.
    """

    kind: str
    sentence: str
    count: int
    warning: bool = True


@dataclass(frozen=True)
class _Clips:
    """What is known of all clips, a list each; index by index the same clip."""

    infos: list[ClipInfo]
    places: list[str]
    frames: list[int]
    coverage: list[float]
    digests: list[str]
    unseen: Counter[str]


def check_log(log: Path, protocols: Sequence[Protocol], *, chosen: bool = False) -> list[Finding]:
    """Label variety, clip lengths, joint coverage and duplicates of a prepared dataset.

    Args:
        log: its ``repairs.jsonl``.
        protocols: ways of dividing it.
        chosen: someone wants these; otherwise one that leaves training or test empty is passed
            over.

    Raises:
        DatasetError: the log is missing or damaged.
    """
    try:
        with log.open(encoding="utf-8") as lines:
            clips = _collected(json.loads(line) for line in lines)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{log}: is missing or damaged ({error}); prepare the dataset again"
        ) from None
    findings = [*_labels(clips), *_lengths(clips), *_coverage(clips), *_duplicates(clips)]
    for protocol in protocols:
        parts = [protocol.assign(info) for info in clips.infos]
        if chosen or {"train", "test"} <= set(parts):
            findings += _divided(clips, protocol, parts)
    return findings


def _collected(lines: Iterable[dict[str, Any]]) -> _Clips:
    clips = _Clips([], [], [], [], [], Counter())
    for line in lines:
        if line["outcome"] == "refused":
            continue
        clips.infos.append(ClipInfo(*(line[name] for name in ClipInfo._fields)))
        clips.places.append(line.get("place", ""))
        clips.frames.append(line["frames"])
        clips.coverage.append(line["coverage"])
        clips.digests.append(line["digest"])
        clips.unseen.update(line["unseen"])
    return clips


def _labels(clips: _Clips) -> Iterator[Finding]:
    counts = Counter(info.label for info in clips.infos if info.label is not None)
    if not counts:
        return
    least, most = min(counts.values()), max(counts.values())
    yield Finding(
        "labels",
        f"{len(counts):,} labels with {_span(least, most)} clips each",
        len(counts),
        warning=len(counts) < 2,
    )
    spellings: dict[str, list[str]] = defaultdict(list)
    for label in sorted(counts):
        spellings["".join(label.split()).casefold()].append(label)
    for same in spellings.values():
        if len(same) > 1:
            shown = " and ".join(f"{label!r} ({counts[label]})" for label in same)
            yield Finding(
                "similar-labels",
                f"labels {shown} differ only in case or spaces, but count as different classes; "
                "spell them alike if they are one",
                len(same),
            )


def _lengths(clips: _Clips) -> Iterator[Finding]:
    if not clips.frames:
        return
    shortest, longest = min(clips.frames), max(clips.frames)
    yield Finding(
        "lengths",
        f"clips have {shortest:,} / {median(clips.frames):,.0f} / {longest:,} frames "
        "(least / median / most)",
        len(clips.frames),
        warning=False,
    )
    short = [i for i, frames in enumerate(clips.frames) if frames < SHORT_FRAMES]
    if short:
        yield _about(clips, "short", short, f"shorter than {SHORT_FRAMES} frames")


def _coverage(clips: _Clips) -> Iterator[Finding]:
    poor = [i for i, share in enumerate(clips.coverage) if share < LEAST_COVERAGE]
    if poor:
        what = f"with fewer than {LEAST_COVERAGE:.0%} of the joints of the people seen"
        yield _about(clips, "coverage", poor, what)
    never = [name for name, count in clips.unseen.items() if count == len(clips.infos)]
    if never:
        yield Finding(
            "unseen-joints",
            f"no clip ever shows {_listed(sorted(never), 8)}; check the layout and the recordings",
            len(never),
        )


def _duplicates(clips: _Clips) -> Iterator[Finding]:
    first: dict[str, int] = {}
    again, others = [], []
    for index, digest in enumerate(clips.digests):
        if digest in first:
            again.append(index)
            if clips.infos[first[digest]].label != clips.infos[index].label:
                others.append(index)
        else:
            first[digest] = index
    for what, found in (("", again), (" but another label", others)):
        if found:
            pairs = [_pair(clips, index, first[clips.digests[index]]) for index in found]
            yield Finding(
                "duplicates",
                f"{_clips(len(found))} with exactly the joints of an earlier one{what}: "
                f"{_listed(pairs)}",
                len(found),
            )


def _divided(clips: _Clips, protocol: Protocol, parts: Sequence[Assignment]) -> Iterator[Finding]:
    counts = Counter(parts)
    name = f"protocol {protocol.name}"
    yield Finding(
        "clips",
        f"{name}: {counts['train']:,} clips train, {counts['test']:,} test",
        counts["train"] + counts["test"],
        warning=not (counts["train"] and counts["test"]),
    )
    trained: Counter[str] = Counter()
    tested: Counter[str] = Counter()
    for info, part in zip(clips.infos, parts, strict=True):
        if info.label is not None and part in ("train", "test"):
            (trained if part == "train" else tested)[info.label] += 1
    few = sorted(label for label, count in trained.items() if count < FEW_CLIPS)
    untrained = sorted(set(tested) - set(trained) - set(protocol.unseen))
    untested = sorted(set(trained) - set(tested))
    for kind, labels, what in (
        ("few-clips", few, f"fewer than {FEW_CLIPS} training clips"),
        ("never-trained", untrained, "test clips, but no training clip"),
        ("never-tested", untested if tested else [], "training clips, but no test clip"),
    ):
        if labels:
            have = "label has" if len(labels) == 1 else "labels have"
            yield Finding(
                kind,
                f"{name}: {len(labels):,} {have} {what}: {_listed(labels)}",
                len(labels),
            )
    training = {
        d: i
        for i, (d, part) in enumerate(zip(clips.digests, parts, strict=True))
        if part == "train"
    }
    leaked = [
        _pair(clips, index, training[digest])
        for index, (digest, part) in enumerate(zip(clips.digests, parts, strict=True))
        if part == "test" and digest in training
    ]
    if leaked:
        have = "is" if len(leaked) == 1 else "are"
        yield Finding(
            "train-test-duplicates",
            f"{name}: {_clips(len(leaked))} of the test {have} in the training as well: "
            f"{_listed(leaked)}; its figures will be too good",
            len(leaked),
        )


def _about(clips: _Clips, kind: str, found: list[int], what: str) -> Finding:
    names = [clips.infos[index].source for index in found]
    return Finding(kind, f"{_clips(len(found))} {what}: {_listed(names)}", len(found))


def _pair(clips: _Clips, index: int, other: int) -> str:
    """Two equal clips by row and source; by row and label where one file is listed twice."""
    one, two = clips.infos[index], clips.infos[other]
    if one.source != two.source:
        rows = [place for place in (clips.places[index], clips.places[other]) if place]
        return f"{one.source} = {two.source}" + (f" ({' and '.join(rows)})" if rows else "")
    here, there = (clips.places[n] or f"clip {n + 1}" for n in (index, other))
    return f"{one.source}, which is listed twice ({there}: {two.label}, {here}: {one.label})"


def _clips(count: int) -> str:
    return f"{count:,} clip" if count == 1 else f"{count:,} clips"


def _listed(names: Sequence[str], most: int = EXAMPLES) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def _span(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"
