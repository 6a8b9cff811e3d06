"""The codebook as a tree in the Poincaré disk, and how often tokens are used beside Zipf's law."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.ticker import StrMethodFormatter
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from llm_ar.evaluation.report.picture import POINTS, THEME, Picture, settings
from llm_ar.evaluation.report.stick_figures import SIDES, Screen, limbs
from llm_ar.evaluation.report.vocabulary import movements
from llm_ar.skeletons.layout import Layout
from llm_ar.tokenizer.model import ActionTokenizer

SIDE = 760.0
"""Points of the picture of the disk."""
RIM = 16
"""Poses around the disk."""
_TURN = np.radians(20)
_ARC = 24
"""Points of a geodesic that is drawn."""

Points = NDArray[np.float64]


@torch.inference_mode()
def disk(tokenizer: ActionTokenizer) -> tuple[Points, Points]:
    """Each token in the unit disk ``(U, 2)``, and all distances between tokens ``(U, U)``.

    A token keeps its distance r from the origin: it lies at radius tanh(r / 2), as in a disk of
    curvature -1 whatever the ball's curvature is. Its direction is that of its two first principal
    components. Distances between tokens are the codebook's own, in all dimensions.
    """
    codebook = tokenizer.codebook
    vectors = codebook.vectors.float()
    distances = torch.cat([codebook.distances(part) for part in vectors.split(64)])
    origin = codebook.distances(torch.zeros_like(vectors[:1]))[0].double().cpu().numpy()
    centered = (vectors - vectors.mean(0)).double().cpu().numpy()
    _, _, axes = np.linalg.svd(centered, full_matrices=False)
    plane = centered @ axes[:2].T
    length = np.linalg.norm(plane, axis=1, keepdims=True).clip(1e-9)
    points = plane / length * np.tanh(origin / 2)[:, None]
    return points, distances.double().cpu().numpy()


def tree(distances: Points) -> tuple[list[int], list[tuple[int, int, float]]]:
    """The tokens merged into groups, the nearest first (average linkage).

    Returns:
        The tokens in an order in which groups stand together, and of each merge its two members
        (a token, or U + the number of an earlier merge) and its distance.
    """
    square = np.maximum(distances, distances.T)
    np.fill_diagonal(square, 0)
    merges = linkage(squareform(square, checks=False), method="average", optimal_ordering=True)
    return leaves_list(merges).tolist(), [(int(a), int(b), float(d)) for a, b, d, _ in merges]


def tree_in_disk(tokenizer: ActionTokenizer) -> tuple[Points, list[tuple[int, int]]]:
    """Tokens and groups in the unit disk ``(2 U - 1, 2)``, and edges (group, member).

    Tokens stand around the disk in the order of the tree, at radius tanh(r / 2) for a distance r
    from the origin. A group lies in the mean direction of its tokens, nearer to the center the
    farther apart its members are.
    """
    points, distances = disk(tokenizer)
    order, merges = tree(distances)
    count = len(points)
    angle = np.zeros(2 * count - 1)
    radius = np.zeros(2 * count - 1)
    weight = np.ones(2 * count - 1)
    angle[order] = np.linspace(-np.pi, np.pi, count, endpoint=False)
    radius[:count] = np.linalg.norm(points, axis=1)
    widest = max(distance for _, _, distance in merges)
    edges = []
    for number, (a, b, distance) in enumerate(merges, count):
        weight[number] = weight[a] + weight[b]
        angle[number] = (angle[a] * weight[a] + angle[b] * weight[b]) / weight[number]
        inner = min(radius[a], radius[b])
        radius[number] = min(0.92 * inner, 0.66 * (1 - distance / widest))
        edges += [(number, a), (number, b)]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), edges


def geodesic(a: Points, b: Points, count: int = _ARC) -> Points:
    """Points ``(count, 2)`` of the shortest way between two points of the unit disk.

    It is the straight line from the origin to b moved by -a, moved back (Möbius addition).
    """
    x, y = complex(*a), complex(*b)
    moved = (y - x) / (1 - x.conjugate() * y)
    reach = np.arctanh(min(abs(moved), 1 - 1e-12))
    along = np.tanh(np.linspace(0, reach, count)) * (moved / max(abs(moved), 1e-12))
    back = (along + x) / (1 + x.conjugate() * along)
    return np.stack([back.real, back.imag], axis=1)


def codebook_tree(tokenizer: ActionTokenizer, uses: NDArray[np.int64]) -> Picture:
    """All tokens in the disk as the leaves of a tree; poses of the most used ones around it.

    Args:
        tokenizer: whose codebook is drawn.
        uses: (U,) how often each token is used; the area of its dot.
    """
    places, edges = tree_in_disk(tokenizer)
    points = places[: len(uses)]
    with settings():
        figure = Figure(figsize=(SIDE / POINTS, SIDE / POINTS))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
        axes.set_axis_off()
        for parent, child in edges:
            axes.plot(*geodesic(places[parent], places[child]).T, color="#aab2bd", linewidth=0.7)
        draw_tokens(axes, points, uses)
        _poses(axes, tokenizer, points, uses)
        words = f"{len(points)} tokens; a dot's area is its use, a pose what a token decodes to"
        axes.text(-1.46, -1.46, words, size=10, color=THEME["faint"])
    return Picture(figure, "The codebook as a tree in the Poincaré disk", whole=True)


def draw_tokens(axes: Axes, points: Points, uses: NDArray[np.int64]) -> None:
    """The disk, and a dot for each token, as large as its use."""
    disk_patch = Circle((0, 0), 1, facecolor="#f6f7f9", edgecolor=THEME["line"], linewidth=2)
    axes.add_patch(disk_patch).set_zorder(0)
    used = uses > 0
    size = 10 + 150 * uses / max(int(uses.max()), 1)
    x, y = points.T
    axes.scatter(x[~used], y[~used], s=6, color="#9aa3ae", linewidths=0, zorder=2)
    dots = axes.scatter(x[used], y[used], s=size[used], color=THEME["right"], alpha=0.75, zorder=3)
    dots.set(edgecolor="white", linewidth=0.6)


def _poses(axes: Axes, tokenizer: ActionTokenizer, points: Points, uses: NDArray[np.int64]) -> None:
    """Poses around the disk, each of the most used token of its part of the tree."""
    directions = np.arctan2(points[:, 1], points[:, 0])
    parts = ((directions + np.pi) / (2 * np.pi) * RIM).astype(int) % RIM
    chosen = [int(np.argmax(np.where(parts == part, uses, -1))) for part in range(RIM)]
    shown = movements(tokenizer, chosen)[:, 1, 0].astype(np.float64)
    for part, token in enumerate(chosen):
        angle = -np.pi + (part + 0.5) * 2 * np.pi / RIM
        middle = 1.26 * np.array([np.cos(angle), np.sin(angle)])
        _pose(axes, shown[part], tokenizer.layout, middle)
        line = np.stack([points[token], middle * 1.05 / 1.26])
        axes.plot(*line.T, color=THEME["faint"], linewidth=0.8, linestyle=":", zorder=1)
        x, y = middle - [0, 0.165]
        axes.text(x, y, str(token), size=9, ha="center", va="top", color=THEME["faint"])


def _pose(axes: Axes, joints: Points, layout: Layout, middle: Points) -> None:
    across = joints[:, 0] * np.cos(_TURN) + joints[:, 2] * np.sin(_TURN)
    screen: Screen = np.stack([-across, joints[:, 1]], axis=1)
    low, high = screen.min(axis=0), screen.max(axis=0)
    at = (screen - (low + high) / 2) * 0.31 / max(high - low) + middle
    for side, line in limbs(at[None], np.ones((1, len(at)), bool), layout).items():
        axes.add_line(
            Line2D(*line.T, color=SIDES[side], linewidth=2, solid_capstyle="round", zorder=4)
        )


def zipf(uses: NDArray[np.int64]) -> Picture:
    """How often each token is used, by rank, both axes logarithmic, beside 1 / rank.

    Args:
        uses: (U,) how often each token is used.
    """
    ranked = np.sort(uses[uses > 0])[::-1]
    ranks = np.arange(1, len(ranked) + 1)
    law = ranked.sum() / ranks / (1 / ranks).sum()
    with settings():
        figure = Figure(figsize=(6.4, 4.6), layout="constrained")
        axes = figure.subplots()
        axes.loglog(ranks, law, "--", color=SIDES["right"], label="Zipf's law, 1 / rank")
        axes.loglog(ranks, ranked, "o", color=THEME["right"], markersize=4, label="tokens")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.set_xlabel("rank")
        axes.set_ylabel("uses")
        axes.set_title(
            f"{len(ranked)} of {len(uses)} tokens, {ranked.sum():,} uses", loc="left", size=12
        )
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    return Picture(figure, "Uses of the tokens by rank beside Zipf's law", whole=True)


def token_uses(sentences: Sequence[Sequence[int]], vocabulary: int) -> NDArray[np.int64]:
    """How often each token stands in sentences, ``(U,)``."""
    return np.bincount(np.concatenate([np.asarray(s) for s in sentences]), minlength=vocabulary)
