"""Live recognition: frames come in, and the newest windows are answered.

Of each length one window ends with the newest frame. Its probabilities are averaged as for
timelines. Only the newest state is answered: frames that came during an answer are kept for the
windows, but get no answer of their own.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from llm_ar.recognizer.merging import NOTHING
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.timeline import window_lengths, window_scores
from llm_ar.skeletons.clip import Clip, Mask, clean_clip
from llm_ar.skeletons.layout import Layout
from llm_ar.skeletons.windows import Window, at_rate, duration

FEWEST_FRAMES = 2


@dataclass(frozen=True)
class LiveAnswer:
    """What happens now.

    Args:
        time: of the newest frame, in seconds from the first.
        action: the name; None where nothing known happens.
        probability: the action's mean over the windows; None without one.
        skipped: frames since the last answer that got none of their own.
        milliseconds: of each stage: ``prepare`` (the windows) and ``recognize``.
    """

    time: float
    action: str | None
    probability: float | None
    skipped: int
    milliseconds: dict[str, float] = field(default_factory=dict)


class LiveRecognizer:
    """A rolling buffer of frames and the model that answers.

    Args:
        model: it.
        layout: of the joints that come in.
        fps: frames a second.
        labels: candidate names; those of the training by default.
        fast: see `ActionRecognizer.recognize`.
        lengths: of the windows in seconds; those of the training clips by default.
    """

    def __init__(
        self,
        model: ActionRecognizer,
        layout: Layout,
        fps: float,
        labels: Sequence[str] | None = None,
        *,
        fast: bool = True,
        lengths: Sequence[float] | None = None,
    ) -> None:
        self.model, self.layout, self.fps = model, layout, fps
        self.labels, self.fast = labels, fast
        self.lengths = tuple(window_lengths(model) if lengths is None else lengths)
        frames = max(FEWEST_FRAMES, round(max(self.lengths) * fps))
        self._frames: deque[NDArray[np.float64]] = deque(maxlen=frames)
        self._count = 0
        self._answered = 0

    def push(self, joints: NDArray[np.float64]) -> None:
        """Take one frame, (M, J, 2 or 3) in the axes of `Clip`; NaN and 0 are missing joints."""
        self._frames.append(joints)
        self._count += 1

    @property
    def ready(self) -> bool:
        """Whether a new frame is there, and enough of them."""
        return self._count > self._answered and len(self._frames) >= FEWEST_FRAMES

    @property
    def time(self) -> float:
        """Of the newest frame, in seconds from the first."""
        return max(0, self._count - 1) / self.fps

    def answer(self) -> LiveAnswer:
        """Name what happens in the newest windows.

        Raises:
            ClipError: no joint is present in any frame of them.
            LayoutError: the layout cannot be mapped to the model's.
        """
        start = time.perf_counter()
        skipped, self._answered = self._count - self._answered - 1, self._count
        clip = at_rate(self._clip())
        seconds = duration(clip)
        lengths = sorted({min(length, seconds) for length in self.lengths})
        windows = [Window(seconds - length, seconds) for length in lengths]
        prepared = time.perf_counter()
        scores = window_scores(self.model, clip, windows, self.labels, fast=self.fast).mean(axis=0)
        done = time.perf_counter()
        best = int(scores.argmax())
        names = self.model.labels if self.labels is None else self.labels
        known = float(scores[best]) >= NOTHING
        return LiveAnswer(
            self.time,
            names[best] if known else None,
            float(scores[best]) if known else None,
            skipped,
            {
                "prepare": round(1000 * (prepared - start), 2),
                "recognize": round(1000 * (done - prepared), 2),
            },
        )

    def _clip(self) -> Clip:
        people = max(len(frame) for frame in self._frames)
        shape = (len(self._frames), people, *self._frames[-1].shape[1:])
        positions = np.full(shape, np.nan)
        for place, frame in enumerate(self._frames):
            # One that shows nobody may have other dimensions.
            shared = min(shape[-1], frame.shape[-1])
            positions[place, : len(frame), :, :shared] = frame[..., :shared]
        present: Mask = np.asarray(np.isfinite(positions).all(axis=-1))
        return clean_clip(
            np.nan_to_num(positions), present, source="live", layout=self.layout, fps=self.fps
        )
