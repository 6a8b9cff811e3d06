"""MATLAB files: named for what they are, and 7.3 files never told to be copied again."""

from __future__ import annotations

import io
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from llm_ar.errors import ClipError
from llm_ar.skeletons.readers import format_of, read_clip
from tests.bodies import body

HEAD = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  1 00:00:00 2024".ljust(512)


def new_form(path: Path, **arrays: np.ndarray) -> Path:
    """A 7.3 file: HDF5 behind a block of text, with the axes turned round."""
    content = io.BytesIO()
    with h5py.File(content, "w", userblock_size=512) as file:
        for name, values in arrays.items():
            file[name] = values.T
    path.write_bytes(HEAD + content.getvalue()[512:])
    return path


def test_the_format_is_called_by_what_the_file_holds(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"pos": body(12)})
    savemat(tmp_path / "u.mat", {"d_skel": body(12).transpose(1, 2, 0), "more": np.eye(4)})
    assert format_of(tmp_path / "a.mat") == "MATLAB .mat"
    assert format_of(tmp_path / "u.mat") == "UTD-MHAD .mat"
    assert format_of(new_form(tmp_path / "n.mat", pos=body(12))) == "MATLAB .mat"
    assert format_of(new_form(tmp_path / "m.mat", d_skel=body(9))) == "UTD-MHAD .mat"


def test_new_files_are_read(tmp_path: Path) -> None:
    clip = read_clip(new_form(tmp_path / "n.mat", pos=body(12)))
    assert np.allclose(clip.joints[:, 0], body(12), atol=1e-5)


def test_a_damaged_new_file_is_to_be_saved_in_the_old_form(tmp_path: Path) -> None:
    whole = new_form(tmp_path / "n.mat", pos=body(12)).read_bytes()
    empty = HEAD + b"\x89HDF\r\n\x1a\n" + bytes(3000)
    for data in (HEAD, empty, whole[:600], whole[: len(whole) // 2]):
        (tmp_path / "n.mat").write_bytes(data)
        with pytest.raises(ClipError, match=r"MATLAB 7\.3 file.*'-v7'") as error:
            read_clip(tmp_path / "n.mat")
        assert "copy it again" not in str(error.value) and len(error.value.problem) < 400
