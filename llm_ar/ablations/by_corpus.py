"""A model of merged data, corpus by corpus: its test clips among all names, and among their own.

``python -m llm_ar.ablations.by_corpus models/general data/general --record results/general.json``
tells of each dataset that was merged what the LLM answers, what the token classifier answers
without it, and what the nearest training clip of the whole data would.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from llm_ar.ablations.corpora import (
    accuracy,
    name_log_probabilities,
    sentences_of,
    write_figures,
)
from llm_ar.evaluation.baseline import nearest_by_joints
from llm_ar.evaluation.metrics import calibration
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.store import ClipStore


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate, print the figures, and add them to a JSON file."""
    parser = argparse.ArgumentParser(
        prog="python -m llm_ar.ablations.by_corpus", description=__doc__
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path, help="the merged dataset that it was trained on")
    parser.add_argument("--record", type=Path, help="JSON file of the figures")
    parser.add_argument(
        "--lost",
        nargs="*",
        default=[],
        metavar="CORPUS=CLIPS",
        help="test clips that could not be read at all; they count as wrong",
    )
    given = parser.parse_args(arguments)
    lost = {part: int(clips) for part, _, clips in (text.partition("=") for text in given.lost)}
    model = ActionRecognizer.from_pretrained(given.model)
    figures = by_corpus(model, ClipStore.open(given.data), lost)
    print(json.dumps(figures, indent=1))
    if given.record is not None:
        command = f"python -m llm_ar.ablations.by_corpus {given.model} {given.data}"
        key = f"{given.model.name}-seed{model.run.seed}"
        write_figures(given.record, key, figures, " ".join([command, "--lost", *given.lost]))


def by_corpus(model: ActionRecognizer, store: ClipStore, lost: dict[str, int]) -> dict[str, Any]:
    """Accuracies in percent on the test clips of each part of merged data.

    Args:
        model: trained on the data's protocol.
        store: the merged data.
        lost: test clips of a part that could not be read; they count as wrong.
    """
    known, names, ontology = store.metadata(), list(model.labels), Ontology.built_in()
    _, test = store.split(model.run.protocol)
    # Names of which no clip trained have no answer that could be right.
    test = [index for index in test if known[index].label in names]
    truth = torch.tensor([names.index(str(known[index].label)) for index in test])
    tokens = sentences_of(model.tokenizer, store, test)
    llm = name_log_probabilities(model, tokens, names)
    nearest = torch.from_numpy(nearest_by_joints(store, model.run.protocol, model.run, names))
    scores = {"llm": llm, "nearest_joints": torch.nn.functional.one_hot(nearest, len(names))}
    classifier = model.token_logits(tokens)
    if classifier is not None:
        scores["token_classifier"] = classifier
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
                how: accuracy(all_scores[rows], truth[rows], names, ontology, missing)
                for how, all_scores in scores.items()
            },
            "among_own_names": {
                how: accuracy(all_scores[rows][:, columns], inside, own, ontology, missing)
                for how, all_scores in scores.items()
                if how != "nearest_joints"
            },
        }
    return {
        "selection": "last-epoch",
        "seed": model.run.seed,
        "names": len(names),
        "clips": len(test),
        "minutes": model.training.get("minutes"),
        "ece": round(100 * calibration(llm.exp().numpy(), truth.numpy()).ece, 1),
        "corpora": figures,
    }


if __name__ == "__main__":
    main()
