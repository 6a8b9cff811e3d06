"""An explanation as a page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from llm_ar.evaluation.explanation import Explanation, PartImportance, TokenImportance
from llm_ar.evaluation.neighbors import Neighbor
from llm_ar.evaluation.report import samples
from llm_ar.evaluation.report.pages import render, write
from llm_ar.evaluation.report.stick_figures import strip
from llm_ar.evaluation.report.vocabulary import movements
from llm_ar.provenance import versions
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.clip import Clip


def write_explanation(
    explanation: Explanation,
    neighbors: Sequence[Neighbor] | None,
    model: ActionRecognizer,
    name: str,
    clip: Clip,
    path: Path,
) -> Path:
    """Write the page, whole or not at all; returns its path.

    Args:
        explanation: of the clip.
        neighbors: the nearest training clips; None where none were looked for.
        model: the recognizer that gave the answer.
        name: what the model is called.
        clip: what was recognized.
        path: the page's file.

    Raises:
        ConfigError: it cannot be written there.
    """
    layout = model.tokenizer.layout
    sentence = explanation.sentence
    steps = model.tokenizer.steps
    pictures = strip(movements(model.tokenizer, sentence[:steps]), layout)
    # A summary shows no movement of its own.
    pictures += [""] * (len(sentence) - steps)
    page = render(
        "explanation.html",
        samples.motion(layout, [samples.retold(clip, sentence, model)]),
        explanation=explanation,
        model=name,
        tokens=[
            row | {"picture": Markup(picture)}
            for row, picture in zip(_rows(explanation.tokens), pictures, strict=True)
        ],
        parts=_rows(explanation.parts),
        neighbors=neighbors,
        versions=versions(),
    )
    return write(path, page)


def _rows(values: Sequence[TokenImportance | PartImportance]) -> list[dict[str, object]]:
    """Each value with its share of the largest one, and whether it spoke for the answer."""
    largest = max((abs(value.drop) for value in values), default=0.0) or 1.0
    return [
        {
            "value": value,
            "heat": round(abs(value.drop) / largest, 3),
            "side": "for" if value.drop >= 0 else "against",
        }
        for value in values
    ]
