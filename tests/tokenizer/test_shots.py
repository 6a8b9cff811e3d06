"""Few training clips of each action."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from llm_ar.config import RunConfig
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.data import training_clips


def test_so_many_clips_of_each_action(procedural_data: Path) -> None:
    store = ClipStore.open(procedural_data)
    run = RunConfig(data=procedural_data)
    train = store.split("xsub")[0]
    assert training_clips(store, run) == train
    known = store.metadata()
    there = Counter(known[index].label for index in train)
    drawn = {shots: training_clips(store, replace(run, shots=shots)) for shots in (1, 3)}
    for shots, clips in drawn.items():
        counts = Counter(known[index].label for index in clips)
        assert counts == {label: min(shots, count) for label, count in there.items()}
        assert set(clips) <= set(train) and clips == sorted(clips)
    assert set(drawn[1]) < set(drawn[3])
    assert training_clips(store, replace(run, shots=1)) == drawn[1]
    assert training_clips(store, replace(run, shots=1, seed=5)) != drawn[1]
