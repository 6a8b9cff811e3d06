"""Batch recognition: the answers of single recognition, after kills and full disks as well."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from llm_ar.applications.batch import job, local
from llm_ar.applications.batch.shards import Shard
from llm_ar.applications.cli import main
from llm_ar.errors import DatasetError
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.store import ClipStore

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def shards(procedural_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 128 clips as eight Parquet files with their description."""
    folder = tmp_path_factory.mktemp("shards") / "many"
    folder.mkdir()
    (rows,) = procedural_data.glob("*.arrow")
    with pa.memory_map(str(rows)) as source:
        table = pa.ipc.open_stream(source).read_all()
    for number in range(8):
        pq.write_table(table.slice(16 * number, 16), folder / f"part-{number}.parquet")
    shutil.copy(procedural_data / "dataset.json", folder)
    return folder


def words(data: Path, model: Path, out: Path, *more: str) -> list[str]:
    return ["recognize-dataset", str(data), "--model", str(model), "--out", str(out), *more]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


@pytest.fixture(scope="module")
def undisturbed(
    shards: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed") / "answers"
    assert main(words(shards, tiny_model, out)) == 0
    return content(out)


def test_answers_are_those_of_single_recognition(
    procedural_data: Path, tiny_model: Path, tmp_path: Path
) -> None:
    assert main(words(procedural_data, tiny_model, tmp_path, "--format", "jsonl")) == 0
    (file,) = tmp_path.glob("*.jsonl")
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    store = ClipStore.open(procedural_data)
    assert [row["row"] for row in rows] == list(range(len(store)))
    model = ActionRecognizer.from_pretrained(tiny_model)
    for place in (0, 17, 127):
        expected = model.recognize(store[place], top_k=5)
        row = rows[place]
        assert row["sentence"] == expected.sentence and row["label"] == store[place].label
        assert row["actions"] == [answer.action for answer in expected.top]
        np.testing.assert_allclose(
            row["probabilities"], [answer.probability for answer in expected.top], atol=1e-5
        )
        assert row["action"] == row["actions"][0] and row["error"] is None


def test_parquet_and_json_lines_hold_the_same(
    shards: Path, tiny_model: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    assert main(words(shards, tiny_model, tmp_path, "--format", "jsonl")) == 0
    for number in range(8):
        table = pq.read_table(pa.BufferReader(undisturbed[f"part-{number}.parquet"]))
        lines = (tmp_path / f"part-{number}.jsonl").read_text("utf-8").splitlines()
        assert [json.loads(line) for line in lines] == table.to_pylist()


def test_interrupted_and_resumed(
    shards: Path, tiny_model: Path, tmp_path: Path, undisturbed: dict[str, bytes], capsys: Capture
) -> None:
    with pytest.MonkeyPatch.context() as patch:

        def stop(jobs: object, workers: int) -> object:
            for place, done in enumerate(run(jobs, workers)):  # type: ignore[arg-type]
                yield done
                if place == 2:
                    raise KeyboardInterrupt

        run = local.run_in_processes
        patch.setattr(local, "run_in_processes", stop)
        assert main(words(shards, tiny_model, tmp_path / "answers")) == 130
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "answers").glob("*.parquet")}
    assert 3 <= len(before) <= 8
    assert main(words(shards, tiny_model, tmp_path / "answers")) == 0
    assert f"{len(before)} of 8 shards were done before" in capsys.readouterr().err
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    assert content(tmp_path / "answers") == undisturbed


