"""UTD-MHAD (Chen, Jafari and Kehtarnavaz, ICIP 2015).

A clip's name is ``aA_sS_tT_skeleton``: action, subject, trial.
"""

from __future__ import annotations

from llm_ar.skeletons.datasets.dataset import Dataset, by_action_and_subject, by_subject, listed
from llm_ar.skeletons.datasets.zero_shot import unseen_splits
from llm_ar.skeletons.layouts import KINECT_V1

ACTIONS = listed("""
right arm swipe to the left = swipe left
right arm swipe to the right = swipe right
right hand wave = wave
two hand front clap = clap
right arm throw = throw
cross arms in the chest = cross arms
basketball shoot
right hand draw x = draw x
right hand draw circle (clockwise) = draw circle clockwise
right hand draw circle (counter clockwise) = draw circle counter-clockwise
draw triangle
bowling (right hand) = bowling
front boxing = boxing
baseball swing from right = baseball swing
tennis right hand forehand swing = tennis swing
arm curl (two arms) = arm curl
tennis serve
two hand push = push
right hand knock on door = knock
right hand catch an object = catch
right hand pick up and throw = pick up and throw
jogging in place = jog
walking in place = walk
sit to stand
stand to sit
forward lunge (left foot forward) = lunge
squat (two arms stretch out) = squat
""")
"""Names of a1..a27."""

describe = by_action_and_subject(
    r"(?<![0-9A-Za-z])a(\d+)_s(\d+)_t\d+(?:_skeleton)?(?:\.mat)?$", ACTIONS
)
"""Label and subject of a clip by its name or path."""


_ODD_EVEN = by_subject("odd-even", train="1357", test="2468", counts=(431, 430))

UTD_MHAD = Dataset(
    "utd-mhad",
    actions=ACTIONS,
    protocols=(_ODD_EVEN, *unseen_splits(_ODD_EVEN, ACTIONS, 5)),
    describe=describe,
    clips=861,
    layout=KINECT_V1,
)
