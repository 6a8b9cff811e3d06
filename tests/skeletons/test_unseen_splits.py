"""Splits with unseen actions: fixed for ever, disjoint, and true to the base protocol."""

from __future__ import annotations

import itertools

import pytest

from llm_ar.skeletons.datasets.protocols import ClipInfo, dataset_named, protocol_named

SPLITS = [f"unseen{number}" for number in range(5)]


def unseen(dataset: str, split: str) -> tuple[str, ...]:
    return protocol_named(dataset_named(dataset), split).unseen


@pytest.mark.parametrize(("dataset", "count"), [("utd-mhad", 5), ("nw-ucla", 2), ("procedural", 3)])
def test_five_splits_share_no_unseen_action(dataset, count):
    drawn = [unseen(dataset, split) for split in SPLITS]
    assert [len(names) for names in drawn] == [count] * 5
    together = list(itertools.chain(*drawn))
    assert len(set(together)) == 5 * count and set(together) <= set(dataset_named(dataset).classes)


def test_the_draw_never_changes():
    assert unseen("nw-ucla", "unseen0") == ("drop trash", "stand up")
    assert unseen("nw-ucla", "unseen4") == ("pick up with two hands", "throw")
    assert unseen("utd-mhad", "unseen3") == (
        "draw triangle",
        "bowling",
        "boxing",
        "push",
        "catch",
    )


def test_unseen_actions_only_test_and_only_with_new_people():
    rule = protocol_named(dataset_named("utd-mhad"), "unseen3")

    def part(label: str, subject: str) -> str:
        return rule.assign(ClipInfo(label, subject, None, None, "x"))

    assert part("push", "2") == "test" and part("push", "1") == "unused"
    assert part("wave", "1") == "train" and part("wave", "2") == "unused"
