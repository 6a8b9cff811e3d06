"""The recognizer: clip -> action sentence -> instruction -> LLM -> action name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import torch
from peft import PeftModel
from torch import Tensor

from llm_ar.config import RepairConfig, RunConfig
from llm_ar.config_files import settings_from_dict, settings_to_dict
from llm_ar.errors import ConfigError, ModelError
from llm_ar.recognizer import checkpoint as model_folder
from llm_ar.recognizer.adapter import load_adapter, merge_adapter, save_adapter
from llm_ar.recognizer.calibration import Calibration, read_calibration, write_calibration
from llm_ar.recognizer.card import model_card
from llm_ar.recognizer.default_model import default_model
from llm_ar.recognizer.fast.best_first import BestFirstScorer
from llm_ar.recognizer.fast.early_exit import EarlyExit, EarlyExitScorer, restrict_to
from llm_ar.recognizer.llm import Backbone, attach_lora, load_backbone
from llm_ar.recognizer.prompt import Prompt
from llm_ar.recognizer.recognition import AnswerPolicy, CandidatePolicy, Recognition, recognize
from llm_ar.recognizer.scorer import KEPT_TRIES, ExactScorer, PromptedLlm
from llm_ar.recognizer.scoring import Ranking, Scorer
from llm_ar.recognizer.zero_shot.nearest_sentence import NearestSentence
from llm_ar.recognizer.zero_shot.text_embeddings import embed_texts
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import IMAGE_LAYOUTS
from llm_ar.tensor_files import write_tensors
from llm_ar.tokenizer.half_precision import compact
from llm_ar.tokenizer.model import WEIGHTS_FILE, ActionTokenizer


class ActionRecognizer:
    """A trained recognizer.

    Args:
        run: the settings of its training.
        labels: the trained names.
        tokenizer: the frozen action tokenizer.
        backbone: the LLM, whose ``llm`` is wrapped with the adapter here.
        llm: the LLM with its adapter.
        token_embeddings: (U, width) embeddings of the action tokens.
        training: figures of the training run, for ``config.json`` and the model card.
        early_exit: the token classifier of the fast path, if there is one.
        repair: the rules by which raw tracks become people; the published ones by default.
        calibration: figures of the training clips, for long and unknown recordings.
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
        early_exit: EarlyExit | None = None,
        repair: RepairConfig | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.run = run
        self.labels = tuple(labels)
        self.tokenizer = tokenizer
        self.backbone = backbone
        self.llm = llm
        self.token_embeddings = token_embeddings
        self.training = dict(training)
        self.early_exit = early_exit
        self.repair = repair or RepairConfig()
        self.calibration = calibration
        self.prompt = Prompt(run.recognizer.template, backbone.text_tokenizer)
        self._nearest_sentence: dict[tuple[str, ...], NearestSentence] = {}
        # Without the wrapper of the adapter's library, which costs time at each call.
        self.prompted_llm = PromptedLlm(
            llm.get_base_model(), backbone.text_tokenizer, self.prompt, token_embeddings
        )

    @property
    def trained_on_images(self) -> bool:
        """Whether the training had recordings in 2-D, as they were or seen by random cameras."""
        return self.tokenizer.layout.name in IMAGE_LAYOUTS or self.run.augment.flatten > 0

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
            labels: candidate names in any alphabet; the names of the training by default. If one of
                them was not trained, see :meth:`policy`.
            top_k: number of answers, at most. The ranking is exact; a probability is at most 0.001
                too high, and never too low.
            fast: let the token classifier answer clips of which it is confident, without the LLM.

        Raises:
            ClipError: if a file cannot be read.
            LayoutError: if a clip's layout cannot be mapped to the model's.
            ConfigError: if the labels are empty or not distinct, ``top_k`` is below 1, or ``fast``
                is set and :meth:`fast_path` refuses.
            ModelError: if names are compared as sentences, and the sentence encoder is not
                installed.
        """
        policy = self.policy(labels, fast)
        if isinstance(clips, Clip | str | Path):
            return self.recognize_with(policy, [clips], top_k)[0]
        return self.recognize_with(policy, clips, top_k)

    def recognize_with(
        self, policy: AnswerPolicy, clips: Sequence[Clip | str | Path], top_k: int = 5
    ) -> list[Recognition]:
        """As :meth:`recognize`, with another answer policy (see `llm_ar.recognizer.recognition`).

        Raises:
            ClipError: if a file cannot be read.
            LayoutError: if a clip's layout cannot be mapped to the model's.
            ConfigError: if ``top_k`` is below 1.
        """
        return recognize(self.tokenizer, self.repair, clips, policy, top_k)

    def policy(self, labels: Sequence[str] | None = None, fast: bool = False) -> AnswerPolicy:
        """How candidate names are ranked; arguments and errors as of :meth:`recognize`.

        The LLM's likelihood says little about names that it was not trained to answer with. If
        there is one, and the tokenizer learned sentence embeddings, all names are ranked by the
        nearest sentence (`NearestSentence`), unless ``fast`` is set.
        """
        names = tuple(self.prompted_llm.trie(self._names(labels)).names)
        compared = self.tokenizer.extensions.sentence_encoder and not fast
        if not compared or set(names) <= set(self.labels):
            return CandidatePolicy(self.scorer(labels, fast), names)
        if names not in self._nearest_sentence:
            while len(self._nearest_sentence) >= KEPT_TRIES:
                self._nearest_sentence.pop(next(iter(self._nearest_sentence)))
            self._nearest_sentence[names] = NearestSentence(self, names)
        return self._nearest_sentence[names]

    def scorer(self, labels: Sequence[str] | None = None, fast: bool = False) -> Scorer:
        """The scorer of the best candidates; arguments as of :meth:`recognize`.

        Raises:
            ConfigError: if ``fast`` is set and :meth:`fast_path` refuses.
        """
        search = BestFirstScorer(self.prompted_llm, self._draft)
        return EarlyExitScorer(self.fast_path(labels), search) if fast else search

    def exact_scorer(self) -> ExactScorer:
        """The scorer of all candidates."""
        return ExactScorer(self.prompted_llm)

    def best(
        self,
        tokens: Tensor,
        labels: Sequence[str] | None = None,
        top_k: int = 5,
        fast: bool = False,
    ) -> Ranking:
        """The best candidates after action sentences (B, W); arguments as of :meth:`recognize`."""
        return self.policy(labels, fast).rank(tokens, top_k)

    def log_likelihoods(
        self, tokens: Tensor, labels: Sequence[str] | None = None, fast: bool = False
    ) -> Tensor:
        """Exact log-likelihood of each candidate name after each action sentence.

        Args:
            tokens: (B, W) action sentences.
            labels: candidate names; the names of the training by default.
            fast: return log-probabilities instead: the token classifier's where it is confident,
                else the LLM's.

        Returns:
            (B, N) float64, in the order of the labels; a softmax gives the probabilities.
        """
        names = self._names(labels)
        if fast:
            scorer = EarlyExitScorer(self.fast_path(labels), self.exact_scorer())
            return scorer.rank(tokens, names, len(names)).in_order()
        return self.prompted_llm.log_likelihoods(self.prompted_llm.prompts(tokens), names)

    def log_likelihoods_from_embeddings(
        self, embeddings: Tensor, labels: Sequence[str] | None = None
    ) -> Tensor:
        """As :meth:`log_likelihoods`, of sentences (B, W, width) given as input embeddings."""
        prompts = self.prompted_llm.prompts_from_embeddings(embeddings)
        return self.prompted_llm.log_likelihoods(prompts, self._names(labels))

    def token_logits(self, tokens: Tensor) -> Tensor | None:
        """Log-probabilities (B, C) of the trained names by the token classifier; None without."""
        return None if self.early_exit is None else self.early_exit.log_posteriors(tokens)

    def text_embeddings(self, texts: Sequence[str]) -> Tensor:
        """Text embeddings (N, width) by the LLM with its adapter."""
        return embed_texts(self.prompted_llm.llm, self.backbone.text_tokenizer, texts)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the model's folder: everything except the LLM's own weights.

        Raises:
            ModelError: if the folder cannot be written.
        """

        def write(place: Path) -> None:
            self.tokenizer.save_pretrained(place / model_folder.TOKENIZER_FOLDER)
            save_adapter(self.llm, place, self.run.recognizer.llm.name)
            token_embeddings = {"embeddings": compact(self.token_embeddings.float())}
            if self.early_exit is not None:
                token_embeddings["votes"] = self.early_exit.votes.detach().cpu().contiguous()
            write_tensors(token_embeddings, place / model_folder.TOKEN_EMBEDDINGS_FILE)
            if self.calibration is not None:
                weights = place / model_folder.TOKENIZER_FOLDER / WEIGHTS_FILE
                write_calibration(self.calibration, place, weights)
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
        if self.early_exit is not None:
            config["early_exit"] = {"threshold": self.early_exit.threshold}
        model_folder.write_folder(Path(folder), config, write)

    @classmethod
    def from_pretrained(
        cls, folder: str | Path | None = None, device: torch.device | str = "cpu"
    ) -> ActionRecognizer:
        """Load a model that :meth:`save_pretrained` wrote; by default the one of the package.

        Raises:
            ModelError: if a file is missing or damaged, or the LLM is not the one it was made for.
        """
        chosen = folder or default_model()
        if chosen is None:
            raise ModelError("no model came with this installation; name a model's folder")
        folder = Path(chosen)
        config = model_folder.read_config(folder)
        try:
            run = settings_from_dict(RunConfig, config["run"])
            labels = [str(label) for label in config["labels"]]
            wanted = str(config["llm"]["fingerprint"])
            training = dict(config["training"])
            threshold = float(config["early_exit"]["threshold"]) if "early_exit" in config else None
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
        embeddings = token_embeddings["embeddings"].float().to(device)
        repair = model_folder.repair_rules(folder)
        early_exit = (
            None
            if threshold is None
            else EarlyExit(token_embeddings["votes"].to(device), threshold)
        )
        weights = folder / model_folder.TOKENIZER_FOLDER / WEIGHTS_FILE
        return cls(
            run,
            labels,
            tokenizer,
            backbone,
            llm,
            embeddings,
            training,
            early_exit,
            repair,
            read_calibration(folder, weights),
        )

    def fast_path(self, labels: Sequence[str] | None = None) -> EarlyExit:
        """The token classifier of the fast path.

        Raises:
            ConfigError: if this model has none, or other names than the trained ones are given.
        """
        if self.early_exit is None:
            raise ConfigError("fast: this model has no fast path; leave it out or train it anew.")
        if labels is not None and tuple(labels) != self.labels:
            raise ConfigError(
                "fast: the token classifier knows only the names of the training; leave out fast "
                "or the other names."
            )
        return self.early_exit

    def _names(self, labels: Sequence[str] | None) -> tuple[str, ...]:
        return self.labels if labels is None else tuple(labels)

    def _draft(self, tokens: Tensor, names: tuple[str, ...]) -> Tensor | None:
        """Log-probabilities (B, N) by which best-first search chooses the name it starts with."""
        posteriors = self.token_logits(tokens)
        return None if posteriors is None else restrict_to(names, self.labels, posteriors)
