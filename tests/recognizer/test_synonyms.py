from __future__ import annotations

import torch

from llm_ar.recognizer.llm import Backbone
from llm_ar.recognizer.scoring import CandidateTrie
from llm_ar.recognizer.zero_shot.descriptions import describe
from llm_ar.recognizer.zero_shot.synonyms import widen
from llm_ar.skeletons.datasets.ntu import NTU120
from llm_ar.skeletons.datasets.utd_mhad import UTD_MHAD


def test_names_come_first_and_synonyms_count_for_them() -> None:
    widened = widen(["walk", "fly a kite", "clap"])
    assert widened.candidates[:3] == widened.names == ("walk", "fly a kite", "clap")
    found = list(zip(widened.candidates, widened.owners, strict=True))
    for owner, name in ((0, "walk"), (2, "clap")):
        entry = describe(name)
        assert entry is not None
        assert {c for c, o in found if o == owner} == set(entry.names)
    assert [candidate for candidate, owner in found if owner == 1] == ["fly a kite"]


def test_a_synonym_that_is_asked_for_stands_for_itself() -> None:
    widened = widen(["Sit down", "stand to sit"])
    assert widened.candidates == ("Sit down", "stand to sit"), "'take a seat' would be of both"


def test_whole_datasets_can_be_widened(backbone: Backbone) -> None:
    for dataset in (UTD_MHAD, NTU120):
        widened = widen(dataset.classes)
        assert len(widened.candidates) > 2 * len(dataset.classes)
        assert set(widened.owners) == set(range(len(dataset.classes)))
        CandidateTrie(backbone.text_tokenizer, widened.candidates)  # refuses duplicates


def test_likelihoods_of_synonyms_are_summed() -> None:
    widened = widen(["walk", "fly a kite", "clap"])
    likelihoods = torch.rand(4, len(widened.candidates), dtype=torch.float64)
    folded = widened.fold(likelihoods.log()).exp()
    assert folded.shape == (4, 3)
    for name in range(3):
        columns = [place for place, owner in enumerate(widened.owners) if owner == name]
        torch.testing.assert_close(folded[:, name], likelihoods[:, columns].sum(1))
    torch.testing.assert_close(folded.sum(), likelihoods.sum())
