"""Whether llama.cpp names clips as the recognizer does, from the GGUF export.

``python -m benchmarks.llama_cpp node_modules/node-llama-cpp MODEL:DATA ... --out FILE.json`` writes
each model's GGUF to a temporary folder, lets llama.cpp complete the prompts of test clips greedily,
and counts where it writes the name that the recognizer finds most probable. llama.cpp is the binary
of the npm package ``node-llama-cpp``: ``npm install --ignore-scripts node-llama-cpp@3``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import described
from llm_ar.provenance import commit
from llm_ar.recognizer.export.gguf_file import GGUF_FILE, export_gguf
from llm_ar.recognizer.export.words import prompt_text
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.store import ClipStore

SCRIPT = Path(__file__).with_suffix(".mjs")


def completions(package: Path, gguf: Path, prompts: Sequence[str]) -> list[str]:
    """What llama.cpp writes after each prompt, without the leading space.

    Raises:
        RuntimeError: Node.js is missing, or it or llama.cpp failed; the message holds what they
            printed.
    """
    if shutil.which("node") is None:
        raise RuntimeError("llama.cpp is run by Node.js; install it, so that `node` is found")
    done = subprocess.run(
        ["node", str(SCRIPT), str(package), str(gguf)],
        input=json.dumps(list(prompts)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"node {SCRIPT.name} ended with {done.returncode}: {done.stderr}")
    return [answer.strip() for answer in json.loads(done.stdout.splitlines()[-1])]


def compared(package: Path, model: ActionRecognizer, clips: Sequence[Clip]) -> dict[str, Any]:
    """How often llama.cpp writes the recognizer's first name, over clips."""
    tokens = model.tokenizer.encode_clips(list(clips))
    template, count = model.run.recognizer.template, model.tokenizer.vocabulary
    prompts = [prompt_text(template, sentence, count) for sentence in tokens.tolist()]
    with tempfile.TemporaryDirectory() as place:
        export_gguf(model, Path(place) / "gguf")
        written = completions(package, Path(place) / "gguf" / GGUF_FILE, prompts)
    first = [model.labels[index] for index in model.log_likelihoods(tokens).argmax(1).tolist()]
    return {
        "clips": len(clips),
        "same_names": sum(map(str.__eq__, written, first)),
        "not_a_name": sum(name not in model.labels for name in written),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, and write one JSON file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.llama_cpp", description=__doc__)
    parser.add_argument("package", type=Path, metavar="PACKAGE", help="node_modules/node-llama-cpp")
    parser.add_argument("pairs", nargs="+", metavar="MODEL:DATA")
    parser.add_argument("--clips", type=int, default=200, help="test clips of each model")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    models = {}
    for pair in given.pairs:
        folder, data = map(Path, pair.rsplit(":", 1))
        model, store = ActionRecognizer.from_pretrained(folder), ClipStore.open(data)
        test = store.split(model.run.protocol)[1]
        step = max(1, len(test) // given.clips)
        clips = [store[index] for index in test[::step][: given.clips]]
        models[pair] = compared(given.package, model, clips)
    about = json.loads((given.package / "package.json").read_text(encoding="utf-8"))
    result = {
        "benchmark": "llama-cpp",
        "command": f"python -m benchmarks.llama_cpp node_modules/node-llama-cpp "
        f"{' '.join(given.pairs)} --clips {given.clips} --out {given.out}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": described(),
        "node-llama-cpp": about["version"],
        "models": models,
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
