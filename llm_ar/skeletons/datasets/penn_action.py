"""Penn Action (Zhang, Zhu and Derpanis, ICCV 2013).

A clip's name is a number alone, such as ``0001``: its action and its part of the split stand in its
file.
"""

from __future__ import annotations

from llm_ar.skeletons.datasets.dataset import Dataset, Protocol, by_own_split, listed
from llm_ar.skeletons.layouts import PENN_13

ACTIONS = listed("""
baseball_pitch = baseball pitch
baseball_swing = baseball swing
bench_press = bench press
bowl = bowling
clean_and_jerk = clean and jerk
golf_swing = golf swing
jump_rope = jump rope
jumping_jacks = jumping jacks
pullup = pull-ups
pushup = push-ups
situp = sit-ups
squat
strum_guitar = play the guitar
tennis_forehand = tennis swing
tennis_serve = tennis serve
""")
"""Names as the files write them."""

PHRASES = {action.published: action.phrase for action in ACTIONS}

PENN_ACTION = Dataset(
    "penn-action",
    actions=ACTIONS,
    protocols=(Protocol("split", by_own_split, counts=(1_258, 1_068)),),
    clips=2_326,
    layout=PENN_13,
)
