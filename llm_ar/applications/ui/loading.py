"""A model's folder to a model that is ready to recognize."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llm_ar.applications.ui.terminal import notes
from llm_ar.applications.ui.threads import take_spare_threads

if TYPE_CHECKING:
    from llm_ar.recognizer.model import ActionRecognizer


def load_recognizer(folder: Path) -> ActionRecognizer:
    """Load a model onto the GPU, or onto the processor where there is none.

    Raises:
        ModelError: the folder or its language model is missing or damaged.
    """
    with notes.status("Loading the model ..."):
        import torch

        from llm_ar.recognizer.model import ActionRecognizer

        take_spare_threads()
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return ActionRecognizer.from_pretrained(folder, device)
