"""A run of merged data, corpus by corpus: its test clips among all names, and among their own.

``python -m llm_ar.ablations.by_corpus experiments/general/general.yaml runs/general --record
results/general.json`` tells of each dataset that was merged what the name head answers from the
tokens, what the nearest training clip of the whole data would and, where stage 2 was trained, what
the LLM answers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from llm_ar.ablations.corpora import (
    accuracy,
    lost_clips,
    sentences_of,
    write_figures,
)
from llm_ar.config import RunConfig
from llm_ar.config_files import load_run
from llm_ar.evaluation.baseline import nearest_by_joints
from llm_ar.recognizer.checkpoint import ADAPTER_FILE, TOKENIZER_FOLDER
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.zero_shot.sentence_encoder import load_sentence_encoder
from llm_ar.recognizer.zero_shot.text_embeddings import embed_sentences
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.extensions.name_head import name_targets
from llm_ar.tokenizer.model import ActionTokenizer

_BATCH = 64


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate, print the figures, and add them to a JSON file."""
    parser = argparse.ArgumentParser(
        prog="python -m llm_ar.ablations.by_corpus", description=__doc__
    )
    parser.add_argument("config", type=Path, help="the experiment")
    parser.add_argument("run", type=Path, help="its folder")
    parser.add_argument("--record", type=Path, help="JSON file of the figures")
    parser.add_argument(
        "--lost",
        nargs="*",
        default=[],
        metavar="CORPUS=CLIPS",
        help="test clips that could not be read at all; they count as wrong",
    )
    parser.add_argument(
        "--llm-every",
        type=int,
        default=1,
        metavar="N",
        help="the LLM answers every N-th test clip (default 1)",
    )
    given = parser.parse_args(arguments)
    run = load_run(given.config, ["--out", str(given.run)])
    figures = by_corpus(run, lost_clips(given.lost), given.llm_every)
    print(json.dumps(figures, indent=1))
    if given.record is not None:
        command = f"python -m llm_ar.ablations.by_corpus {given.config} {given.run}"
        key = f"{given.run.name}-seed{run.seed}"
        if given.lost:
            command = " ".join([command, "--lost", *given.lost])
        if given.llm_every > 1:
            command += f" --llm-every {given.llm_every}"
        write_figures(given.record, key, figures, command)


def by_corpus(run: RunConfig, lost: dict[str, int], llm_every: int = 1) -> dict[str, Any]:
    """Accuracies in percent on the test clips of each part of merged data.

    Args:
        run: trained on merged data with sentence embeddings.
        lost: test clips of a part that could not be read; they count as wrong.
        llm_every: the LLM answers every so many test clips; the name head's figure of the same
            clips stands beside it.
    """
    store, ontology = ClipStore.open(run.data), Ontology.built_in()
    known = store.metadata()
    train, test = store.split(run.protocol)
    trained = {known[index].label for index in train}
    names = [name for name in store.labels if name in trained]
    # Names of which no clip trained have no answer that could be right.
    test = [index for index in test if known[index].label in trained]
    truth = torch.tensor([names.index(str(known[index].label)) for index in test])
    tokenizer = ActionTokenizer.from_pretrained(run.out / TOKENIZER_FOLDER)
    tokens = sentences_of(tokenizer, store, test)
    encoder = load_sentence_encoder(tokenizer.extensions.sentence_encoder)
    targets = name_targets(tokenizer.extensions, embed_sentences(encoder, names))
    nearest = torch.from_numpy(nearest_by_joints(store, run.protocol, run, names))
    scores = {
        "name_head": tokenizer.token_text_embeddings.float()[tokens].mean(1) @ targets.T,
        "nearest_joints": torch.nn.functional.one_hot(nearest, len(names)),
    }
    model = None
    if (run.out / ADAPTER_FILE).is_file():
        model = ActionRecognizer.from_pretrained(run.out)
    answered = torch.arange(0, len(test), llm_every)
    parts = [store.part_of(known[index]) for index in test]
    figures: dict[str, Any] = {}
    for part in store.parts:
        rows = torch.tensor([place for place, name in enumerate(parts) if name == part])
        own = sorted(
            {str(known[index].label) for index in test if store.part_of(known[index]) == part}
        )
        columns = torch.tensor([names.index(name) for name in own])
        missing = lost.get(part, 0)
        inside = torch.tensor([own.index(names[place]) for place in truth[rows].tolist()])
        figures[part] = {
            "clips": len(rows) + missing,
            "lost": missing,
            "own_names": len(own),
            "among_all_names": {
                how: accuracy(each[rows], truth[rows], names, ontology, missing)
                for how, each in scores.items()
            },
            "among_own_names": {
                "name_head": accuracy(
                    scores["name_head"][rows][:, columns], inside, own, ontology, missing
                )
            },
        }
        if model is not None:
            some = torch.isin(rows, answered)
            shown, lost_of_these = rows[some], round(missing / llm_every)
            pairs = {
                "among_all_names": (names, truth[shown], scores["name_head"][shown]),
                "among_own_names": (own, inside[some], scores["name_head"][shown][:, columns]),
            }
            for where, (candidates, right, head) in pairs.items():
                llm = first_answers(model, tokens[shown], candidates)
                found = {"llm": llm, "name_head_of_the_llm_clips": head}
                figures[part][where] |= {
                    how: accuracy(each, right, candidates, ontology, lost_of_these)
                    for how, each in found.items()
                }
            figures[part]["llm_clips"] = len(shown) + lost_of_these
    return {
        "selection": "last-epoch",
        "seed": run.seed,
        "names": len(names),
        "clips": len(test),
        "epochs": tokenizer.figures.get("epochs"),
        "minutes": tokenizer.figures.get("minutes"),
        "corpora": figures,
    }


def first_answers(model: ActionRecognizer, tokens: Tensor, names: Sequence[str]) -> Tensor:
    """(N, C): the LLM's probability of its first answer to each sentence, 0 for other names."""
    scores = torch.zeros(len(tokens), len(names))
    for start in range(0, len(tokens), _BATCH):
        rows = torch.arange(start, min(start + _BATCH, len(tokens)))
        ranking = model.best(tokens[rows], names, top_k=1)
        scores[rows, ranking.indices[:, 0].cpu()] = ranking.probabilities[:, 0].float().cpu()
    return scores


if __name__ == "__main__":
    main()
