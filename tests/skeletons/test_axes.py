"""Arrays in every order of axes: read where one reading fits, refused where several do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_ar.errors import ClipError, ConfigError
from llm_ar.skeletons.layouts import COCO, KINECT_V2, LAYOUTS, layout_named
from llm_ar.skeletons.read_options import ReadOptions
from llm_ar.skeletons.readers import read_clip
from llm_ar.skeletons.readers.axes import arrange
from tests.bodies import body

LAYOUTS_3D = ("kinect-v1", "kinect-v2", "sbu-15", "h36m-17", "smpl-22", "azure-32")


def in_axes(positions, axes):
    """Positions ``(T, M, V, C)`` as an array in that order; brackets merge axes."""
    letters = axes.replace("(", "").replace(")", "")
    if "N" in letters:
        positions = positions[None]
    start = "NTMVC" if "N" in letters else "TMVC"
    if "M" not in letters:
        positions, start = positions[:, 0], "TVC"
    array = positions.transpose([start.index(letter) for letter in letters])
    if "(" not in axes:
        return array
    before, merged = axes.index("("), axes.index(")") - axes.index("(") - 1
    shape = array.shape
    size = int(np.prod(shape[before : before + merged]))
    return array.reshape(*shape[:before], size, *shape[before + merged :])


def read_array(folder, array, options=None):
    np.save(folder / "x.npy", array)
    return read_clip(folder / "x.npy", options or ReadOptions())


@pytest.mark.parametrize("layout", LAYOUTS_3D)
@pytest.mark.parametrize(
    "axes", ["TVC", "TCV", "VCT", "VTC", "CTV", "CVT", "T(VC)", "T(CV)", "(VC)T", "TMVC", "MTVC"]
)
def test_one_person_in_every_order(tmp_path, body_clip, layout, axes):
    clip = body_clip(layout_named(layout))
    found = read_array(tmp_path, in_axes(clip.joints, axes))
    assert found.layout.name == layout
    np.testing.assert_allclose(found.joints, clip.joints, atol=1e-5)
    assert found.understood.axes is not None and found.understood.layout is not None


@pytest.mark.parametrize("layout", ["kinect-v1", "kinect-v2", "h36m-17"])
@pytest.mark.parametrize(
    "axes", ["TMVC", "MTVC", "CTVM", "MCTV", "NCTVM", "NMTVC", "NTMVC", "T(MVC)", "NT(MVC)"]
)
def test_two_people_in_every_order(tmp_path, body_clip, layout, axes):
    clip = body_clip(layout_named(layout), people=2)
    found = read_array(tmp_path, in_axes(clip.joints, axes))
    np.testing.assert_allclose(found.joints, clip.joints, atol=1e-5)


@pytest.mark.parametrize("axes", ["TVC", "CTV", "T(VC)"])
def test_positions_in_images(tmp_path, body_clip, axes):
    pixels = image(body_clip(COCO))
    found = read_array(tmp_path, in_axes(pixels, axes))
    assert (found.layout, found.dimensions) == (COCO, 2)
    np.testing.assert_allclose(found.joints[..., :2], -pixels, atol=1e-3)


def test_stgcn_with_an_absent_second_person(tmp_path, body_clip):
    clip = body_clip(KINECT_V2)
    both = np.concatenate([clip.joints, np.zeros_like(clip.joints)], axis=1)
    found = read_array(tmp_path, in_axes(both, "CTVM"))
    assert found.people == 2 and not found.present[:, 1].any()
    np.testing.assert_allclose(found.joints[:, 0], clip.joints[:, 0], atol=1e-5)


def test_content_that_decides_nothing_is_refused_with_the_options(tmp_path):
    # All joints in a line, at rest: frames and joints, 20 of each, cannot be told apart.
    line = np.linspace(0, 1, 20)
    array = np.stack([line[:, None] + line[None, :], line[:, None] * line[None, :]], axis=-1)
    with pytest.raises(ClipError, match="can be read as .*--axes TVC or --axes VTC|do not fit"):
        read_array(tmp_path, array)


def test_stated_axes_settle_it(body_clip, tmp_path):
    clip = body_clip()
    array = in_axes(clip.joints, "CTV")
    found = read_array(tmp_path, array, ReadOptions(axes="CTV"))
    np.testing.assert_allclose(found.joints, clip.joints, atol=1e-5)
    assert "as stated" in found.understood.axes
    with pytest.raises(ClipError, match="x.npy: .*--axes TVC does not fit"):
        read_array(tmp_path, array, ReadOptions(axes="TVC"))


@pytest.mark.parametrize("axes", ["TV", "TVCC", "TVX", "tvc", "TVC:abc"])
def test_axes_that_are_none_are_refused(axes):
    with pytest.raises(ConfigError, match="--axes"):
        ReadOptions(axes=axes)


def test_formats_with_fixed_axes_take_no_axes(tmp_path, body_clip):
    import json

    frames = body_clip().joints[:, 0].tolist()
    (tmp_path / "a01_s01_e00_v01.json").write_text(json.dumps({"skeletons": frames}))
    with pytest.raises(ClipError, match="leave --axes out"):
        read_clip(tmp_path / "a01_s01_e00_v01.json", ReadOptions(axes="TVC"))


class TestScores:
    def test_a_third_number_beside_pixels_is_a_score(self, tmp_path, body_clip):
        pixels = image(body_clip(COCO))
        scores = np.full((*pixels.shape[:3], 1), 0.9)
        scores[3, 0, 5] = 0.05
        found = read_array(tmp_path, np.concatenate([pixels, scores], axis=-1)[:, 0])
        assert found.dimensions == 2 and not found.present[3, 0, 5]
        assert found.present.sum() == found.present.size - 1
        assert "score" in found.understood.notes[0]

    def test_beside_shares_of_the_image_too(self, tmp_path, body_clip):
        shares = image(body_clip(COCO)) / 1000
        rng = np.random.default_rng(0)
        scores = rng.uniform(0.7, 1, (*shares.shape[:3], 1))
        found = read_array(tmp_path, np.concatenate([shares, scores], axis=-1)[:, 0])
        assert found.dimensions == 2

    def test_depths_in_meters_stay_depths(self, tmp_path, body_clip):
        clip = body_clip()
        near = clip.joints - [0, 0, 2.6]
        near[..., 2] = np.clip(near[..., 2], 0, 1)
        assert read_array(tmp_path, near[:, 0]).dimensions == 3

    def test_it_can_be_stated(self, tmp_path, body_clip):
        clip = body_clip()
        found = read_array(tmp_path, clip.joints[:, 0], ReadOptions(axes="TVC:xys", up="y"))
        assert found.dimensions == 2

    def test_scores_beside_the_positions(self, tmp_path, body_clip):
        pixels = image(body_clip(COCO))[:, 0]
        scores = np.ones(pixels.shape[:2])
        scores[0, 3] = 0
        np.savez(tmp_path / "x.npz", keypoints=pixels, scores=scores)
        found = read_clip(tmp_path / "x.npz")
        assert not found.present[0, 0, 3] and found.present.sum() == found.present.size - 1


def image(clip):
    """The clip ``(T, M, J, 2)`` in the pixels of a camera: x right, y down."""
    x, y, z = np.moveaxis(clip.joints.astype(np.float64), -1, 0)
    return np.stack([320 - 500 * x / z, 240 - 500 * y / z], axis=-1)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    layout=st.sampled_from(LAYOUTS_3D),
    axes=st.sampled_from(["TVC", "VCT", "CTV", "T(VC)", "TMVC", "MTVC", "NCTVM"]),
    up=st.sampled_from(["y", "-y", "z", "-z"]),
    mirror=st.booleans(),
    scale=st.sampled_from([1.0, 100.0, 1000.0]),
    frames=st.integers(24, 60),
    seed=st.integers(0, 20),
)
def test_written_in_any_form_and_read_back(
    tmp_path, body_clip, layout, axes, up, mirror, scale, frames, seed
):
    clip = body_clip(layout_named(layout), frames=frames, seed=seed)
    to_file = {
        "y": np.eye(3),
        "-y": np.diag([-1, -1, 1]),
        "z": np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]),
        "-z": np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]),
    }[up]
    flipped = clip.joints * ([-1, 1, 1] if mirror else [1, 1, 1])
    array = in_axes(scale * flipped @ to_file.T, axes)
    found = read_array(tmp_path, array)
    assert found.layout.name == layout
    expected = scale * clip.joints
    if mirror and layout == "sbu-15" and found.understood.handedness.startswith("right-handed, as"):
        # Without toes only deeply bent knees tell a mirror image: left as it is, and said.
        assert "knees and feet do not tell" in found.understood.handedness
        assert "mirror" not in " ".join(found.repairs)
        expected = expected * [-1, 1, 1]
    np.testing.assert_allclose(found.joints, expected, atol=1e-4 * scale)


def test_arrange_names_what_it_expects(tmp_path):
    with pytest.raises(ClipError, match=r"shape \(4, 19, 3\), so 19 joints, expected"):
        arrange(tmp_path / "x.npy", np.ones((4, 19, 3)), LAYOUTS)


def test_a_chosen_order_is_not_said_not_to_fit(tmp_path):
    two = np.zeros((40, 2, 25, 3), np.float32)
    two[:, 0] = body(40, KINECT_V2)
    path = tmp_path / "rows.npy"
    np.save(path, two.reshape(40, 150))
    said = read_clip(path).understood.axes
    assert "is T(MVC)" in said and "does not fit T(MVC)" not in said
