"""Stage 1: trains the action tokenizer on a dataset's training clips."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import Parameter
from torch.utils.data import Subset
from transformers import set_seed

from llm_ar.config import AugmentConfig, RunConfig
from llm_ar.config_files import settings_to_dict
from llm_ar.errors import ConfigError
from llm_ar.provenance import peak_memory_mib
from llm_ar.resume import begin
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.layouts import Layout
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.augment import augment_named, mirror_targets
from llm_ar.tokenizer.codebook import LATENT_NORM
from llm_ar.tokenizer.data import TrainingClips, balanced, co_occurring, training_clips
from llm_ar.tokenizer.extensions.build import build_auxiliary_losses
from llm_ar.tokenizer.extensions.name_head import NameContrast
from llm_ar.tokenizer.losses import zipf_slope
from llm_ar.tokenizer.model import ActionTokenizer
from llm_ar.tokenizer.objective import TokenizerObjective
from llm_ar.training import (
    StageTrainer,
    as_batch,
    fit_and_held_out,
    training_arguments,
    without_deepspeed,
)

_NO_FIGURES = {"step", "epoch", "seconds", "grad_norm", "learning_rate"}
"""Parts of the library's log that say nothing about the tokenizer."""


class TokenizerTraining(nn.Module):
    """Clips to losses: augments them and applies the objective.

    Args:
        objective: the losses.
        names: the training names that classes are indices of.
        augmentation: how clips are changed.
    """

    mirrored: Tensor

    def __init__(
        self, objective: TokenizerObjective, names: Sequence[str], augmentation: AugmentConfig
    ) -> None:
        super().__init__()
        self.objective, self.augmentation = objective, augmentation
        self.layout: Layout = objective.tokenizer.layout
        self.register_buffer("mirrored", mirror_targets(names), persistent=False)

    def forward(self, joints: Tensor, present: Tensor, classes: Tensor) -> dict[str, Tensor]:
        """Losses of clips (B, F, M, J, 3), (B, F, M, J), (B,), and the codebook's state."""
        tokenizer = self.objective.tokenizer
        joints, present, classes = augment_named(
            joints, present, classes, self.augmentation, self.layout, self.mirrored
        )
        losses = self.objective(joints, present, classes)
        usage = tokenizer.codebook.usage
        entropy = -(usage * usage.clamp_min(1e-12).log()).sum()
        used = usage > 1e-3 / len(usage)
        return {
            **losses,
            "perplexity": entropy.exp(),
            "used_tokens": used.sum().float(),
            "zipf_slope": zipf_slope(usage * used),
        }


class TokenizerTrainer(StageTrainer):
    """Keeps weight decay to matrices: tokens are places, not maps."""

    def get_decay_parameter_names(self, model: nn.Module) -> list[str]:
        """Parameters that weight decay shrinks."""

        def decays(name: str, parameter: Parameter) -> bool:
            return parameter.ndim >= 2 and not name.endswith("codebook.vectors")

        return [name for name, parameter in model.named_parameters() if decays(name, parameter)]


