"""How long trials will take: by the rate of those that are done, or of the first shipped models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from llm_ar.ablations.grid import Trial
from llm_ar.ablations.sharing import noted_settings
from llm_ar.config import RunConfig
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.data import training_clips

_PASSES = {"lora": 4, "full": 6, "linear_head": 2, "transformer": 0, "nearest_text": 0}
"""Operations a weight of the LLM in a training step: forward, through it backward, its own
gradient; the other readers have no LLM."""


@dataclass(frozen=True)
class Rates:
    """Seconds a training clip and epoch, of 64 frames, with the default models."""

    first: float = 0.012
    second: float = 0.2
    origin: str = "as the models for NW-UCLA and UTD-MHAD were trained on 2 cores"


def rates(results: Sequence[dict[str, Any]]) -> Rates:
    """The rates of finished trials, the default ones for a stage that none of them trained.

    Trials whose settings have other names by now are left out.
    """
    first, second, known_trials = [], [], 0
    for result in results:
        run, figures = noted_settings(result["settings"]), result["figures"]
        if run is None:
            continue
        known_trials += 1
        passes = _PASSES[run.ablation.reader]
        clips = figures["training_clips"]
        if not run.init_from or run.finetune_tokenizer:
            seconds = 60 * figures["minutes_tokenizer"]
            first.append(
                seconds / (clips * run.tokenizer.optim.epochs * run.preprocess.frames / 64)
            )
        if passes:
            seconds = 60 * figures["minutes_recognizer"] * 4 / passes
            second.append(seconds / (clips * run.recognizer.optim.epochs))
    known = Rates()
    return Rates(
        median(first) if first else known.first,
        median(second) if second else known.second,
        f"by {known_trials} finished ones" if known_trials else known.origin,
    )


def stage_minutes(run: RunConfig, clips: int, known: Rates) -> tuple[float, float]:
    """Minutes of the two stages of a run.

    Args:
        run: its settings.
        clips: that train.
        known: the rates.
    """
    first = known.first * clips * run.tokenizer.optim.epochs * run.preprocess.frames / 64
    share = _PASSES[run.ablation.reader] / 4
    return first / 60, known.second * clips * run.recognizer.optim.epochs * share / 60


def expected_minutes(trials: Sequence[Trial], known: Rates) -> list[float]:
    """Of each trial; stage 1 counts for the first of those that share it.

    Raises:
        DatasetError: a dataset is not prepared.
    """
    minutes, shared = [], set()
    for trial in trials:
        run = trial.settings
        clips = len(training_clips(ClipStore.open(run.data), run))
        first, second = stage_minutes(run, clips, known)
        if (run.finetune_tokenizer or not run.init_from) and trial.first_stage not in shared:
            shared.add(trial.first_stage)
            second += first
        minutes.append(second)
    return minutes
