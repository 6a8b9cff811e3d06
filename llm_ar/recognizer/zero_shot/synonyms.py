"""Synonym expansion: a name's likelihood is the sum over itself and its synonyms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from llm_ar.recognizer.scoring import Ranking, Scorer
from llm_ar.recognizer.zero_shot.descriptions import Descriptions, built_in, same_name


@dataclass(frozen=True)
class SynonymExpansion:
    """Names with their synonyms: the candidates to score and the name that each counts for."""

    names: tuple[str, ...]
    """The C names asked for."""
    candidates: tuple[str, ...]
    """The N candidates: the names in their order, then the synonyms."""
    owners: tuple[int, ...]
    """For each candidate the name it counts for."""

    def fold(self, log_likelihoods: Tensor) -> Tensor:
        """Log-likelihood that the answer is a name or one of its synonyms.

        log sum over a name's candidates of p(candidate), by logsumexp.

        Args:
            log_likelihoods: (B, N), of the candidates.

        Returns:
            (B, C), of the names.
        """
        owners = torch.tensor(self.owners, device=log_likelihoods.device)
        columns = [log_likelihoods[:, owners == name] for name in range(len(self.names))]
        return torch.stack([column.logsumexp(1) for column in columns], dim=1)


def expand_synonyms(names: Sequence[str], known: Descriptions | None = None) -> SynonymExpansion:
    """The names with those synonyms that belong to one of them only.

    A synonym that is a candidate itself, or belongs to several of the names, is left out.

    Args:
        names: the candidates, all different.
        known: where synonyms are looked up; the built-in descriptions by default.
    """
    known = built_in() if known is None else known
    asked = {same_name(name) for name in names}
    found = [known.find(name) for name in names]
    others = [
        (owner, other)
        for owner, entry in enumerate(found)
        for other in (entry.names if entry else ())
        if same_name(other) not in asked
    ]
    claims = Counter(same_name(other) for _, other in others)
    kept = [(owner, other) for owner, other in others if claims[same_name(other)] == 1]
    return SynonymExpansion(
        tuple(names),
        (*names, *(other for _, other in kept)),
        (*range(len(names)), *(owner for owner, _ in kept)),
    )


class SynonymPolicy:
    """Ranks names by the summed likelihoods of their synonyms (see `AnswerPolicy`).

    Every candidate is scored, so that this takes longer than without synonyms.

    Args:
        scorer: an exact scorer.
        names: the candidates, all different.
        known: where synonyms are looked up; the built-in descriptions by default.
    """

    def __init__(
        self, scorer: Scorer, names: Sequence[str], known: Descriptions | None = None
    ) -> None:
        self._scorer = scorer
        self._expansion = expand_synonyms(names, known)

    @property
    def names(self) -> Sequence[str]:
        """The C names."""
        return self._expansion.names

    def rank(self, tokens: Tensor, top_k: int) -> Ranking:
        """See `llm_ar.recognizer.recognition.AnswerPolicy`.

        Raises:
            ConfigError: if the names are empty or not distinct.
        """
        candidates = self._expansion.candidates
        scored = self._scorer.rank(tokens, candidates, len(candidates))
        ranking = Ranking.from_scores(self._expansion.fold(scored.in_order()), top_k)
        ranking.nodes = scored.nodes
        return ranking
