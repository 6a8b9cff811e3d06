"""CAD-60, the Cornell Activity Dataset (Sung et al., ICRA 2012), as one array a recording.

A recording's name is ``aNN_ACTIVITY_pP``: number, activity, person. It lasts up to a minute of one
activity and is no clip: `llm_ar.skeletons.prepare` cuts it into pieces ``aNN_ACTIVITY_pP.npy#K`` of
`PIECE_SECONDS`. The two recordings ``random`` of each person show no named activity.
"""

from __future__ import annotations

import re

from llm_ar.skeletons.datasets.dataset import ClipInfo, Dataset, leave_one_out, listed
from llm_ar.skeletons.layouts import CAD60 as LAYOUT

ACTIONS = listed("""
still = stand still
talking on the phone = make a phone call
writing on whiteboard = write on a whiteboard
drinking water = drink water
rinsing mouth with water = rinse the mouth with water
brushing teeth = brush teeth
wearing contact lenses = put in contact lenses
talking on couch = talk on a couch
relaxing on couch = relax on a couch
cooking (chopping) = chop food
cooking (stirring) = stir food
opening pill container = open a pill container
working on computer = work on a computer
""")
"""Of the activities; some have several numbers."""

PIECE_SECONDS = 4.0
"""Length of a piece. What is left at a recording's end is a piece if it has half of that."""

_NAME = re.compile(
    r"(?<![0-9A-Za-z])a\d\d_([a-z()]+(?:_[a-z()]+)*|random\d)_p(\d)(?:\.npy)?(?:#\d+)?$"
)
_PHRASES = {action.published.replace(" ", "_"): action.phrase for action in ACTIONS}


def describe(source: str) -> ClipInfo | None:
    """Label (None of a random recording) and person of a clip by its name or path."""
    found = _NAME.search(source)
    if found is None:
        return None
    label = _PHRASES.get(found[1])
    if label is None and not found[1].startswith("random"):
        return None
    return ClipInfo(label, found[2], None, None, source)


CAD60 = Dataset(
    "cad60",
    actions=ACTIONS,
    protocols=leave_one_out(range(1, 5)),
    describe=describe,
    layout=LAYOUT,
)
