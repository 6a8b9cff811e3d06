"""A whole dataset that a model never saw, with its own names: leave one corpus out.

A run that was trained with the protocol ``without:kard`` of merged data is asked for all clips of
KARD among KARD's own names::

    python -m llm_ar.ablations.corpora experiments/general/general.yaml kard runs/without/kard \\
        --record results/leave-one-corpus-out.json

It tells what the tokens alone say, by the nearest sentence embedding (also with the names' prior
over the corpus subtracted) and by ConSE over the trained names, how far the former's probabilities
are off (ECE), and how well clips of actions that the other datasets lack are told from clips of
actions that they have (AUROC). Where stage 2 was trained too, the LLM's answers follow: by
likelihood, by likelihood without the names' prior over training clips, and by ConSE.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from llm_ar.config import RunConfig
from llm_ar.config_files import load_run
from llm_ar.evaluation.metrics import calibration
from llm_ar.provenance import commit
from llm_ar.recognizer.checkpoint import ADAPTER_FILE, TOKENIZER_FOLDER
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.unknown import encode, fit
from llm_ar.recognizer.zero_shot.conse import conse_scores
from llm_ar.recognizer.zero_shot.nearest_sentence import SCALE, sentence_cosines
from llm_ar.recognizer.zero_shot.prior_correction import FEWEST, prior_corrected
from llm_ar.recognizer.zero_shot.sentence_encoder import load_sentence_encoder
from llm_ar.recognizer.zero_shot.text_embeddings import embed_sentences
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.extensions.name_head import name_targets
from llm_ar.tokenizer.model import ActionTokenizer

TEMPERATURE = 1.5
"""Divides log-posteriors before ConSE."""
_BATCH = 64
_RESAMPLES = 1000
_DRAWS = 200
_PRIOR_CLIPS = 256
_KNOWN_CLIPS = 4000
"""Training clips that tell known actions from others."""
_FOLDS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Score the corpus, print the figures, and add them to a JSON file."""
    parser = argparse.ArgumentParser(prog="python -m llm_ar.ablations.corpora", description=__doc__)
    parser.add_argument("config", type=Path, help="the experiment")
    parser.add_argument("corpus", help="name of the dataset that was left out")
    parser.add_argument("run", type=Path, help="the run that was trained without it")
    parser.add_argument("--record", type=Path, help="JSON file of the figures")
    parser.add_argument("--lost", type=int, default=0, help="clips that could not be read at all")
    given = parser.parse_args(arguments)
    protocol = f"without:{given.corpus}"
    run = load_run(given.config, ["--protocol", protocol, "--out", str(given.run)])
    figures = left_out(run, given.lost)
    print(json.dumps(figures, indent=1))
    if given.record is not None:
        key = f"{given.run.name}-seed{figures['seed']}"
        write_figures(
            given.record,
            key,
            figures,
            f"python -m llm_ar.ablations.corpora {given.config} {given.corpus} {given.run}"
            + (f" --lost {given.lost}" if given.lost else ""),
        )


