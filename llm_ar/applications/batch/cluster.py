"""Jobs on a cluster, by Ray Data; all its machines see the same folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

from llm_ar.applications.batch.job import Done, Job, run_job
from llm_ar.errors import DatasetError, MissingExtraError


def check_ray() -> None:
    """See that Ray is installed.

    Raises:
        MissingExtraError: it is not.
    """
    if find_spec("ray") is None:
        raise MissingExtraError("recognition on a cluster", "ray")


def run_on_cluster(jobs: Sequence[Job], address: str, gpus: float) -> Iterator[Done]:
    """Run all jobs, in any order; yields what became of each.

    Ray repeats the job of a worker or a machine that is lost.

    Args:
        jobs: what is to be done.
        address: of the cluster's head; ``local`` begins one on this machine.
        gpus: GPUs, or a share of one, for each job.

    Raises:
        DatasetError: the cluster cannot be reached, or jobs are lost again and again.
    """
    import ray
    import ray.data

    def recognized(row: dict[str, Any]) -> dict[str, Any]:
        return asdict(run_job(jobs[row["id"]]))

    try:
        ray.init(address=address, ignore_reinit_error=True, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise DatasetError(
            f"--ray {address}: there is no cluster ({reason}); begin one with ray start --head, "
            "or give --ray local"
        ) from None
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        rows = ray.data.range(len(jobs), override_num_blocks=len(jobs))
        answered = rows.map(recognized, num_cpus=1, num_gpus=gpus or None)
        for row in answered.iter_rows():
            yield Done(**row)
    except ray.exceptions.RayError as error:
        raise DatasetError(
            f"--ray {address}: the cluster gave up ({str(error).splitlines()[0]}); run it again: "
            "shards that are finished are kept"
        ) from None
    finally:
        ray.shutdown()
