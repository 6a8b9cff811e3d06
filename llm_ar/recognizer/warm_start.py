"""Training that starts from a model, with few clips of actions it has never seen.

The model's tokenizer, adapter and token embeddings are copied, with all settings that they depend
on. The candidate names are those of the new training clips. With ``finetune_tokenizer`` stage 1
trains that tokenizer further, and the token embeddings are initialized anew.
"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

from llm_ar.config import AblationConfig, RunConfig
from llm_ar.config_files import settings_from_dict, settings_to_dict
from llm_ar.errors import ConfigError
from llm_ar.recognizer.checkpoint import CONFIG_FILE, TOKENIZER_FOLDER, damaged, read_config

_NETWORK = ("joint_blocks", "joint_width", "two_person", "clip_tokens", "sentence_encoder")
"""Extensions that the tokenizer's network is made of."""
_METHOD = ("preprocess", "tokenizer", "recognizer")
"""Groups of settings that further training takes from a model. Its augmentation is not among them:
that of a model for many sensors costs accuracy where all clips are of one (docs/log)."""


def starting_settings(folder: Path) -> dict[str, Any]:
    """What further training takes from a model, as nested settings.

    Data, protocol, seed and augmentation are not among them.

    Raises:
        ModelError: there is no whole model in that folder.
    """
    described = settings_to_dict(_settings(folder))
    # Many small steps, as the preset small-set: further data are few.
    described["tokenizer"]["optim"] = {}
    described["recognizer"]["optim"] = {"batch_size": 8}
    return {name: described[name] for name in _METHOD}


def _settings(folder: Path) -> RunConfig:
    """The settings that the model in a folder was trained with."""
    try:
        settings: RunConfig = settings_from_dict(RunConfig, read_config(folder)["run"])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(folder / CONFIG_FILE, repr(error)) from error
    return settings


def inherit_config(run: RunConfig) -> RunConfig:
    """A run's settings with those of the model in ``run.init_from`` that must stay as they are.

    They are the view, all of stage 1 (with ``finetune_tokenizer`` what its network is made of), the
    language model, the adapter's shape and the instruction.

    Raises:
        ModelError: there is no whole model in that folder.
        ConfigError: the run reads sentences otherwise than by LoRA, or its folder is the model's.
    """
    if run.ablation != AblationConfig():
        raise ConfigError(
            "init_from: a trained model can only be gone on with by LoRA on tokens; set "
            "ablation.reader to lora and ablation.input to tokens"
        )
    folder = Path(run.init_from)
    if folder.resolve() == run.out.resolve():
        raise ConfigError(f"init_from: {folder} would be overwritten; choose another out")
    model = _settings(folder)
    recognizer = dataclasses.replace(
        run.recognizer,
        llm=model.recognizer.llm,
        lora=model.recognizer.lora,
        template=model.recognizer.template,
        token_embeddings=run.recognizer.token_embeddings
        if run.finetune_tokenizer
        else model.recognizer.token_embeddings,
    )
    tokenizer = model.tokenizer
    if run.finetune_tokenizer:
        extensions = dataclasses.replace(
            run.tokenizer.extensions,
            **{name: getattr(tokenizer.extensions, name) for name in _NETWORK},
        )
        tokenizer = dataclasses.replace(
            run.tokenizer,
            encoder=tokenizer.encoder,
            codebook=tokenizer.codebook,
            extensions=extensions,
        )
    return dataclasses.replace(
        run, preprocess=model.preprocess, tokenizer=tokenizer, recognizer=recognizer
    )


def copy_tokenizer(run: RunConfig) -> None:
    """Copy the model's tokenizer into the run's folder, where stage 2 looks for it."""
    source = Path(run.init_from) / TOKENIZER_FOLDER
    shutil.copytree(source, run.out / TOKENIZER_FOLDER, dirs_exist_ok=True)