def left_out(run: RunConfig, lost: int = 0) -> dict[str, Any]:
    """Accuracies in percent on the clips that the protocol tests, among their names.

    Args:
        run: the run; its tokenizer is read from ``run.out``, and the LLM's adapter if it is there.
        lost: clips of the corpus that could not be read; they count as wrong.
    """
    store = ClipStore.open(run.data)
    known = store.metadata()
    train, test = store.split(run.protocol)
    trained = [name for name in store.labels if name in {known[i].label for i in train}]
    names = [name for name in store.labels if name in {known[i].label for i in test}]
    truth = torch.tensor([names.index(str(known[index].label)) for index in test])
    tokenizer = ActionTokenizer.from_pretrained(run.out / TOKENIZER_FOLDER)
    tokens = sentences_of(tokenizer, store, test)
    encoder = load_sentence_encoder(tokenizer.extensions.sentence_encoder)
    known_texts, candidates = embed_sentences(encoder, trained), embed_sentences(encoder, names)
    texts = tokenizer.token_text_embeddings.float()
    nearest = sentence_cosines(texts, tokens, known_texts, candidates)
    targets = name_targets(tokenizer.extensions, known_texts)
    posteriors = texts[tokens].mean(1) @ targets.T
    answers = {
        "nearest_sentence": nearest,
        "nearest_sentence_prior_corrected": prior_corrected(SCALE * nearest),
        "conse_tokens": conse_answers(posteriors, known_texts, candidates),
    }
    if (run.out / ADAPTER_FILE).is_file():
        model = ActionRecognizer.from_pretrained(run.out)
        drawn = np.random.default_rng(run.seed).permutation(train)[:_PRIOR_CLIPS]
        likelihoods = name_log_probabilities(model, tokens, names)
        prior = name_log_probabilities(model, sentences_of(tokenizer, store, drawn.tolist()), names)
        llm = conse_answers(name_log_probabilities(model, tokens, trained), known_texts, candidates)
        answers |= {
            "llm_likelihood": likelihoods,
            "llm_calibrated": likelihoods - prior.logsumexp(0),
            "conse_llm": llm,
            "conse_both": (answers["conse_tokens"] + llm) / 2,
            "nearest_and_conse_llm": nearest + llm,
        }
    ontology = Ontology.built_in()
    probabilities = (SCALE * nearest).softmax(-1).numpy()
    return {
        "clips": len(test) + lost,
        "lost": lost,
        "names": len(names),
        "trained_names": len(trained),
        "names_trained_too": sum(name in trained for name in names),
        "chance": round(100 / len(names), 1),
        "seed": run.seed,
        "epochs": tokenizer.figures.get("epochs"),
        "minutes": tokenizer.figures.get("minutes"),
        "ece": round(100 * calibration(probabilities, truth.numpy()).ece, 1),
        "auroc_unknown": _auroc(tokenizer, store, train, test, set(trained), run.seed),
        "top1": {
            how: accuracy(scores, truth, names, ontology, lost) for how, scores in answers.items()
        },
        "prior_correction": draws_with_and_without(SCALE * nearest, truth, run.seed),
        "confused": _confused(nearest, truth, names),
    }


@torch.inference_mode()
def sentences_of(tokenizer: ActionTokenizer, store: ClipStore, indices: Sequence[int]) -> Tensor:
    """Action sentences (N, W)."""
    batches = (indices[first : first + _BATCH] for first in range(0, len(indices), _BATCH))
    return torch.cat(
        [tokenizer.encode_clips([store[index] for index in batch]) for batch in batches]
    )


def name_log_probabilities(model: ActionRecognizer, tokens: Tensor, names: Sequence[str]) -> Tensor:
    """Log-probabilities (N, C) of names among each other, by the LLM."""
    batches = [model.log_likelihoods(rows, names) for rows in tokens.split(_BATCH)]
    return torch.cat(batches).log_softmax(-1)


def _auroc(
    tokenizer: ActionTokenizer,
    store: ClipStore,
    train: Sequence[int],
    test: Sequence[int],
    trained: set[str | None],
    seed: int,
) -> float | None:
    """Area under the curve of the distance by which unknown actions are told from known ones.

    None where the names are all trained, or none is.
    """
    known = store.metadata()
    drawn = np.random.default_rng(seed).permutation(train)[:_KNOWN_CLIPS].tolist()
    labels = [str(known[index].label) for index in drawn]
    places = {name: place for place, name in enumerate(dict.fromkeys(labels))}
    unknown = fit(
        _features(tokenizer, store, drawn),
        torch.tensor([places[name] for name in labels]),
        [number % _FOLDS for number in range(len(drawn))],
    )
    distances = unknown.distances(_features(tokenizer, store, test))
    new = [known[index].label not in trained for index in test]
    if len(set(new)) < 2:
        return None
    return round(float(roc_auc_score(new, distances.numpy())), 3)


def _features(tokenizer: ActionTokenizer, store: ClipStore, indices: Sequence[int]) -> Tensor:
    batches = (indices[first : first + _BATCH] for first in range(0, len(indices), _BATCH))
    return torch.cat([encode(tokenizer, [store[index] for index in batch])[1] for batch in batches])


def conse_answers(log_posteriors: Tensor, trained: Tensor, candidates: Tensor) -> Tensor:
    """Cosines (N, C) by ConSE of log-posteriors (N, K) over the K trained names.

    Args:
        log_posteriors: up to a constant a row.
        trained: (K, width) sentence embeddings of the trained names.
        candidates: (C, width) of the names to choose from.
    """
    posteriors = (log_posteriors / TEMPERATURE).softmax(-1)
    return conse_scores(posteriors, trained, candidates)


