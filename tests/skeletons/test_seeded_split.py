"""A split drawn from a seed: the asked share, the same each time, unmoved by further clips."""

from __future__ import annotations

import pytest

from llm_ar.errors import DatasetError
from llm_ar.skeletons.datasets.protocols import ClipInfo, dataset_named, protocol_named

CLIPS = [ClipInfo("wave", None, None, None, f"clip{number}.npy") for number in range(4000)]


def parts(name, clips=CLIPS):
    rule = protocol_named(dataset_named("folder"), name)
    return [rule.assign(clip) for clip in clips]


def test_the_share_is_about_what_was_asked_for():
    for percent in (5, 20, 50):
        share = parts(f"seeded:{percent}").count("test") / len(CLIPS)
        assert abs(share - percent / 100) < 0.03


def test_the_seed_alone_decides():
    assert parts("seeded:20") == parts("seeded:20:0") == parts("seeded:20", CLIPS[::-1])[::-1]
    assert parts("seeded:20:1") != parts("seeded:20:2")
    assert parts("seeded:20")[:100] == parts("seeded:20", CLIPS[:100])


@pytest.mark.parametrize("name", ["seeded:0", "seeded:100", "seeded:", "seeded:20:x", "seeded:-5"])
def test_shares_that_leave_nothing_are_refused(name):
    with pytest.raises(DatasetError, match="seeded:PERCENT_OF_TEST_CLIPS:SEED"):
        parts(name)
