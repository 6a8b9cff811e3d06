"""Whether a model gives the same names with and without the body's path.

``python -m benchmarks.path_removal MODEL:DATA ... --out results/path-removal.json`` recognizes
every fourth test clip of the model's protocol as it is and with the hips at the origin.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from llm_ar.provenance import commit
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.store import ClipStore

EVERY, BATCH = 4, 32


def centered(clip: Clip) -> Clip:
    """The clip with each person's hips at the origin in every frame."""
    middle = clip.joints[:, :, list(clip.layout.centre)].mean(axis=2, keepdims=True)
    joints = np.where(clip.present[..., None], clip.joints - middle, 0)
    return replace(clip, joints=joints.astype(np.float32))


def compared(folder: Path, data: Path) -> dict[str, float]:
    """Shares in percent: right as recorded, right without path, and the same name in both."""
    model, store = ActionRecognizer.from_pretrained(folder), ClipStore.open(data)
    clips = [store[index] for index in store.split(model.run.protocol)[1][::EVERY]]

    def names(given: list[Clip]) -> np.ndarray:
        batches = (given[first : first + BATCH] for first in range(0, len(given), BATCH))
        found = [model.best(model.tokenizer.encode_clips(batch), top_k=1) for batch in batches]
        return np.concatenate([best.indices[:, 0].numpy() for best in found])

    truth = np.array([model.labels.index(str(clip.label)) for clip in clips])
    plain, without = names(clips), names([centered(clip) for clip in clips])
    shares = {"right": plain == truth, "right_without_path": without == truth}
    shares["same"] = plain == without
    return {"clips": len(clips)} | {
        name: round(100 * float(share.mean()), 1) for name, share in shares.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, and write one JSON file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.path_removal", description=__doc__)
    parser.add_argument("pairs", nargs="+", metavar="MODEL:DATA")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    result = {
        "benchmark": "path-removal",
        "command": f"python -m benchmarks.path_removal {' '.join(given.pairs)} --out {given.out}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "models": {pair: compared(*map(Path, pair.rsplit(":", 1))) for pair in given.pairs},
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
