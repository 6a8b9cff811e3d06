"""The codebook as a vocabulary: which tokens the test clips use, and what these show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from llm_ar.evaluation.evaluate import Evaluation
from llm_ar.tokenizer.encoder import STRIDE
from llm_ar.tokenizer.model import ActionTokenizer


@dataclass(frozen=True)
class TokenUse:
    """A token's part in the test clips.

    Args:
        token: its number in the codebook.
        uses: places in sentences that it stands at.
        clips: clips that it stands in.
        names: (true action, share of those clips in [0, 1]), largest first, none with 0.
    """

    token: int
    uses: int
    clips: int
    names: tuple[tuple[str, float], ...]


def most_used(evaluation: Evaluation, count: int, steps: int) -> list[TokenUse]:
    """The tokens that the test clips use most, most used first, at most ``count``.

    Those of the first ``steps`` places of a sentence, which show movements; a summary does not.
    """
    tokens, uses = np.unique(evaluation.sentences[:, :steps], return_counts=True)
    order = np.argsort(-uses, kind="stable")[:count]
    return [_use(evaluation, int(tokens[place]), int(uses[place]), steps) for place in order]


def _use(evaluation: Evaluation, token: int, uses: int, steps: int) -> TokenUse:
    holding = (evaluation.sentences[:, :steps] == token).any(axis=1)
    clips = int(holding.sum())
    counts = np.bincount(evaluation.truth[holding], minlength=len(evaluation.labels))
    order = [index for index in np.argsort(-counts, kind="stable") if counts[index]]
    names = tuple((evaluation.labels[index], float(counts[index] / clips)) for index in order)
    return TokenUse(token, uses, clips, names)


@torch.inference_mode()
def movements(tokenizer: ActionTokenizer, tokens: list[int]) -> NDArray[np.float32]:
    """What each of N tokens shows, ``(N, 4, M, J, 3)``, in body sizes.

    The decoder mixes neighbors by its convolutions, so that a token alone has no movement of its
    own. A sentence that says nothing but the token is decoded, and the frames of its middle token
    taken: what the token looks like among its like, as far from the sentence's ends as can be.
    """
    sentences = torch.tensor(tokens, device=tokenizer.device)[:, None]
    joints = tokenizer.decode(sentences.expand(-1, tokenizer.words))
    first = tokenizer.steps // 2 * STRIDE
    return np.asarray(joints[:, first : first + STRIDE].float().cpu().numpy())
