"""Several prepared datasets as one, in a common layout, for one model that knows all their actions.

Each keeps its own protocol: its training clips train, its test clips test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from llm_ar.errors import ClipError, DatasetError
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import Layout, map_clip
from llm_ar.skeletons.prepare.checks import Finding
from llm_ar.skeletons.prepare.report import PrepareReport
from llm_ar.skeletons.store import ClipStore, earlier_report, write_store


@dataclass(frozen=True)
class Part:
    """A prepared dataset and the protocol by which it is divided."""

    store: ClipStore
    protocol: str


def merge(
    parts: Sequence[Part], out: Path, layout: Layout, ontology: Ontology | None = None
) -> PrepareReport:
    """Write the clips of all parts into one dataset (protocol ``split``), unless it is there.

    Actions of the same name become one; subjects and sources carry their dataset's name, since
    subject 1 of two datasets is not one person. Clips that a protocol leaves unused are left out.
    Rules of repair that all parts share are the new dataset's; of different ones none can be, and
    the published ones are reported.

    Args:
        parts: in the order in which their actions are to be listed.
        out: the new dataset's folder; it appears when complete.
        layout: of the new dataset; every part's must be the same or be mapped to it.
        ontology: with it actions of the same movement become one as well, by its canonical name;
            the report says which.

    Raises:
        DatasetError: fewer than two parts, two of the same name, an unknown protocol, or ``out``
            holds something else than a dataset.
        LayoutError: the layout of a part cannot be mapped.
    """
    names = [part.store.dataset for part in parts]
    if len(parts) < 2:
        raise DatasetError("give at least two prepared datasets to merge")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DatasetError(f"{twice} is given twice; each dataset can be merged once")
    digest = hashlib.sha256(layout.name.encode())
    for part in parts:
        digest.update(f"{part.store.fingerprint} {part.protocol}\n".encode())
    joined = _joined({label for part in parts for label in part.store.labels}, ontology)
    for name, labels in joined.items():
        digest.update(f"{name}: {labels}\n".encode())
    fingerprint = f"merged {digest.hexdigest()}"
    splits = [part.store.split(part.protocol) for part in parts]
    for part in parts:
        map_clip(part.store[0], layout)
    rules = {part.store.repair for part in parts}
    return earlier_report(out, fingerprint) or write_store(
        _clips(
            parts, splits, layout, {one: name for name, labels in joined.items() for one in labels}
        ),
        out,
        dataset="folder",
        layout=layout,
        fingerprint=fingerprint,
        repair=rules.pop() if len(rules) == 1 else None,
        parts=names,
        findings=[
            Finding(
                "joined-labels",
                f"one action, {name!r}: {', '.join(map(repr, labels))}",
                len(labels),
                warning=False,
            )
            for name, labels in joined.items()
        ],
    )


def _joined(labels: Iterable[str], ontology: Ontology | None) -> dict[str, list[str]]:
    """The labels of each movement that has several, by its canonical name."""
    if ontology is None:
        return {}
    groups: dict[str, list[str]] = {}
    for label in sorted(labels):
        groups.setdefault(ontology.canonical(label), []).append(label)
    return {name: group for name, group in groups.items() if len(group) > 1}


def _clips(
    parts: Sequence[Part],
    splits: Sequence[tuple[list[int], list[int]]],
    layout: Layout,
    renamed: Mapping[str, str],
) -> Iterator[Clip | ClipError]:
    for part, (train, test) in zip(parts, splits, strict=True):
        name, tested = part.store.dataset, set(test)
        for index in sorted((*train, *test)):
            clip = part.store[index]
            try:
                yield replace(
                    map_clip(clip, layout),
                    label=clip.label and renamed.get(clip.label, clip.label),
                    subject=None if clip.subject is None else f"{name}/{clip.subject}",
                    source=f"{name}/{clip.source}",
                    split="test" if index in tested else "train",
                )
            except ClipError as error:
                yield error
