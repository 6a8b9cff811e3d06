"""Training sentences: action tokens of training clips, drawn anew each time a clip is seen."""

from __future__ import annotations

import torch
from torch import Tensor

from llm_ar.config import AugmentConfig
from llm_ar.tokenizer.augment import augment, mirror, mirror_targets
from llm_ar.tokenizer.data import ClipTensors
from llm_ar.tokenizer.model import ActionTokenizer

_BATCH = 64


class Sentences:
    """Action sentences of clips, by a frozen tokenizer; randomness is torch's global generator.

    Args:
        tokenizer: in evaluation mode.
        clips: the training clips, on the tokenizer's device, as fine in time as ``changes`` says.
        changes: how clips are augmented.
        noise: share of tokens that :meth:`draw` replaces by random ones.
    """

    def __init__(
        self, tokenizer: ActionTokenizer, clips: ClipTensors, changes: AugmentConfig, noise: float
    ) -> None:
        self.tokenizer, self.clips, self.changes, self.noise = tokenizer, clips, changes, noise
        self._labels, self._mirrored = clips.labels.cpu(), mirror_targets(clips.names)

    def draw(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Noisy tokens (B, W) and classes (B,) of augmented clips, for clip numbers (B,).

        The classes are on the CPU: the shape of a batch follows from their names, and to ask the
        device for them would wait for it.
        """
        tokens, classes = self._augmented(index)
        random = torch.randint_like(tokens, self.tokenizer.vocabulary)
        replaced = torch.rand(tokens.shape, device=tokens.device) < self.noise
        return torch.where(replaced, random, tokens), classes

    @torch.no_grad()
    def plain(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, W) and classes (B,) of clips as they are, nothing drawn."""
        clips, temporal_oversampling = self.clips, self.changes.temporal_oversampling
        tokens = [
            self.tokenizer.encode(
                clips.joints[rows, ::temporal_oversampling],
                clips.present[rows, ::temporal_oversampling],
            )
            for rows in index.split(_BATCH)
        ]
        return torch.cat(tokens), clips.labels[index]

    def count_names(self, index: Tensor, passes: int) -> Tensor:
        """How often each token occurs in clips of each name, over augmented passes: (U, C)."""
        names = len(self.clips.names)
        counts = torch.zeros(self.tokenizer.vocabulary * names, device=index.device)
        for _ in range(passes):
            for rows in index.split(_BATCH):
                tokens, classes = self._augmented(rows)
                pairs = tokens * names + classes.to(tokens.device)[:, None]
                counts += torch.bincount(pairs.flatten(), minlength=len(counts))
        return counts.reshape(-1, names)

    @torch.no_grad()
    def _augmented(self, index: Tensor) -> tuple[Tensor, Tensor]:
        clips = self.clips
        labels, index = self._labels[index.cpu()], index.to(clips.joints.device)
        joints, present = clips.joints[index], clips.present[index]
        if self.changes.mirror > 0:
            joints, present, labels = mirror(
                joints,
                present,
                labels,
                self.changes.mirror,
                self.tokenizer.layout,
                self._mirrored,
            )
        joints, present = augment(joints, present, self.changes, self.tokenizer.layout)
        return self.tokenizer.encode(joints, present), labels
