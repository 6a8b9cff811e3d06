"""Stage 2: teaches the language model to read action sentences."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import set_seed

from llm_ar.config import RunConfig
from llm_ar.config_io import settings_to_dict
from llm_ar.errors import ConfigError
from llm_ar.provenance import commit, peak_memory_mib, versions
from llm_ar.recognizer.answers import CandidateTrie
from llm_ar.recognizer.backbone import Backbone, attach_lora, embed_names, load_backbone
from llm_ar.recognizer.folder import (
    LEXICON_FILE,
    TOKENIZER_FOLDER,
    read_tensors,
)
from llm_ar.recognizer.lexicon import start_embeddings, told_by_counts, told_by_reader
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.objective import AnswerObjective
from llm_ar.recognizer.prompt import Prompt
from llm_ar.recognizer.sentences import Sentences
from llm_ar.recognizer.trainer import AnswerTrainer
from llm_ar.resume import check_settings, keep_settings, latest_checkpoint
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.data import ClipTensors
from llm_ar.tokenizer.model import ActionTokenizer
from llm_ar.training import ClipIndices, fit_and_held_out, training_arguments

NAME_PASSES = 4
"""Augmented passes over the training clips that tell which names each token goes with."""


def train_recognizer(run: RunConfig, resume: bool = False) -> ActionRecognizer:
    """Train on the protocol's training clips and write the model's folder, ``run.out``.

    The tokenizer in ``run.out / "tokenizer"`` stays as it is.

    Args:
        run: data, protocol, settings, seed and output folder.
        resume: go on from the newest complete checkpoint, if there is one.

    Raises:
        DatasetError: the dataset is missing or the protocol leaves no clip to train on.
        ModelError: the tokenizer or the language model is missing.
        ConfigError: a setting is impossible, or another than the one the resumed run began with.
    """
    set_seed(run.seed)
    settings = run.recognizer
    store = ClipStore.open(run.data)
    train, _ = store.split(run.protocol)
    clips = ClipTensors.read(store, train, run.view)
    fit, held_out = fit_and_held_out(clips.labels.tolist(), run.held_out, run.seed)
    folder = checkpoint_folder(run.out)
    args = training_arguments(settings.optim, folder, len(fit), run.seed, **_precision(run))
    device = args.device
    tokenizer = ActionTokenizer.from_pretrained(run.out / TOKENIZER_FOLDER, device=device)
    backbone = load_backbone(settings.llm, device)
    if settings.llm.gradient_checkpointing:
        backbone.llm.gradient_checkpointing_enable({"use_reentrant": False})
    llm = attach_lora(backbone.llm, settings.lora)
    prompt = Prompt(settings.template, backbone.text_tokenizer)
    trie = CandidateTrie(backbone.text_tokenizer, clips.names)

    sentences = Sentences(tokenizer, clips.to(device), run.augment, settings.token_noise)
    described = _described(run)
    checkpoint = latest_checkpoint(folder) if resume else None
    if checkpoint is not None:
        check_settings(folder, described)
        lexicon = read_tensors(folder / LEXICON_FILE)["embeddings"].to(device)
    else:
        lexicon = _lexicon(run, sentences, backbone, torch.tensor(fit, device=device))
        if args.process_index == 0:
            shutil.rmtree(folder, ignore_errors=True)
            keep_settings(folder, described)
            save_file({"embeddings": lexicon.cpu()}, folder / LEXICON_FILE)

    objective = AnswerObjective(llm, prompt, lexicon, sentences, backbone.text_tokenizer)
    trainer = AnswerTrainer(
        objective,
        args,
        settings.optim.save_minutes,
        settings.llm.name,
        trie,
        torch.tensor(held_out, dtype=torch.long, device=device),
        train_dataset=ClipIndices(fit),
    )
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    training = _figures(run, trainer, tokenizer, len(fit))
    if held_out:
        trainer.take_best()
    recognizer = ActionRecognizer(
        run, clips.names, tokenizer, backbone, llm.eval(), lexicon, training, store.repair
    )
    if trainer.is_world_process_zero():
        recognizer.save_pretrained(run.out)
    return recognizer


def checkpoint_folder(out: Path) -> Path:
    """Where stage 2 of a run keeps its checkpoints and logs."""
    return out / "training" / "recognizer"


def _lexicon(run: RunConfig, sentences: Sentences, backbone: Backbone, fit: Tensor) -> Tensor:
    """Embeddings (U, width) of the action tokens; test and held-out clips have no part in them."""
    words = backbone.llm.get_input_embeddings().weight.detach().float()
    names = embed_names(words, backbone.text_tokenizer, sentences.clips.names)
    tokenizer, how = sentences.tokenizer, run.recognizer.lexicon
    told = None
    if how == "names":
        told = told_by_counts(sentences.count_names(fit, NAME_PASSES), names)
    elif how == "reader":
        if not tokenizer.meanings.shape[1]:
            raise ConfigError(
                "recognizer.lexicon is reader, but this tokenizer was trained without names "
                "(tokenizer.biases.names is 0) and has none; set it to names or codebook"
            )
        told = told_by_reader(tokenizer.meanings, names)
    return start_embeddings(tokenizer.embeddings(), words, told)


def _precision(run: RunConfig) -> dict[str, bool]:
    """Mixed precision on a CUDA device, where the LLM is held in half precision."""
    if not torch.cuda.is_available():
        return {}
    return {
        "bf16": run.recognizer.llm.dtype == "bfloat16",
        "fp16": run.recognizer.llm.dtype == "float16",
    }


def _described(run: RunConfig) -> dict[str, Any]:
    """What must not change while a run is interrupted: its settings and the tokenizer."""
    described = settings_to_dict(run)
    described["recognizer"]["optim"].pop("save_minutes")
    # Stage 1 is over: of its settings only the weights they led to matter.
    for name in ("out", "data", "tokenizer"):
        described.pop(name)
    weights = (run.out / TOKENIZER_FOLDER / "model.safetensors").read_bytes()
    return described | {"tokenizer weights": hashlib.sha256(weights).hexdigest()[:16]}


def _figures(
    run: RunConfig, trainer: AnswerTrainer, tokenizer: ActionTokenizer, clips: int
) -> dict[str, Any]:
    """What config.json and the model card tell about the training."""
    epochs = run.recognizer.optim.epochs
    first = tokenizer.figures
    figures: dict[str, Any] = {
        "clips": clips,
        "epochs": epochs,
        "loss": round(trainer.meter.loss, 4),
        "minutes_tokenizer": first.get("minutes", 0.0),
        "minutes_recognizer": round(trainer.minutes, 1),
        "minutes": round(first.get("minutes", 0.0) + trainer.minutes, 1),
        "peak_memory_mib": max(first.get("peak_memory_mib") or 0, peak_memory_mib() or 0),
        "seed": run.seed,
        "selection": "last-epoch",
        "chosen_epoch": epochs,
    }
    accuracies = trainer.accuracies
    if accuracies:
        best = max(sorted(accuracies), key=lambda epoch: accuracies[epoch])
        figures |= {
            "selection": "held-out-train",
            "chosen_epoch": best,
            "held_out_accuracy": round(100 * accuracies[best], 2),
        }
    return figures | {"versions": versions(), "commit": commit()}
