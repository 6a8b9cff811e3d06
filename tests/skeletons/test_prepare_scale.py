"""Preparing in many processes, after a kill, and with little memory gives the same files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest
from filelock import FileLock

from llm_ar.config import RepairConfig
from llm_ar.errors import ClipError, DatasetError
from llm_ar.skeletons.prepare import prepare as preparing
from llm_ar.skeletons.prepare.prepare import prepare
from llm_ar.skeletons.store import ClipStore
from tests.bodies import body

RNG = np.random.default_rng(0)
LABELS = ["wave", "clap", "bow"]


def make_tree(folder, clips=40, broken=(5, 17)):
    folder.mkdir()
    rows = ["file,label,split"]
    for number in range(clips):
        path = folder / f"c{number:03d}.npy"
        np.save(path, body(6, seed=number))
        if number in broken:
            path.write_bytes(path.read_bytes()[:-10])
        rows.append(f"{path.name},{LABELS[number % 3]},{'test' if number % 4 == 0 else 'train'}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def raw(tmp_path):
    return make_tree(tmp_path / "raw")


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(preparing, "SHARD_CLIPS", 8)


def test_the_same_bytes_whatever_the_number_of_workers(raw, tmp_path, small_shards):
    reports = {n: prepare("folder", raw, tmp_path / f"out{n}", workers=n) for n in (1, 2, 3)}
    first = content(tmp_path / "out1")
    assert len([name for name in first if name.endswith(".arrow")]) == 5
    for workers in (2, 3):
        assert content(tmp_path / f"out{workers}") == first
        assert reports[workers].refused == reports[1].refused
    store = ClipStore.open(tmp_path / "out2")
    assert len(store) == reports[2].read == 38
    assert [clip.name for clip in store][:6] == ["c000", "c001", "c002", "c003", "c004", "c006"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out1", "out2", "out3", "raw"]


def test_every_recording_has_its_line_in_the_log(raw, tmp_path, small_shards):
    prepare("folder", raw, tmp_path / "out", workers=2)
    lines = [json.loads(line) for line in (tmp_path / "out/repairs.jsonl").open()]
    assert [line["source"].split(", ")[-1] for line in lines] == [
        f"c{number:03d}.npy" for number in range(40)
    ]
    assert [n for n, line in enumerate(lines) if line["outcome"] == "refused"] == [5, 17]
    assert "labels.csv row 7" in lines[5]["source"] and "bytes" in lines[5]["reason"]
    assert (lines[0]["frames"], lines[0]["people"], lines[0]["coverage"]) == (6, 1, 1.0)


def test_the_log_says_what_was_decided_of_tracks(tmp_path, write_skeleton):
    raw = tmp_path / "raw"
    raw.mkdir()
    pose = RNG.normal(size=(25, 3))
    frames = [[(7, pose + 0.1 * frame, [2] * 24 + [0])] for frame in range(20)]
    frames[3] = []
    frames[4].append((8, pose + 5, [2] * 25))
    write_skeleton(raw / "S001C001P001R001A001.skeleton", frames)
    (raw / "labels.csv").write_text("file,label\nS001C001P001R001A001.skeleton,drink\n")
    report = prepare("folder", raw, tmp_path / "out")
    (line,) = [json.loads(line) for line in (tmp_path / "out/repairs.jsonl").open()]
    assert (line["outcome"], line["tracks"], line["people"]) == ("repaired", 2, 1)
    assert line["unseen"] == ["right_thumb"]
    assert [(made["rule"], made["tracks"], made["count"]) for made in line["decisions"]] == [
        ("empty-frames", [], 1),
        ("gap", ["7"], 1),
        ("short", ["8"], 1),
        ("masked", ["7"], 19),
    ]
    assert report.counts == {
        "repaired": 1, "refused": 0, "empty-frames": 1, "gap": 1, "masked": 1, "short": 1,
    }  # fmt: skip
    summary = report.summary()
    assert "1 repaired, 0 refused" in summary and "short in 1" in summary
    assert "body 8 shows only 1 frame; dropped" in summary
    other = prepare("folder", raw, tmp_path / "out", repair=RepairConfig(shortest=0))
    assert not other.unchanged and other.counts["repaired"] == 1 and "short" not in other.counts
    assert ClipStore.open(tmp_path / "out").repair == RepairConfig(shortest=0)


class TestInterrupted:
    def test_a_killed_run_is_gone_on_with(self, raw, tmp_path, small_shards):
        script = (
            "import sys, time, pathlib\n"
            "from llm_ar.skeletons.prepare import prepare as p\n"
            "p.SHARD_CLIPS = 8\n"
            "def slow(done, total):\n"
            "    print(done, flush=True)\n"
            "    time.sleep(0.3)\n"
            "if __name__ == '__main__':\n"
            "    p.prepare('folder', pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]),\n"
            "              progress=slow)\n"
        )
        command = [sys.executable, "-c", script, str(raw), str(tmp_path / "out")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            while int(process.stdout.readline()) < 16:
                continue
            process.send_signal(signal.SIGKILL)
        shards = tmp_path / ".out.preparing/shards"
        first = sorted(shards.glob("00000[01].arrow"))
        before = [path.stat().st_mtime_ns for path in first]
        assert len(before) == 2 and not (tmp_path / "out").exists()
        calls: list[int] = []
        report = prepare(
            "folder", raw, tmp_path / "out", progress=lambda done, total: calls.append(done)
        )
        assert report.resumed >= 16 and calls[0] > 16 and calls[-1] == 40
        after = [(tmp_path / f"out/data-0000{n}-of-00005.arrow").stat().st_mtime_ns for n in (0, 1)]
        assert after == before
        prepare("folder", raw, tmp_path / "whole")
        assert content(tmp_path / "out") == content(tmp_path / "whole")
        assert not (tmp_path / ".out.preparing").exists()
        assert "recordings done before" in report.summary()

    def test_interrupted_when_shards_are_put_together(
        self, raw, tmp_path, small_shards, monkeypatch
    ):
        def stop(*given):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("llm_ar.skeletons.prepare.assemble.describe_rows", stop)
            with pytest.raises(KeyboardInterrupt):
                prepare("folder", raw, tmp_path / "out")
        assert prepare("folder", raw, tmp_path / "out").resumed == 40
        prepare("folder", raw, tmp_path / "whole")
        assert content(tmp_path / "out") == content(tmp_path / "whole")

    def test_other_input_is_not_gone_on_with(self, raw, tmp_path, small_shards, monkeypatch):
        self.interrupt(raw, tmp_path, monkeypatch)
        np.save(raw / "c000.npy", body(9))
        report = prepare("folder", raw, tmp_path / "out")
        assert report.resumed == 0 and ClipStore.open(tmp_path / "out")[0].frames == 9

    def test_the_old_dataset_stays_until_the_new_one_is_whole(
        self, raw, tmp_path, small_shards, monkeypatch
    ):
        prepare("folder", raw, tmp_path / "out")
        old = content(tmp_path / "out")
        np.save(raw / "c000.npy", body(9))
        self.interrupt(raw, tmp_path, monkeypatch)
        assert content(tmp_path / "out") == old
        assert prepare("folder", raw, tmp_path / "out").resumed == 16
        assert ClipStore.open(tmp_path / "out")[0].frames == 9

    def interrupt(self, raw, tmp_path, monkeypatch):
        def stop(done, total):
            if done == 16:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            prepare("folder", raw, tmp_path / "out", progress=stop)

    def test_two_at_once_do_not_mix(self, raw, tmp_path):
        (tmp_path / ".out.preparing").mkdir()
        with (
            FileLock(tmp_path / ".out.preparing/lock"),
            pytest.raises(DatasetError, match="another process is preparing it"),
        ):
            prepare("folder", raw, tmp_path / "out")

    def test_workers_end_with_the_process_that_started_them(self, raw, tmp_path):
        script = (
            "import sys, time, os, signal, pathlib\n"
            "from llm_ar.skeletons.prepare import prepare as p\n"
            "import multiprocessing\n"
            "p.SHARD_CLIPS = 2\n"
            "def die(done, total):\n"
            "    print(*[c.pid for c in multiprocessing.active_children()], flush=True)\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
            "if __name__ == '__main__':\n"
            "    p.prepare('folder', pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]),\n"
            "              workers=2, progress=die)\n"
        )
        path = tmp_path / "script.py"
        path.write_text(script)
        command = [sys.executable, str(path), str(raw), str(tmp_path / "out")]
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
        children = [int(word) for word in output.split()]
        assert len(children) == 2
        deadline = time.monotonic() + 20
        while any(self.alive(child) for child in children):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def alive(self, process):
        try:
            os.kill(process, 0)
            with open(f"/proc/{process}/stat") as file:
                return file.read().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False


def test_errors_travel_between_processes():
    import pickle

    error = pickle.loads(pickle.dumps(ClipError("a.npy", "is empty")))
    assert (error.source, error.problem, str(error)) == ("a.npy", "is empty", "a.npy: is empty")


def test_memory_does_not_grow_with_the_number_of_clips(tmp_path):
    def peak(clips):
        raw = make_tree(tmp_path / f"raw{clips}", clips, ())
        tracemalloc.start()
        prepare("folder", raw, tmp_path / f"out{clips}")
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(10)
    few, many = peak(300), peak(1200)
    # What may grow is the list of files and labels, a fraction of a kilobyte each.
    assert many - few < 900 * 3000
