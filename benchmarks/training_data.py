"""What both ways of training are given: sentences of words that each name likes to use."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from llm_ar.config import PreprocessConfig, TokenizerConfig
from llm_ar.recognizer.llm import Backbone
from llm_ar.recognizer.prompt import Prompt, answer_ids
from llm_ar.skeletons.layouts import KINECT_V1
from llm_ar.skeletons.preprocess import preprocess_clip
from llm_ar.skeletons.synthetic.actions import ACTIONS
from llm_ar.skeletons.synthetic.dataset import procedural_clips
from llm_ar.tokenizer.data import TrainingClips
from llm_ar.tokenizer.model import ActionTokenizer

NAMES = [action.name for action in ACTIONS]
WIDTH = 576
"""Of the word embeddings of the embedded language model."""
CHANCE = 0.4
"""Share of tokens that say nothing about the name."""


class _Named:
    """Clips of which only the names are asked for."""

    names = NAMES


@dataclass(frozen=True)
class TrainingData(Dataset[dict[str, Tensor]]):
    """Sentences that are the same however often they are asked for, unlike a training's own.

    Attributes:
        token_embeddings: (U, width) embeddings of the action tokens.
        tokens: (N, W).
        classes: (N,).
        answers: word ids of each name.
    """

    prompt: Prompt
    token_embeddings: Tensor
    tokens: Tensor
    classes: Tensor
    answers: list[list[int]]
    clips: type[_Named] = _Named

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.classes)

    def __getitem__(self, place: int) -> dict[str, Tensor]:
        """One sentence: "tokens" and "classes"."""
        return self.__getitems__([place])

    def __getitems__(self, places: Sequence[int]) -> dict[str, Tensor]:
        """Sentences (B, W) and classes (B,)."""
        rows = torch.tensor(places)
        return {"tokens": self.tokens[rows], "classes": self.classes[rows]}


def training_data(count: int, backbone: Backbone) -> TrainingData:
    """So many sentences of the default length, and what an LLM needs to read them."""
    generator = torch.Generator().manual_seed(0)
    size, length = TokenizerConfig().codebook.size, PreprocessConfig().frames // 4
    words = backbone.llm.get_input_embeddings().weight.detach().float()
    liked = torch.randint(size, (len(NAMES), length), generator=generator)
    classes = torch.randint(len(NAMES), (count,), generator=generator)
    random = torch.randint(size, (count, length), generator=generator)
    replaced = torch.rand(count, length, generator=generator) < CHANCE
    token_embeddings = torch.randn(
        size, words.shape[1], generator=generator
    ) * words.std() + words.mean(0)
    return TrainingData(
        Prompt("paper", backbone.text_tokenizer),
        token_embeddings,
        torch.where(replaced, random, liked[classes]),
        classes,
        [answer_ids(backbone.text_tokenizer, name) for name in NAMES],
    )


def untrained_tokenizer(
    config: TokenizerConfig, preprocess: PreprocessConfig, text_width: int
) -> ActionTokenizer:
    """A tokenizer as a training begins it."""
    return ActionTokenizer(
        config.encoder,
        dataclasses.replace(config.codebook, dim=config.codebook.dim or WIDTH),
        preprocess,
        KINECT_V1,
        config.extensions,
        WIDTH,
        text_width,
    )


def procedural_tensors(count: int, preprocess: PreprocessConfig) -> TrainingClips:
    """So many procedural clips as tensors."""
    clips = list(procedural_clips(count))
    pairs = [preprocess_clip(clip, preprocess) for clip in clips]
    return TrainingClips(
        torch.from_numpy(np.stack([pair[0] for pair in pairs])),
        torch.from_numpy(np.stack([pair[1] for pair in pairs])),
        torch.tensor([NAMES.index(str(clip.label)) for clip in clips]),
        NAMES,
    )
