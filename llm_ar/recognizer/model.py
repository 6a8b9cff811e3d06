"""The recogniser: clip -> action sentence -> instruction -> LLM -> the action's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import torch
from peft import PeftModel
from safetensors.torch import save_file
from torch import Tensor

from llm_ar.config import RepairConfig, RunConfig
from llm_ar.config_files import settings_from_dict, settings_to_dict
from llm_ar.errors import ConfigError, ModelError
from llm_ar.recognizer import checkpoint as model_folder
from llm_ar.recognizer.adapter import load_adapter, merge_adapter, save_adapter
from llm_ar.recognizer.card import model_card
from llm_ar.recognizer.fast.best_first import Best
from llm_ar.recognizer.fast.early_exit import EarlyExit, among
from llm_ar.recognizer.llm import Backbone, attach_lora, load_backbone
from llm_ar.recognizer.prompt import Prompt
from llm_ar.recognizer.recognition import Answer, Recognition, check_top_k
from llm_ar.recognizer.scorer import Answerer
from llm_ar.recognizer.zero_shot.text_embeddings import embed_texts
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers import as_clip
from llm_ar.tokenizer.model import ActionTokenizer

_BATCH = 16


class ActionRecognizer:
    """A trained recogniser.

    Args:
        run: the settings that made it.
        labels: the names it was trained to answer.
        tokenizer: the frozen action tokenizer.
        backbone: the LLM, whose ``llm`` is wrapped with the adapter here.
        llm: the LLM with its adapter.
        token_embeddings: (U, width) embeddings of the action tokens.
        training: figures of the training run, for ``config.json`` and the model card.
        glance: the fast path, if there is one.
        repair: the rules by which raw tracks become people, by default the published ones.
    """

    def __init__(
        self,
        run: RunConfig,
        labels: Sequence[str],
        tokenizer: ActionTokenizer,
        backbone: Backbone,
        llm: PeftModel,
        token_embeddings: Tensor,
        training: Mapping[str, Any],
        glance: EarlyExit | None = None,
        repair: RepairConfig | None = None,
    ) -> None:
        self.run = run
        self.labels = tuple(labels)
        self.tokenizer = tokenizer
        self.backbone = backbone
        self.llm = llm
        self.token_embeddings = token_embeddings
        self.training = dict(training)
        self.glance = glance
        self.repair = repair or RepairConfig()
        self.prompt = Prompt(run.recognizer.template, backbone.text_tokenizer)
        # Without what the adapter's library wraps around the LLM: it costs time at each call.
        self.answerer = Answerer(
            llm.get_base_model(), backbone.text_tokenizer, self.prompt, token_embeddings
        )

    @property
    def device(self) -> torch.device:
        """Where the LLM is."""
        return self.token_embeddings.device

    @overload
    def recognize(  # type: ignore[overload-overlap]  # a str is a Sequence[str]
        self,
        clips: Clip | str | Path,
        labels: Sequence[str] | None = None,
        top_k: int = 5,
        fast: bool = False,
    ) -> Recognition: ...

    @overload
    def recognize(
        self,
        clips: Sequence[Clip | str | Path],
        labels: Sequence[str] | None = None,
        top_k: int = 5,
        fast: bool = False,
    ) -> list[Recognition]: ...

    def recognize(
        self,
        clips: Clip | str | Path | Sequence[Clip | str | Path],
        labels: Sequence[str] | None = None,
        top_k: int = 5,
        fast: bool = False,
    ) -> Recognition | list[Recognition]:
        """Name the action in a clip or file, or in each of several.

        Args:
            clips: a clip, a file in a known format, or a sequence of them.
            labels: candidate names in any alphabet; the names of the training by default.
            top_k: how many answers to give, at most; they are exact, and their probabilities none
                too low and at most 0.001 too high.
            fast: answer clips that are clear at a glance without the language model.

        Raises:
            ClipError: if a file cannot be read.
            LayoutError: if a clip's layout cannot be mapped to the model's.
            ConfigError: if the labels are empty or not distinct, ``top_k`` is below 1, or a
                fast answer is asked for where there is none.
        """
        check_top_k(top_k)
        if isinstance(clips, Clip | str | Path):
            return self._recognize([clips], labels, top_k, fast)[0]
        found: list[Recognition] = []
        for start in range(0, len(clips), _BATCH):
            found += self._recognize(clips[start : start + _BATCH], labels, top_k, fast)
        return found

    def log_likelihoods(
        self, tokens: Tensor, labels: Sequence[str] | None = None, fast: bool = False
    ) -> Tensor:
        """Exact log-likelihood of each candidate name after each action sentence.

        Args:
            tokens: (B, W) action sentences.
            labels: candidate names; the names of the training by default.
            fast: sentences that are clear at a glance get its log-probabilities instead.

        Returns:
            (B, N) float32, in the order of the labels. A softmax over them gives probabilities.
        """
        names = self.labels if labels is None else tuple(labels)
        return self.answerer.log_likelihoods(
            tokens, names, self.fast_path(labels) if fast else None
        )

    def log_likelihoods_from_embeddings(
        self, embeddings: Tensor, labels: Sequence[str] | None = None
    ) -> Tensor:
        """As :meth:`log_likelihoods`, of sentences (B, W, width) given as input embeddings."""
        names = self.labels if labels is None else tuple(labels)
        return self.answerer.log_likelihoods_from_embeddings(embeddings, names)

    def token_logits(self, tokens: Tensor) -> Tensor | None:
        """Log-probabilities (B, C) of the trained names by the tokens (B, W) alone, if any."""
        return None if self.glance is None else self.glance.log_posteriors(tokens)

    def text_embeddings(self, texts: Sequence[str]) -> Tensor:
        """What texts say (N, width), as the LLM with its adapter reads them."""
        return embed_texts(self.answerer.llm, self.backbone.text_tokenizer, texts)

    def best(
        self,
        tokens: Tensor,
        labels: Sequence[str] | None = None,
        top_k: int = 5,
        fast: bool = False,
    ) -> Best:
        """The best candidates after action sentences (B, W); arguments as of :meth:`recognize`."""
        glance = self.fast_path(labels) if fast else None
        names = self.labels if labels is None else tuple(labels)
        guess = None
        if self.glance is not None:
            guess = among(self.glance.log_posteriors(tokens), self.labels, names)
        return self.answerer.best(tokens, names, top_k, guess, glance)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the model's folder: all that is needed but the LLM's own weights.

        Raises:
            ModelError: if the folder cannot be written.
        """

        def write(place: Path) -> None:
            self.tokenizer.save_pretrained(place / model_folder.TOKENIZER_FOLDER)
            save_adapter(self.llm, place, self.run.recognizer.llm.name)
            token_embeddings = {
                "embeddings": self.token_embeddings.detach().float().cpu().contiguous()
            }
            if self.glance is not None:
                token_embeddings["votes"] = self.glance.votes.detach().cpu().contiguous()
            save_file(token_embeddings, place / model_folder.TOKEN_EMBEDDINGS_FILE)
            (place / model_folder.CARD_FILE).write_text(model_card(config), encoding="utf-8")

        config = {
            "run": settings_to_dict(self.run),
            "labels": list(self.labels),
            "layout": self.tokenizer.layout.name,
            "repair": settings_to_dict(self.repair),
            "llm": {
                "name": self.run.recognizer.llm.name,
                "fingerprint": self.backbone.fingerprint,
            },
            "training": self.training,
        }
        if self.glance is not None:
            config["glance"] = {"threshold": self.glance.threshold}
        model_folder.write_folder(Path(folder), config, write)

    @classmethod
    def from_pretrained(
        cls, folder: str | Path, device: torch.device | str = "cpu"
    ) -> ActionRecognizer:
        """Load a model that :meth:`save_pretrained` wrote.

        Raises:
            ModelError: if a file is missing or damaged, or the LLM is not the one it was made for.
        """
        folder = Path(folder)
        config = model_folder.read_config(folder)
        try:
            run = settings_from_dict(RunConfig, config["run"])
            labels = [str(label) for label in config["labels"]]
            wanted = str(config["llm"]["fingerprint"])
            training = dict(config["training"])
            threshold = float(config["glance"]["threshold"]) if "glance" in config else None
        except (KeyError, TypeError, ValueError) as error:
            raise model_folder.damaged(folder / model_folder.CONFIG_FILE, repr(error)) from error
        tokenizer = ActionTokenizer.from_pretrained(
            folder / model_folder.TOKENIZER_FOLDER, device=device
        )
        backbone = load_backbone(run.recognizer.llm, device, random=run.ablation.random_llm)
        if backbone.fingerprint != wanted:
            raise ModelError(
                f"{folder}: it was trained with another language model than the one found as "
                f"'{run.recognizer.llm.name}'; install that one (fingerprint {wanted})"
            )
        llm = attach_lora(backbone.llm, run.recognizer.lora).eval()
        load_adapter(llm, folder / model_folder.ADAPTER_FILE)
        merge_adapter(llm)
        token_embeddings = model_folder.read_tensors(folder / model_folder.TOKEN_EMBEDDINGS_FILE)
        width = llm.get_input_embeddings().weight.shape[1]
        shapes = {"embeddings": (tokenizer.vocabulary, width)}
        if threshold is not None:
            shapes["votes"] = (tokenizer.vocabulary, len(labels))
        if {name: tuple(tensor.shape) for name, tensor in token_embeddings.items()} != shapes:
            raise model_folder.damaged(
                folder / model_folder.TOKEN_EMBEDDINGS_FILE,
                f"it does not hold {' and '.join(shapes)} of the shapes {list(shapes.values())}",
            )
        embeddings = token_embeddings["embeddings"].to(device)
        repair = model_folder.repair_rules(folder)
        glance = (
            None
            if threshold is None
            else EarlyExit(token_embeddings["votes"].to(device), threshold)
        )
        return cls(run, labels, tokenizer, backbone, llm, embeddings, training, glance, repair)

    def fast_path(self, labels: Sequence[str] | None = None) -> EarlyExit:
        """The table that answers clips which are clear at a glance.

        Raises:
            ConfigError: if this model has none, or other names than the training's are asked for.
        """
        if self.glance is None:
            raise ConfigError("fast: this model has no fast path; leave it out or train it anew.")
        if labels is not None and tuple(labels) != self.labels:
            raise ConfigError(
                "fast: only the names of the training are known at a glance; leave it out or give "
                "no other names."
            )
        return self.glance

    def _recognize(
        self,
        clips: Sequence[Clip | str | Path],
        labels: Sequence[str] | None,
        top_k: int,
        fast: bool,
    ) -> list[Recognition]:
        if fast:
            self.fast_path(labels)
        trie = self.answerer.trie(self.labels if labels is None else tuple(labels))
        read = [as_clip(clip, self.repair) for clip in clips]
        tokens = self.tokenizer.encode_clips(read)
        best = self.best(tokens, labels, top_k, fast)
        return [
            Recognition(
                file=clip.source if isinstance(given, Clip) else str(given),
                top=[
                    Answer(trie.names[index], probability)
                    for index, probability in zip(indices, values, strict=True)
                ],
                sentence=sentence,
                glance=nodes == 0,
            )
            for given, clip, indices, values, nodes, sentence in zip(
                clips,
                read,
                best.indices.tolist(),
                best.probabilities.tolist(),
                best.nodes.tolist(),
                tokens.tolist(),
                strict=True,
            )
        ]
