"""``llm-ar data merge``: several prepared datasets as one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from llm_ar.applications.ui.terminal import show_lines


def run(arguments: Sequence[str]) -> int:
    """Merge prepared datasets and print what came together."""
    parser = argparse.ArgumentParser(
        prog="llm-ar data merge",
        description="Several prepared datasets as one, for a model that knows all their actions. "
        "Each is divided by its own protocol; the result has the protocol split. Actions of the "
        "same name become one.",
    )
    parser.add_argument(
        "parts",
        nargs="+",
        metavar="FOLDER:PROTOCOL",
        help="a prepared dataset and its protocol, such as data/nw-ucla:xview",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the new dataset")
    parser.add_argument(
        "--layout", default="kinect-v1", help="the joints of the new dataset (default kinect-v1)"
    )
    given = parser.parse_args(arguments)
    for part in given.parts:
        if ":" not in part:
            parser.error(f"{part!r} names no protocol; write FOLDER:PROTOCOL")

    from llm_ar.skeletons.layouts import layout_named
    from llm_ar.skeletons.prepare.merge import Part, merge
    from llm_ar.skeletons.store import ClipStore

    layout = layout_named(given.layout)
    named = [part.rpartition(":") for part in given.parts]
    parts = [Part(ClipStore.open(folder), protocol) for folder, _, protocol in named]
    show_lines(merge(parts, given.out, layout).summary())
    return 0
