"""The layout of joints that a file names one by one, in an order of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_ar.errors import ClipError
from llm_ar.skeletons.layouts import LAYOUTS, Layout
from llm_ar.skeletons.readers.csv_names import joint_name


def named_layout(path: Path, names: Sequence[Any]) -> tuple[Layout, list[int]]:
    """The layout with the most joints of which all are named, and the place of each in the names.

    Raises:
        ClipError: no layout has its joints among the names.
    """
    places = {joint_name(str(name)): place for place, name in reversed(list(enumerate(names)))}
    fitting = [layout for layout in LAYOUTS if places.keys() >= set(map(joint_name, layout.joints))]
    if not fitting:
        shown = ", ".join(str(name)[:20] for name in list(names)[:6])
        raise ClipError(
            path,
            f"names {len(names)} joints ({shown}, ...) that hold all joints of no known layout; "
            "name them as the built-in layouts do",
        )
    layout = max(fitting, key=lambda layout: len(layout.joints))
    return layout, [places[joint_name(joint)] for joint in layout.joints]
