"""``llm-ar train``: a prepared dataset to a model, in two stages."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from llm_ar.applications.ui.terminal import note, show_lines
from llm_ar.config import RunConfig
from llm_ar.config_files import load_run, settings_help
from llm_ar.errors import ConfigError

if TYPE_CHECKING:
    from llm_ar.skeletons.store import ClipStore

Stage = Literal["tokenizer", "recognizer", "both"]
STAGES: tuple[Stage, ...] = ("tokenizer", "recognizer", "both")


def run(arguments: Sequence[str]) -> int:
    """Train what is asked for and print where the model is."""
    parser = argparse.ArgumentParser(
        prog="llm-ar train",
        usage="llm-ar train [tokenizer|recognizer|both] [--config FILE] [--resume] "
        "[--from MODEL] [--dry-run] [--gpu NAME] [--SETTING VALUE ...]",
        description="Stage 1 (tokenizer) learns to write clips as sentences of action tokens, "
        "stage 2 (recognizer) teaches the language model to read them; both are trained without "
        "a stage.",
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("--config", type=Path, help="YAML file with the settings that differ")
    parser.add_argument(
        "--from",
        dest="start",
        metavar="MODEL",
        help="train the recognizer alone, from a trained model's tokenizer, adapter and token "
        "embeddings; with --finetune_tokenizer true the tokenizer as well",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on where an interrupted training stopped"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="train nothing: print parameters, tokens a clip, memory and time, with the arithmetic",
    )
    parser.add_argument(
        "--gpu",
        metavar="NAME",
        default="a100-80gb",
        help="the GPU that --dry-run estimates for (default a100-80gb)",
    )
    parser.add_argument("-h", "--help", action="store_true", help="show this and all settings")
    # The stage is taken off first: behind an unknown "--setting", argparse would take its value.
    staged = bool(arguments) and not arguments[0].startswith("-")
    word = arguments[0] if staged else "both"
    given, overrides = parser.parse_known_args(arguments[1:] if staged else arguments)
    if given.help:
        print(parser.format_help() + settings_help())
        return 0
    stage = next((known for known in STAGES if known == word), None)
    if stage is None:
        parser.error(f"there is no stage {word!r}; the stages are {', '.join(STAGES)}")
    if given.start is not None:
        overrides = [*overrides, f"--init_from={given.start}"]
    settings = load_run(given.config, overrides)
    if given.dry_run:
        from llm_ar.applications.estimate.dry_run import dry_run

        show_lines(dry_run(settings, given.gpu))
        return 0
    folder = train(settings, stage, resume=given.resume)
    _leave_the_others()
    show_lines(f"The model is in {folder}")
    return 0


def train(settings: RunConfig, stage: Stage = "both", *, resume: bool = False) -> Path:
    """Train one stage or both; returns the model's folder.

    Args:
        settings: everything that makes the model.
        stage: which part; the recogniser needs a trained tokenizer in the model's folder.
        resume: go on from the last checkpoint, if there is one.

    Raises:
        DatasetError: the prepared dataset is missing or has no training clips.
        ModelError: the language model, or the trained tokenizer, is missing.
    """
    from llm_ar.ablations.train import train_reader
    from llm_ar.config import AblationConfig
    from llm_ar.recognizer.train import train_recognizer
    from llm_ar.recognizer.warm_start import copy_tokenizer, inherit_config
    from llm_ar.skeletons.store import ClipStore

    if settings.init_from:
        if stage == "tokenizer" and not settings.finetune_tokenizer:
            raise ConfigError(
                "init_from: the tokenizer is that of the model to start from, and is not trained; "
                "train the recognizer, or set finetune_tokenizer to true"
            )
        settings = inherit_config(settings)
        if not settings.finetune_tokenizer:
            stage = "recognizer"
            copy_tokenizer(settings)
    elif settings.finetune_tokenizer:
        raise ConfigError("finetune_tokenizer: needs a model to start from; name one with --from")
    store = ClipStore.open(settings.data)
    for finding in store.check(settings.protocol):
        if finding.warning:
            note(f"check: {finding.sentence}")
    if stage != "recognizer":
        train_first(settings, store, resume)
    if stage != "tokenizer":
        if settings.ablation == AblationConfig():
            train_recognizer(settings, resume)
        else:
            train_reader(settings, resume)
    return settings.out


def train_first(settings: RunConfig, store: ClipStore, resume: bool) -> None:
    """Stage 1, with the words of the language model that stage 2 will use."""
    from llm_ar.recognizer.llm import load_words
    from llm_ar.recognizer.zero_shot.text_embeddings import embed_actions, embed_parts
    from llm_ar.tokenizer.train import train_tokenizer

    words, text_tokenizer = load_words(settings.recognizer.llm)
    # In the dataset's order; of the actions that do not train, stage 1 looks at none.
    names = embed_actions(settings.tokenizer.extensions, words, text_tokenizer, store.labels)
    parts = None
    if settings.tokenizer.extensions.part_loss > 0:
        parts = embed_parts(words, text_tokenizer, store.labels)
    train_tokenizer(settings, words, names, resume, parts)


def _leave_the_others() -> None:
    """Take leave of the other processes of a training, if there are any.

    Without it a process may abort at its exit. After a failure it would wait for the others.
    """
    import torch.distributed

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
