"""Florence 3D Actions (Seidenari et al., CVPR workshops 2013).

A clip's name is ``aAA_sS_idN``: action, subject, number of the clip.
"""

from __future__ import annotations

import re

from llm_ar.skeletons.datasets.dataset import ClipInfo, Dataset, leave_one_out, listed
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

_NAME = re.compile(r"(?<![0-9A-Za-z])a(\d\d)_s(\d+)_id\d+(?:\.txt)?$")


def describe(source: str) -> ClipInfo | None:
    """Label and subject of a clip by its name or path."""
    found = _NAME.search(source)
    if found is None:
        return None
    action = int(found[1])
    label = ACTIONS[action - 1].phrase if 1 <= action <= len(ACTIONS) else None
    return ClipInfo(label, str(int(found[2])), None, None, source)


FLORENCE3D = Dataset(
    "florence3d",
    actions=ACTIONS,
    protocols=leave_one_out(range(1, 11)),
    describe=describe,
    clips=215,
    layout=SBU,
)
