"""Bandai-Namco Research Motiondataset 1 (Kobayashi et al., 2023): motion capture in styles.

A clip's name is ``dataset-1_ACTION_STYLE_NNN``. Its actors are not named, so that no protocol parts
by them; ``seeded:20`` draws a fifth of the clips for testing.
"""

from __future__ import annotations

import re

from llm_ar.skeletons.datasets.dataset import ClipInfo, Dataset, listed
from llm_ar.skeletons.layouts import KINECT_V1

ACTIONS = listed("""
bow
bye = wave goodbye
byebye = wave goodbye with both hands
call = call out to someone
dance-short = dance
dash
guide = show the way
kick
punch
respond = respond to a call
run
slash
walk
walk-back = walk backward
walk-left = walk to the left
walk-right = walk to the right
""")

_NAME = re.compile(r"(?<![0-9A-Za-z])dataset-1_([a-z-]+)_[a-z-]+_\d{3}(?:\.bvh)?$")
_PHRASES = {action.published: action.phrase for action in ACTIONS}


def describe(source: str) -> ClipInfo | None:
    """Label of a clip by its name or path."""
    found = _NAME.search(source)
    if found is None or found[1] not in _PHRASES:
        return None
    return ClipInfo(_PHRASES[found[1]], None, None, None, source)


BANDAI_NAMCO = Dataset(
    "bandai-namco",
    actions=ACTIONS,
    protocols=(),
    describe=describe,
    clips=174,
    layout=KINECT_V1,
)
