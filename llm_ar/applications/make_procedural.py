"""``llm-ar data make-procedural``: labeled clips that need no download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llm_ar.applications.ui.options import positive
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import show_lines


def run(arguments: Sequence[str]) -> int:
    """Make a procedural dataset and print what was made."""
    parser = CommandParser(
        prog="llm-ar data make-procedural",
        description="A kinematic body performs actions with random sizes, speeds, views and noise; "
        "the last quarter of the subjects tests (protocol xsub).",
        example="llm-ar data make-procedural --out data/procedural",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="folder of the dataset (default data/VOCABULARY)",
    )
    parser.add_argument(
        "--vocabulary",
        choices=("procedural", "movements"),
        default="procedural",
        help="procedural: 16 actions that are easily told apart; movements: gestures, sport, "
        "exercise and daily life (default %(default)s)",
    )
    parser.add_argument("--clips", type=positive, default=600, help="clips (default %(default)s)")
    parser.add_argument(
        "--subjects", type=positive, default=20, help="bodies (default %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="other seeds give other clips (default %(default)s)"
    )
    given = parser.parse_args(arguments)

    from llm_ar.skeletons.synthetic.dataset import EVERYDAY, PROCEDURAL, make_procedural

    vocabulary = EVERYDAY if given.vocabulary == EVERYDAY.dataset else PROCEDURAL
    out = given.out or Path("data") / vocabulary.dataset
    report = make_procedural(out, given.clips, given.subjects, given.seed, vocabulary)
    show_lines(report.summary())
    return 0
