"""The published datasets: names, who trains and who tests, and what file names say."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from llm_ar.applications.protocol import count, read_names
from llm_ar.errors import DatasetError
from llm_ar.skeletons.datasets import ntu, smarthome, uav_human
from llm_ar.skeletons.datasets.protocols import DATASETS, dataset_named, protocol_named
from llm_ar.skeletons.datasets.zero_shot import draw_unseen

LISTS = "samples/ntu_rgbd/ctrgcn_statistics"
CLASSES = {"ntu60": 60, "ntu120": 120, "smarthome": 31, "uav-human": 155, "sbu": 8}
NTU_ZERO_SHOT = {"ntu60": ((55, 5), (48, 12)), "ntu120": ((110, 10), (96, 24))}


def parts(dataset: str, protocol: str, names: list[str]) -> tuple[int, int]:
    counted = count(dataset, protocol, names)
    return counted["train"], counted["test"]


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_names_and_phrases_are_distinct_and_suit_an_answer(dataset):
    assert len(dataset.classes) == CLASSES.get(dataset.name, len(dataset.classes))
    assert len({action.published for action in dataset.actions}) == len(dataset.actions)
    assert len({phrase.lower() for phrase in dataset.classes}) == len(dataset.classes)
    for phrase in dataset.classes:
        assert phrase == phrase.strip() and 2 <= len(phrase) <= 45
        assert not set("/()=_.;") & set(phrase) and len(phrase.split()) <= 8


@pytest.mark.parametrize(
    ("dataset", "protocol", "folder", "expected"),
    [
        ("ntu60", "xsub", "ntu", (40_091, 16_487)),
        ("ntu60", "xview", "ntu", (37_646, 18_932)),
        ("ntu120", "xsub", "ntu120", (63_026, 50_919)),
        ("ntu120", "xset", "ntu120", (54_468, 59_477)),
    ],
)
def test_ntu_counts_over_the_usable_names(real_data, dataset, protocol, folder, expected):
    names = read_names(real_data / LISTS / folder / "skes_available_name.txt")
    assert parts(dataset, protocol, names) == expected
    assert protocol_named(dataset_named(dataset), protocol).counts == expected
    assert dataset_named(dataset).clips == len(names) == sum(expected)


def test_ntu_names_agree_with_the_published_columns(real_data):
    folder = real_data / LISTS / "ntu120"
    parsed = [ntu.parse_name(name) for name in read_names(folder / "skes_available_name.txt")]
    columns = [
        ("setup", "setup"),
        ("camera", "camera"),
        ("performer", "performer"),
        ("replication", "replication"),
        ("label", "action"),
    ]
    for file, field in columns:
        published = [int(word) for word in (folder / f"{file}.txt").read_text().split()]
        assert [getattr(name, field) for name in parsed] == published


def test_ntu_missing_recordings_are_those_listed_and_are_in_no_part(real_data):
    folder = real_data / LISTS
    listed = read_names(folder / "ntu120/NTU_RGBD120_samples_with_missing_skeletons.txt")
    assert set(listed) == ntu.MISSING and len(ntu.MISSING) == 535
    of_60 = read_names(folder / "ntu/samples_with_missing_skeletons.txt")
    assert {name for name in ntu.MISSING if ntu.parse_name(name).action <= 60} == set(of_60)
    for protocol in ("xsub", "xset", "zero-shot-110-10"):
        assert count("ntu120", protocol, listed)["unused"] == 535
    for protocol in ("xsub", "xview"):
        assert count("ntu60", protocol, of_60)["unused"] == 302


def test_ntu_class_names_are_in_the_published_wording(real_data):
    lines = (real_data / "samples/pyskl_pkl/nturgbd_120.txt").read_text("utf-8").splitlines()
    published = [line.strip().replace("\u2019", "'") for line in lines if line.strip()]
    assert [action.published for action in dataset_named("ntu120").actions] == published


@pytest.mark.parametrize(
    "source",
    [
        "S018C002P045R001A061",
        "nturgb+d_skeletons/S018C002P045R001A061.skeleton",
        "a.zip/nturgb+d_skeletons/S018C002P045R001A061.skeleton",
        "C:\\S001C001P001R001A001\\S018C002P045R001A061.skeleton",
    ],
)
def test_ntu_paths(source):
    info = dataset_named("ntu120").describe(source)
    assert (info.label, info.subject, info.camera) == ("put on headphones", "45", "2")
    assert dataset_named("ntu60").describe(source) is None


@pytest.mark.parametrize("dataset", sorted(NTU_ZERO_SHOT))
def test_zero_shot_splits_share_no_action(real_data, dataset):
    folder = "ntu" if dataset == "ntu60" else "ntu120"
    names = read_names(real_data / LISTS / folder / "skes_available_name.txt")[::7]
    known = dataset_named(dataset)
    infos = [known.describe(name) for name in names]
    for seen, unseen in NTU_ZERO_SHOT[dataset]:
        lists = set()
        for name in ("", "-seed1", "-seed2", "-seed3"):
            rule = protocol_named(known, f"zero-shot-{seen}-{unseen}{name}")
            shown: dict[str, set[str]] = {"train": set(), "test": set(), "unused": set()}
            for info in infos:
                shown[rule.assign(info)].add(info.label)
            assert len(shown["train"]) == seen and shown["test"] == set(rule.unseen)
            assert len(shown["test"]) == unseen and not shown["train"] & shown["test"]
            lists.add(rule.unseen)
        assert len(lists) == 4


def test_zero_shot_lists_never_change():
    five = protocol_named(dataset_named("ntu60"), "zero-shot-55-5").unseen
    # Published: classes 10, 11, 19, 26, 56 counted from 0 (SynSE).
    assert five == ("read", "write", "put on a hat", "jump up", "touch another person's pocket")
    assert draw_unseen(60, 5, 1) == (1, 41, 45, 48, 49)
    assert len(set(draw_unseen(120, 24, 2))) == 24


def smarthome_names() -> list[str]:
    return [
        f"{action.published}_p{person:02}_r01_v07_c{camera:02}{ending}.json"
        for action in smarthome.ACTIONS
        for person in (2, 3, 4, 6, 7, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 25)
        for camera in range(1, 8)
        for ending in ("", "_pose3d")
    ]


def test_smarthome_protocols():
    names = smarthome_names()
    each = 2 * 7 * 31
    assert parts("smarthome", "cs", names) == (11 * each, 7 * each)
    one_camera = 19 * 18 * 2
    for protocol, cameras in (("cv1", 1), ("cv2", 5)):
        counted = count("smarthome", protocol, names)
        assert counted["train"] == cameras * one_camera
        assert counted["test"] == counted["validation"] == one_camera
        assert counted["unused"] == len(names) - (cameras + 2) * one_camera
    assert len(smarthome.CV_LABELS) == 19


def test_smarthome_names():
    info = dataset_named("smarthome").describe("json/Cook.Cleandishes_p02_r00_v14_c05_pose3d.json")
    assert (info.label, info.subject, info.camera) == ("wash dishes", "2", "5")
    assert dataset_named("smarthome").describe("Juggle_p02_r00_v14_c05.json") is None


def uav_name(person: int, action: int) -> str:
    return f"P{person:03}S01G10B10H10UC022000LC021000A{action:03}R0_08241716.txt"


def test_uav_human_protocols():
    names = [uav_name(person, action) for person in range(119) for action in (0, 77, 154)]
    for protocol in ("csv1", "csv2"):
        assert parts("uav-human", protocol, names) == (89 * 3, 30 * 3)
    known = dataset_named("uav-human")
    for protocol, trained in (
        ("csv1", uav_human.CSV1_SUBJECTS),
        ("csv2", uav_human.CSV2_SUBJECTS),
    ):
        rule = protocol_named(known, protocol)
        found = {p for p in range(119) if rule.assign(known.describe(uav_name(p, 3))) == "train"}
        assert found == set(trained)


def test_uav_human_names():
    known = dataset_named("uav-human")
    info = known.describe("Skeleton/P000S00G10B10H10UC022000LC021000A000R0_08241716.txt")
    assert (info.label, info.subject) == ("drink", "0")
    assert known.describe(uav_name(7, 154)).label == "close an umbrella"
    assert known.describe(uav_name(7, 155)) is None


def test_sbu_folds_cover_each_pair_once(real_data):
    folder = real_data / "sbu_kinect_interaction/SBU"
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("skeleton_pos.txt")]
    assert len(names) == dataset_named("sbu").clips == 282
    known = dataset_named("sbu")
    tested: Counter[str] = Counter()
    for fold in range(1, 6):
        counted = count("sbu", f"fold{fold}", names)
        assert counted["train"] + counted["test"] == 282 and counted["unused"] == 0
        rule = protocol_named(known, f"fold{fold}")
        tested.update(name for name in names if rule.assign(known.describe(name)) == "test")
    assert sorted(tested) == sorted(names) and set(tested.values()) == {1}


def test_nw_ucla_and_utd_mhad_counts(real_data):
    names = [path.name for path in (real_data / "nw_ucla/all_sqe").glob("*.json")]
    assert parts("nw-ucla", "xview", names) == (1_020, 464)
    names = [path.name for path in (real_data / "utd_mhad").rglob("*_skeleton.mat")]
    assert parts("utd-mhad", "odd-even", names) == (431, 430)


def test_the_command_prints_one_json_object(tmp_path, capsys):
    from llm_ar.applications.cli import main

    names = tmp_path / "names.txt"
    names.write_text("S001C001P001R001A001\n\nS001C002P003R001A060.skeleton\n")
    assert main(["protocol", "ntu60", "xview", "--names", str(names)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["train"], printed["test"]) == (1, 1)


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"\xff\xfe\x00", b"S001C001P001R001A061\n", b"x"]
)
def test_lists_that_are_none_are_refused(tmp_path: Path, content: bytes):
    names = tmp_path / "names.txt"
    names.write_bytes(content)
    with pytest.raises(DatasetError):
        count("ntu60", "xsub", read_names(names))
    with pytest.raises(DatasetError, match="cannot be read"):
        read_names(tmp_path / "absent.txt")
