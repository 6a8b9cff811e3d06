"""``llm-ar recognize-dataset``: the action in each clip of many, shard by shard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_ar.applications.recognize import candidate_names
from llm_ar.applications.ui.models import check_model
from llm_ar.applications.ui.options import add_candidate_options, add_model_option, positive
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import (
    EXIT_FAILED,
    note,
    print_error,
    progress_bar,
    show_lines,
)
from llm_ar.errors import DatasetError

if TYPE_CHECKING:
    from llm_ar.applications.batch.job import Done, Job
    from llm_ar.applications.batch.shards import Shard


def run(arguments: Sequence[str]) -> int:
    """Recognize the shards that have no answers yet; returns 1 if clips or shards were refused."""
    parser = CommandParser(
        prog="llm-ar recognize-dataset",
        description="Name the action in each clip of a prepared dataset, or of a folder of Parquet "
        "or Arrow files with the same columns. Each file of clips becomes one file of answers. "
        "The same command goes on after an interruption.",
        example="llm-ar recognize-dataset data/many --model models/general --out answers/many",
    )
    parser.add_argument(
        "data", type=Path, metavar="FOLDER", help="a prepared dataset, or a folder of its files"
    )
    add_model_option(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the answers")
    parser.add_argument(
        "--format",
        choices=("parquet", "jsonl"),
        default="parquet",
        help="of the answers: Parquet or JSON lines (default parquet)",
    )
    add_candidate_options(parser)
    parser.add_argument("--top-k", type=positive, default=5, help="answers a clip (default 5)")
    parser.add_argument(
        "--layout",
        metavar="NAME",
        help="joint layout of the clips (default: that of FOLDER's dataset.json)",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="processes on this machine (default: one for each GPU, or one)",
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="run on a Ray cluster instead: its address, auto, or local for one on this machine",
    )
    parser.add_argument(
        "--gpus-per-job",
        type=float,
        default=0.0,
        metavar="NUMBER",
        help="with --ray: GPUs, or a share of one, that a shard takes (default 0)",
    )
    given = parser.parse_args(arguments)
    if given.ray is not None and given.workers is not None:
        parser.error("--ray decides where jobs run; leave out --workers")
    if given.ray is None and given.gpus_per_job:
        parser.error("--gpus-per-job is for --ray; leave it out")
    check_model(given.model)
    if not given.data.is_dir():
        raise DatasetError(f"{given.data}: no such folder of clips; make one with llm-ar prepare")
    labels = candidate_names(given.labels, given.labels_file)
    if given.ray is not None:
        from llm_ar.applications.batch.cluster import check_ray

        check_ray()

    from llm_ar.applications.batch.job import Job
    from llm_ar.applications.batch.record import go_on, model_digest
    from llm_ar.applications.batch.shards import layout_of, shards_in

    layout = layout_of(given.data, given.layout)
    shards = shards_in(given.data)
    settings: dict[str, Any] = {
        "model": model_digest(given.model),
        "labels": labels,
        "top_k": given.top_k,
        "fast": given.fast,
        "format": given.format,
        "layout": layout.name,
    }

    def job(shard: Shard) -> Job:
        return Job(
            shard,
            layout,
            given.model.resolve(),
            given.out.resolve() / f"{shard.name}.{given.format}",
            given.format,
            None if labels is None else tuple(labels),
            given.top_k,
            given.fast,
        )

    with _alone_in(given.out):
        go_on(given.out, settings, shards)
        jobs = [job(shard) for shard in shards]
        left = [one for one in jobs if not one.answers.exists()]
        if len(left) < len(jobs):
            note(f"{len(jobs) - len(left):,} of {len(jobs):,} shards were done before")
        if given.ray is not None:
            from llm_ar.applications.batch.cluster import run_on_cluster

            outcomes = run_on_cluster(left, given.ray, given.gpus_per_job)
        else:
            from llm_ar.applications.batch.local import default_workers, run_in_processes

            outcomes = run_in_processes(left, given.workers or default_workers())
        return _follow(outcomes if left else iter(()), len(left), given.out)


def _follow(outcomes: Iterator[Done], count: int, out: Path) -> int:
    """Show the progress and what was refused; returns the exit code."""
    clips = refused = broken = 0
    with progress_bar() as bar:
        task = bar.add_task("Recognizing", total=count)
        for done in outcomes:
            if done.stop:
                raise DatasetError(done.problem)
            if done.problem:
                print_error(done.problem)
                broken += 1
            clips, refused = clips + done.clips, refused + done.refused
            bar.update(task, advance=1)
    if refused:
        note(f"{refused:,} of {clips:,} clips could not be used; the column error says why")
    if broken:
        print_error(f"{broken:,} of {count:,} shards were not recognized")
    show_lines(f"{clips:,} clips of {count - broken:,} shards were recognized; answers: {out}")
    return EXIT_FAILED if refused or broken else 0


@contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Hold a folder of answers for one run; what a killed one left half-written is removed.

    Raises:
        DatasetError: another process writes there, or nobody can.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(out / ".lock", timeout=0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise DatasetError(
            f"{out}: another process writes its answers there; wait for it, or end it"
        ) from None
    except OSError as error:
        raise DatasetError(
            f"{out}: cannot be written ({error.strerror or error}); choose another --out"
        ) from None
    with lock:
        _remove_unfinished(out)
        yield
        _remove_unfinished(out)


def _remove_unfinished(out: Path) -> None:
    """Remove what killed processes were writing."""
    from llm_ar.applications.batch.answers import UNFINISHED

    for left in out.glob(f".*{UNFINISHED}"):
        left.unlink(missing_ok=True)
