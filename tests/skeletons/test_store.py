"""The dataset on disk gives back what was put in, appears whole or not at all, and stays small."""

from __future__ import annotations

import json
import os
import shutil
import time
import tracemalloc
from dataclasses import replace

import datasets
import numpy as np
import pyarrow as pa
import pytest

from llm_ar.config import RepairConfig
from llm_ar.errors import ClipError, DatasetError
from llm_ar.skeletons.clip import clean_clip
from llm_ar.skeletons.layouts import COCO, KINECT_V1, SBU
from llm_ar.skeletons.store import ClipStore, earlier_report, write_store


@pytest.fixture
def store_clips(make_clip, tmp_path):
    """Writes clips to ``tmp_path/out`` and returns the report."""

    def write(clips, **known):
        given = {"dataset": "folder", "layout": KINECT_V1, "fingerprint": "f", **known}
        return write_store(clips, tmp_path / "out", **given)

    return write


def test_clips_come_back_as_they_were(store_clips, make_clip, tmp_path):
    clips = [
        make_clip(frames=1, seed=1, label="wave", subject="1", camera="2", split="test"),
        make_clip(frames=1000, people=3, seed=2, label="throw"),
        make_clip(frames=5, seed=3, dimensions=2, label="äöü 投げる"),
        clean_clip(
            np.where(np.random.default_rng(0).random((9, 2, 20, 1)) < 0.5, np.nan, np.ones(3)),
            source="gaps",
            layout=KINECT_V1,
            fps=12.5,
        ),
    ]
    store_clips(clips)
    store = ClipStore.open(tmp_path / "out")
    assert len(store) == 4 and store.layout == KINECT_V1 and store.dataset == "folder"
    for before, after in zip(clips, store, strict=True):
        assert np.array_equal(after.joints, before.joints)
        assert np.array_equal(after.present, before.present)
        for name in ("fps", "dimensions", "label", "subject", "camera", "split", "source"):
            assert getattr(after, name) == getattr(before, name)
    assert np.array_equal(store[-1].joints, clips[-1].joints)
    with pytest.raises(IndexError):
        store[4]
    assert store.metadata()[0] == ("wave", "1", "2", "test", "made-1")
    assert store.labels == ("throw", "wave", "äöü 投げる")


def test_many_batches_keep_their_order(store_clips, make_clip, tmp_path):
    store_clips(make_clip(frames=2, seed=seed, label="wave") for seed in range(600))
    store = ClipStore.open(tmp_path / "out")
    assert [clip.source for clip in store] == [f"made-{seed}" for seed in range(600)]
    assert np.array_equal(store[517].joints, make_clip(frames=2, seed=517).joints)


def test_hugging_face_datasets_opens_it(store_clips, make_clip, tmp_path):
    clip = make_clip(label="wave")
    store_clips([clip])
    row = datasets.load_from_disk(str(tmp_path / "out"))[0]
    shape = (row["frames"], row["people"], 20, 3)
    assert np.array_equal(np.float32(row["joints"]).reshape(shape), clip.joints)


def test_known_datasets_have_all_their_labels_in_order(store_clips, make_clip, tmp_path):
    store_clips([make_clip(label="throw", camera="3")], dataset="nw-ucla")
    store = ClipStore.open(tmp_path / "out")
    assert len(store.labels) == 10 and store.labels[0] == "pick up with one hand"
    assert store.split("xview") == ([], [0])


def test_split_leaves_out_the_unlabeled_and_refuses_nothing_at_all(
    store_clips, make_clip, tmp_path
):
    kinds = [("wave", "train"), (None, "train"), ("wave", "test"), ("wave", "unused")]
    clips = [make_clip(label=label, split=split, subject="1") for label, split in kinds]
    store_clips(clips)
    store = ClipStore.open(tmp_path / "out")
    assert store.split("split") == ([0], [2])
    assert store.split("held-out:1") == ([], [0, 2, 3])
    store_clips([make_clip(label="wave")], fingerprint="other")
    with pytest.raises(DatasetError, match="protocol split puts none of its 1 clips"):
        ClipStore.open(tmp_path / "out").split("split")


def test_the_report_counts_read_repaired_and_refused(store_clips, make_clip, tmp_path):
    positions = np.ones((4, 1, 20, 3))
    positions[0, 0, 0, 0] = np.nan
    repaired = clean_clip(positions, source="nan", layout=KINECT_V1, fps=30)
    report = store_clips([make_clip(), ClipError("bad.json", "is empty"), repaired])
    assert report.read == 2 and not report.unchanged
    assert [(note.source, note.reason) for note in report.refused] == [("bad.json", "is empty")]
    assert [note.source for note in report.repaired] == ["nan"]
    assert "2 clips of folder" in report.summary() and "bad.json: is empty" in report.summary()
    content = json.loads((tmp_path / "out/report.json").read_text())
    assert content["refused"] == [{"source": "bad.json", "reason": "is empty"}]
    again = earlier_report(tmp_path / "out", "f")
    assert again is not None and again.unchanged and again.refused == report.refused
    assert "nothing to do" in again.summary()
    assert earlier_report(tmp_path / "out", "g") is None
    assert earlier_report(tmp_path / "none", "f") is None


def test_clips_in_another_layout_are_mapped_or_refused(store_clips, make_clip, tmp_path):
    report = store_clips([make_clip(layout=COCO), make_clip(layout=SBU)], layout=COCO)
    assert report.read == 2
    tailed = replace(SBU, name="tailed", joints=("tail", *SBU.joints[1:]))
    report = store_clips([make_clip(layout=COCO), make_clip(layout=tailed)], layout=COCO)
    assert report.read == 1
    assert "layout tailed" in report.refused[0].reason and "coco-17" in report.refused[0].reason
    assert ClipStore.open(tmp_path / "out").layout == COCO