def begin(data: Path, model: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "llm_ar.applications.cli", *words(data, model, out, *more)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def writing(out: Path) -> int | None:
    """A process that is in the middle of a shard."""
    names = [path.name for path in out.glob(".*.writing")]
    return int(re.findall(r"-(\d+)\.writing", names[0])[0]) if names else None


def kill_one_in_the_middle(out: Path, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        found = writing(out)
        if found is not None:
            os.kill(found, signal.SIGKILL)
            return
        time.sleep(0.002)
    pytest.fail(f"it was over before a worker could be killed: {process.communicate()}")


@pytest.mark.slow
def test_a_killed_worker_is_survived(
    shards: Path, tiny_model: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    with begin(shards, tiny_model, tmp_path / "answers", "--workers", "2") as process:
        kill_one_in_the_middle(tmp_path / "answers", process)
        said = process.communicate()
    assert process.returncode == 0, said
    assert content(tmp_path / "answers") == undisturbed


@pytest.mark.slow
def test_a_killed_run_goes_on(
    shards: Path, tiny_model: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "answers"
    with begin(shards, tiny_model, out) as process:
        while process.poll() is None and len(list(out.glob("*.parquet"))) < 2:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert len(list(out.glob("*.parquet"))) < 8
    for file in out.glob("*.parquet"):
        assert file.read_bytes() == undisturbed[file.name]
    assert main(words(shards, tiny_model, out)) == 0
    assert content(out) == undisturbed


def test_processes_that_are_killed_again_and_again_end_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Shard:
        name = "a"

    class Job:
        shard = Shard

    def broken(jobs: object, workers: int) -> object:
        raise local.BrokenProcessPool

    monkeypatch.setattr(local, "_run", broken)
    with pytest.raises(DatasetError, match="ended from outside 3 times.*fewer --workers"):
        list(local.run_in_processes([Job], 2))  # type: ignore[list-item]


def test_bad_rows_and_bad_shards_are_named_and_the_others_answered(
    shards: Path, tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(shards / "dataset.json", data)
    table = pq.read_table(shards / "part-0.parquet").slice(0, 4)
    frames = table["frames"].to_pylist()
    frames[1] += 1
    place = table.schema.get_field_index("frames")
    pq.write_table(table.set_column(place, "frames", pa.array(frames)), data / "rows.parquet")
    (data / "cut.parquet").write_bytes((shards / "part-1.parquet").read_bytes()[:-100])
    pq.write_table(table.drop_columns(["joints"]), data / "other.parquet")
    assert main(words(data, tiny_model, tmp_path / "answers")) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "cut.parquet: damaged or incomplete" in said
    assert "other.parquet: has no column 'joints'" in said
    assert "1 of 4 clips could not be used" in said and "2 of 3 shards were not" in said
    (file,) = (tmp_path / "answers").glob("*.parquet")
    rows = pq.read_table(file).to_pylist()
    assert [row["error"] is None for row in rows] == [True, False, True, True]
    assert "row 1" in rows[1]["error"] and rows[1]["action"] is None


@pytest.fixture()
def data(shards: Path, tmp_path: Path) -> Path:
    """A folder of the first shard alone."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("dataset.json", "part-0.parquet"):
        shutil.copy(shards / name, folder)
    return folder


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--top-k", "2"], "with another top k"),
        (["--labels", "walk,jog"], "with another labels"),
    ],
)
def test_other_options_do_not_go_on(
    data: Path,
    shards: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: Capture,
    more: list[str],
    expected: str,
) -> None:
    out = tmp_path / "answers"
    assert main(words(data, tiny_model, out)) == 0
    assert main(words(data, tiny_model, out, *more)) == 2
    shutil.copy(shards / "part-1.parquet", data / "part-0.parquet")
    assert main(words(data, tiny_model, out)) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert expected in said and "answers of another part-0.parquet" in said


def test_the_layout_must_be_known(
    shards: Path, tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    assert main(words(data, tiny_model, tmp_path / "answers", "--layout", "kinect-v1")) == 2
    shutil.copy(shards / "part-0.parquet", data)
    assert main(words(data, tiny_model, tmp_path / "answers")) == 2
    assert main(words(data, tiny_model, tmp_path / "answers", "--layout", "kinect-v1")) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "holds no .arrow or .parquet file" in said and "with --layout" in said


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_what_was_finished_stays(
    data: Path, shards: Path, tiny_model: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    out = tmp_path / "answers"
    assert main(words(data, tiny_model, out)) == 0
    command = [sys.executable, "-m", "llm_ar.applications.cli", *words(shards, tiny_model, out)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        # The limit's signal is ignored by Python, so that writes fail as on a full disk.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)),
    )
    assert done.returncode == 2, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("llm-ar: ")]
    assert "cannot be written" in line and "finished are kept" in line
    assert "Traceback" not in done.stderr
    assert [path.name for path in out.glob("*.parquet")] == ["part-0.parquet"]
    assert (out / "part-0.parquet").read_bytes() == undisturbed["part-0.parquet"]
    assert not list(out.glob("*.writing"))


@pytest.mark.parametrize("error", ["Python's", "torch's"])
def test_too_little_memory_is_one_sentence_and_what_was_finished_stays(
    error: str,
    shards: Path,
    tiny_model: Path,
    tmp_path: Path,
    undisturbed: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    read, calls = job.read_shard, []

    def hungry(shard: Shard, *given: Any) -> Iterator[Any]:
        calls.append(shard.name)
        if len(calls) == 2 and error == "torch's":
            torch.empty(10**13)
        if len(calls) == 2:
            raise MemoryError
        return read(shard, *given)

    monkeypatch.setattr(job, "read_shard", hungry)
    out = tmp_path / "answers"
    assert main(words(shards, tiny_model, out, "--workers", "1")) == 2
    assert "memory is not enough; run it again with fewer --workers" in capsys.readouterr().err
    assert [path.name for path in sorted(out.glob("*.parquet"))] == ["part-0.parquet"]
    monkeypatch.undo()
    assert main(words(shards, tiny_model, out)) == 0
    assert content(out) == undisturbed


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_folder_is_one_sentence(
    shards: Path, tiny_model: Path, tmp_path: Path, capsys: Capture
) -> None:
    tmp_path.chmod(0o500)
    assert main(words(shards, tiny_model, tmp_path / "answers")) == 2
    assert "cannot be written" in capsys.readouterr().err
    tmp_path.chmod(0o700)


def test_ray_that_is_not_installed_is_one_sentence(
    shards: Path, tiny_model: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_ar.applications.batch.cluster.find_spec", lambda name: None)
    assert main(words(shards, tiny_model, tmp_path / "answers", "--ray", "local")) == 2
    assert "pip install 'llm-ar[ray]'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_killed_worker_of_a_cluster_is_survived(
    shards: Path, tiny_model: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False)
    out = tmp_path / "answers"
    try:
        address = ray.get_runtime_context().gcs_address
        with begin(shards, tiny_model, out, "--ray", address) as process:
            kill_one_in_the_middle(out, process)
            said = process.communicate()
        assert process.returncode == 0, said
    finally:
        ray.shutdown()
    assert content(out) == undisturbed
