"""KARD, the Kinect Activity Recognition Dataset (Gaglio, Lo Re and Morana, 2015).

A clip's name is ``aAA_sSS_eEE_realworld``: action, subject, repetition.
"""

from __future__ import annotations

from llm_ar.skeletons.datasets.dataset import Dataset, by_action_and_subject, leave_one_out, listed
from llm_ar.skeletons.layouts import KARD as LAYOUT

ACTIONS = listed("""
horizontal arm wave = wave an arm horizontally
high arm wave = wave
two hand wave = wave both hands
catch cap = take a cap
high throw = throw
draw x
draw tick = draw a tick
toss paper = toss paper into a bin
forward kick = kick forward
side kick = kick sideways
take umbrella = take an umbrella
bend = bend down
hand clap = clap
walk
phone call = make a phone call
drink
sit down
stand up
""")
"""Names of a01..a18."""

describe = by_action_and_subject(
    r"(?<![0-9A-Za-z])a(\d\d)_s(\d\d)_e\d\d_realworld(?:\.txt)?$", ACTIONS
)
"""Label and subject of a clip by its name or path."""


KARD = Dataset(
    "kard",
    actions=ACTIONS,
    protocols=leave_one_out(range(1, 11)),
    describe=describe,
    clips=540,
    layout=LAYOUT,
)
