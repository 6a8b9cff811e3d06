"""A tracking sensor's tracks made people: joined, cleared of furniture, ranked, and counted.

The rules for what is no person are those of the denoising in CTR-GCN (Chen et al., ICCV 2021; taken
there from VA-CNN, Zhang et al., PAMI 2019): too short, wider than tall, hardly any extent. They
need at least two tracks; a track that is alone is always kept. Joining a person whose ID changes
asks in addition that the new track begins near the place where the old one ended.

Frames without bodies stay, and so do the gaps of a track that vanishes and returns: time is never
shortened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from llm_ar.config import RepairConfig
from llm_ar.skeletons.clip import Clip


@dataclass(frozen=True)
class Decision:
    """One thing that was decided about a clip.

    Args:
        rule: ``empty-frames``, ``gap``, ``joined``, ``short``, ``wide``, ``flat``, ``still``,
            ``too-many`` or ``masked``.
        sentence: the same for people.
        tracks: IDs of the tracks it is about.
        count: frames, joints or tracks concerned.
    """

    rule: str
    sentence: str
    tracks: tuple[str, ...]
    count: int


@dataclass(frozen=True, eq=False)
class _Track:
    """One body over time: positions ``(T, J, 3)`` and their mask ``(T, J)``."""

    identity: str
    joints: NDArray[np.float32]
    present: NDArray[np.bool_]

    @property
    def seen(self) -> NDArray[np.int64]:
        """Frames in which any joint is present."""
        return np.flatnonzero(self.present.any(axis=1))


def repair(clip: Clip, config: RepairConfig | None = None) -> tuple[Clip, tuple[Decision, ...]]:
    """The clip with people for tracks, the one who moves most first, and what was decided.

    Of clips whose people are not raw tracks (``clip.tracks`` is empty), nothing is changed.

    Args:
        clip: T frames of M tracks.
        config: the rules' parameters; by default the published ones.
    """
    if not clip.tracks:
        return clip, ()
    config = config or RepairConfig()
    decisions: list[Decision] = []
    empty = int((~clip.present.any(axis=(1, 2))).sum())
    if empty:
        decisions.append(
            Decision("empty-frames", f"{_frames(empty)} without a body kept as time", (), empty)
        )
    tracks = [
        _Track(identity, clip.joints[:, number], clip.present[:, number])
        for number, identity in enumerate(clip.tracks)
        if clip.present[:, number].any()
    ]
    for track in tracks:
        decisions.extend(_gap(track))
    tracks, joined = _join(tracks, config)
    decisions.extend(joined)
    for rule in (_drop_short, _drop_wide, _drop_flat, _drop_still):
        if len(tracks) > 1 and (rule is not _drop_flat or clip.dimensions == 3):
            tracks, dropped = rule(tracks, config)
            decisions.extend(dropped)
    tracks.sort(key=lambda track: -_movement(track))
    kept, rest = tracks[: config.people], tracks[config.people :]
    if rest:
        noun = "track that moves" if len(rest) == 1 else "tracks that move"
        decisions.append(
            Decision(
                "too-many",
                f"{len(rest)} {noun} less than the {config.people} kept dropped",
                tuple(track.identity for track in rest),
                len(rest),
            )
        )
    masked = sum(int((~track.present[track.seen]).sum()) for track in kept)
    if masked:
        noun = "joint position" if masked == 1 else "joint positions"
        decisions.append(
            Decision(
                "masked",
                f"{masked:,} {noun} not tracked, marked as missing",
                tuple(track.identity for track in kept),
                masked,
            )
        )
    repaired = replace(
        clip,
        joints=np.stack([track.joints for track in kept], axis=1),
        present=np.stack([track.present for track in kept], axis=1),
        tracks=(),
    )
    return repaired, tuple(decisions)


def _gap(track: _Track) -> Iterable[Decision]:
    """A track that vanishes and returns."""
    seen = track.seen
    missing = int(seen[-1] - seen[0] + 1 - len(seen))
    if missing:
        sentence = f"body {track.identity} vanishes for {_frames(missing)} and returns; gap kept"
        yield Decision("gap", sentence, (track.identity,), missing)


def _join(tracks: list[_Track], config: RepairConfig) -> tuple[list[_Track], list[Decision]]:
    """Tracks that follow one another in time, near in place, become one."""
    people: list[_Track] = []
    decisions = []
    for track in sorted(tracks, key=lambda track: int(track.seen[0])):
        first = int(track.seen[0])
        best, nearest = None, config.join_distance
        for number, person in enumerate(people):
            last = int(person.seen[-1])
            if 0 < first - last <= config.join_frames:
                distance = _distance(person, last, track, first)
                if distance <= nearest:
                    best, nearest = number, distance
        if best is None:
            people.append(track)
            continue
        person = people[best]
        later = np.asarray(track.present.any(axis=1))
        people[best] = _Track(
            person.identity,
            np.where(later[:, None, None], track.joints, person.joints),
            np.where(later[:, None], track.present, person.present),
        )
        sentence = f"body {track.identity} continues body {person.identity} from frame {first}"
        decisions.append(Decision("joined", sentence, (person.identity, track.identity), first))
    return people, decisions


def _distance(one: _Track, last: int, other: _Track, first: int) -> float:
    """How far apart a track's end and another's beginning are, in body sizes."""
    ends = one.joints[last][one.present[last]], other.joints[first][other.present[first]]
    size = max(float(np.ptp(end, axis=0).max()) for end in ends)
    apart = float(np.linalg.norm(ends[0].mean(axis=0) - ends[1].mean(axis=0)))
    return apart / size if size > 0 else np.inf


def _drop_short(tracks: list[_Track], config: RepairConfig) -> tuple[list[_Track], list[Decision]]:
    kept = [track for track in tracks if len(track.seen) > config.shortest]
    if not kept:
        return tracks, []
    return kept, [
        _dropped(track, "short", f"shows only {_frames(len(track.seen))}")
        for track in tracks
        if track not in kept
    ]


def _drop_wide(tracks: list[_Track], config: RepairConfig) -> tuple[list[_Track], list[Decision]]:
    kept, decisions = list(tracks), []
    # Those that move least first: if all are wide, the one that moves most stays.
    for track in sorted(tracks, key=_movement):
        wide = int((~_upright(track, config)).sum())
        if len(kept) > 1 and wide >= config.wide_share * len(track.seen):
            kept.remove(track)
            reason = f"is wider than tall in {wide} of its {_frames(len(track.seen))}"
            decisions.append(_dropped(track, "wide", reason))
    return kept, decisions


def _drop_flat(tracks: list[_Track], config: RepairConfig) -> tuple[list[_Track], list[Decision]]:
    """The published rule of least motion, which measures how far positions spread in all."""

    def variance(track: _Track) -> float:
        frames = track.seen[_upright(track, config)]
        frames = frames if len(frames) else track.seen
        points = track.joints[frames][track.present[frames]]
        return float(points.astype(np.float64).var(axis=0).sum())

    most = max(variance(track) for track in tracks)
    least = min(config.least_variance, most)
    return _drop_below(tracks, variance, least, "flat", "hardly extends or moves")


def _drop_still(tracks: list[_Track], config: RepairConfig) -> tuple[list[_Track], list[Decision]]:
    def motion(track: _Track) -> float:
        points = track.joints[track.seen][track.present[track.seen]]
        size = float(np.ptp(points, axis=0).max())
        return float(np.sqrt(_movement(track) / len(track.seen)) / size) if size > 0 else 0.0

    most = max(motion(track) for track in tracks)
    return _drop_below(tracks, motion, min(config.still, most), "still", "does not move")


def _drop_below(
    tracks: list[_Track], measure: Callable[[_Track], float], least: float, rule: str, reason: str
) -> tuple[list[_Track], list[Decision]]:
    values = [measure(track) for track in tracks]
    kept = [track for track, value in zip(tracks, values, strict=True) if value >= least]
    return kept, [
        _dropped(track, rule, f"{reason} ({value:.2g}, expected {least:.2g})")
        for track, value in zip(tracks, values, strict=True)
        if value < least
    ]


def _upright(track: _Track, config: RepairConfig) -> NDArray[np.bool_]:
    """For each seen frame, whether the body is not wider than a person."""
    shown = track.present[track.seen]
    joints = track.joints[track.seen]
    lowest = np.where(shown[..., None], joints, np.inf).min(axis=1)
    highest = np.where(shown[..., None], joints, -np.inf).max(axis=1)
    width, height = (highest - lowest)[:, :2].T
    return np.asarray(width <= config.wide_ratio * height)


def _movement(track: _Track) -> float:
    """Squared distance of the joints from their mean places, summed over time, a joint."""
    present = track.present[..., None]
    joints = np.where(present, track.joints, 0).astype(np.float64)
    times = present.sum(axis=0)
    mean = joints.sum(axis=0) / np.maximum(times, 1)
    squares = np.where(present, (joints - mean) ** 2, 0).sum()
    return float(squares) / max(int((times > 0).sum()), 1)


def _dropped(track: _Track, rule: str, reason: str) -> Decision:
    count = len(track.seen)
    return Decision(rule, f"body {track.identity} {reason}; dropped", (track.identity,), count)


def _frames(count: int) -> str:
    return f"{count:,} frame" if count == 1 else f"{count:,} frames"
