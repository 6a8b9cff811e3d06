"""MSR Daily Activity 3D (Wang et al., CVPR 2012).

A clip's name is ``aAA_sSS_eEE_skeleton_proj``: action, subject, episode (standing or sitting).
"""

from __future__ import annotations

from llm_ar.skeletons.datasets.dataset import (
    Dataset,
    by_action_and_subject,
    by_subject,
    listed,
    numbers,
)
from llm_ar.skeletons.datasets.zero_shot import unseen_splits
from llm_ar.skeletons.layouts import KINECT_V1

ACTIONS = listed("""
drink
eat
read book = read a book
call cellphone = make a phone call
write on a paper = write on paper
use laptop = use a laptop
use vacuum cleaner = use a vacuum cleaner
cheer up = cheer
sit still
toss paper
play game = play a game
lie down on sofa = lie down on a sofa
walk
play guitar = play the guitar
stand up
sit down
""")
"""Names of a01..a16."""

describe = by_action_and_subject(
    r"(?<![0-9A-Za-z])a(\d\d)_s(\d\d)_e\d\d_skeleton_proj(?:\.txt)?$", ACTIONS
)
"""Label and subject of a clip by its name or path."""


_ODD_EVEN = by_subject(
    "odd-even",
    train=numbers(range(1, 11, 2)),
    test=numbers(range(2, 11, 2)),
    counts=(160, 160),
)

MSR_DAILY = Dataset(
    "msr-daily",
    actions=ACTIONS,
    protocols=(_ODD_EVEN, *unseen_splits(_ODD_EVEN, ACTIONS, 3)),
    describe=describe,
    clips=320,
    layout=KINECT_V1,
)
