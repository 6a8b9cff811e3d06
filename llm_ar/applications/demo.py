"""``make demo``: recognize with a shipped model at once, then train one like it and look at it.

Run in the project's folder; what it makes is under ``data/`` and ``runs/``. Results come first;
``make demo DEMO=--verbose`` also prints versions and the checks of the dataset.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from llm_ar.applications import doctor
from llm_ar.applications.evaluate import evaluate_model, show
from llm_ar.applications.train import train
from llm_ar.applications.ui.loading import load_recognizer
from llm_ar.applications.ui.parser import EXIT_USAGE, CommandParser
from llm_ar.applications.ui.terminal import (
    notes,
    print_error,
    quiet_libraries,
    results,
    show_lines,
)
from llm_ar.applications.ui.text import plain
from llm_ar.config_files import load_run
from llm_ar.errors import LlmArError

if TYPE_CHECKING:
    from llm_ar.recognizer.recognition import Recognition
    from llm_ar.skeletons.clip import Clip

MODEL = Path("models/procedural")
EXPERIMENT = Path("experiments/ours/procedural.yaml")
DATA = Path("data/procedural")
RUN = Path("runs/demo")
SAMPLES = 8
_BAR = 10
"""Characters of a certain answer's bar: five columns are to fit 80 characters."""
SAMPLE_SEED = 2026
"""Not the seed of the training clips: the sample clips' people are new to the model."""


def main(arguments: Sequence[str] = ()) -> int:
    """Both steps; Ctrl-C ends the second one cleanly."""
    parser = CommandParser(
        prog="make demo",
        description="Recognize sample clips, then train a model and evaluate it.",
        example="make demo DEMO=--verbose",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="print versions and the checks of the dataset too"
    )
    verbose = parser.parse_args(arguments).verbose
    quiet_libraries()
    if verbose:
        doctor.run([])
    try:
        recognize_samples(MODEL)
    except LlmArError as error:
        print_error(error)
        return EXIT_USAGE
    except KeyboardInterrupt:
        notes.show_cursor(True)
        results.print("\nStopped.")
        return 0
    results.print(
        Panel(
            Text.assemble(
                ("Step 2", "bold"),
                "  Train a model like it, from nothing: make clips, train both stages "
                f"({EXPERIMENT}), evaluate, and write a report. It takes some minutes on two "
                "cores.\nCtrl-C stops it at any time; the next ",
                ("make demo", "bold"),
                " goes on there.",
            ),
            border_style="cyan",
        )
    )
    try:
        train_and_evaluate(EXPERIMENT, DATA, RUN, verbose=verbose)
    except LlmArError as error:
        print_error(error)
        return EXIT_USAGE
    except KeyboardInterrupt:
        notes.show_cursor(True)
        results.print("\nStopped; what was trained so far is kept.")
    return 0


def recognize_samples(folder: Path) -> None:
    """Recognize a few clips made on the spot, and show names and probabilities.

    Args:
        folder: the model's.
    """
    results.print(
        Panel(
            Text.assemble(
                ("Step 1", "bold"),
                "  A shipped model (",
                plain(folder),
                f") names the action in {SAMPLES} clips of people that it has never seen.",
            ),
            border_style="cyan",
        )
    )
    started = time.perf_counter()
    model = load_recognizer(folder)
    loaded = time.perf_counter()
    from llm_ar.skeletons.synthetic.dataset import procedural_clips

    clips = list(islice(procedural_clips(seed=SAMPLE_SEED), SAMPLES))
    answers = model.recognize(clips, top_k=2)
    table = sample_table(clips, answers)
    results.print(table)
    ended = time.perf_counter()
    times = f"Loaded in {loaded - started:.1f} s, recognized in {ended - loaded:.1f} s."
    results.print(Text(f"{times}\n", style="dim"))


def sample_table(clips: Sequence[Clip], answers: Sequence[Recognition]) -> Table:
    """What was performed and what was recognized; names that do not fit are wrapped.

    Args:
        clips: with their labels.
        answers: two names each at least.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("performed", "recognized"):
        table.add_column(title, overflow="fold")
    table.add_column("probability", no_wrap=True)
    table.add_column("", no_wrap=True, min_width=_BAR)
    table.add_column("otherwise", overflow="fold")
    for clip, recognition in zip(clips, answers, strict=True):
        best, second = recognition.top[:2]
        right = best.action == clip.label
        table.add_row(
            plain(clip.label or ""),
            plain(best.action, "bold green" if right else "bold red"),
            Text(f"{100 * best.probability:5.1f} %"),
            Text("█" * round(best.probability * _BAR), style="cyan"),
            plain(f"{second.action} {100 * second.probability:.1f} %", "dim"),
        )
    return table


def train_and_evaluate(experiment: Path, data: Path, out: Path, verbose: bool = False) -> Path:
    """Make clips, train both stages, evaluate; returns the path of the report.

    Args:
        experiment: YAML file with the run's settings.
        data: folder for the clips.
        out: folder for the model; a stopped training in it goes on, a finished one begins anew.
        verbose: print the checks of the dataset, which are written to its folder, too.
    """
    started = time.perf_counter()
    settings = load_run(experiment, ["--data", str(data), "--out", str(out)])
    from llm_ar.skeletons.synthetic.dataset import make_procedural

    results.print(Text("Clips", style="bold"))
    summary = make_procedural(data).summary()
    show_lines(summary if verbose else summary.partition("\n")[0])
    results.print(Text("\nTraining", style="bold"))
    if (out / "config.json").exists():
        shutil.rmtree(out)
    train(settings, resume=True, command="make demo")
    results.print(Text.assemble(("\nEvaluation", "bold"), " on people that did not train"))
    evaluation, report = evaluate_model(out, data, None, out / "evaluation")
    show(evaluation)
    minutes = (time.perf_counter() - started) / 60
    results.print(
        Panel(
            Text.assemble(
                (f"{evaluation.summary()['top1']:.1f} %", "bold"),
                f" top-1 after {minutes:.1f} minutes.\nLook at the report:  ",
                plain(report.resolve()),
            ),
            border_style="green",
        )
    )
    return report


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
