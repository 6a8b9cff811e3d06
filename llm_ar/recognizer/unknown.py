"""Unknown actions: how far a clip lies from every action of the training.

The score is the Mahalanobis distance of Lee et al., "A Simple Unified Framework for Detecting
Out-of-Distribution Samples and Adversarial Attacks" (NeurIPS 2018): each action has the mean of its
training clips, all share one covariance, and the smallest distance counts. The features are the
latents before quantization, averaged over time. The probability of the best name is no such score:
a classifier can be as sure of actions that it never saw (docs/timeline.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from llm_ar.skeletons.clip import Clip
from llm_ar.tokenizer.model import ActionTokenizer

SHRINKAGE = 0.01
"""Share of the mean variance that is added to each variance, so that the covariance inverts."""
KNOWN_SHARE = 0.95
"""Share of the training clips that the threshold lets pass."""


@dataclass(frozen=True)
class Unknown:
    """Tells clips of the trained actions from others.

    Args:
        means: (C, D) of each action's training clips, whitened.
        whitening: (D, D), under which the actions' common covariance is the identity.
        threshold: the distance above which a clip is unknown.
    """

    means: Tensor
    whitening: Tensor
    threshold: float

    def distances(self, features: Tensor) -> Tensor:
        """(B,) distance of features (B, D) to the nearest action."""
        white = features.double().cpu() @ self.whitening.double()
        return torch.cdist(white, self.means.double()).min(dim=1).values

    def is_unknown(self, features: Tensor) -> Tensor:
        """(B,) bool."""
        return self.distances(features) > self.threshold


@torch.no_grad()
def encode(tokenizer: ActionTokenizer, clips: Sequence[Clip]) -> tuple[Tensor, Tensor]:
    """Action sentences (B, W) and features (B, D) of clips, encoded once.

    Raises:
        LayoutError: a clip has a layout that cannot be mapped to the tokenizer's.
    """
    latents = tokenizer.latents(tokenizer.hidden(*tokenizer.prepare_clips(clips)))
    return tokenizer.codebook(latents).indices, latents.mean(dim=1)


def fit(features: Tensor, classes: Tensor, groups: Sequence[object]) -> Unknown:
    """Means and covariance of training clips, and the threshold that new people would pass.

    The threshold is cross-validated: the clips of each group in turn are measured by the means and
    the covariance of the others.

    Args:
        features: (N, D).
        classes: (N,) their actions.
        groups: (N,) such as who performs.
    """
    features, classes = features.double().cpu(), classes.cpu()
    distances = []
    for group in dict.fromkeys(groups):
        held_out = torch.tensor([other == group for other in groups])
        if not held_out.all():
            others = _model(features[~held_out], classes[~held_out], 0.0)
            distances.append(others.distances(features[held_out]))
    found = _model(features, classes, 0.0)
    passing = torch.cat(distances) if distances else found.distances(features)
    return replace(found, threshold=float(passing.quantile(KNOWN_SHARE)))


def _model(features: Tensor, classes: Tensor, threshold: float) -> Unknown:
    present, places = classes.unique(return_inverse=True)
    means = torch.stack([features[places == action].mean(dim=0) for action in range(len(present))])
    rest = features - means[places]
    covariance = rest.T @ rest / len(rest)
    added = SHRINKAGE * covariance.diagonal().mean().clamp_min(1e-12)
    covariance += added * torch.eye(len(covariance), dtype=covariance.dtype)
    spectrum, vectors = torch.linalg.eigh(covariance)
    whitening = (vectors * spectrum.rsqrt()).float()
    return Unknown((means @ whitening.double()).float(), whitening, threshold)
