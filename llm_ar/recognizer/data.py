"""Training sentences: action tokens of training clips, drawn anew each time a clip is seen."""

from __future__ import annotations

import torch
from torch import Tensor

from llm_ar.config import AugmentConfig
from llm_ar.tokenizer.augment import augment_named, mirror_targets
from llm_ar.tokenizer.data import TrainingClips
from llm_ar.tokenizer.model import ActionTokenizer

_BATCH = 64


def classes_on_host(batch: dict[str, Tensor]) -> dict[str, Tensor | list[int]]:
    """A batch whose classes are a list, which the training loop does not move to the device."""
    return {**batch, "classes": batch["classes"].tolist()}


class Sentences:
    """Action sentences of clips, by a frozen tokenizer; randomness is torch's global generator.

    Args:
        tokenizer: in evaluation mode.
        clips: the training clips, as fine in time as ``changes`` says.
        changes: how clips are augmented.
        noise: share of tokens that are replaced by random ones.
    """

    def __init__(
        self, tokenizer: ActionTokenizer, clips: TrainingClips, changes: AugmentConfig, noise: float
    ) -> None:
        self.tokenizer, self.clips, self.changes, self.noise = tokenizer, clips, changes, noise
        self._mirrored = mirror_targets(clips.names)

    def draw(self, joints: Tensor, present: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
        """Noisy tokens (B, W) and classes (B,) of augmented clips.

        Args:
            joints: (B, F, M, J, 3).
            present: (B, F, M, J).
            classes: (B,) on the CPU, as are the result's. The shape of a batch follows from their
                names, and to ask a device for them would wait for it.
        """
        tokens, classes = self._augmented(joints, present, classes)
        random = torch.randint_like(tokens, self.tokenizer.vocabulary)
        replaced = torch.rand(tokens.shape, device=tokens.device) < self.noise
        return torch.where(replaced, random, tokens), classes

    def draw_at(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """The same for the clips of some numbers (B,)."""
        return self.draw(**self._batch(index))

    @torch.no_grad()
    def plain(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, W) and classes (B,) of clips as they are, nothing drawn."""
        every = self.changes.temporal_oversampling
        tokens = []
        for rows in index.split(_BATCH):
            batch = self._batch(rows)
            tokens.append(
                self.tokenizer.encode(batch["joints"][:, ::every], batch["present"][:, ::every])
            )
        return torch.cat(tokens), self.clips.labels[index]

    def count_names(self, index: Tensor, passes: int) -> Tensor:
        """How often each token occurs in clips of each name, over augmented passes: (U, C)."""
        names, device = len(self.clips.names), self.tokenizer.device
        counts = torch.zeros(self.tokenizer.vocabulary * names, device=device)
        for _ in range(passes):
            for rows in index.split(_BATCH):
                tokens, classes = self._augmented(**self._batch(rows))
                pairs = tokens * names + classes.to(device)[:, None]
                counts += torch.bincount(pairs.flatten(), minlength=len(counts))
        return counts.reshape(-1, names)

    def _batch(self, index: Tensor) -> dict[str, Tensor]:
        """Clips by their numbers, the joints on the tokenizer's device."""
        batch, device = self.clips.batch(index), self.tokenizer.device
        moved = {name: batch[name].to(device) for name in ("joints", "present")}
        return {**moved, "classes": batch["classes"]}

    @torch.no_grad()
    def _augmented(self, joints: Tensor, present: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
        layout = self.tokenizer.layout
        joints, present, classes = augment_named(
            joints, present, classes, self.changes, layout, self._mirrored
        )
        return self.tokenizer.encode(joints, present), classes