@without_deepspeed()
def train_tokenizer(
    run: RunConfig,
    words: Tensor,
    name_text_embeddings: Tensor,
    resume: bool = False,
    part_text_embeddings: Tensor | None = None,
) -> ActionTokenizer:
    """Train on the protocol's training clips and write ``run.out / "tokenizer"``.

    It starts from the tokenizer of the model in ``run.init_from``, if there is one.

    Args:
        run: data, protocol, settings, seed and output folder.
        words: (V, width) the LLM's word embeddings.
        name_text_embeddings: (C, width) text embeddings of the dataset's labels, in their order.
        part_text_embeddings: (C, 6, width) of what each body part does, for ``part_loss``.
        resume: go on from the newest complete checkpoint, if there is one.

    Returns:
        The trained tokenizer, in evaluation mode.

    Raises:
        DatasetError: the dataset is missing or the protocol leaves no clip to train on.
        ModelError: there is no whole tokenizer to start from.
        ConfigError: a setting is impossible, or another than the one the resumed run began with.
    """
    set_seed(run.seed)
    store = ClipStore.open(run.data)
    start = None
    if run.init_from:
        start = ActionTokenizer.from_pretrained(Path(run.init_from) / "tokenizer")
    layout = store.layout if start is None else start.layout
    clips = TrainingClips.of_run(store, run, layout)
    if run.augment.front_back_flip > 0 and not (run.preprocess.face_camera and clips.any_depth()):
        raise ConfigError(
            "augment.front_back_flip: needs 3-D clips that are turned to the camera; set it to 0, "
            "or preprocess.face_camera to true"
        )
    fit, _ = fit_and_held_out(clips.labels.tolist(), run.held_out, run.seed)
    fit = balanced(store, training_clips(store, run), fit, run.balance, run.dataset_weights)
    settings = run.tokenizer
    extensions = settings.extensions
    dim = settings.codebook.dim or words.shape[1]
    width = name_text_embeddings.shape[1] if extensions.uses_names else 0
    if start is not None and start.token_text_embeddings.shape[1] != width:
        how, weight = ("without", "0") if width else ("with", "a weight above 0")
        raise ConfigError(
            f"finetune_tokenizer: the tokenizer in {run.init_from} was trained {how} names; set "
            f"tokenizer.extensions.name_loss to {weight}"
        )
    if start is not None:
        # Its tokens tell other actions apart; new ones are placed on these clips' latents.
        start.codebook.reset()
    tokenizer = start or ActionTokenizer(
        settings.encoder,
        dataclasses.replace(settings.codebook, dim=dim),
        run.preprocess,
        layout,
        extensions,
        words.shape[1],
        width,
    )
    tokenizer.word_space.fit(words, LATENT_NORM)
    trained = [store.labels.index(name) for name in clips.names]
    contrast = name_contrast(store, run, clips.names)
    auxiliary, head = build_auxiliary_losses(
        settings.encoder,
        extensions,
        dim,
        name_text_embeddings[trained],
        None if part_text_embeddings is None else part_text_embeddings[trained],
        contrast,
    )
    objective = TokenizerObjective(tokenizer, settings.losses, words, auxiliary)
    training = TokenizerTraining(objective, clips.names, run.augment)
    folder = checkpoint_folder(run.out)
    args = training_arguments(settings.optim, folder, len(fit), run.seed)
    checkpoint = begin(folder, _described(run, store), resume, args.process_index == 0)
    trainer = TokenizerTrainer(
        training,
        args,
        "tokenizer",
        settings.optim.save_minutes,
        train_dataset=Subset(clips, fit),
        data_collator=as_batch,
    )
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    objective.eval()
    if head is not None and extensions.uses_names:
        with torch.no_grad():
            texts = head.token_text_embeddings(tokenizer.embeddings())
            tokenizer.token_text_embeddings.copy_(texts)
    tokenizer.round_weights()
    losses = [entry for entry in trainer.state.log_history if "loss" in entry]
    last: dict[str, float] = losses[-1] if losses else {}
    tokenizer.figures = {
        "minutes": round(trainer.minutes, 1),
        "peak_memory_mib": peak_memory_mib(),
        "epochs": settings.optim.epochs,
        **{name: round(last[name], 4) for name in sorted(last.keys() - _NO_FIGURES)},
    }
    if trainer.is_world_process_zero():
        tokenizer.save_pretrained(run.out / "tokenizer")
    return tokenizer


def name_contrast(store: ClipStore, run: RunConfig, names: Sequence[str]) -> NameContrast:
    """Which training names each is contrasted with, by ``contrast_within``.

    Names of one dataset tell its clips apart, so they are always contrasted; names of different
    datasets only where the ontology says that both cannot be right.
    """
    within = run.tokenizer.extensions.contrast_within
    if not within:
        return NameContrast()
    nearby = co_occurring(store, training_clips(store, run), names)
    others = ~torch.from_numpy(Ontology.built_in().compatible_matrix(names)) | nearby
    return NameContrast(others, nearby, within)


def _described(run: RunConfig, store: ClipStore) -> dict[str, Any]:
    """What must not change while the stage is interrupted; the other stage's settings may."""
    described = settings_to_dict(run)
    described["tokenizer"]["optim"].pop("save_minutes")
    for name in ("out", "data", "recognizer"):
        described.pop(name)
    return described | {"data fingerprint": store.fingerprint}


def checkpoint_folder(out: Path) -> Path:
    """Where stage 1 of a run keeps its checkpoints and logs."""
    return out / "training" / "tokenizer"
