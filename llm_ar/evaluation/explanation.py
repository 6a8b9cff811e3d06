"""What carried an answer: which tokens (time), and which body parts.

Every figure is a difference of log-probabilities by what answers `recognize`, the LLM or, of names
that were not trained, the nearest sentence: with the sentence as it is, and with one thing taken
out of it. Nothing is estimated from gradients or attention. Taking one thing out at a time is
occlusion as in Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV
2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from llm_ar.config import PreprocessConfig
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.recognition import Answer, AnswerPolicy
from llm_ar.recognizer.zero_shot.nearest_sentence import NearestSentence
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import map_clip
from llm_ar.skeletons.preprocess import shown
from llm_ar.tokenizer.model import ActionTokenizer

TOP = 5
MOST_CANDIDATES = 16
"""Of more names than these, only the most probable ones are scored with things taken out."""


@dataclass(frozen=True)
class TokenImportance:
    """One token of the sentence.

    Args:
        token: its number in the codebook.
        seconds: (begin, end) of its part of the clip, in the clip's own time.
        frames: (first, last) recorded frame of that part.
        drop: how much log-probability (nats) the answer loses when the token says nothing;
            negative if the token spoke against it.
        answer: the most probable name then.
    """

    token: int
    seconds: tuple[float, float]
    frames: tuple[int, int]
    drop: float
    answer: str


@dataclass(frozen=True)
class PartImportance:
    """One body part.

    Args:
        part: its name in the layout.
        drop: how much log-probability (nats) the answer loses when the part is hidden.
        changed: how many tokens of the sentence are others then.
        answer: the most probable name then.
    """

    part: str
    drop: float
    changed: int
    answer: str


@dataclass(frozen=True)
class Explanation:
    """An answer and what carried it.

    Args:
        file: the clip's file.
        top: the best answers, best first; the first one is explained.
        log_probability: of the answer among the scored candidates.
        tokens: each token of the sentence, in order.
        parts: each body part of the model's layout.
    """

    file: str
    top: tuple[Answer, ...]
    log_probability: float
    tokens: tuple[TokenImportance, ...]
    parts: tuple[PartImportance, ...]

    @property
    def sentence(self) -> list[int]:
        """The action sentence."""
        return [token.token for token in self.tokens]


def _most_probable(policy: AnswerPolicy, sentence: Tensor) -> tuple[str, ...]:
    """All candidates, or the most probable ones of many, in the candidates' order."""
    if len(policy.names) <= MOST_CANDIDATES:
        return tuple(policy.names)
    kept = policy.rank(sentence, MOST_CANDIDATES).indices[0].tolist()
    return tuple(policy.names[place] for place in sorted(kept))


@torch.inference_mode()
def explain(
    model: ActionRecognizer, clip: Clip, labels: Sequence[str] | None = None
) -> Explanation:
    """Score a clip's sentence, and all versions of it with one thing taken out, in one batch.

    A token is silenced by the mean of all token embeddings in its place: an embedding between all
    words, which says nothing of its own while the sentence keeps its length. A body part is hidden
    as the tokenizer sees joints that were never seen, after the clip has been centered and scaled,
    so that nothing else moves. Of many candidates the `MOST_CANDIDATES` that are most probable
    after the whole sentence are compared; the others hold little of its probability.

    Args:
        model: the recognizer.
        clip: what to recognize.
        labels: candidate names; those of the training by default.

    Raises:
        LayoutError: the clip's layout cannot be mapped to the model's.
        ConfigError: the labels are empty or not distinct.
    """
    layout = model.tokenizer.layout
    joints, present = model.tokenizer.prepare_clips([clip])
    masks = torch.cat([present, *(hide(present, part) for part in layout.parts.values())])
    sentences = model.tokenizer.encode(joints.expand(len(masks), -1, -1, -1, -1), masks)
    policy = model.policy(labels)
    if isinstance(policy, NearestSentence):
        names = tuple(policy.names)
        rows = _versions(sentences, model.tokenizer.token_text_embeddings)
        scores = policy.scores_of_texts(rows)
    else:
        names = _most_probable(policy, sentences[:1])
        rows = _versions(sentences, model.token_embeddings)
        scores = model.log_likelihoods_from_embeddings(rows, names)
    scores = scores.cpu().double().log_softmax(dim=-1)
    best = int(scores[0].argmax())
    drops = (scores[0, best] - scores[:, best]).tolist()
    answers = [names[index] for index in scores.argmax(dim=-1).tolist()]
    words = model.tokenizer.words
    spans = token_spans(clip, model.tokenizer)
    changed = (sentences[1:] != sentences[0]).sum(dim=-1).tolist()
    order = scores[0].topk(min(TOP, len(names))).indices.tolist()
    return Explanation(
        file=clip.source,
        top=tuple(Answer(names[index], float(scores[0, index].exp())) for index in order),
        log_probability=float(scores[0, best]),
        tokens=tuple(
            TokenImportance(token, *span, drop, answer)
            for token, span, drop, answer in zip(
                sentences[0].tolist(),
                spans,
                drops[1 : 1 + words],
                answers[1 : 1 + words],
                strict=True,
            )
        ),
        parts=tuple(
            PartImportance(part, drop, count, answer)
            for part, drop, count, answer in zip(
                layout.parts, drops[1 + words :], changed, answers[1 + words :], strict=True
            )
        ),
    )


def _versions(sentences: Tensor, embeddings: Tensor) -> Tensor:
    """Embeddings (1 + W + P, W, width): the sentence, each token silenced, each part hidden.

    Args:
        sentences: (1 + P, W) tokens, the whole sentence first.
        embeddings: (U, width) of all tokens.
    """
    rows = embeddings[sentences.to(embeddings.device)]
    return torch.cat([rows[:1], silenced(rows[0], embeddings), rows[1:]])


def silenced(sentence: Tensor, token_embeddings: Tensor) -> Tensor:
    """A sentence's embeddings (W, width) W times, (W, W, width): in row w, token w says nothing."""
    rows = sentence.repeat(len(sentence), 1, 1)
    places = torch.arange(len(sentence), device=rows.device)
    rows[places, places] = token_embeddings.mean(dim=0)
    return rows


def hide(present: Tensor, joints: Sequence[int]) -> Tensor:
    """Presence (B, T, M, J) without some joints, in all frames and of all people."""
    mask = present.clone()
    mask[..., list(joints)] = False
    return mask


def token_spans(
    clip: Clip, tokenizer: ActionTokenizer
) -> list[tuple[tuple[float, float], tuple[int, int]]]:
    """For each token the (begin, end) in seconds and the (first, last) frame that it stands for.

    The tokens share the frames from the first to the last that shows the kept people evenly; a
    clip token stands for all of them. (Through the encoder's convolutions a token also knows of the
    frames around its own.)
    """
    preprocess: PreprocessConfig = tokenizer.preprocess
    _, frames = shown(map_clip(clip, tokenizer.layout), preprocess)
    steps = tokenizer.steps
    edges = [frames.start + len(frames) * step / steps for step in range(steps + 1)]
    spans = list(pairwise(edges))
    spans += [(edges[0], edges[-1])] * (tokenizer.words - steps)
    return [
        ((begin / clip.fps, end / clip.fps), (int(begin), max(int(begin), -int(-end // 1) - 1)))
        for begin, end in spans
    ]
