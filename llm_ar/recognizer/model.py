"""The recogniser: clip -> action sentence -> instruction -> LLM -> the action's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import torch
from peft import PeftModel
from safetensors.torch import save_file
from torch import Tensor

from llm_ar.config import RepairConfig, RunConfig
from llm_ar.config_io import settings_from_dict, settings_to_dict
from llm_ar.errors import ConfigError, ModelError
from llm_ar.recognizer import folder as model_folder
from llm_ar.recognizer.adapter import load_adapter, save_adapter
from llm_ar.recognizer.answers import CandidateTrie, score
from llm_ar.recognizer.backbone import Backbone, attach_lora, load_backbone
from llm_ar.recognizer.card import model_card
from llm_ar.recognizer.prompt import Prompt
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.readers import as_clip
from llm_ar.tokenizer.model import ActionTokenizer

_BATCH = 16


@dataclass(frozen=True)
class Answer:
    """A candidate name and its probability among the candidates."""

    action: str
    probability: float


@dataclass(frozen=True)
class Recognition:
    """What was recognised in one clip: the best answers, best first, and the action sentence."""

    file: str
    top: list[Answer]
    sentence: list[int]


class ActionRecognizer:
    """A trained recogniser.

    Args:
        run: the settings that made it.
        labels: the names it was trained to answer.
        tokenizer: the frozen action tokenizer.
        backbone: the LLM, whose ``llm`` is wrapped with the adapter here.
        llm: the LLM with its adapter.
        lexicon: (U, width) embeddings of the action tokens.
        training: figures of the training run, for ``config.json`` and the model card.
        repair: the rules by which raw tracks become people, by default the published ones.
    """

    def __init__(
        self,
        run: RunConfig,
        labels: Sequence[str],
        tokenizer: ActionTokenizer,
        backbone: Backbone,
        llm: PeftModel,
        lexicon: Tensor,
        training: Mapping[str, Any],
        repair: RepairConfig | None = None,
    ) -> None:
        self.run = run
        self.labels = tuple(labels)
        self.tokenizer = tokenizer
        self.backbone = backbone
        self.llm = llm
        self.lexicon = lexicon
        self.training = dict(training)
        self.repair = repair or RepairConfig()
        self.prompt = Prompt(run.recognizer.template, backbone.text_tokenizer)
        self._tries: dict[tuple[str, ...], CandidateTrie] = {}

    @property
    def device(self) -> torch.device:
        """Where the LLM is."""
        return self.lexicon.device

    @overload
    def recognize(  # type: ignore[overload-overlap]  # a str is a Sequence[str]
        self,
        clips: Clip | str | Path,
        labels: Sequence[str] | None = None,
        top_k: int = 5,
    ) -> Recognition: ...

    @overload
    def recognize(
        self,
        clips: Sequence[Clip | str | Path],
        labels: Sequence[str] | None = None,
        top_k: int = 5,
    ) -> list[Recognition]: ...

    def recognize(
        self,
        clips: Clip | str | Path | Sequence[Clip | str | Path],
        labels: Sequence[str] | None = None,
        top_k: int = 5,
    ) -> Recognition | list[Recognition]:
        """Name the action in a clip or file, or in each of several.

        Args:
            clips: a clip, a file in a known format, or a sequence of them.
            labels: candidate names in any alphabet; the names of the training by default.
            top_k: how many answers to give, at most.

        Raises:
            ClipError: if a file cannot be read.
            LayoutError: if a clip's layout cannot be mapped to the model's.
            ConfigError: if the labels are empty or not distinct, or ``top_k`` is below 1.
        """
        if top_k < 1:
            raise ConfigError(f"top_k: {top_k} answers make no sense; ask for at least 1.")
        if isinstance(clips, Clip | str | Path):
            return self._recognize([clips], labels, top_k)[0]
        found: list[Recognition] = []
        for start in range(0, len(clips), _BATCH):
            found += self._recognize(clips[start : start + _BATCH], labels, top_k)
        return found

    def log_likelihoods(self, tokens: Tensor, labels: Sequence[str] | None = None) -> Tensor:
        """Exact log-likelihood of each candidate name after each action sentence.

        Args:
            tokens: (B, W) action sentences.
            labels: candidate names; the names of the training by default.

        Returns:
            (B, N) float32, in the order of the labels. A softmax over them gives probabilities.
        """
        return self.log_likelihoods_of(self.lexicon[tokens.to(self.device)], labels)

    def log_likelihoods_of(self, embeddings: Tensor, labels: Sequence[str] | None = None) -> Tensor:
        """As :meth:`log_likelihoods`, of sentences (B, W, width) given as input embeddings."""
        trie = self._trie(self.labels if labels is None else tuple(labels))
        with torch.inference_mode():
            prompts = self.prompt.embed(embeddings, self.llm.get_input_embeddings())
        return score(self.llm, prompts, trie)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the model's folder: all that is needed but the LLM's own weights.

        Raises:
            ModelError: if the folder cannot be written.
        """

        def write(place: Path) -> None:
            self.tokenizer.save_pretrained(place / model_folder.TOKENIZER_FOLDER)
            save_adapter(self.llm, place, self.run.recognizer.llm.name)
            lexicon = {"embeddings": self.lexicon.detach().float().cpu().contiguous()}
            save_file(lexicon, place / model_folder.LEXICON_FILE)
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
        except (KeyError, TypeError, ValueError) as error:
            raise model_folder.damaged(folder / model_folder.CONFIG_FILE, repr(error)) from error
        tokenizer = ActionTokenizer.from_pretrained(
            folder / model_folder.TOKENIZER_FOLDER, device=device
        )
        backbone = load_backbone(run.recognizer.llm, device)
        if backbone.fingerprint != wanted:
            raise ModelError(
                f"{folder}: it was trained with another language model than the one found as "
                f"'{run.recognizer.llm.name}'; install that one (fingerprint {wanted})"
            )
        llm = attach_lora(backbone.llm, run.recognizer.lora).eval()
        load_adapter(llm, folder / model_folder.ADAPTER_FILE)
        lexicon = model_folder.read_tensors(folder / model_folder.LEXICON_FILE)
        width = llm.get_input_embeddings().weight.shape[1]
        if set(lexicon) != {"embeddings"} or lexicon["embeddings"].shape != (
            tokenizer.vocabulary,
            width,
        ):
            raise model_folder.damaged(
                folder / model_folder.LEXICON_FILE,
                f"it does not hold one embedding of width {width} for each action token",
            )
        embeddings = lexicon["embeddings"].to(device)
        repair = model_folder.repair_rules(folder)
        return cls(run, labels, tokenizer, backbone, llm, embeddings, training, repair)

    def _recognize(
        self, clips: Sequence[Clip | str | Path], labels: Sequence[str] | None, top_k: int
    ) -> list[Recognition]:
        read = [as_clip(clip, self.repair) for clip in clips]
        trie = self._trie(self.labels if labels is None else tuple(labels))
        tokens = self.tokenizer.encode_clips(read)
        probabilities = self.log_likelihoods(tokens, labels).cpu().double().softmax(-1)
        best = probabilities.topk(min(top_k, len(trie.names)), dim=-1)
        return [
            Recognition(
                file=clip.source if isinstance(given, Clip) else str(given),
                top=[
                    Answer(trie.names[index], probability)
                    for index, probability in zip(indices, values, strict=True)
                ],
                sentence=sentence,
            )
            for given, clip, indices, values, sentence in zip(
                clips,
                read,
                best.indices.tolist(),
                best.values.tolist(),
                tokens.tolist(),
                strict=True,
            )
        ]

    def _trie(self, labels: tuple[str, ...]) -> CandidateTrie:
        if labels not in self._tries:
            self._tries[labels] = CandidateTrie(self.backbone.text_tokenizer, labels)
        return self._tries[labels]
