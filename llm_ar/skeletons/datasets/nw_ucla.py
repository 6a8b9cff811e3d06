"""Northwestern-UCLA Multiview Action3D (Wang et al., CVPR 2014).

A clip's name is ``aAA_sSS_eEE_vVV``: action, subject, episode, view (camera).
"""

from __future__ import annotations

import re

from llm_ar.skeletons.datasets.dataset import Action, ClipInfo, Dataset, by_camera
from llm_ar.skeletons.datasets.zero_shot import unseen_splits
from llm_ar.skeletons.layouts import KINECT_V1

ACTIONS = {
    1: Action("pick up with one hand", "pick up with one hand"),
    2: Action("pick up with two hands", "pick up with two hands"),
    3: Action("drop trash", "drop trash"),
    4: Action("walk around", "walk around"),
    5: Action("sit down", "sit down"),
    6: Action("stand up", "stand up"),
    8: Action("donning", "put on clothes"),
    9: Action("doffing", "take off clothes"),
    11: Action("throw", "throw"),
    12: Action("carry", "carry"),
}
"""By the action number of a file's name; the dataset leaves out the other numbers."""

_NAME = re.compile(r"(?<![0-9A-Za-z])a(\d\d)_s(\d\d)_e\d\d_v(\d\d)(?!\d)")


def describe(source: str) -> ClipInfo | None:
    """Label, subject and camera of a clip by its name or path."""
    found = _NAME.findall(source)
    if not found:
        return None
    action, subject, camera = (int(number) for number in found[-1])
    label = ACTIONS[action].phrase if action in ACTIONS else None
    return ClipInfo(label, str(subject), str(camera), None, source)


_XVIEW = by_camera("xview", train="12", test="3", counts=(1_020, 464))

NW_UCLA = Dataset(
    "nw-ucla",
    actions=tuple(ACTIONS.values()),
    protocols=(_XVIEW, *unseen_splits(_XVIEW, tuple(ACTIONS.values()), 2)),
    describe=describe,
    clips=1_484,
    layout=KINECT_V1,
)
