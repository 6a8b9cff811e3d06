"""What spoils a training is found in the dataset's log before it starts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from llm_ar.errors import DatasetError
from llm_ar.skeletons.datasets.dataset import held_out
from llm_ar.skeletons.datasets.protocols import SPLIT
from llm_ar.skeletons.prepare.checks import check_log
from llm_ar.skeletons.prepare.prepare import prepare
from llm_ar.skeletons.store import ClipStore
from tests.bodies import body

RNG = np.random.default_rng(0)


@pytest.fixture
def prepared(tmp_path):
    """Prepares clips of ``(label, split, positions or frames)``; returns the findings by kind."""

    def make(*clips):
        raw, out = tmp_path / "raw", tmp_path / "out"
        raw.mkdir()
        rows = ["file,label,split,subject"]
        for number, (label, split, content) in enumerate(clips):
            if isinstance(content, int):
                content = body(content, seed=number)
            np.save(raw / f"{number}.npy", content)
            rows.append(f"{number}.npy,{label},{split},s{number % 2}")
        (raw / "labels.csv").write_text("\n".join(rows) + "\n")
        report = prepare("folder", raw, out)
        found = {}
        for finding in report.findings:
            found.setdefault(finding.kind, []).append(finding)
            assert finding.sentence in report.summary()
        return found

    return make


def many(label, split, count=6):
    return [(label, split, 20)] * count


def test_a_sound_dataset_has_only_facts(prepared, tmp_path):
    found = prepared(
        *many("wave", "train"), *many("clap", "train"), *many("wave", "test"), *many("clap", "test")
    )
    assert set(found) == {"labels", "lengths", "clips"}
    assert not any(finding.warning for findings in found.values() for finding in findings)
    assert found["labels"][0].sentence == "2 labels with 12 clips each"
    assert found["lengths"][0].sentence.startswith("clips have 20 / 20 / 20 frames")
    assert found["clips"][0].sentence == "protocol split: 12 clips train, 12 test"
    assert "check:" not in (tmp_path / "out/report.json").read_text()


def test_labels_that_differ_in_case_or_spaces(prepared):
    found = prepared(
        *many("sit down", "train"), *many("Sit  Down", "train", 2), *many("sitdown", "train", 1)
    )
    (finding,) = found["similar-labels"]
    assert finding.count == 3 and finding.warning
    assert "'Sit  Down' (2) and 'sit down' (6) and 'sitdown' (1)" in finding.sentence


def test_the_same_clip_in_train_and_test(prepared):
    twice, thrice = body(9, seed=101), body(9, seed=102)
    found = prepared(
        ("wave", "train", twice), ("wave", "test", twice), ("wave", "train", thrice),
        ("clap", "train", thrice), *many("clap", "test"), *many("wave", "train"),
    )  # fmt: skip
    (leak,) = found["train-test-duplicates"]
    assert leak.count == 1 and "1.npy = 0.npy" in leak.sentence
    same, relabeled = found["duplicates"]
    assert same.count == 2 and relabeled.count == 1
    assert "but another label: 3.npy = 2.npy" in relabeled.sentence


def test_labels_of_one_part_alone_and_of_few_clips(prepared):
    found = prepared(
        *many("wave", "train"), *many("clap", "train", 4), *many("bow", "test", 2),
        *many("wave", "test", 2),
    )  # fmt: skip
    assert found["few-clips"][0].sentence.endswith("fewer than 5 training clips: clap")
    assert found["never-trained"][0].sentence.endswith("but no training clip: bow")
    assert found["never-tested"][0].sentence.endswith("but no test clip: clap")


def test_one_label_is_not_enough(prepared):
    assert prepared(*many("wave", "train"))["labels"][0].warning


def test_short_clips_and_joints_that_are_hardly_seen(prepared):
    hidden = body(20, seed=103)
    hidden[:, 5:] = np.nan
    gone = body(20, seed=104)
    gone[:, 4] = np.nan
    found = prepared(("wave", "train", hidden), ("wave", "train", gone), ("wave", "test", 7))
    assert found["short"][0].sentence == "1 clip shorter than 8 frames: 2.npy"
    assert found["coverage"][0].count == 1 and "0.npy" in found["coverage"][0].sentence
    assert "unseen-joints" not in found


def test_a_joint_that_no_clip_shows(prepared):
    gone = [body(20, seed=seed) for seed in (105, 106)]
    for positions in gone:
        positions[:, 4] = np.nan
    found = prepared(*(("wave", "train", positions) for positions in gone))
    assert "no clip ever shows left_shoulder" in found["unseen-joints"][0].sentence


def test_before_training_the_protocol_is_checked(prepared, tmp_path):
    prepared(*many("wave", "train"))
    store = ClipStore.open(tmp_path / "out")
    by_kind = {finding.kind: finding for finding in store.check("held-out:s1")}
    assert by_kind["clips"].sentence == "protocol held-out:s1: 3 clips train, 3 test"
    (clips,) = [finding for finding in store.check("split") if finding.kind == "clips"]
    assert clips.warning and clips.sentence == "protocol split: 6 clips train, 0 test"
    with pytest.raises(DatasetError, match="no protocol 'xview'"):
        store.check("xview")


@pytest.mark.parametrize("text", [None, "", "{}\n", "[]\n", "{\n", '{"outcome": "kept"}\n', "\xff"])
def test_a_damaged_log_is_refused(tmp_path, text):
    log = tmp_path / "repairs.jsonl"
    if text is not None:
        log.write_bytes(text.encode("latin-1"))
    if text == "":
        assert check_log(log, [SPLIT], chosen=True)[0].count == 0
        return
    with pytest.raises(DatasetError, match="is missing or damaged"):
        check_log(log, [SPLIT, held_out(["s1"])])


def test_refused_recordings_are_no_clips(tmp_path):
    log = tmp_path / "repairs.jsonl"
    log.write_text(json.dumps({"source": "x", "outcome": "refused", "reason": "is empty"}) + "\n")
    assert {finding.kind for finding in check_log(log, [SPLIT])} == set()


@pytest.mark.data
def test_clips_that_a_published_dataset_has_twice(real_data, tmp_path):
    report = prepare("nw-ucla", real_data / "nw_ucla", tmp_path / "out")
    (leak,) = [found for found in report.findings if found.kind == "train-test-duplicates"]
    names = ("a02_s01_e00_v02", "a02_s01_e00_v03")
    one, other = (
        json.loads((real_data / f"nw_ucla/all_sqe/{name}.json").read_text())["skeletons"]
        for name in names
    )
    assert one == other and leak.count == 95
    assert "a02_s01_e00_v03.json = all_sqe/a02_s01_e00_v02.json" in leak.sentence


def test_two_files_with_the_same_joints_are_named_with_their_rows(tmp_path):
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", body(9, seed=1))
    (tmp_path / "labels.csv").write_text("file,label\na.npy,wave\nb.npy,wave\n")
    report = prepare("folder", tmp_path, tmp_path / "out")
    (found,) = [one for one in report.findings if one.kind == "duplicates"]
    assert "b.npy = a.npy (labels.csv row 3 and labels.csv row 2)" in found.sentence


def test_a_file_that_is_listed_twice(tmp_path):
    np.save(tmp_path / "a.npy", body(9, seed=1))
    np.save(tmp_path / "b.npy", body(9, seed=2))
    rows = ["file,label,split", "a.npy,wave,train", "b.npy,clap,train", "a.npy,clap,test"]
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    report = prepare("folder", tmp_path, tmp_path / "out")
    sentences = [one.sentence for one in report.findings if "duplicates" in one.kind]
    said = "a.npy, which is listed twice (labels.csv row 2: wave, labels.csv row 4: clap)"
    assert len(sentences) == 3 and all(said in sentence for sentence in sentences)
