"""The joints of a motion capture rig found by its hierarchy, where names do not tell.

A body is a root with two legs and a spine; the spine leads to two arms and a head. Two limbs are
siblings with chains of three joints or more. The two bones of a limb are the pair of consecutive
ones of which the shorter is longest: a collar bone before the arm, or the hand behind it, is
shorter. Sides are found by names, otherwise by place: the left is where it is for a body whose head
is up and whose toes point forward, or at larger x where there are no toes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LIMB = 3
"""Joints of the shortest limb: hip, knee and ankle."""

Places = NDArray[np.float64]


def by_structure(sides: Sequence[str], parents: Sequence[int], places: Places) -> dict[str, int]:
    """The joints by their built-in names; empty where the hierarchy is not that of a body.

    Args:
        sides: "left", "right" or "" of each joint, by its name.
        parents: of each joint, -1 for a root, always before their children.
        places: of the joints in one frame ``(J, 3)``, y up or z up.
    """
    children = _children(parents)
    depth = _depths(parents)
    pairs = _limb_pairs(children, depth, sides)
    if len(pairs) < 2:
        return {}
    (fork, legs), (chest, arms) = pairs[:2]
    spine = _path(parents, _common(parents, fork, chest), chest)
    heads = [child for child in children[chest] if child not in arms]
    if not heads:
        return {}
    neck = _chain(max(heads, key=lambda child: depth[child]), children, depth)
    top = next((n for n, joint in enumerate(neck) if len(children[joint]) != 1), len(neck) - 1)
    found = {"hip_center": spine[0], "head": neck[max(top - (not children[neck[top]]), 0)]}
    if found["head"] != neck[0]:
        found["shoulder_center"] = neck[0]
    elif chest != spine[0]:
        found["shoulder_center"] = chest
    between = [joint for joint in spine[1:] if joint not in found.values()]
    if between:
        found["spine"] = between[0]
    leg_chains = [_limb(_chain(joint, children, depth), places) for joint in legs]
    arm_chains = [_limb(_chain(joint, children, depth), places) for joint in arms]
    up = places[found["head"]] - places[found["hip_center"]]
    left = _left_direction(leg_chains, up, places)
    for names, chains in (
        (("hip", "knee", "ankle", "foot"), leg_chains),
        (("shoulder", "elbow", "wrist", "hand"), arm_chains),
    ):
        for side, chain in zip(_sides(chains, sides, places, left), chains, strict=True):
            found |= {f"{side}_{name}": joint for name, joint in zip(names, chain, strict=False)}
    return found


def _children(parents: Sequence[int]) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in parents]
    for joint, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(joint)
    return children


def _depths(parents: Sequence[int]) -> list[int]:
    """Joints of the longest chain that begins with each joint."""
    depth = [1] * len(parents)
    for joint in range(len(parents) - 1, -1, -1):
        if parents[joint] >= 0:
            depth[parents[joint]] = max(depth[parents[joint]], depth[joint] + 1)
    return depth


def _limb_pairs(
    children: list[list[int]], depth: list[int], sides: Sequence[str]
) -> list[tuple[int, tuple[int, int]]]:
    """Where pairs of equal limbs fork off, nearest to a root first, those within limbs left out."""
    level = [joint for joint in range(len(children)) if not _is_child(joint, children)]
    pairs: list[tuple[int, tuple[int, int]]] = []
    while level:
        below: list[int] = []
        for joint in level:
            pair = _pair(children[joint], depth, sides)
            if pair is not None:
                pairs.append((joint, pair))
            below += [child for child in children[joint] if pair is None or child not in pair]
        level = below
    return pairs


def _is_child(joint: int, children: list[list[int]]) -> bool:
    return any(joint in own for own in children)


def _pair(siblings: list[int], depth: list[int], sides: Sequence[str]) -> tuple[int, int] | None:
    """Two siblings that are limbs of one kind: of opposite sides by name, or equally deep."""
    limbs = [joint for joint in siblings if depth[joint] >= _LIMB]
    options = [
        (one, other)
        for place, one in enumerate(limbs)
        for other in limbs[place + 1 :]
        if depth[one] == depth[other] and (sides[one] == "") == (sides[other] == "")
        if not sides[one] or sides[one] != sides[other]
    ]
    named = [pair for pair in options if sides[pair[0]]]
    chosen = named or options
    return chosen[0] if len(chosen) == 1 else None


def _chain(start: int, children: list[list[int]], depth: list[int]) -> list[int]:
    """From a joint to the end of its longest chain."""
    chain = [start]
    while children[chain[-1]]:
        chain.append(max(children[chain[-1]], key=lambda child: depth[child]))
    return chain


def _limb(chain: list[int], places: Places) -> list[int]:
    """The chain from the first of its two long bones on."""
    lengths = np.linalg.norm(np.diff(places[chain], axis=0), axis=1)
    shorter = np.minimum(lengths[:-1], lengths[1:])
    return chain[int(shorter.argmax()) :]


def _path(parents: Sequence[int], above: int, below: int) -> list[int]:
    path = [below]
    while path[-1] != above:
        path.append(parents[path[-1]])
    return path[::-1]


def _common(parents: Sequence[int], one: int, other: int) -> int:
    """The nearest joint above both, or the first of them where nothing is."""
    above = [one]
    while parents[above[-1]] >= 0:
        above.append(parents[above[-1]])
    while other not in above and parents[other] >= 0:
        other = parents[other]
    return other


def _left_direction(legs: list[list[int]], up: Places, places: Places) -> Places:
    feet = [places[leg[3]] - places[leg[2]] for leg in legs if len(leg) > 3]
    left = np.cross(up, np.sum(feet, axis=0)) if feet else np.zeros(3)
    return left if np.linalg.norm(left) > 0 else np.array([1.0, 0.0, 0.0])


def _sides(
    chains: list[list[int]], sides: Sequence[str], places: Places, left: Places
) -> tuple[str, str]:
    named = [next((sides[joint] for joint in chain if sides[joint]), "") for chain in chains]
    if set(named) == {"left", "right"}:
        return named[0], named[1]
    first, second = (float(places[chain[0]] @ left) for chain in chains)
    return ("left", "right") if first >= second else ("right", "left")
