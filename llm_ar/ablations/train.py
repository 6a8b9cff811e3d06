"""Other readers of action sentences than the LLM with LoRA, to measure what LoRA is worth.

They are trained on the same sentences by the same loop, and answer through the same interface. They
exist for ablation: what is trained is written into the run's folder (``trained.safetensors``; for
full fine-tuning that is the whole LLM), and no shipped model is of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import set_seed

from llm_ar.ablations.heads import FrozenHead, SmallTransformer
from llm_ar.ablations.nearest_text import NearestText
from llm_ar.ablations.readers import LatentTokenizer, LlmReader, Reader, words_of
from llm_ar.config import RunConfig
from llm_ar.config_files import settings_to_dict
from llm_ar.errors import ConfigError
from llm_ar.provenance import commit, device_name, peak_memory_mib, versions
from llm_ar.recognizer.checkpoint import TOKENIZER_FOLDER, read_tensors
from llm_ar.recognizer.data import Sentences, classes_on_host
from llm_ar.recognizer.fast.early_exit import log_posteriors
from llm_ar.recognizer.interface import NamesActions
from llm_ar.recognizer.llm import Backbone, attach_lora, load_backbone
from llm_ar.recognizer.private_apis import CheckpointTrainer
from llm_ar.recognizer.prompt import Prompt
from llm_ar.recognizer.train import (
    checkpoint_folder,
    fixed_settings,
    initial_token_embeddings,
    token_votes,
    train_recognizer,
)
from llm_ar.recognizer.zero_shot.text_embeddings import embed_actions, embed_texts
from llm_ar.resume import begin
from llm_ar.skeletons.store import ClipStore
from llm_ar.tensor_files import write_tensors
from llm_ar.tokenizer.clip_cache import forget
from llm_ar.tokenizer.data import TrainingClips, clips_folder
from llm_ar.tokenizer.model import ActionTokenizer
from llm_ar.training import StageTrainer, training_arguments, without_deepspeed

TRAINED_FILE = "trained.safetensors"
FIGURES_FILE = "training.json"


class OtherRecognizer:
    """A recognizer with another reader (see `llm_ar.recognizer.interface.NamesActions`)."""

    def __init__(
        self, run: RunConfig, tokenizer: ActionTokenizer, reader: Reader, training: dict[str, Any]
    ) -> None:
        self.run, self.tokenizer, self.training = run, tokenizer, training
        self.labels = tuple(reader.names)
        self._reader = reader.eval()

    def log_likelihoods(
        self, tokens: Tensor, labels: Sequence[str] | None = None, fast: bool = False
    ) -> Tensor:
        """Scores (B, N) of the labels after sentences (B, W), or latents (B, W, d).

        Raises:
            ConfigError: a fast path is asked for, or a label is none that the reader knows.
        """
        if fast:
            raise ConfigError("fast: only recognizers adapted by LoRA have a fast path.")
        with torch.inference_mode():
            return self._reader.scores(tokens, self.labels if labels is None else tuple(labels))

    def token_logits(self, tokens: Tensor) -> Tensor | None:
        """Log-probabilities (B, C) of the trained names by the tokens (B, W) alone, if any."""
        votes = self._reader.votes
        return None if votes is None else log_posteriors(votes, tokens)

    def text_embeddings(self, texts: Sequence[str]) -> Tensor:
        """What texts say (N, width), as its LLM reads them.

        Raises:
            ConfigError: the reader reads no text.
        """
        return self._reader.text_embeddings(texts)


class ReaderTrainer(CheckpointTrainer, StageTrainer):
    """Keeps in its checkpoints what is trained, and nothing that is frozen."""

    def write_weights(self, folder: Path) -> None:
        """Write the parameters that are trained."""
        write_tensors(trained_weights(self.model), folder / TRAINED_FILE)

    def read_weights(self, folder: Path) -> None:
        """Read the parameters that are trained."""
        state = read_tensors(folder / TRAINED_FILE)
        self.model.load_state_dict(state, strict=False)


def trained_weights(model: nn.Module) -> dict[str, Tensor]:
    """The parameters that are trained, each once, however many layers share it."""
    return {
        name: weight.detach().cpu().contiguous()
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }


def train_reader(run: RunConfig, resume: bool = False) -> NamesActions:
    """Stage 2 by whatever ``run.ablation.reader`` and ``.input`` say; see `train_recognizer`.

    Raises:
        DatasetError: the dataset is missing or the protocol leaves no clip to train on.
        ModelError: the tokenizer or the language model is missing.
        ConfigError: a setting is impossible, or another than the one the resumed run began with.
    """
    if run.ablation.reader == "lora" and run.ablation.input == "tokens":
        return train_recognizer(run, resume)
    return _train_other_reader(run, resume)


@without_deepspeed()
def _train_other_reader(run: RunConfig, resume: bool) -> NamesActions:
    settings = run.recognizer
    if run.held_out:
        raise ConfigError(
            "held_out: the epoch is chosen only for LoRA on tokens; set held_out to 0 for others"
        )
    set_seed(run.seed)
    store = ClipStore.open(run.data)
    kind = LatentTokenizer if run.ablation.input == "latents" else ActionTokenizer
    tokenizer = kind.from_pretrained(run.out / TOKENIZER_FOLDER)
    clips = TrainingClips.of_run(store, run, tokenizer.layout)
    folder = checkpoint_folder(run.out)
    args = training_arguments(settings.optim, folder, len(clips), run.seed)
    tokenizer = tokenizer.to(args.device)
    # A random token stands for a token; nothing like it stands for a latent.
    noise = settings.token_noise if run.ablation.input == "tokens" else 0.0
    sentences = Sentences(tokenizer, clips, run.augment, noise)
    # The seed makes the start the same in a resumed run, so that only what is trained is kept.
    reader = _reader(run, sentences, args.device)
    minutes, loss = 0.0, None
    if trained_weights(reader):
        checkpoint = begin(folder, fixed_settings(run, store), resume)
        trainer = ReaderTrainer(
            reader,
            args,
            "recognizer",
            settings.optim.save_minutes,
            train_dataset=clips,
            data_collator=classes_on_host,
        )
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        # A training of few steps has no loss but the one of the whole.
        history = trainer.state.log_history
        losses = [entry["train_loss"] for entry in history if "train_loss" in entry]
        losses += [entry["loss"] for entry in history if "loss" in entry]
        minutes, loss = trainer.minutes, losses[-1] if losses else None
    first = tokenizer.figures
    training: dict[str, Any] = {
        "clips": len(clips),
        "epochs": settings.optim.epochs,
        "loss": loss,
        "minutes_tokenizer": first.get("minutes", 0.0),
        "minutes_recognizer": round(minutes, 1),
        "minutes": round(first.get("minutes", 0.0) + minutes, 1),
        "peak_memory_mib": max(first.get("peak_memory_mib") or 0, peak_memory_mib() or 0),
        "seed": run.seed,
        "selection": "last-epoch",
        "trained_parameters": sum(weight.numel() for weight in trained_weights(reader).values()),
        "device": device_name(),
        "versions": versions(),
        "commit": commit(),
    }
    _write(run, reader, training)
    forget(clips_folder(run.out))
    return OtherRecognizer(run, tokenizer.eval(), reader, training)


def _reader(run: RunConfig, sentences: Sentences, device: torch.device) -> Reader:
    settings = run.recognizer
    tokenizer, names = sentences.tokenizer, sentences.clips.names
    if run.ablation.reader == "transformer":
        return SmallTransformer(tokenizer, run.ablation.input, sentences).to(device)
    backbone = load_backbone(settings.llm, device, random=run.ablation.random_llm)
    words = backbone.llm.get_input_embeddings().weight.detach().float()
    fit = torch.arange(len(sentences.clips))
    if run.ablation.reader == "nearest_text":
        if run.ablation.input != "tokens":
            raise ConfigError(
                "ablation.input: the nearest name is that of tokens; set it to tokens"
            )
        # Not the token embeddings: they are held to the trained names' span.
        token_text_embeddings = tokenizer.token_text_embeddings
        if not token_text_embeddings.shape[1]:
            raise ConfigError(
                "ablation.reader is nearest_text, but this tokenizer was trained without names; "
                "train it with tokenizer.extensions.name_loss above 0"
            )

        # The tokenizer's reader learned the trained names around their mean.
        given = (run.tokenizer.extensions, words, backbone.text_tokenizer)
        middle = embed_actions(*given, names).mean(0)

        def embed(labels: Sequence[str]) -> Tensor:
            return embed_actions(*given, labels) - middle

        def read(texts: Sequence[str]) -> Tensor:
            return embed_texts(backbone.llm, backbone.text_tokenizer, texts)

        return NearestText(token_text_embeddings, embed, read, names)
    token_embeddings = None
    if run.ablation.input == "tokens":
        token_embeddings = initial_token_embeddings(run, sentences, backbone, fit)
    vectors = words_of(tokenizer, words, token_embeddings)
    prompt = Prompt(settings.template, backbone.text_tokenizer)
    if run.ablation.reader == "linear_head":
        return FrozenHead(backbone.llm, prompt, vectors, sentences).to(device)
    # Before the LLM's words are trained: these are what the tokens learned.
    votes = token_votes(run, tokenizer, backbone, names) if run.ablation.input == "tokens" else None
    llm = _adapted(run, backbone)
    reader = LlmReader(llm, prompt, vectors, sentences, backbone.text_tokenizer).to(device)
    reader.votes = votes
    return reader


def _adapted(run: RunConfig, backbone: Backbone) -> nn.Module:
    settings = run.recognizer
    if settings.llm.gradient_checkpointing:
        backbone.llm.gradient_checkpointing_enable({"use_reentrant": False})
    if run.ablation.reader == "lora":
        return attach_lora(backbone.llm, settings.lora)
    return backbone.llm.float().requires_grad_(True)


def _write(run: RunConfig, reader: Reader, training: dict[str, Any]) -> None:
    """What was trained, and with which settings; each file whole or not at all."""
    run.out.mkdir(parents=True, exist_ok=True)
    weights = trained_weights(reader)
    if weights:
        write_tensors(weights, run.out / (TRAINED_FILE + ".tmp"))
        (run.out / (TRAINED_FILE + ".tmp")).replace(run.out / TRAINED_FILE)
    content = {"run": settings_to_dict(run), "labels": list(reader.names), "training": training}
    unfinished = run.out / (FIGURES_FILE + ".tmp")
    unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(run.out / FIGURES_FILE)
