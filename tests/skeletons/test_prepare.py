"""Raw folders become datasets: every recording is read, or listed with its reason."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.io import savemat

from llm_ar.errors import DatasetError
from llm_ar.skeletons.prepare.prepare import prepare
from llm_ar.skeletons.store import ClipStore
from tests.bodies import body

RNG = np.random.default_rng(0)


def write_ucla(folder, name, frames=3):
    folder.mkdir(parents=True, exist_ok=True)
    content = {"file_name": name, "skeletons": RNG.normal(size=(frames, 20, 3)).tolist()}
    (folder / f"{name}.json").write_text(json.dumps(content))


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "prepared" / "out"


class TestPublished:
    def test_nw_ucla(self, raw, out):
        for view in "123":
            write_ucla(raw / "all_sqe", f"a06_s02_e00_v0{view}")
        (raw / "README.md").write_text("about")
        report = prepare("nw-ucla", raw, out)
        assert (report.read, report.refused, report.repaired) == (3, (), ())
        store = ClipStore.open(out)
        assert store.split("xview") == ([0, 1], [2])
        assert store.metadata()[2] == (
            "stand up",
            "2",
            "3",
            None,
            "all_sqe/a06_s02_e00_v03.json",
        )

    def test_utd_mhad_takes_skeletons_alone(self, raw, out):
        savemat(raw / "a3_s2_t1_skeleton.mat", {"d_skel": RNG.normal(size=(20, 3, 5))})
        savemat(raw / "a3_s2_t1_inertial.mat", {"d_iner": np.ones((50, 6))})
        assert prepare("utd-mhad", raw, out).read == 1
        assert ClipStore.open(out).split("odd-even") == ([], [0])

    def test_bad_files_are_listed_while_the_others_go_on(self, raw, out):
        write_ucla(raw, "a01_s01_e00_v01")
        write_ucla(raw, "a07_s01_e00_v01")
        write_ucla(raw, "renamed")
        (raw / "a01_s01_e01_v01.json").touch()
        (raw / "a01_s01_e02_v01.json").write_text('{"skeletons": [')
        report = prepare("nw-ucla", raw, out)
        assert report.read == 1
        assert {note.source: note.reason.split()[0:3] for note in report.refused} == {
            "a01_s01_e01_v01.json": ["the", "file", "is"],
            "a01_s01_e02_v01.json": ["is", "not", "complete"],
            "a07_s01_e00_v01.json": ["its", "name", "does"],
            "renamed.json": ["its", "name", "does"],
        }

    def test_a_second_run_does_nothing_until_the_input_changes(self, raw, out):
        write_ucla(raw, "a01_s01_e00_v01")
        first = prepare("nw-ucla", raw, out)
        written = {path: path.stat().st_mtime_ns for path in out.iterdir()}
        second = prepare("nw-ucla", raw, out)
        assert not first.unchanged and second.unchanged and "nothing to do" in second.summary()
        assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == written
        write_ucla(raw, "a01_s01_e01_v01")
        assert prepare("nw-ucla", raw, out).read == 2
        (out / "data-00000-of-00001.arrow").unlink()
        assert not prepare("nw-ucla", raw, out).unchanged
        assert len(ClipStore.open(out)) == 2

    @pytest.mark.parametrize(
        ("dataset", "problem"),
        [
            ("nw-ucla", "raw: has no recordings of nw-ucla"),
            ("procedural", "llm-ar data make-procedural makes it"),
            ("ntu", "no dataset is called 'ntu'"),
        ],
    )
    def test_nothing_to_prepare(self, raw, out, dataset, problem):
        with pytest.raises(DatasetError, match=problem):
            prepare(dataset, raw, out)
        assert not out.exists()

    def test_no_raw_folder_and_a_useless_table(self, raw, out):
        with pytest.raises(DatasetError, match="none: no such folder"):
            prepare("nw-ucla", raw / "none", out)
        with pytest.raises(DatasetError, match="labels from the files' names"):
            prepare("nw-ucla", raw, out, labels=raw / "labels.csv")

    def test_all_files_bad(self, raw, out):
        (raw / "a01_s01_e00_v01.json").touch()
        with pytest.raises(DatasetError, match="none of its 1 recordings .*v01.json: the file is"):
            prepare("nw-ucla", raw, out)
        assert not out.parent.exists()


class TestFolder:
    def table(self, raw, text):
        (raw / "labels.csv").write_text(text, encoding="utf-8")

    def test_mixed_formats_and_all_columns(self, raw, out, write_skeleton):
        np.save(raw / "x.npy", body(4))
        np.savez(raw / "y.npz", joints=body(4), label="not this", camera="7")
        (raw / "sub").mkdir()
        sensed = (5, RNG.normal(size=(25, 3)), [2] * 25)
        write_skeleton(raw / "sub/S001C002P003R001A004.skeleton", [[sensed]])
        self.table(
            raw,
            "\ufefffile, label,subject,split\nx.npy,wave,ann,train\n\n"
            'y.npz,"draw, then wave",bob,test\nsub/S001C002P003R001A004.skeleton,wave,,\n',
        )
        report = prepare("folder", raw, out)
        store = ClipStore.open(out)
        assert report.refused == () and store.layout.name == "kinect-v1"
        assert store.metadata() == [
            ("wave", "ann", None, "train", "x.npy"),
            ("draw, then wave", "bob", "7", "test", "y.npz"),
            ("wave", "3", "2", None, "sub/S001C002P003R001A004.skeleton"),
        ]
        assert store.labels == ("draw, then wave", "wave")
        assert store.split("split") == ([0], [1])
        assert store.split("held-out:bob") == ([0, 2], [1])
        for divide in (store.split, store.check):
            with pytest.raises(DatasetError, match="no subject 'zzz'; it has 3, ann, bob"):
                divide("held-out:bob,zzz")

    def test_bad_rows_are_listed_by_row(self, raw, out):
        np.save(raw / "good.npy", body(4))
        np.save(raw / "odd.npy", RNG.normal(size=(4, 19, 3)))
        nan = body(4)
        nan[0, 0] = np.nan
        np.save(raw / "nan.npy", nan)
        self.table(
            raw,
            "file,label,split\nmissing.npy,wave,train\ngood.npy,,train\n,wave,train\n"
            "good.npy,wave\ngood.npy,wave,tset\nodd.npy,wave,train\ngood.npy,wave,train\n"
            "nan.npy,wave,train\n",
        )
        report = prepare("folder", raw, out)
        assert report.read == 2
        assert [note.source for note in report.refused] == [
            "labels.csv row 2, missing.npy",
            "labels.csv row 3",
            "labels.csv row 4",
            "labels.csv row 5",
            "labels.csv row 6",
            "labels.csv row 7, odd.npy",
        ]
        for note, word in zip(
            report.refused,
            (
                "no such file",
                "'label' is empty",
                "'file' is empty",
                "2 cells",
                "'tset'",
                "19 joints",
            ),
            strict=True,
        ):
            assert word in note.reason
        assert [note.source for note in report.repaired] == ["nan.npy"]

    def test_a_changed_label_is_changed_input(self, raw, out):
        np.save(raw / "x.npy", body(4))
        self.table(raw, "file,label\nx.npy,wave\n")
        prepare("folder", raw, out)
        self.table(raw, "file,label\nx.npy,clap\n")
        assert not prepare("folder", raw, out).unchanged
        assert ClipStore.open(out).labels == ("clap",)

    def test_a_table_elsewhere(self, raw, out, tmp_path):
        np.save(raw / "x.npy", body(4))
        (tmp_path / "mine.csv").write_text("file,label\nx.npy,wave\n")
        assert prepare("folder", raw, out, labels=tmp_path / "mine.csv").read == 1

    @pytest.mark.parametrize(
        ("text", "encoding"),
        [
            ("file;label\nx.npy;wave\nsub/y.npy;clap, twice\n", "utf-8"),
            ("file\tlabel\r\nx.npy\twave\r\nsub/y.npy\tclap, twice\r\n", "utf-8-sig"),
            ('file,label\nx.npy,wave\nsub/y.npy,"clap, twice"\n', "utf-16"),
            (',Filename,Action\n0,x.npy,wave\n1,sub\\y.npy,"clap, twice"\n', "utf-8"),
            ("x.npy;wave\nsub/y.npy;clap, twice\n", "utf-8"),
        ],
        ids=["semicolons", "tabs", "utf-16", "other-names", "no-names"],
    )
    def test_tables_as_spreadsheets_write_them(self, raw, out, text, encoding):
        np.save(raw / "x.npy", body(4))
        (raw / "sub").mkdir()
        np.save(raw / "sub/y.npy", body(5))
        (raw / "labels.csv").write_text(text, encoding=encoding, newline="")
        report = prepare("folder", raw, out)
        assert (report.read, report.refused) == (2, ())
        store = ClipStore.open(out)
        assert [(row[0], row[4]) for row in store.metadata()] == [
            ("wave", "x.npy"),
            ("clap, twice", "sub/y.npy"),
        ]
        assert [store[0].frames, store[1].frames] == [4, 5]

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (None, "labels.csv: cannot be read .*columns file,label"),
            (b"", "row 1 must name .*found nothing"),
            (b"when;what\nx.npy;wave\n", "row 1 must name .*found when,what"),
            (b"file,label,color\n", "row 1 must name"),
            (b"file,label,label\n", "row 1 must name"),
            (b"file,label\n", "has no recordings"),
            (b"file,label\n\xff\xfe,wave\n", "not a CSV table in UTF-8"),
            (b'file,label\n"x.npy,wave\n', "not a CSV table in UTF-8"),
            (b"file,label\n" + b"a" * 200_000 + b",wave\n", "not a CSV table in UTF-8"),
        ],
    )
    def test_a_broken_table_is_refused(self, raw, out, content, problem):
        if content is not None:
            (raw / "labels.csv").write_bytes(content)
        with pytest.raises(DatasetError, match=problem):
            prepare("folder", raw, out)
        assert not out.parent.exists()


@pytest.mark.data
class TestRealData:
    @pytest.mark.parametrize(
        ("dataset", "folder", "protocol", "sizes"),
        [
            ("nw-ucla", "nw_ucla", "xview", (1020, 464)),
            ("utd-mhad", "utd_mhad", "odd-even", (431, 430)),
        ],
    )
    def test_published_counts(self, real_data, out, dataset, folder, protocol, sizes):
        report = prepare(dataset, real_data / folder, out)
        assert (report.read, report.refused, report.repaired) == (sum(sizes), (), ())
        store = ClipStore.open(out)
        train, test = store.split(protocol)
        assert (len(train), len(test)) == sizes
        assert {info.label for info in store.metadata()} == set(store.labels)
