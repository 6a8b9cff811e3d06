"""Answers of the shipped models, and the command that notes them anew after a training.

``python -m tests.golden.answers models/utd-mhad`` writes ``tests/golden/utd-mhad.json``. Real clips
are noted by their file's name under ``LLM_AR_DATA``; the repository holds none of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers import read_clip
from llm_ar.skeletons.synthetic.dataset import procedural_clips

FOLDER = Path(__file__).parent
PROCEDURAL = 4
REAL = {
    "utd-mhad": [
        "utd_mhad/Skeleton/a1_s2_t1_skeleton.mat",
        "utd_mhad/Skeleton/a24_s4_t2_skeleton.mat",
        "utd_mhad/Skeleton/a27_s8_t3_skeleton.mat",
    ],
    "nw-ucla-xview": [
        "nw_ucla/all_sqe/a01_s01_e00_v03.json",
        "nw_ucla/all_sqe/a04_s01_e01_v03.json",
        "nw_ucla/all_sqe/a12_s01_e01_v03.json",
    ],
}
REAL["general"] = REAL["utd-mhad"] + REAL["nw-ucla-xview"]


def clips(model: str, data: Path | None) -> Iterator[tuple[str, Clip]]:
    """Clips for a model by their names: procedural ones, and real ones where there is data."""
    for number, clip in enumerate(procedural_clips(PROCEDURAL, subjects=2, seed=7)):
        yield f"procedural {number}", clip
    for name in REAL.get(model, []) if data is not None else []:
        yield name, read_clip(data / name)


def answer(model: ActionRecognizer, clip: Clip) -> dict[str, Any]:
    """The sentence, the first name and its log-likelihood."""
    result = model.recognize(clip, top_k=1)
    best = result.top[0]
    return {
        "sentence": result.sentence,
        "name": best.action,
        "probability": round(float(best.probability), 4),
    }


def note(folder: Path, data: Path | None) -> None:
    """Write the answers of the model in a folder."""
    model = ActionRecognizer.from_pretrained(folder)
    found = {name: answer(model, clip) for name, clip in clips(folder.name, data)}
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (FOLDER / f"{folder.name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    from tests.conftest import data_folder

    for name in sys.argv[1:]:
        note(Path(name), data_folder())
