"""Stage 2: teaches the language model to read action sentences."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Subset
from transformers import set_seed

from llm_ar.config import RunConfig
from llm_ar.config_files import settings_to_dict
from llm_ar.errors import ConfigError
from llm_ar.provenance import commit, device_name, peak_memory_mib, versions
from llm_ar.recognizer.adapter import load_adapter, round_adapter
from llm_ar.recognizer.calibration import calibrate as calibrate_on
from llm_ar.recognizer.checkpoint import (
    ADAPTER_FILE,
    TOKEN_EMBEDDINGS_FILE,
    TOKENIZER_FOLDER,
    read_tensors,
)
from llm_ar.recognizer.data import Sentences, classes_on_host
from llm_ar.recognizer.fast.early_exit import (
    EarlyExit,
    calibrate,
    log_posteriors,
    votes_from_name_head,
)
from llm_ar.recognizer.llm import Backbone, attach_lora, load_backbone
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.objective import AnswerObjective
from llm_ar.recognizer.prompt import Prompt
from llm_ar.recognizer.scoring import CandidateTrie
from llm_ar.recognizer.sharding import is_sharded
from llm_ar.recognizer.token_embeddings import (
    from_cooccurrence,
    from_name_head,
    token_embeddings_from,
)
from llm_ar.recognizer.trainer import AnswerTrainer
from llm_ar.recognizer.zero_shot.text_embeddings import embed_actions, embed_in_words
from llm_ar.resume import begin
from llm_ar.skeletons.store import ClipStore
from llm_ar.tensor_files import write_tensors
from llm_ar.tokenizer.clip_cache import forget
from llm_ar.tokenizer.data import TrainingClips, balanced, clips_folder, training_clips
from llm_ar.tokenizer.extensions.name_head import name_targets
from llm_ar.tokenizer.model import ActionTokenizer
from llm_ar.training import fit_and_held_out, training_arguments

NAME_PASSES = 4
"""Augmented passes over the training clips that tell which names each token goes with."""
CALIBRATION_CLIPS = 1024
"""Training clips, at most, on which the fast path is compared with the language model."""
_CALIBRATED = 32


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
    tokenizer = ActionTokenizer.from_pretrained(run.out / TOKENIZER_FOLDER)
    clips = TrainingClips.of_run(store, run, tokenizer.layout)
    fit, held_out = fit_and_held_out(clips.labels.tolist(), run.held_out, run.seed)
    drawn = balanced(store, training_clips(store, run), fit, run.balance, run.dataset_weights)
    folder = checkpoint_folder(run.out)
    args = training_arguments(settings.optim, folder, len(drawn), run.seed, **_precision(run))
    device = args.device
    tokenizer = tokenizer.to(device)
    backbone = load_backbone(settings.llm, device, random=run.ablation.random_llm)
    if settings.llm.gradient_checkpointing:
        backbone.llm.gradient_checkpointing_enable({"use_reentrant": False})
    llm = attach_lora(backbone.llm, settings.lora)
    if run.init_from:
        load_adapter(llm, Path(run.init_from) / ADAPTER_FILE)
    prompt = Prompt(settings.template, backbone.text_tokenizer)
    trie = CandidateTrie(backbone.text_tokenizer, clips.names)

    sentences = Sentences(tokenizer, clips, run.augment, settings.token_noise)
    first = args.process_index == 0
    fixed = fixed_settings(run, store)
    if args.deepspeed_plugin is not None:
        # Each keeps a part of the optimizer's state, and DeepSpeed does not cut it anew.
        fixed["DeepSpeed processes"] = args.world_size
    checkpoint = begin(folder, fixed, resume, first)
    if checkpoint is not None:
        token_embeddings = read_tensors(folder / TOKEN_EMBEDDINGS_FILE)["embeddings"].to(device)
    else:
        token_embeddings = initial_token_embeddings(run, sentences, backbone, torch.tensor(fit))
        if first:
            write_tensors({"embeddings": token_embeddings.cpu()}, folder / TOKEN_EMBEDDINGS_FILE)

    objective = AnswerObjective(llm, prompt, token_embeddings, sentences, backbone.text_tokenizer)
    trainer = AnswerTrainer(
        objective,
        args,
        settings.optim.save_minutes,
        settings.llm.name,
        trie,
        torch.tensor(held_out, dtype=torch.long),
        train_dataset=Subset(clips, drawn),
        data_collator=classes_on_host,
    )
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    training = _figures(run, trainer, tokenizer, len(fit))
    if held_out:
        trainer.take_best()
    round_adapter(llm)
    recognizer = ActionRecognizer(
        run,
        clips.names,
        tokenizer,
        backbone,
        llm.eval(),
        token_embeddings,
        training,
        repair=store.repair,
    )
    if trainer.is_world_process_zero() or is_sharded(llm):
        # Processes that hold parts of the LLM compute the same answers together.
        recognizer.early_exit = _early_exit(recognizer, sentences, torch.tensor(fit))
    if trainer.is_world_process_zero():
        recognizer.calibration = calibrate_on(recognizer.tokenizer, run, store)
        recognizer.save_pretrained(run.out)
        forget(clips_folder(run.out))
    return recognizer


def checkpoint_folder(out: Path) -> Path:
    """Where stage 2 of a run keeps its checkpoints and logs."""
    return out / "training" / "recognizer"


def initial_token_embeddings(
    run: RunConfig, sentences: Sentences, backbone: Backbone, fit: Tensor
) -> Tensor:
    """Embeddings (U, width) of the action tokens; test and held-out clips have no part in them.

    They are those of the model that the run starts from, where there is one and its tokenizer is
    kept as it is.
    """
    if run.init_from and not run.finetune_tokenizer:
        return read_tensors(Path(run.init_from) / TOKEN_EMBEDDINGS_FILE)["embeddings"].to(
            fit.device
        )
    words = backbone.llm.get_input_embeddings().weight.detach().float()
    extensions, text_tokenizer = run.tokenizer.extensions, backbone.text_tokenizer
    named = sentences.clips.names
    names = embed_in_words(extensions, words, text_tokenizer, named)
    tokenizer, how = sentences.tokenizer, run.recognizer.token_embeddings
    text = None
    if how == "cooccurrence":
        text = from_cooccurrence(sentences.count_names(fit, NAME_PASSES), names)
    elif how == "name_head":
        if not tokenizer.token_text_embeddings.shape[1]:
            raise ConfigError(
                "recognizer.token_embeddings is name_head, but this tokenizer was trained without "
                "names (tokenizer.extensions.name_loss is 0); set it to cooccurrence or codebook"
            )
        targets = name_targets(extensions, embed_actions(extensions, words, text_tokenizer, named))
        text = from_name_head(tokenizer.token_text_embeddings, targets, names)
    lifted = tokenizer.word_space.lift(tokenizer.embeddings())
    # Rounded as they are written (llm_ar.tokenizer.half_precision).
    return token_embeddings_from(lifted, words, text).half().float()


def token_votes(
    run: RunConfig, tokenizer: ActionTokenizer, backbone: Backbone, names: Sequence[str]
) -> Tensor | None:
    """Votes (U, C) of the tokens for the names that they learned; None if they learned none.

    The LLM's words must be those that stage 1 saw.
    """
    if not tokenizer.token_text_embeddings.shape[1]:
        return None
    words = backbone.llm.get_input_embeddings().weight.detach().float()
    extensions = run.tokenizer.extensions
    learned = embed_actions(extensions, words, backbone.text_tokenizer, names)
    targets = name_targets(extensions, learned)
    return votes_from_name_head(tokenizer.token_text_embeddings, targets, tokenizer.words)


def _early_exit(
    recognizer: ActionRecognizer, sentences: Sentences, fit: Tensor
) -> EarlyExit | None:
    """The fast path, trusted as far as it agrees with the language model on noisy sentences.

    It is what the tokenizer's reader says; a tokenizer that learned no names, or other ones than
    these, has nothing to say.
    """
    if recognizer.run.init_from and not recognizer.run.finetune_tokenizer:
        return None
    votes = token_votes(
        recognizer.run, recognizer.tokenizer, recognizer.backbone, recognizer.labels
    )
    if votes is None:
        return None
    with torch.random.fork_rng():
        # The same clips and noise after an interruption as without one.
        torch.manual_seed(recognizer.run.seed)
        chosen = fit[torch.randperm(len(fit))[:CALIBRATION_CLIPS]]
        tokens = torch.cat([sentences.draw_at(rows)[0] for rows in chosen.split(_CALIBRATED)])
    # A draft shortens the search for the language model's answers and changes none of them.
    recognizer.early_exit = EarlyExit(votes, threshold=math.inf)
    answers = torch.cat(
        [recognizer.best(rows, top_k=1).indices[:, 0] for rows in tokens.split(_CALIBRATED)]
    )
    threshold = calibrate(log_posteriors(votes, tokens), answers.to(tokens.device))
    return None if threshold is None else EarlyExit(votes, threshold)


def _precision(run: RunConfig) -> dict[str, bool]:
    """Mixed precision on a CUDA device, where the LLM is held in half precision."""
    if not torch.cuda.is_available():
        return {}
    return {
        "bf16": run.recognizer.llm.dtype == "bfloat16",
        "fp16": run.recognizer.llm.dtype == "float16",
    }


def fixed_settings(run: RunConfig, store: ClipStore) -> dict[str, Any]:
    """What must not change while a run is interrupted: settings, tokenizer and data."""
    described = settings_to_dict(run)
    described["recognizer"]["optim"].pop("save_minutes")
    # Stage 1 is over: of its settings only the weights they led to matter.
    for name in ("out", "data", "tokenizer"):
        described.pop(name)
    weights = (run.out / TOKENIZER_FOLDER / "model.safetensors").read_bytes()
    return described | {
        "tokenizer weights": hashlib.sha256(weights).hexdigest()[:16],
        "data fingerprint": store.fingerprint,
    }


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
    made = {"device": device_name(), "versions": versions(), "commit": commit()}
    return figures | made
