"""What an export says of itself, as data."""

from __future__ import annotations

from typing import Any

from llm_ar.recognizer.export.words import action_words, prompt_text
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.prompt import instruction


def described(model: ActionRecognizer, form: str) -> dict[str, Any]:
    """What a program that uses an export has to know of it.

    Args:
        model: what is exported.
        form: the format's name.
    """
    before, after = instruction(model.run.recognizer.template)
    words = action_words(model.tokenizer.vocabulary)
    return {
        "format": form,
        "model": model.run.out.name,
        "llm": model.run.recognizer.llm.name,
        "before": before,
        "after": after,
        "first_action_token": words[0],
        "last_action_token": words[-1],
        "sentence_tokens": model.tokenizer.words,
        "names": list(model.labels),
        "example": prompt_text(
            model.run.recognizer.template, range(model.tokenizer.words), len(words)
        ),
    }
