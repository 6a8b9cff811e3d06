"""Mistakes of a first day: each is answered by one line that says what to do instead."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import llm_ar
from llm_ar.applications.cli import main
from tests.bodies import body

Capture = pytest.CaptureFixture[str]


@pytest.fixture()
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two recordings with a table of labels, and files that are no recordings."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("a", "b"):
        np.save(folder / f"{name}.npy", body(24, seed=ord(name)))
    (folder / "labels.csv").write_text("file,label,subject\na.npy,wave,ann\nb.npy,clap,ben\n")
    (folder / "empty.npy").write_bytes(b"")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    (folder / "notes.txt").write_text("filmed on Monday\n")
    (folder / "cut.npy").write_bytes((folder / "a.npy").read_bytes()[:2000])
    (folder / "text.npy").write_text("0.1 0.2 0.3\n")
    (folder / "packed.npy.gz").write_bytes(b"\x1f\x8b" + bytes(64))
    monkeypatch.chdir(tmp_path)
    return folder


def answer(words: list[str], capsys: Capture) -> str:
    """The one line that a mistaken command prints."""
    try:
        code = main(words)
    except SystemExit as stop:
        code = int(stop.code or 0)
    shown = capsys.readouterr()
    assert code in (1, 2) and not shown.out.strip()
    (line,) = [line for line in shown.err.splitlines() if line.strip()]
    return line


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("mine/c.npy", "no such file; check the path"),
        ("mine", "this is a folder, and not of frames by OpenPose or ultralytics; name the"),
        ("mine/empty.npy", "the file is empty; copy or record it again"),
        ("mine/photo.png", "is a picture; give a video, or the joints of all its frames"),
        ("mine/notes.txt", "is in no format known here"),
        ("mine/labels.csv", "is a table of labels; give the recordings that it lists"),
        ("mine/cut.npy", "copy or save it again"),
        ("mine/text.npy", "does not begin as a NumPy array; save it again with numpy.save"),
        ("mine/packed.npy.gz", "is compressed with gzip; unpack it"),
    ],
)
def test_what_is_no_recording(mine: Path, file: str, said: str, capsys: Capture) -> None:
    line = answer(["inspect", file], capsys)
    assert file in line and said in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "x", "recognize", "mine/a.npy"], "llm-ar COMMAND --model ..."),
        (["recognize", "mine/a.npy", "--model", "utd_mhad"], "model folder; shipped: general, "),
        (["train", "--data", "mine"], "llm-ar prepare folder --raw mine --out data/mine"),
        (["evaluate", "--data", "mine"], "--model is missing"),
        (["prepare", "floder", "--raw", "mine", "--out", "out"], "no dataset is called 'floder'"),
        (["prepare", "folder", "--raw", "mine/a.npy", "--out", "out"], "mine/a.npy"),
        (["prepare", "folder", "--raw", "none", "--out", "out"], "none"),
    ],
)
def test_a_command_that_cannot_be_run(
    mine: Path, words: list[str], said: str, capsys: Capture
) -> None:
    assert said in answer(words, capsys)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("file|label\na.npy|wave\n", "there is no column file and no column label"),
        ("file,subject\na.npy,ann\n", "there is no column label"),
        ("file,label,colour\na.npy,wave,red\n", "'colour' is none of them"),
        ("", "found nothing"),
    ],
)
def test_a_table_of_labels_that_cannot_be_read(
    mine: Path, table: str, said: str, capsys: Capture
) -> None:
    (mine / "labels.csv").write_text(table)
    line = answer(["prepare", "folder", "--raw", "mine", "--out", "out"], capsys)
    assert "labels.csv: row 1 must name the columns file,label" in line and said in line


def test_semicolons_are_a_separator(mine: Path, capsys: Capture) -> None:
    (mine / "labels.csv").write_text("file;label;subject\na.npy;wave;ann\nb.npy;clap;ben\n")
    assert main(["prepare", "folder", "--raw", "mine", "--out", "out", "--workers", "1"]) == 0
    assert "2 clips" in capsys.readouterr().out


def test_help_and_version_in_other_words(capsys: Capture) -> None:
    assert main(["help"]) == 0
    assert "first steps:" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["help", "inspect"])
    assert stop.value.code == 0
    assert "usage: llm-ar inspect" in capsys.readouterr().out
    for word in ("-V", "version", "--version"):
        assert main([word]) == 0
        assert capsys.readouterr().out == f"llm-ar {llm_ar.__version__}\n"
