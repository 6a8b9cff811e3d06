from __future__ import annotations

import torch

from llm_ar.recognizer.llm import Backbone
from llm_ar.recognizer.scoring import CandidateTrie
from llm_ar.recognizer.zero_shot.descriptions import describe
from llm_ar.recognizer.zero_shot.synonyms import expand_synonyms
from llm_ar.skeletons.datasets.ntu import NTU120
from llm_ar.skeletons.datasets.utd_mhad import UTD_MHAD


def test_names_come_first_and_synonyms_count_for_them() -> None:
    expanded = expand_synonyms(["walk", "fly a kite", "clap"])
    assert expanded.candidates[:3] == expanded.names == ("walk", "fly a kite", "clap")
    found = list(zip(expanded.candidates, expanded.owners, strict=True))
    for owner, name in ((0, "walk"), (2, "clap")):
        entry = describe(name)
        assert entry is not None
        assert {c for c, o in found if o == owner} == set(entry.names)
    assert [candidate for candidate, owner in found if owner == 1] == ["fly a kite"]


def test_a_synonym_that_is_asked_for_stands_for_itself() -> None:
    expanded = expand_synonyms(["Sit down", "stand to sit"])
    assert expanded.candidates == ("Sit down", "stand to sit"), "'take a seat' would be of both"


def test_whole_datasets_can_be_expanded(backbone: Backbone) -> None:
    for dataset in (UTD_MHAD, NTU120):
        expanded = expand_synonyms(dataset.classes)
        assert len(expanded.candidates) > 2 * len(dataset.classes)
        assert set(expanded.owners) == set(range(len(dataset.classes)))
        CandidateTrie(backbone.text_tokenizer, expanded.candidates)  # refuses duplicates


def test_likelihoods_of_synonyms_are_summed() -> None:
    expanded = expand_synonyms(["walk", "fly a kite", "clap"])
    likelihoods = torch.rand(4, len(expanded.candidates), dtype=torch.float64)
    folded = expanded.fold(likelihoods.log()).exp()
    assert folded.shape == (4, 3)
    for name in range(3):
        columns = [place for place, owner in enumerate(expanded.owners) if owner == name]
        torch.testing.assert_close(folded[:, name], likelihoods[:, columns].sum(1))
    torch.testing.assert_close(folded.sum(), likelihoods.sum())