def lost_clips(texts: Sequence[str]) -> dict[str, int]:
    """Clips of each corpus that could not be read at all, of texts such as "jhmdb=24"."""
    return {part: int(clips) for part, _, clips in (text.partition("=") for text in texts)}


def accuracy(
    scores: Tensor, truth: Tensor, names: Sequence[str], ontology: Ontology, lost: int
) -> dict[str, Any]:
    """Share of right answers with its 95 % interval over clips, and with broader ones.

    Args:
        scores: (N, C) of the names.
        truth: (N,) indices of the names.
        names: the C names.
        ontology: says which names are broader.
        lost: further clips, which count as wrong.
    """
    answers = scores.argmax(-1)
    right = (answers == truth).numpy().astype(float)
    broader = [
        ontology.verdict(names[answer], names[true]) != "wrong"
        for answer, true in zip(answers.tolist(), truth.tolist(), strict=True)
    ]
    all_clips = np.concatenate([right, np.zeros(lost)])
    random = np.random.default_rng(0)
    means = [random.choice(all_clips, len(all_clips)).mean() for _ in range(_RESAMPLES)]
    return {
        "right": round(100 * float(all_clips.mean()), 1),
        "interval": [round(100 * float(np.quantile(means, q)), 1) for q in (0.025, 0.975)],
        "right_or_broader": round(100 * sum(broader) / len(all_clips), 1),
    }


def draws_with_and_without(logits: Tensor, truth: Tensor, seed: int) -> dict[str, dict[str, float]]:
    """Mean accuracy in percent with the names' prior and without it, where it is hard to tell.

    Drawn are few clips, and clips whose names' frequencies fall as 1 / rank in a random order.

    Args:
        logits: (N, C) of the names.
        truth: (N,) indices of the names.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    by_name = [np.flatnonzero(truth.numpy() == name) for name in range(logits.shape[1])]

    def few() -> np.ndarray:
        return random.permutation(len(truth))[:FEWEST]

    def unequal() -> np.ndarray:
        order = random.permutation(len(by_name))
        kept = [
            random.permutation(by_name[name])[: max(1, len(by_name[name]) // (rank + 1))]
            for rank, name in enumerate(order)
        ]
        return np.concatenate(kept)

    found = {}
    for what, draw in ((f"{FEWEST} clips", few), ("names at 1 / rank", unequal)):
        pairs = []
        for _ in range(_DRAWS):
            rows = torch.from_numpy(draw())
            pairs.append(
                [
                    float((scores.argmax(-1) == truth[rows]).double().mean())
                    for scores in (logits[rows], prior_corrected(logits[rows]))
                ]
            )
        plain, corrected = (round(100 * float(value), 1) for value in np.mean(pairs, axis=0))
        found[what] = {"plain": plain, "prior_corrected": corrected}
    return found


def _confused(scores: Tensor, truth: Tensor, names: Sequence[str]) -> dict[str, str]:
    """Of each name the share of right answers and the most frequent wrong one."""
    answers = scores.argmax(-1)
    found = {}
    for number, name in enumerate(names):
        given = answers[truth == number]
        counts = torch.bincount(given, minlength=len(names))
        share = round(100 * float(counts[number]) / max(1, len(given)))
        counts[number] = 0
        wrong = f", most often {names[int(counts.argmax())]}" if counts.sum() else ""
        found[name] = f"{share} % right{wrong}"
    return found


def write_figures(file: Path, key: str, figures: dict[str, Any], command: str) -> None:
    """Add the figures of one run to a JSON file.

    Args:
        file: made if absent.
        key: of the run.
        figures: of the run.
        command: what makes them.
    """
    results: dict[str, Any] = {"benchmark": file.stem, "runs": {}}
    if file.exists():
        results = json.loads(file.read_text(encoding="utf-8"))
    results["runs"][key] = figures | {
        "selection": "last-epoch",
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
    }
    unfinished = file.with_name(file.name + ".tmp")
    unfinished.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(file)


if __name__ == "__main__":
    main()
