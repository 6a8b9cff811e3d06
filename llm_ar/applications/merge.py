"""``llm-ar data merge``: several prepared datasets as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from llm_ar.applications.ui.models import check_data, known_data
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import show_lines

_PART = re.compile(r"(.+?):((?:held-out|seeded):.+|[^:]+)")


def run(arguments: Sequence[str]) -> int:
    """Merge prepared datasets and print what came together."""
    parser = CommandParser(
        prog="llm-ar data merge",
        description="Several prepared datasets as one, for a model of all their actions. "
        "Each is divided by its own protocol; the result has the protocol split. Actions of the "
        "same name become one.",
        example="llm-ar data merge data/nw-ucla:xview data/mine:split --out data/both",
    )
    parts = parser.add_argument(
        "parts",
        nargs="+",
        metavar="FOLDER:PROTOCOL",
        help="a prepared dataset and its protocol, such as data/nw-ucla:xview",
    )
    parser.offer(parts, known_data)
    parser.add_argument("--out", type=Path, required=True, help="folder of the new dataset")
    parser.add_argument(
        "--layout", default="kinect-v1", help="the joints of the new dataset (default kinect-v1)"
    )
    parser.add_argument(
        "--by-ontology",
        action="store_true",
        help="actions of the same movement become one, such as stand up and sit to stand",
    )
    given = parser.parse_args(arguments)
    named: list[tuple[str, str]] = []
    for part in given.parts:
        found = _PART.fullmatch(part)
        if found is None:
            parser.error(f"{part!r} names no protocol; write FOLDER:PROTOCOL")
        check_data(Path(found[1]))
        named.append((found[1], found[2]))

    from llm_ar.skeletons.actions.ontology import Ontology
    from llm_ar.skeletons.layouts import layout_named
    from llm_ar.skeletons.prepare.merge import Part, merge
    from llm_ar.skeletons.store import ClipStore

    layout = layout_named(given.layout)
    datasets = [Part(ClipStore.open(folder), protocol) for folder, protocol in named]
    ontology = Ontology.built_in() if given.by_ontology else None
    show_lines(merge(datasets, given.out, layout, ontology).summary())
    return 0
