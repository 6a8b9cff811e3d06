"""Who trains and who tests."""

from __future__ import annotations

import pytest

from llm_ar.errors import DatasetError
from llm_ar.skeletons.datasets.protocols import DATASETS, ClipInfo, dataset_named, protocol_named


def info(**known: str) -> ClipInfo:
    fields = dict.fromkeys(ClipInfo._fields) | {"label": "wave", "source": "x"} | known
    return ClipInfo(**fields)


def assigned(dataset: str, protocol: str, **known: str) -> str:
    return protocol_named(dataset_named(dataset), protocol).assign(info(**known))


def test_class_names_are_distinct_and_as_many_as_published():
    for dataset in DATASETS:
        assert len(set(dataset.classes)) == len(dataset.classes)
    counts = {dataset.name: len(dataset.classes) for dataset in DATASETS}
    assert (counts["nw-ucla"], counts["utd-mhad"], counts["folder"]) == (10, 27, 0)
    assert counts["procedural"] >= 12


@pytest.mark.parametrize(
    ("camera", "part"), [("1", "train"), ("2", "train"), ("3", "test"), ("4", "unused")]
)
def test_nw_ucla_by_camera(camera, part):
    assert assigned("nw-ucla", "xview", camera=camera) == part


def test_utd_mhad_by_subject():
    parts = [assigned("utd-mhad", "odd-even", subject=str(number)) for number in range(1, 10)]
    assert parts == ["train", "test"] * 4 + ["unused"]
    assert assigned("utd-mhad", "odd-even") == "unused"


@pytest.mark.parametrize(
    ("split", "part"),
    [("train", "train"), ("test", "test"), ("validation", "validation"), ("other", "unused")],
)
def test_split_column(split, part):
    assert assigned("folder", "split", split=split) == part
    assert assigned("procedural", "xsub", split=split) == part


def test_held_out_subjects():
    assert assigned("folder", "held-out:ann, bob", subject="bob") == "test"
    assert assigned("folder", "held-out:ann, bob", subject="eve") == "train"
    assert assigned("folder", "held-out:ann") == "unused"


@pytest.mark.parametrize("name", ["xsub", "held-out", "held-out:", "held-out: , ", ""])
def test_unknown_protocols_list_the_known(name):
    known = "nw-ucla has no protocol .*xview, .*split, held-out:.* seeded:"
    with pytest.raises(DatasetError, match=known):
        protocol_named(dataset_named("nw-ucla"), name)


def test_unknown_datasets_list_the_known():
    with pytest.raises(DatasetError, match="'nwucla'; known are nw-ucla, utd-mhad"):
        dataset_named("nwucla")
