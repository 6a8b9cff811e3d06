"""The answers' JSON, for the interface's description."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

TOKENS: list[Any] = [138, 219, 13, 199]


class ActionOut(BaseModel):
    """A name and its probability among the candidates."""

    action: str
    probability: float


class Recognized(BaseModel):
    """The answer of /v1/recognize."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model": "procedural",
                "top": [
                    {"action": "walk", "probability": 0.9999},
                    {"action": "jog", "probability": 0.00004},
                ],
                "sentence": TOKENS,
                "spans": [[0.0, 0.2], [0.2, 0.4], [0.4, 0.6], [0.6, 0.8]],
                "early_exit": False,
                "warnings": [],
                "understood": {"layout": "kinect-v1, by its name", "fps": "stated by the file"},
                "movement": None,
            }
        }
    )

    model: str
    top: list[ActionOut]
    sentence: list[int] = Field(description="the action sentence: numbers of tokens")
    spans: list[list[float]] = Field(description="of each token: begin and end in seconds")
    early_exit: bool
    warnings: list[str]
    understood: dict[str, Any]
    movement: dict[str, Any] | None = None


class Sentence(BaseModel):
    """The answer of /v1/sentence."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model": "procedural",
                "sentence": TOKENS,
                "spans": [[0.0, 0.2], [0.2, 0.4], [0.4, 0.6], [0.6, 0.8]],
                "movement": None,
            }
        }
    )

    model: str
    sentence: list[int]
    spans: list[list[float]]
    movement: dict[str, Any] | None = None


class SegmentOut(BaseModel):
    """A stretch of time with one action."""

    start: float = Field(description="seconds")
    end: float = Field(description="seconds")
    action: str | None = Field(description="null where nothing known happens")
    probability: float | None


class PersonOut(BaseModel):
    """What one person does over time."""

    person: int | None = Field(description="from 1; null for a model that sees all together")
    segments: list[SegmentOut]


class TimelineOut(BaseModel):
    """The answer of /v1/timeline."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model": "procedural",
                "file": "long.npz",
                "seconds": 6.4,
                "people": [
                    {
                        "person": 1,
                        "segments": [
                            {"start": 0.0, "end": 4.1, "action": "walk", "probability": 0.9987},
                            {"start": 4.1, "end": 6.4, "action": None, "probability": None},
                        ],
                    }
                ],
            }
        }
    )

    model: str
    file: str
    seconds: float
    people: list[PersonOut]


class TokenOut(BaseModel):
    """A token and what the answer loses without it."""

    token: int
    seconds: list[float]
    frames: list[int]
    drop: float = Field(description="nats of log-probability; negative: it spoke against")
    answer: str


class PartOut(BaseModel):
    """A body part and what the answer loses when it is hidden."""

    part: str
    drop: float
    changed: int
    answer: str


class Explained(BaseModel):
    """The answer of /v1/explain."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model": "procedural",
                "answer": "walk",
                "probability": 0.9999,
                "log_probability": -0.0001,
                "top": [{"action": "walk", "probability": 0.9999}],
                "tokens": [
                    {
                        "token": 138,
                        "seconds": [0.0, 0.2],
                        "frames": [0, 5],
                        "drop": 0.4,
                        "answer": "walk",
                    }
                ],
                "parts": [{"part": "left_leg", "drop": 1.2, "changed": 9, "answer": "jog"}],
            }
        }
    )

    model: str
    answer: str
    probability: float
    log_probability: float
    top: list[ActionOut]
    tokens: list[TokenOut]
    parts: list[PartOut]


class EvaluationOut(BaseModel):
    """What a model's evaluation found."""

    dataset: str
    protocol: str
    clips: int = Field(description="that tested")
    top1: float = Field(description="percent")


class ConfusionOut(EvaluationOut):
    """The same with the confusion matrix."""

    labels: list[str]
    confusion: list[list[int]] = Field(description="rows are true actions, columns answers")


class ModelOut(BaseModel):
    """A model."""

    name: str
    actions: list[str]
    layout: str
    people: int
    frames: int
    tokens: int = Field(description="in its codebook")
    words: int = Field(description="tokens of a sentence")
    language_model: str
    fast: bool = Field(description="whether it has a fast path")
    seconds: float = Field(description="of its longest window; longer recordings get a timeline")
    evaluation: EvaluationOut | None = Field(description="null without one")


class Models(BaseModel):
    """The answer of /v1/models."""

    models: list[ModelOut]
    limits: dict[str, float]
    video: bool


class TokenMovements(BaseModel):
    """What tokens mean: for each four frames of people of joints, in body sizes."""

    model: str
    skeleton: dict[str, Any]
    tokens: list[int]
    movements: list[Any]


class Clips(BaseModel):
    """The answer of /v1/clips."""

    clips: list[str]


class ClipOut(BaseModel):
    """A generated recording, as /v1/recognize takes it."""

    layout: str
    fps: float
    joints: list[list[list[float] | None]] = Field(description="frames of joints")


class Health(BaseModel):
    """The answer of the health checks."""

    status: str


class ErrorOut(BaseModel):
    """What is wrong."""

    code: str
    message: str


class Refused(BaseModel):
    """The answer to what cannot be answered."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "error": {"code": "unusable", "message": "the file is empty; record it again"},
                "id": "4b1f0c7e9a2d4c55",
            }
        }
    )

    error: ErrorOut
    id: str
