"""``llm-ar train``: a prepared dataset to a model, in two stages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_ar.applications.run_folder import (
    STAGES,
    RunFolder,
    Stage,
    interrupted,
    typed_command,
)
from llm_ar.applications.small_set import LARGEST, SMALL_SET, fitted
from llm_ar.applications.training_plan import (
    announced,
    is_first_process,
    plan,
    training_size,
)
from llm_ar.applications.ui.models import check_data, check_model, known_data, model_folder
from llm_ar.applications.ui.parser import EXIT_USAGE, CommandParser, did_you_mean
from llm_ar.applications.ui.terminal import note, notes, print_error, show_lines
from llm_ar.config import RunConfig
from llm_ar.config_files import PRESETS, load_run, setting_names, settings_help, stated_settings
from llm_ar.errors import ConfigError, LlmArError, TrainingError, write_failure

if TYPE_CHECKING:
    from llm_ar.skeletons.store import ClipStore

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def run(arguments: Sequence[str]) -> int:
    """Train the stages that are named and print where the model is."""
    parser = _parser()
    # The stage is taken off first: behind an unknown "--setting", argparse would take its value.
    staged = bool(arguments) and not arguments[0].startswith("-")
    word = arguments[0] if staged else "both"
    words = list(arguments[1:] if staged else arguments)
    parser.complete([f"--{name}" for name in setting_names()])
    given, overrides = parser.parse_known_args(words)
    if given.help:
        print(parser.format_help() + settings_help())
        return 0
    stage = next((known for known in STAGES if known == word), None)
    if stage is None:
        parser.error(f"there is no stage {word!r}; the stages are {', '.join(STAGES)}")
    if given.resume and given.overwrite:
        parser.error("--resume goes on with a training and --overwrite removes it; give one")
    _check_settings(parser, overrides)
    if given.preset is not None:
        overrides = [f"--preset={given.preset}", *overrides]
    if given.start is not None:
        given.start = model_folder(given.start)
        overrides = [*overrides, f"--init_from={given.start}"]
    if not overrides and given.config is None and not given.dry_run:
        print_error(f"name the data to train on, with --data or --config: {known_data()}")
        # Never wrapped, so that the example can be copied.
        notes.print(parser.format_usage().rstrip(), soft_wrap=True)
        notes.print(str(parser.epilog), soft_wrap=True)
        return EXIT_USAGE
    below = None
    if given.start is not None and given.config is None and given.preset is None:
        below = _of_model(given.start, stage)
    settings = load_run(given.config, overrides, below)
    if below is not None or given.preset == SMALL_SET:
        settings = _fitted(settings, stated_settings(given.config, overrides))
    if given.dry_run:
        from llm_ar.applications.estimate.dry_run import dry_run

        show_lines(dry_run(settings, given.gpu))
        return 0
    command = typed_command(arguments)
    _check_folder(settings, stage, given.resume, given.overwrite, command)
    try:
        folder = train(
            settings, stage, resume=given.resume, overwrite=given.overwrite, command=command
        )
    except KeyboardInterrupt:
        notes.show_cursor(True)
        notes.print()
        print_error(interrupted(settings.out, command))
        return INTERRUPTED
    except Exception as error:
        # Torch, safetensors and Python each have their own error for a full disk.
        reason = write_failure(error)
        if not reason or isinstance(error, LlmArError):
            raise
        raise TrainingError(
            f"{settings.out}: cannot be written ({reason}); make room, and go on with: {command} "
            "--resume"
        ) from None
    _leave_the_others()
    show_lines(f"The model is in {folder}")
    return 0


def _of_model(folder: Path, stage: Stage) -> dict[str, Any]:
    """The settings of a model to start from; where both stages are trained, its tokenizer is too.

    Raises:
        ModelError: there is no whole model in that folder.
    """
    from llm_ar.recognizer.warm_start import starting_settings

    check_model(folder)
    return starting_settings(folder) | {"finetune_tokenizer": stage != "recognizer"}


def _fitted(settings: RunConfig, stated: Collection[str]) -> RunConfig:
    """The settings for small datasets, with the epochs for this one.

    Raises:
        DatasetError: the dataset is not there, or has no clip to train on.
    """
    from llm_ar.skeletons.store import ClipStore

    check_data(settings.data)
    clips, _ = training_size(settings, ClipStore.open(settings.data))
    if clips > LARGEST and is_first_process():
        note(
            f"epochs for at most {LARGEST:,} training clips, these are {clips:,}; --preset ours "
            "trains them longer"
        )
    return fitted(settings, max(clips, 1), stated)


def _parser() -> CommandParser:
    parser = CommandParser(
        prog="llm-ar train",
        usage="llm-ar train [tokenizer|recognizer|both] [--preset NAME] [--config FILE] "
        "[--data FOLDER] [--protocol NAME] [--out FOLDER] [--resume | --overwrite] [--from MODEL] "
        "[--dry-run] [--gpu NAME] [--SETTING VALUE ...]",
        description="Stage 1 (tokenizer) trains the action tokenizer, which writes clips as "
        "sentences of action tokens; stage 2 (recognizer) trains the language model to name the "
        "action of a sentence. Without a stage both are trained.",
        example="llm-ar train --preset ours --data data/mine --protocol seeded:20 --out runs/mine",
        add_help=False,
    )
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help=f"settings to begin with: {', '.join(PRESETS)} (paper: the published method, the "
        "default; ours: with this project's additions; small-set: these with a short training for "
        "up to about 2,000 clips, epochs by their number)",
    )
    parser.add_argument("--config", type=Path, help="YAML file with the settings that differ")
    parser.add_argument(
        "--from",
        dest="start",
        metavar="MODEL",
        help="start from a trained model: its settings, tokenizer and adapter, and epochs by the "
        "number of clips; `train recognizer` keeps its tokenizer and token embeddings. With "
        "--config or --preset the settings are these, and the tokenizer is kept but for "
        "--finetune_tokenizer true",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on where an interrupted training stopped"
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="begin again where --out holds a training or a model, which is removed",
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
    return parser


def _check_settings(parser: CommandParser, overrides: Sequence[str]) -> None:
    """Name the option or setting that a misspelled one resembles.

    Raises:
        ConfigError: one is misspelled.
    """
    settings = [f"--{name}" for name in setting_names()]
    for word in overrides:
        name = word.partition("=")[0]
        group = any(setting.startswith(f"{name}.") for setting in settings)
        if not name.startswith("--") or name in settings or group:
            continue
        meant = did_you_mean(name, [*parser.options, *settings])
        if meant:
            raise ConfigError(f"there is no option or setting {name}{meant}")


def _check_folder(
    settings: RunConfig, stage: Stage, resume: bool, overwrite: bool, command: str
) -> None:
    """See that the training can begin or go on in its folder, and print from where it goes on.

    Raises:
        ConfigError: there is one, and neither ``--resume`` nor ``--overwrite`` is given.
        DatasetError: the dataset is not there.
    """
    check_data(settings.data)
    _check_start(settings, stage)
    stage = _trained(settings, stage)
    folder = RunFolder.look(settings.out)
    if stage == "recognizer" and not folder.tokenizer and not settings.init_from:
        raise ConfigError(
            f"{settings.out}: holds no trained tokenizer; train stage 1 first (llm-ar train "
            "tokenizer), or both stages"
        )
    if not overwrite:
        folder.check(stage, resume, command)
    if is_first_process():
        found = " and ".join(map(str, folder.of(stage))) if resume else ""
        if found:
            note(f"Goes on: {found}")
        elif resume or (folder.stopped_early and not overwrite):
            note(f"No checkpoint in {settings.out}: begins at step 0")


def _check_start(settings: RunConfig, stage: Stage) -> None:
    """See that a model to start from can be used so, if one is named.

    Raises:
        ConfigError: it cannot.
        ModelError: it is not there.
    """
    if not settings.init_from:
        if settings.finetune_tokenizer:
            raise ConfigError(
                "finetune_tokenizer: needs a model to start from; name one with --from"
            )
        return
    if stage == "tokenizer" and not settings.finetune_tokenizer:
        raise ConfigError(
            "init_from: the tokenizer is that of the model to start from, and is not trained; "
            "train the recognizer, or set finetune_tokenizer to true"
        )
    start = Path(settings.init_from)
    check_model(start)
    if start.resolve() == settings.out.resolve():
        raise ConfigError(f"init_from: {start} would be overwritten; choose another --out")


def _trained(settings: RunConfig, stage: Stage) -> Stage:
    """The stages that are trained: with a model to start from, its tokenizer is not."""
    if settings.init_from and not settings.finetune_tokenizer and stage == "both":
        return "recognizer"
    return stage


def train(
    settings: RunConfig,
    stage: Stage = "both",
    *,
    resume: bool = False,
    overwrite: bool = False,
    command: str = "",
) -> Path:
    """Train one stage or both; returns the model's folder.

    Args:
        settings: everything that makes the model.
        stage: which part; the recognizer needs a trained tokenizer in the model's folder.
        resume: go on from the last checkpoint, if there is one.
        overwrite: remove what an earlier training has left in the folder.
        command: what was typed, to name the command that goes on after an interruption.

    Raises:
        DatasetError: the prepared dataset is missing or has no training clips.
        ModelError: the language model, or the trained tokenizer, is missing.
    """
    from llm_ar.ablations.train import train_reader
    from llm_ar.config import AblationConfig
    from llm_ar.recognizer.train import train_recognizer
    from llm_ar.recognizer.warm_start import copy_tokenizer, inherit_config
    from llm_ar.skeletons.store import ClipStore

    _check_start(settings, stage)
    if settings.init_from:
        settings = inherit_config(settings)
        if not settings.finetune_tokenizer:
            stage = _trained(settings, stage)
            copy_tokenizer(settings)
    store = ClipStore.open(settings.data)
    first = is_first_process()
    for finding in store.check(settings.protocol):
        if finding.warning and first:
            note(f"check: {finding.sentence}")
    if first:
        for line in plan(settings, stage, store, command):
            note(line)
        folder = RunFolder.look(settings.out)
        if overwrite:
            folder.clear(stage)
        if command.startswith("llm-ar "):
            folder.keep_command(command)
    if stage != "recognizer":
        with announced("tokenizer"):
            train_first(settings, store, resume)
    if stage != "tokenizer":
        with announced("recognizer"):
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
    """Leave the group of a training's processes, if there are several.

    Without it a process may abort at its exit. After a failure it would wait for the others.
    """
    import torch.distributed

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
