"""A joint layout as data: names, parents, left/right pairs and body parts of a skeleton."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from llm_ar.errors import LayoutError

PARTS = ("head", "torso", "left_arm", "right_arm", "left_leg", "right_leg")
"""The body parts that a layout's joints are grouped into; a layout may lack some."""

_KEYS = ("name", "joints", "parents", "pairs", "parts", "centre", "size_bones")


@dataclass(frozen=True)
class Layout:
    """The J joints of a skeleton and how they hang together; all numbers index `joints`.

    Args:
        name: how files and messages call it.
        joints: one name a joint.
        parents: each joint's parent, -1 for a root.
        pairs: (left, right) joints.
        parts: body part (one of `PARTS`) to its joints.
        centre: joints whose mean is the body's center (hip center, or both hips).
        size_bones: joint pairs along the torso; the body's size is the sum of their lengths.

    Raises:
        LayoutError: names repeat, an index has no joint, or the parents form a ring.
    """

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    parts: Mapping[str, tuple[int, ...]] = field(hash=False)
    centre: tuple[int, ...]
    size_bones: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        """Refuse what is no skeleton."""
        count = len(self.joints)
        if not self.name or not count or len(set(self.joints)) != count:
            raise self._error("needs a name and joints whose names differ")
        if len(self.parents) != count or not all(-1 <= p < count for p in self.parents):
            raise self._error(f"needs one parent for each of its {count} joints")
        for joint, start in enumerate(self.parents):
            parent = start
            for _ in range(count):
                parent = self.parents[parent] if parent >= 0 else -1
            if parent >= 0:
                raise self._error(f"has parents that form a ring at {self.joints[joint]!r}")
        used = [*self.centre, *(i for pair in (*self.pairs, *self.size_bones) for i in pair)]
        used += [i for part in self.parts.values() for i in part]
        if not all(0 <= i < count for i in used):
            raise self._error(f"refers to a joint outside 0..{count - 1}")
        if not self.centre or not self.size_bones:
            raise self._error("needs at least one joint in 'centre' and one pair in 'size_bones'")
        unknown = sorted(set(self.parts) - set(PARTS))
        if unknown:
            raise self._error(f"has unknown body parts {unknown}; allowed are {list(PARTS)}")

    def mirror_index(self) -> NDArray[np.int64]:
        """For each joint the one on the other side of the body, ``(J,)``."""
        index = np.arange(len(self.joints))
        for left, right in self.pairs:
            index[left], index[right] = right, left
        return index

    def bones(self) -> list[tuple[int, int, str]]:
        """Each bone as (joint, parent, side); side is "left", "right" or "middle"."""
        side = dict.fromkeys((left for left, _ in self.pairs), "left")
        side |= dict.fromkeys((right for _, right in self.pairs), "right")
        return [
            (joint, parent, side.get(joint, "middle"))
            for joint, parent in enumerate(self.parents)
            if parent >= 0
        ]

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain lists, with joints by name: what `from_dict` and YAML hold."""

        def named(indices: Sequence[int]) -> list[str]:
            return [self.joints[i] for i in indices]

        return {
            "name": self.name,
            "joints": list(self.joints),
            "parents": [self.joints[p] if p >= 0 else None for p in self.parents],
            "pairs": [named(pair) for pair in self.pairs],
            "parts": {part: named(indices) for part, indices in self.parts.items()},
            "centre": named(self.centre),
            "size_bones": [named(bone) for bone in self.size_bones],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Layout:
        """Inverse of `to_dict`.

        Raises:
            LayoutError: a key is missing, unknown or of the wrong kind, or a joint is not listed.
        """
        if not isinstance(data, Mapping) or set(data) != set(_KEYS):
            found = sorted(map(str, data)) if isinstance(data, Mapping) else type(data).__name__
            raise LayoutError(f"a layout needs exactly the keys {list(_KEYS)}, found {found}")
        name = str(data["name"])
        try:
            joints = tuple(str(joint) for joint in data["joints"])
            index = {joint: i for i, joint in enumerate(joints)}
            return cls(
                name=name,
                joints=joints,
                parents=tuple(-1 if p is None else index[p] for p in data["parents"]),
                pairs=tuple((index[a], index[b]) for a, b in data["pairs"]),
                parts={
                    str(part): tuple(index[j] for j in members)
                    for part, members in data["parts"].items()
                },
                centre=tuple(index[j] for j in data["centre"]),
                size_bones=tuple((index[a], index[b]) for a, b in data["size_bones"]),
            )
        except KeyError as error:
            raise LayoutError(
                f"layout {name}: {error.args[0]!r} is not among its joints; add it or correct it"
            ) from None
        except (TypeError, ValueError, AttributeError) as error:
            raise LayoutError(
                f"layout {name}: a field is not of the expected kind ({error}); "
                "see the built-in layouts for an example"
            ) from None

    @classmethod
    def from_yaml(cls, path: Path) -> Layout:
        """Read a user's own layout.

        Raises:
            LayoutError: the file is missing, not YAML, or not a layout.
        """
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
            reason = " ".join(str(error).split())
            raise LayoutError(f"{path}: cannot be read as a YAML layout ({reason})") from None
        try:
            return cls.from_dict(data)
        except LayoutError as error:
            raise LayoutError(f"{path}: {error}") from None

    def _error(self, problem: str) -> LayoutError:
        return LayoutError(f"layout {self.name or 'without a name'} {problem}")


def layout_from_words(
    name: str, tree: str, centre: str, size_bones: str, parts: Mapping[str, str]
) -> Layout:
    """Build a layout from words: ``tree`` lists ``joint<parent`` in order of index."""
    entries = [entry.partition("<") for entry in tree.split()]
    index = {joint: i for i, (joint, _, _) in enumerate(entries)}
    return Layout(
        name=name,
        joints=tuple(index),
        parents=tuple(index[parent] if parent else -1 for _, _, parent in entries),
        pairs=tuple(
            (i, index[joint.replace("left", "right", 1)])
            for joint, i in index.items()
            if joint.startswith("left")
        ),
        parts={part: tuple(index[name] for name in names.split()) for part, names in parts.items()},
        centre=tuple(index[joint] for joint in centre.split()),
        size_bones=tuple(
            (index[a], index[b]) for a, _, b in (bone.partition("-") for bone in size_bones.split())
        ),
    )
