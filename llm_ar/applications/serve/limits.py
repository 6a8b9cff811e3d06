"""What a request may ask for, and the problem that answers one which asks for more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from llm_ar.skeletons.clip import Clip


class Problem(Exception):
    """A refusal: one sentence, with the status that HTTP gives it.

    Args:
        status: of HTTP.
        code: the same in one word, for programs.
        message: what is wrong and what to do.
        retry_after: seconds after which to try again, if that helps.
    """

    def __init__(
        self, status: int, code: str, message: str, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after

    def body(self, request_id: str) -> dict[str, object]:
        """The answer's JSON."""
        return {"error": {"code": self.code, "message": self.message}, "id": request_id}

    def headers(self) -> dict[str, str]:
        """The answer's own headers."""
        if self.retry_after is None:
            return {}
        return {"Retry-After": str(max(1, math.ceil(self.retry_after)))}


@dataclass(frozen=True)
class Limits:
    """The most that one request may bring or ask for, and how long it may take.

    Args:
        upload: bytes of an uploaded file.
        json: bytes of a JSON body, or of a message to ``/v1/live``.
        frames: of a recording.
        seconds: of a recording that is divided into segments.
        people: in a recording.
        joints: of a person.
        candidates: names to choose from.
        name: characters of a name.
        answers: the largest ``top_k``.
        deadline: seconds until a request is given up.
        video_seconds: that decoding a video may take.
        video_memory: bytes that decoding a video may take.
        live: open connections of ``/v1/live``.
    """

    upload: int = 16 * 2**20
    json: int = 8 * 2**20
    frames: int = 9000
    seconds: float = 600.0
    people: int = 16
    joints: int = 256
    candidates: int = 256
    name: int = 200
    answers: int = 100
    deadline: float = 30.0
    video_seconds: float = 60.0
    video_memory: int = 4 * 2**30
    live: int = 16

    def check_clip(self, clip: Clip) -> None:
        """Refuse a recording that is too large.

        Raises:
            Problem: it is.
        """
        for what, count, most in (
            ("frames", clip.frames, self.frames),
            ("people", clip.people, self.people),
            ("joints", len(clip.layout.joints), self.joints),
        ):
            if count > most:
                raise Problem(
                    413, "too_large", f"the recording has {count} {what}, at most {most} are taken"
                )

    def check_names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Candidate names without the spaces around them.

        Raises:
            Problem: there are none or too many, or one is empty, too long or twice there.
        """
        cleaned = tuple(name.strip() for name in names)
        if not cleaned or not all(cleaned):
            raise Problem(
                422, "bad_candidates", "a candidate name is empty; give at least one, none empty"
            )
        if len(cleaned) > self.candidates:
            raise Problem(
                413,
                "too_large",
                f"{len(cleaned)} candidate names are given, at most {self.candidates} are taken",
            )
        if max(map(len, cleaned)) > self.name:
            raise Problem(
                413, "too_large", f"a candidate name is longer than {self.name} characters"
            )
        if len(set(cleaned)) < len(cleaned):
            raise Problem(422, "bad_candidates", "a candidate name stands there twice")
        if not all(name.isprintable() for name in cleaned):
            raise Problem(422, "bad_candidates", "a candidate name has control characters")
        return cleaned