class TestWhole:
    def test_nothing_usable_leaves_nothing(self, store_clips, tmp_path):
        with pytest.raises(DatasetError, match="none of 1 .*the first, a.json: is empty"):
            store_clips([ClipError("a.json", "is empty")])
        assert list(tmp_path.iterdir()) == []

    def test_a_crash_leaves_the_old_dataset_and_nothing_else(
        self, store_clips, make_clip, tmp_path
    ):
        store_clips([make_clip(label="old")])

        def crashing():
            yield make_clip(label="new")
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            store_clips(crashing())
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        assert ClipStore.open(tmp_path / "out")[0].label == "old"

    def test_a_dataset_is_replaced_while_the_old_one_is_open(
        self, store_clips, make_clip, tmp_path
    ):
        store_clips([make_clip(label="old")])
        old = ClipStore.open(tmp_path / "out")
        store_clips([make_clip(label="new")])
        assert ClipStore.open(tmp_path / "out")[0].label == "new"
        assert old[0].label == "old"

    def test_other_files_are_never_overwritten(self, store_clips, make_clip, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out/thesis.tex").touch()
        with pytest.raises(DatasetError, match="out: already exists and is not a prepared"):
            store_clips([make_clip()])
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]

    def test_an_empty_folder_is_used(self, store_clips, make_clip, tmp_path):
        (tmp_path / "out").mkdir()
        assert store_clips([make_clip()]).read == 1

    def test_what_a_killed_run_left_is_cleared_later(self, store_clips, make_clip, tmp_path):
        for name, age in ((".out.partial-killed", 7200), (".out.partial-running", 0)):
            (tmp_path / name / "new").mkdir(parents=True)
            for path in (tmp_path / name / "new", tmp_path / name):
                os.utime(path, (time.time() - age,) * 2)
        store_clips([make_clip()])
        assert sorted(p.name for p in tmp_path.iterdir()) == [".out.partial-running", "out"]


def test_rules_of_repair_are_told_and_in_older_datasets_the_published_ones(
    store_clips, make_clip, tmp_path
):
    store_clips([make_clip()], repair=RepairConfig(people=3))
    assert ClipStore.open(tmp_path / "out").repair == RepairConfig(people=3)
    about = json.loads((tmp_path / "out/dataset.json").read_text())
    del about["repair"]
    (tmp_path / "out/dataset.json").write_text(json.dumps(about))
    assert ClipStore.open(tmp_path / "out").repair == RepairConfig()


class TestDamage:
    @pytest.fixture
    def folder(self, store_clips, make_clip, tmp_path):
        store_clips(make_clip(seed=seed, label="wave") for seed in range(300))
        return tmp_path / "out"

    def test_no_folder_and_no_dataset(self, tmp_path):
        with pytest.raises(DatasetError, match="none: no such dataset folder"):
            ClipStore.open(tmp_path / "none")
        with pytest.raises(DatasetError, match="not a prepared dataset"):
            ClipStore.open(tmp_path)

    @pytest.mark.parametrize(
        "missing", ["data-00001-of-00002.arrow", "state.json", "dataset_info.json"]
    )
    def test_missing_parts(self, folder, missing):
        (folder / missing).unlink()
        with pytest.raises(DatasetError, match="out: damaged or incomplete dataset"):
            ClipStore.open(folder)
        assert earlier_report(folder, "f") is None

    @pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.95])
    def test_truncated_rows(self, folder, share):
        rows = folder / "data-00000-of-00002.arrow"
        rows.write_bytes(rows.read_bytes()[: int(rows.stat().st_size * share)])
        with pytest.raises(DatasetError, match="damaged or incomplete dataset"):
            ClipStore.open(folder)

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"clips": 300}', "\x00"])
    def test_broken_description(self, folder, text):
        (folder / "dataset.json").write_text(text)
        with pytest.raises(DatasetError, match="damaged or incomplete dataset"):
            ClipStore.open(folder)

    @pytest.mark.parametrize("rules", [{"people": 0}, {"still": "x"}, {"other": 1}, []])
    def test_broken_rules_of_repair(self, folder, rules):
        about = json.loads((folder / "dataset.json").read_text())
        (folder / "dataset.json").write_text(json.dumps({**about, "repair": rules}))
        with pytest.raises(DatasetError, match="damaged or incomplete dataset"):
            ClipStore.open(folder)

    def test_rows_of_something_else(self, folder):
        other = folder.parent / "other"
        datasets.Dataset.from_dict({"text": ["a"]}).save_to_disk(str(other))
        shutil.copy(folder / "dataset.json", other)
        with pytest.raises(DatasetError, match="not those of clips"):
            ClipStore.open(other)


def test_memory_does_not_grow_with_the_number_of_clips(store_clips, make_clip):
    clip = make_clip(frames=400, label="wave")  # 96 kB of joints

    def peaks(count: int) -> tuple[int, int]:
        tracemalloc.start()
        store_clips((clip for _ in range(count)), fingerprint=str(count))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size, pa.default_memory_pool().max_memory()

    python_few, arrow_few = peaks(300)
    python_many, arrow_many = peaks(1500)
    assert python_many < 1.2 * python_few + 2**20
    assert arrow_many < arrow_few + 2**20
