"""Whether exports give what the recognizer gives.

``python -m benchmarks.export MODEL:DATA ... --out results/export.json`` exports each model to a
temporary folder. Transformers alone scores the names after the first test clips' sentences, and
ONNX Runtime makes the tokens of all test clips of the model's protocol.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.machine import described
from llm_ar.provenance import commit
from llm_ar.recognizer.export.checkpoint import export_checkpoint
from llm_ar.recognizer.export.onnx_tokenizer import ONNX_FILE, export_tokenizer
from llm_ar.recognizer.export.words import prompt_text
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.store import ClipStore

BATCH = 16


def plain_log_likelihoods(folder: Path, prompts: Sequence[str], names: Sequence[str]) -> Tensor:
    """Log-likelihoods (B, N) of names after prompts, by transformers alone."""
    words = AutoTokenizer.from_pretrained(folder)
    llm = AutoModelForCausalLM.from_pretrained(folder)
    rows = []
    for prompt in prompts:
        asked = words(prompt).input_ids
        answers = [words(prompt + " " + name).input_ids + [words.eos_token_id] for name in names]
        longest = max(map(len, answers))
        batch = torch.tensor([ids + [words.eos_token_id] * (longest - len(ids)) for ids in answers])
        with torch.inference_mode():
            steps = llm(batch).logits[:, len(asked) - 1 : -1].double().log_softmax(-1)
        found = steps.gather(2, batch[:, len(asked) :, None])[:, :, 0]
        lengths = [len(ids) - len(asked) for ids in answers]
        rows.append([row[:count].sum() for row, count in zip(found, lengths, strict=True)])
    return torch.tensor(rows)


def checkpoint_figures(model: ActionRecognizer, clips: list[Clip]) -> dict[str, Any]:
    """The exported checkpoint against the recognizer."""
    tokens = model.tokenizer.encode_clips(clips)
    template, count = model.run.recognizer.template, model.tokenizer.vocabulary
    prompts = [prompt_text(template, sentence, count) for sentence in tokens.tolist()]
    with tempfile.TemporaryDirectory() as place:
        export_checkpoint(model, Path(place) / "hf")
        found = plain_log_likelihoods(Path(place) / "hf", prompts, model.labels)
    expected = model.log_likelihoods(tokens)
    return {
        "clips": len(clips),
        "names": len(model.labels),
        "largest_difference": float((found - expected).abs().max()),
        "mean_difference": float((found - expected).abs().mean()),
        "same_names": int((found.argmax(1) == expected.argmax(1)).sum()),
    }


def onnx_figures(model: ActionRecognizer, clips: list[Clip]) -> dict[str, Any]:
    """The exported tokenizer against the tokenizer."""
    # An optional part, which those who only take `plain_log_likelihoods` from here may lack.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    same = 0
    with tempfile.TemporaryDirectory() as place:
        export_tokenizer(model, Path(place) / "onnx")
        session = onnxruntime.InferenceSession(Path(place) / "onnx" / ONNX_FILE, options)
        for start in range(0, len(clips), BATCH):
            joints, present = model.tokenizer.prepare_clips(clips[start : start + BATCH])
            inputs = {"joints": joints.numpy(), "present": present.numpy()}
            found = torch.from_numpy(session.run(["tokens"], inputs)[0])
            with torch.no_grad():
                same += int((found == model.tokenizer.encode(joints, present)).all(1).sum())
    return {"clips": len(clips), "same_sentences": same}


def compared(folder: Path, data: Path, count: int) -> dict[str, Any]:
    """Both figures of a model."""
    model, store = ActionRecognizer.from_pretrained(folder), ClipStore.open(data)
    clips = [store[index] for index in store.split(model.run.protocol)[1]]
    step = max(1, len(clips) // count)
    return {
        "checkpoint": checkpoint_figures(model, clips[::step][:count]),
        "onnx": onnx_figures(model, clips),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, and write one JSON file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export", description=__doc__)
    parser.add_argument("pairs", nargs="+", metavar="MODEL:DATA")
    parser.add_argument("--clips", type=int, default=20, help="clips that transformers scores")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    result = {
        "benchmark": "export",
        "command": f"python -m benchmarks.export {' '.join(given.pairs)} --clips {given.clips} "
        f"--out {given.out}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": described(),
        "onnxruntime": version("onnxruntime"),
        "models": {
            pair: compared(*map(Path, pair.rsplit(":", 1)), given.clips) for pair in given.pairs
        },
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
