"""Parts of the service without a server: the queue, reading apart, and the command's rules."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from llm_ar.applications.serve.batching import Batcher  # noqa: E402
from llm_ar.applications.serve.command import (  # noqa: E402
    api_keys,
    known_hosts,
    model_folders,
)
from llm_ar.applications.serve.limits import Limits, Problem  # noqa: E402
from llm_ar.applications.serve.recordings import plain_name, read_apart  # noqa: E402
from llm_ar.errors import ConfigError  # noqa: E402
from llm_ar.skeletons.clip import Clip  # noqa: E402
from llm_ar.skeletons.synthetic.dataset import procedural_clips  # noqa: E402


def doubled(key: Any, payloads: Sequence[Any]) -> list[Any]:
    return [ValueError("odd") if each == 3 else 2 * each for each in payloads]


def later(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


def test_jobs_of_a_kind_share_a_pass() -> None:
    passes: list[tuple[Any, list[Any]]] = []

    def compute(key: Any, payloads: Sequence[Any]) -> list[Any]:
        passes.append((key, list(payloads)))
        return doubled(key, payloads)

    batcher = Batcher(compute, capacity=9, batch=3, linger=0.05)
    jobs = [batcher.submit("ab"[number % 2], number, later()) for number in range(9)]
    gone = jobs.pop(4)
    batcher.withdraw(gone)
    assert gone.future.cancelled() and batcher.waiting == 8
    batcher.start()
    batcher.close(5)
    assert passes == [("a", [0, 2, 6]), ("b", [1, 3, 5]), ("b", [7]), ("a", [8])] or passes == [
        ("a", [0, 2, 6]),
        ("b", [1, 3, 5]),
        ("a", [8]),
        ("b", [7]),
    ]
    assert isinstance(jobs[3].future.exception(), ValueError)
    assert [job.future.result() for job in jobs[:3]] == [0, 2, 4]
    with pytest.raises(Problem, match="shutting down"):
        batcher.submit("a", 1, later())


def test_a_late_job_is_not_computed_and_a_broken_pass_ends_nothing() -> None:
    calls: list[Any] = []

    def compute(key: Any, payloads: Sequence[Any]) -> list[Any]:
        calls.append(key)
        if key == "broken":
            raise RuntimeError("no")
        return list(payloads)

    batcher = Batcher(compute, capacity=3)
    late = batcher.submit("late", 1, time.monotonic() - 1)
    broken = batcher.submit("broken", 1, later())
    well = batcher.submit("well", 7, later())
    with pytest.raises(Problem) as full:
        batcher.submit("more", 1, later())
    assert full.value.status == 429 and int(full.value.headers()["Retry-After"]) >= 1
    batcher.start()
    assert well.future.result(5) == 7
    assert isinstance(broken.future.exception(5), RuntimeError)
    error = late.future.exception(5)
    assert isinstance(error, Problem) and error.status == 504
    assert calls == ["broken", "well"]
    batcher.close(5)


def test_large_jobs_fill_a_pass() -> None:
    passes: list[list[Any]] = []

    def compute(key: Any, payloads: Sequence[Any]) -> list[Any]:
        passes.append(list(payloads))
        return list(payloads)

    batcher = Batcher(compute, batch=4)
    for name, size in (("a", 3), ("b", 2), ("c", 1), ("d", 9), ("e", 1)):
        batcher.submit("key", name, later(), size)
    batcher.start()
    batcher.close(5)
    assert passes == [["a", "c"], ["b", "e"], ["d"]]


def test_what_is_left_at_the_end_is_refused() -> None:
    batcher = Batcher(doubled)
    job = batcher.submit("a", 1, later())
    batcher.close(0)
    error = job.future.exception(1)
    assert isinstance(error, Problem) and error.status == 503


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("clip.npz", "clip.npz"),
        ("../../etc/passwd", "passwd"),
        ("C:\\my clip.csv", "my_clip.csv"),
        ("..", "recording"),
        (None, "recording"),
        ("a.pkl#walk", "a.pkl_walk"),
        ("webcam:0", "webcam_0"),
        ("x" * 300 + ".bvh", "x" * 76 + ".bvh"),
    ],
)
def test_plain_names(given: str | None, plain: str) -> None:
    assert plain_name(given) == plain


@pytest.fixture
def recording(tmp_path: Path) -> tuple[Path, Clip]:
    clip = next(procedural_clips(1, subjects=2, seed=1))
    path = tmp_path / "clip.npz"
    np.savez(path, joints=clip.joints, present=clip.present, fps=clip.fps, layout="kinect-v1")
    return path, clip


@pytest.mark.slow
def test_reading_in_a_process_of_its_own(recording: tuple[Path, Clip]) -> None:
    path, clip = recording
    read = read_apart(path, Limits())
    np.testing.assert_array_equal(read.joints, clip.joints)
    assert read.fps == clip.fps
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(Problem, match="not a complete") as refused:
        read_apart(path, Limits())
    assert str(path.parent) not in refused.value.message


@pytest.mark.slow
@pytest.mark.parametrize(
    "limits", [Limits(video_seconds=0.05), Limits(video_memory=50 * 2**20)], ids=["time", "memory"]
)
def test_reading_has_limits(recording: tuple[Path, Clip], limits: Limits) -> None:
    with pytest.raises(Problem) as refused:
        read_apart(recording[0], limits)
    assert refused.value.status in (413, 422)


def test_other_machines_need_a_key() -> None:
    assert api_keys("", "127.0.0.1") == []
    assert api_keys("", "localhost") == []
    assert api_keys("", "::1") == []
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):
        with pytest.raises(ConfigError, match="LLM_AR_API_KEY"):
            api_keys("", host)
    with pytest.raises(ConfigError, match="16 characters"):
        api_keys("short", "127.0.0.1")
    keys = "0123456789abcdef, fedcba9876543210"
    assert api_keys(keys, "0.0.0.0") == ["0123456789abcdef", "fedcba9876543210"]


def test_hosts_and_models() -> None:
    assert "evil.example" not in known_hosts("127.0.0.1", ())
    assert {"localhost", "actions.example"} <= known_hosts("127.0.0.1", ("Actions.example",))
    assert known_hosts("0.0.0.0", ()) == frozenset()
    assert "actions.example" in known_hosts("0.0.0.0", ("actions.example",))
    folders = model_folders(["small=models/a", "models/b"])
    assert folders == {"small": Path("models/a"), "b": Path("models/b")}
    with pytest.raises(ConfigError, match="used twice"):
        model_folders(["a/x", "b/x"])


@pytest.mark.slow
def test_the_command_serves_and_ends_at_a_signal(tiny_model: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "llm_ar.applications.cli", "serve"]
    command += ["--model", f"tiny={tiny_model}", "--port", str(port), "--deadline", "5"]
    process = subprocess.Popen(command, env={**os.environ, "LLM_AR_API_KEY": ""})
    try:
        url = f"http://127.0.0.1:{port}/v1/health/ready"
        for _ in range(600):
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    assert answer.status == 200
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)
        else:
            raise AssertionError("it did not start")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
    finally:
        process.kill()
