"""Names that many recordings attract by mistake: their prior over all recordings is subtracted.

Some names that were not trained lie near every clip, and are answered too often. What a name gets
on average over the recordings is taken for its prior and subtracted, as in logit adjustment (Menon
et al., "Long-Tail Learning via Logit Adjustment", ICLR 2021), here with the prior of the answers
instead of that of the training labels. The recordings are recognized together (transductive), and
their labels have no part in it. It assumes that all names are about equally frequent.
"""

from __future__ import annotations

import math

from torch import Tensor

FEWEST = 10
"""Recordings below which their mean says too little of a name's prior."""


TEMPERING = 0.6
"""Power of the probabilities whose mean is the prior: flatter ones tell more of it where recordings
are few."""


def prior_corrected(log_probabilities: Tensor) -> Tensor:
    """Log-probabilities (N, C) of C names for N recordings, without the names' prior.

    Args:
        log_probabilities: (N, C), normalized over the names or not.
    """
    tempered = (TEMPERING * log_probabilities).log_softmax(-1)
    prior = tempered.logsumexp(0) - math.log(len(tempered))
    return ((tempered - prior) / TEMPERING).log_softmax(-1)
