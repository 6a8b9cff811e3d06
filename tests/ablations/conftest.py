"""Merged data for the tests of this folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.layouts import CANONICAL, KINECT_V1
from llm_ar.skeletons.prepare.merge import Part, merge
from llm_ar.skeletons.store import ClipStore, write_store
from llm_ar.skeletons.synthetic.dataset import procedural_clips


@pytest.fixture(scope="session")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two datasets of generated clips with some names in common, in the canonical body."""
    place = tmp_path_factory.mktemp("corpora")
    parts = []
    for name, protocol, seed in (("procedural", "xsub", 0), ("folder", "split", 1)):
        clips = [
            replace(clip, split="test" if number % 4 == 3 else "train")
            for number, clip in enumerate(procedural_clips(clips=64, subjects=4, seed=seed))
        ]
        clips = clips[:48] if name == "folder" else clips[16:]
        write_store(
            iter(clips), place / name, dataset=name, layout=KINECT_V1, fingerprint=f"{name} {seed}"
        )
        parts.append(Part(ClipStore.open(place / name), protocol))
    merge(parts, place / "both", CANONICAL, Ontology.built_in())
    return place / "both"
