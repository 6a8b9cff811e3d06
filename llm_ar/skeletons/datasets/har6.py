"""HAR-6: everyday actions of one person, whose poses HRNet found in videos.

A clip's name is ``Class/CLIP``, such as ``Sitting/Sitting (12)``. Nothing says who performs, and
there is no published split: ``seeded:20`` draws one.
"""

from __future__ import annotations

import re

from llm_ar.skeletons.datasets.dataset import ClipInfo, Dataset, listed
from llm_ar.skeletons.layouts import COCO

ACTIONS = listed("""
Clapping = clap
Sitting = sit still
Standing_Still = stand still
Walking = walk
Walking_While_Reading_Book = walk while reading a book
Walking_While_Using_Phone = walk while using a phone
""")

_NAME = re.compile(r"(?:^|[#/\\])(\w+)[/\\]([\w ]+) \(\d+\)$")
_PHRASES = {action.published: action.phrase for action in ACTIONS}


def describe(source: str) -> ClipInfo | None:
    """Label of a clip by its name or path."""
    found = _NAME.search(source)
    if found is None or found[1] not in _PHRASES or found[2].replace(" ", "_") != found[1]:
        return None
    return ClipInfo(_PHRASES[found[1]], None, None, None, source)


HAR6 = Dataset("har6", actions=ACTIONS, protocols=(), describe=describe, clips=966, layout=COCO)
