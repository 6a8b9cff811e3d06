"""Florence 3D Actions (Seidenari et al., CVPR workshops 2013).

A clip's name is ``aAA_sS_idN``: action, subject, number of the clip.
"""

from __future__ import annotations

from llm_ar.skeletons.datasets.dataset import Dataset, by_action_and_subject, leave_one_out, listed
from llm_ar.skeletons.layouts import SBU

ACTIONS = listed("""
wave
drink from a bottle
answer phone = make a phone call
clap
tight lace = tie shoelaces
sit down
stand up
read watch = look at a watch
bow
""")
"""Names of a01..a09."""

describe = by_action_and_subject(r"(?<![0-9A-Za-z])a(\d\d)_s(\d+)_id\d+(?:\.txt)?$", ACTIONS)


FLORENCE3D = Dataset(
    "florence3d",
    actions=ACTIONS,
    protocols=leave_one_out(range(1, 11)),
    describe=describe,
    clips=215,
    layout=SBU,
)
