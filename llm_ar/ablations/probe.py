"""What sentences hold without an LLM: linear probes of token counts, per variant of stage 1.

``python -m llm_ar.ablations.probe experiments/paper/utd-mhad.yaml --out FILE.json`` trains stage 1
with each loss left out and with a Euclidean codebook, for each seed, and fits two linear probes:
on how often each token occurs in the sentence (discrete), and on the mean latent before the
quantization (continuous). Finished variants are kept in the file and not trained again.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from llm_ar.config import RunConfig
from llm_ar.config_files import load_run
from llm_ar.provenance import commit
from llm_ar.recognizer.llm import embed_names, load_words
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.model import ActionTokenizer
from llm_ar.tokenizer.train import train_tokenizer

VARIANTS: Mapping[str, tuple[str, ...]] = {
    "all": (),
    "no-zipf": ("--tokenizer.losses.zipf=0",),
    "no-context": ("--tokenizer.losses.context=0",),
    "no-mmd": ("--tokenizer.losses.mmd=0",),
    "no-biases": (
        "--tokenizer.losses.zipf=0",
        "--tokenizer.losses.context=0",
        "--tokenizer.losses.mmd=0",
    ),
    "euclidean": ("--tokenizer.codebook.geometry=euclidean",),
}
"""Settings that differ from the experiment's, by the variant's name."""
_BATCH = 64
_FIGURES = ("reconstruction", "perplexity", "used_tokens", "zipf_slope", "mmd")


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, probe, and write one JSON file."""
    parser = argparse.ArgumentParser(prog="python -m llm_ar.ablations.probe", description=__doc__)
    parser.add_argument("config", type=Path, help="experiment whose stage 1 is varied")
    parser.add_argument("--out", type=Path, required=True, help="JSON file of the figures")
    parser.add_argument("--epochs", type=int, default=25, help="of stage 1 (default 25)")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--only", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    given = parser.parse_args(arguments)
    results: dict[str, Any] = {"runs": {}}
    if given.out.exists():
        results = json.loads(given.out.read_text(encoding="utf-8"))
    for seed in map(int, given.seeds.split(",")):
        for name in given.only:
            key = f"{name}-seed{seed}"
            if key in results["runs"]:
                continue
            options = (*VARIANTS[name], f"--tokenizer.optim.epochs={given.epochs}")
            run = load_run(given.config, [*options, f"--seed={seed}"])
            figures = probe(run)
            print(key, figures, flush=True)
            results["runs"][key] = figures
            results |= {
                "benchmark": "token-probe",
                "command": f"python -m llm_ar.ablations.probe {given.config} "
                f"--epochs {given.epochs} --seeds {given.seeds}",
                "protocol": run.protocol,
                "epochs": given.epochs,
                "selection": "last-epoch",
                "date": datetime.now(UTC).isoformat(timespec="seconds"),
                "commit": commit(),
            }
            unfinished = given.out.with_name(given.out.name + ".tmp")
            unfinished.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            unfinished.replace(given.out)


def probe(run: RunConfig) -> dict[str, float]:
    """Accuracies in percent of both probes on the protocol's test clips, and stage 1's figures."""
    words, text_tokenizer = load_words(run.recognizer.llm)
    store = ClipStore.open(run.data)
    names = embed_names(words, text_tokenizer, store.labels)
    with tempfile.TemporaryDirectory(prefix="probe-") as folder:
        tokenizer = train_tokenizer(dataclasses.replace(run, out=Path(folder)), words, names)
    train, test = store.split(run.protocol)
    known = store.metadata()
    features = [_sentence_features(tokenizer, store, rows) for rows in (train, test)]
    counts, latents = zip(*features, strict=True)
    truth = [np.array([str(known[index].label) for index in rows]) for rows in (train, test)]
    figures = {
        "token_counts_top1": _accuracy(counts, truth),
        "mean_latent_top1": _accuracy(latents, truth),
    }
    return figures | {
        name: tokenizer.figures[name] for name in _FIGURES if name in tokenizer.figures
    }


@torch.inference_mode()
def _sentence_features(
    tokenizer: ActionTokenizer, store: ClipStore, indices: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts (N, U) of tokens and mean latents (N, d) of clips."""
    counts, means = [], []
    for first in range(0, len(indices), _BATCH):
        clips = [store[index] for index in indices[first : first + _BATCH]]
        latents = tokenizer.latents(tokenizer.hidden(*tokenizer.prepare_clips(clips)))
        tokens = tokenizer.codebook(latents).indices
        counts.append(torch.nn.functional.one_hot(tokens, tokenizer.vocabulary).sum(1))
        means.append(latents.mean(1))
    return torch.cat(counts).double().numpy(), torch.cat(means).double().numpy()


def _accuracy(rows: Sequence[NDArray[np.float64]], truth: Sequence[NDArray[np.str_]]) -> float:
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, C=0.1))
    classifier.fit(rows[0], truth[0])
    return round(100 * float(classifier.score(rows[1], truth[1])), 2)


if __name__ == "__main__":
    main()
