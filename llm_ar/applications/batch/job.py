"""One shard to one file of answers: the function that processes and clusters run alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_ar.applications.batch.answers import Form, answers_to
from llm_ar.applications.batch.shards import Shard, ShardError, read_shard
from llm_ar.applications.recognize import (
    BATCH,
    Outcome,
    Request,
    answer_policy,
    outcome_of,
    recognize_clips,
)
from llm_ar.errors import LlmArError, is_out_of_memory
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layout import Layout

if TYPE_CHECKING:
    from llm_ar.recognizer.model import ActionRecognizer
    from llm_ar.recognizer.recognition import AnswerPolicy


@dataclass(frozen=True)
class Job:
    """One shard to recognize.

    Args:
        shard: what is read.
        layout: of its clips.
        model: the model's folder.
        answers: the file that is written.
        form: how it is written.
        labels: candidate names; None for the trained ones.
        top_k: answers a clip.
        fast: whether the token classifier may answer.
    """

    shard: Shard
    layout: Layout
    model: Path
    answers: Path
    form: Form
    labels: tuple[str, ...] | None
    top_k: int
    fast: bool


@dataclass(frozen=True)
class Done:
    """What became of a job.

    Args:
        shard: its name.
        clips: rows that were read.
        refused: rows of them that have no answer.
        problem: why there is no file of answers, or empty.
        stop: whether all other jobs would fail as well.
    """

    shard: str
    clips: int = 0
    refused: int = 0
    problem: str = ""
    stop: bool = False


def run_job(job: Job, device: str | None = None) -> Done:
    """Recognize a shard's clips and write their answers, all or nothing.

    Args:
        job: what is to be done.
        device: where the model computes; by default on a GPU, if there is one.
    """
    try:
        model, policy = _loaded(job.model, device, job.labels, job.fast)
        clips = refused = 0
        with answers_to(job.answers, job.form) as file:
            for batch in read_shard(job.shard, job.layout, BATCH):
                rows = _rows(model, policy, batch, clips, job)
                clips += len(rows)
                refused += sum("error" in row for row in rows)
                file.add(rows)
    except ShardError as error:
        return Done(job.shard.name, problem=str(error))
    except LlmArError as error:
        return Done(job.shard.name, problem=str(error), stop=True)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        problem = f"{job.shard.path}: the memory is not enough; run it again with fewer --workers"
        return Done(job.shard.name, problem=problem, stop=True)
    return Done(job.shard.name, clips, refused)


def _rows(
    model: ActionRecognizer,
    policy: AnswerPolicy,
    batch: Sequence[Clip | LlmArError],
    first: int,
    job: Job,
) -> list[dict[str, Any]]:
    clips = {place: clip for place, clip in enumerate(batch) if isinstance(clip, Clip)}
    found = recognize_clips(model, clips, policy, job.top_k) if clips else {}
    request = Request(job.labels, job.top_k, job.fast)
    rows: list[dict[str, Any]] = []
    for place, given in enumerate(batch):
        answer = found.get(place, given)
        if isinstance(answer, LlmArError):
            source = given.source if isinstance(given, Clip) else None
            rows.append({"row": first + place, "source": source, "error": str(answer)})
        elif isinstance(given, Clip) and not isinstance(answer, Clip):
            outcome = outcome_of(model, given, answer, request)
            rows.append({"row": first + place, **_row(given, outcome)})
    return rows


def _row(clip: Clip, outcome: Outcome) -> dict[str, Any]:
    top = outcome.recognition.top
    return {
        "source": clip.source,
        "label": clip.label,
        "action": top[0].action,
        "probability": round(top[0].probability, 6),
        "actions": [answer.action for answer in top],
        "probabilities": [round(answer.probability, 6) for answer in top],
        "sentence": list(outcome.recognition.sentence),
        "warnings": list(outcome.warnings),
        "enough_seen": outcome.enough_seen,
    }


@lru_cache(maxsize=1)
def _loaded(
    folder: Path, device: str | None, labels: tuple[str, ...] | None, fast: bool
) -> tuple[ActionRecognizer, AnswerPolicy]:
    """The model, kept by a process for its next shards."""
    import torch

    from llm_ar.recognizer.model import ActionRecognizer

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = ActionRecognizer.from_pretrained(folder, device)
    return model, answer_policy(model, Request(labels, top_k=1, fast=fast))
