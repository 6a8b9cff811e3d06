"""Whatever a table or a zip file holds: each recording is used or refused, nothing else happens."""

from __future__ import annotations

import csv
import io
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from llm_ar.errors import DatasetError
from llm_ar.skeletons.prepare.prepare import prepare
from llm_ar.skeletons.store import ClipStore
from tests.bodies import body

GOOD = body(6)
FAST = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


def npy(positions):
    stream = io.BytesIO()
    np.save(stream, positions)
    return stream.getvalue()


def ntu_text(frames=20):
    joint = "0.1 -0.2 3.1 276.1 190.1 1032.3 514.1 -0.17 0.04 0.97 -0.16 2"
    return "\r\n".join(
        [str(frames), *["1", "7 0 1 1 1 1 0 -0.1 0.2 2", "25", *[joint] * 25] * frames, ""]
    ).encode()


class TestTables:
    CELLS = st.one_of(
        st.sampled_from(
            ["a.npy", "b.npy", "gone.npy", "", " ", ".", "..", "../a.npy", "/", "wave", "Wave ",
             "train", "tset", "a\x00b", "x" * 300, "labels.csv", "\u202eypn.a", "nul\n"]
        ),
        st.text(max_size=8),
    )  # fmt: skip

    @FAST
    @given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=8))
    @example([["x" * 300, "a.npy", ""]])
    def test_every_row_is_read_or_refused(self, rows):
        with tempfile.TemporaryDirectory() as folder:
            raw, out = Path(folder) / "raw", Path(folder) / "out"
            raw.mkdir()
            (raw / "a.npy").write_bytes(npy(GOOD))
            (raw / "b.npy").write_bytes(npy(GOOD[:, :7]))
            with (raw / "labels.csv").open("w", newline="", encoding="utf-8") as file:
                table = csv.writer(file)
                table.writerow(["file", "label", "split"])
                table.writerow(["a.npy", "wave", "train"])
                table.writerows(
                    [[cell.encode("utf-8", "replace").decode() for cell in row] for row in rows]
                )
            try:
                report = prepare("folder", raw, out)
            except DatasetError as error:
                assert len(str(error).splitlines()) == 1
                assert not out.exists()
                return
            filled = sum(any(cell.strip() for cell in row) for row in rows) + 1
            assert report.read + len(report.refused) == filled
            assert len(ClipStore.open(out)) == report.read
            assert sorted(path.name for path in Path(folder).iterdir()) == ["out", "raw"]

    @FAST
    @given(st.binary(max_size=200))
    def test_any_bytes_as_a_table(self, content):
        with tempfile.TemporaryDirectory() as folder:
            raw = Path(folder) / "raw"
            raw.mkdir()
            (raw / "labels.csv").write_bytes(b"file,label\n" + content)
            with pytest.raises(DatasetError):
                prepare("folder", raw, Path(folder) / "out")

    def test_what_is_not_the_recording_is_never_read_as_one(self, tmp_path):
        raw = tmp_path / "raw"
        (raw / "deep").mkdir(parents=True)
        (raw / "a.npy").write_bytes(npy(GOOD))
        np.save(raw / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
        rows = ["a.npy,wave", "deep,wave", "objects.npy,wave", "labels.csv,wave"]
        (raw / "labels.csv").write_text("\n".join(["file,label", *rows]) + "\n")
        report = prepare("folder", raw, tmp_path / "out")
        assert report.read == 1
        assert [note.source.split()[2] for note in report.refused] == ["3,", "4,", "5,"]


class TestZips:
    NAME = "S001C001P001R001A0{:02}.skeleton"

    def write(self, path, content, packing=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(path, "w", packing) as archive:
            for name, data in content.items():
                archive.writestr(name, data)

    def test_members_are_read_where_they_are(self, tmp_path):
        raw = tmp_path / "raw"
        raw.mkdir()
        self.write(
            raw / "s001.zip",
            {f"skeletons/{self.NAME.format(action)}": ntu_text() for action in (1, 2, 3)},
        )
        (raw / self.NAME.format(4)).write_bytes(ntu_text())
        before = sorted(raw.rglob("*"))
        report = prepare("ntu60", raw, tmp_path / "out", workers=2)
        assert (report.read, report.refused) == (4, ()) and sorted(raw.rglob("*")) == before
        one = prepare("ntu60", raw / "s001.zip", tmp_path / "one")
        assert one.read == 3
        assert prepare("ntu60", raw / "s001.zip", tmp_path / "one").unchanged

    def test_a_name_that_points_outside_is_refused_and_nothing_is_written(self, tmp_path):
        raw = tmp_path / "deep/raw"
        raw.mkdir(parents=True)
        names = [
            "../../../S001C001P001R001A001.skeleton",
            "/tmp/S001C001P001R001A002.skeleton",
            "C:\\S001C001P001R001A003.skeleton",
            "a/../../S001C001P001R001A004.skeleton",
        ]
        content = dict.fromkeys(names, ntu_text())
        self.write(raw / "s.zip", {**content, self.NAME.format(5): ntu_text()})
        before = sorted(tmp_path.rglob("*"))
        report = prepare("ntu60", raw, tmp_path / "out")
        assert report.read == 1 and len(report.refused) == 4
        assert all("points outside the zip file" in note.reason for note in report.refused)
        new = set(tmp_path.rglob("*")) - set(before)
        assert all(tmp_path / "out" in (path, *path.parents) for path in new)

    def test_bombs_are_refused_unread(self, tmp_path):
        raw = tmp_path / "raw"
        raw.mkdir()
        bombs = {self.NAME.format(1): b"0\n" * 2**24, self.NAME.format(2): b" " * (80 * 2**20)}
        self.write(raw / "s.zip", {**bombs, self.NAME.format(3): ntu_text()})
        assert (raw / "s.zip").stat().st_size < 2**18
        del bombs
        tracemalloc.start()
        report = prepare("ntu60", raw, tmp_path / "out")
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
        tracemalloc.stop()
        assert report.read == 1 and len(report.refused) == 2

    def test_a_size_that_lies_is_refused(self, tmp_path):
        path = tmp_path / "s.zip"
        text = ntu_text()
        self.write(path, {self.NAME.format(1): text, self.NAME.format(2): text})
        data = bytearray(path.read_bytes())
        entry = data.rindex(b"PK\x01\x02")
        data[entry + 24 : entry + 28] = (len(text) // 2).to_bytes(4, "little")
        path.write_bytes(data)
        report = prepare("ntu60", path, tmp_path / "out")
        assert report.read == 1 and len(report.refused) == 1

    @FAST
    @given(st.data())
    def test_damaged_zips_are_refused_whole_or_by_member(self, data):
        content = {self.NAME.format(action): ntu_text(action) for action in range(1, 5)}
        with tempfile.TemporaryDirectory() as folder:
            path, out = Path(folder) / "s.zip", Path(folder) / "out"
            packing = data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
            self.write(path, content, packing)
            damaged = bytearray(path.read_bytes())
            for _ in range(data.draw(st.integers(1, 3))):
                damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(
                    st.integers(0, 255)
                )
            path.write_bytes(damaged[: data.draw(st.integers(len(damaged) // 2, len(damaged)))])
            try:
                report = prepare("ntu60", path, out)
            except DatasetError as error:
                assert len(str(error).splitlines()) == 1
                return
            assert report.read == len(ClipStore.open(out)) >= 1
            # What is read is read whole: a checksum stands for each member.
            for clip in ClipStore.open(out):
                assert clip.frames == int(clip.name[-2:])
