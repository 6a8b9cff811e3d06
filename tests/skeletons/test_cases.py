"""Recordings as people's tools write them: none is read as something else without a word.

Each holds one of two movements of UTD-MHAD, whose original joints are known, so that every file is
compared joint by joint: in 3-D up to a scale and the place of the hips, in 2-D up to an upright
projection. ``cases/README.md`` beside the files says how each is written.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.doubts import doubts
from llm_ar.skeletons.layouts import KINECT_V1, map_clip
from llm_ar.skeletons.readers import members, read_clip
from llm_ar.skeletons.repair import repair

SAME_JOINTS = """
a20_T3J_squat.npy a20_mirror_squat.npy a20_nan5_squat.npy a20_trans_squat.npy a20_ydown_squat.npy
a20_zeromid_throw.npy a20_zup_squat.npy cc_base_squat.bvh character1_squat.bvh ctrgcn_squat.npz
gap_spread_throw.npy k2_hipcentred_squat.npz kinect_datetime_squat.csv kinect_dotpos_squat.csv
kinect_jointtype_squat.csv kinect_paren_squat.csv kinect_us_squat.csv mat_TJ3_squat.mat
mat_kinect25_squat.mat mat_othername_squat.mat npy_MTVC3_squat.npy npy_flat60_squat.npy
npy_flat75_squat.npy npz_default_squat.npz one.npy plain_ndarray_squat.pkl ref_squat.mat
rigify_squat.bvh stgcn_squat.npy v_zup_squat.bvh
""".split()
"""In the original's joints, or in those of Kinect v2, which have all of them."""

OTHER_JOINTS = """
azure32_squat.npy azure_squat.csv h36m17_squat.npy h36m51_squat.npy humanml22_squat.npy
mp_501_squat.csv mp_XYZV_squat.json mp_long_squat.csv mp_lowvis_throw.json mp_named_squat.json
mp_nohead_squat.csv mp_tutorial_squat.csv openpose_3d_squat ref_mpworld_squat.json
""".split()
"""In the joints of another sensor: some are means of their neighbors."""

IMAGES = """
alphapose_open_squat.json ap_suffixnum_squat.json coco_nested_squat.json halpe136_squat.json
halpe26_squat.json kinetics_squat.json mmpose_frames_squat.json mmpose_pred_squat.json
mmpose_predictions_squat.json npy_MTVC_squat.npy npy_coco_xyscore_squat.npy npz_kpt_squat.npz
op25_xyc_squat.npy penn13_squat.npy pyskl_single_squat.pkl yolo_tojson_squat.json
yolo_xy_zeros_squat.npy
""".split()

WARNED = {
    "a20_nan5_squat.npy": "only 5 of 100 frames show somebody",
    "static_squat.npy": "nobody moves",
    "one.npy": "one of 1 frames",
    # Its points 17 to 22, which are toes and heels in this layout, are those of Halpe.
    "cocowhole133_squat.json": "left_big_toe is far from left_ankle",
    "mp_lowvis_throw.json": "left_leg and right_leg never seen",
}
REFUSED = {"mat_v73_squat.mat": "whose content cannot be opened"}

FRAMES = {"one.npy": 1, "stgcn_squat.npy": 300}
"""Other counts than the original's; `stgcn` is padded with empty frames."""

pytestmark = pytest.mark.data
HIPS = [KINECT_V1.joints.index("left_hip"), KINECT_V1.joints.index("right_hip")]


@pytest.fixture(scope="module")
def cases(real_data: Path) -> Path:
    folder = real_data / "cases"
    if not folder.is_dir():
        pytest.skip("no folder cases among the real recordings")
    return folder


@pytest.fixture(scope="module")
def originals(real_data: Path) -> dict[str, Clip]:
    """The two movements by name, as published."""
    found = {}
    for name, pattern in (("squat", "cases/ref_squat.mat"), ("throw", "**/a5_s1_t1_skeleton.mat")):
        file = next(iter(real_data.glob(pattern)), None)
        if file is None:
            pytest.skip(f"no {pattern} among the real recordings")
        found[name] = map_clip(read_clip(file), KINECT_V1)
    return found


def case(path: Path) -> Clip:
    """The first clip of a file, with its people and gaps as a model takes them."""
    return map_clip(repair(read_clip(members(path)[0]))[0], KINECT_V1)


def centered(clip: Clip, frames: int) -> NDArray[np.float64]:
    """Joints (frames, J, 3) of the first person from the middle of the hips."""
    joints = clip.joints[:frames, 0].astype(np.float64)
    return joints - joints[:, HIPS].mean(axis=1, keepdims=True)


def differences(
    clip: Clip, original: Clip
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Distances in meters of joints seen in both, and the two sets of joints (N, 3)."""
    frames = min(clip.frames, original.frames)
    both = clip.present[:frames, 0] & original.present[:frames, 0]
    ours, theirs = centered(clip, frames)[both], centered(original, frames)[both]
    scale = (ours * theirs).sum() / (ours * ours).sum()
    assert scale > 0
    return np.linalg.norm(scale * ours - theirs, axis=1), ours, theirs


def original_of(name: str, originals: dict[str, Clip]) -> Clip:
    return originals["throw" if "_throw" in name else "squat"]


@pytest.mark.parametrize("name", [*SAME_JOINTS, *OTHER_JOINTS])
def test_joints_are_those_of_the_original(
    cases: Path, originals: dict[str, Clip], name: str
) -> None:
    clip, original = case(cases / name), original_of(name, originals)
    assert (clip.frames, clip.dimensions) == (FRAMES.get(name, original.frames), 3)
    apart, _, _ = differences(clip, original)
    if name in SAME_JOINTS:
        assert apart.max() < 0.01
    else:
        # The usual joint is the same; means of neighbors may be a hand's length away.
        assert np.median(apart) < 0.02 and np.quantile(apart, 0.95) < 0.12


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_an_upright_view_of_the_original(
    cases: Path, originals: dict[str, Clip], name: str
) -> None:
    clip, original = case(cases / name), original_of(name, originals)
    assert (clip.frames, clip.people, clip.dimensions) == (original.frames, 1, 2)
    both = clip.present[:, 0] & original.present[:, 0]
    image, body = centered(clip, clip.frames)[both][:, :2], centered(original, clip.frames)[both]
    view, *_ = np.linalg.lstsq(body, image, rcond=None)
    view /= view[1, 1]
    # x stays right (a mirrored reading has it negative), y stays up, depth hardly counts.
    assert np.allclose(view, [[1, 0], [0, 1], [0, 0]], atol=0.06)
    apart = np.linalg.norm(
        image / np.linalg.norm(image) * np.linalg.norm(body @ view) - body @ view, axis=1
    )
    assert np.median(apart) < 0.03 and np.quantile(apart, 0.95) < 0.1


@pytest.mark.parametrize("name", WARNED)
def test_what_shows_too_little_or_is_confused_is_said(cases: Path, name: str) -> None:
    clip = repair(read_clip(cases / name))[0]
    assert any(WARNED[name] in doubt for doubt in doubts(clip))


@pytest.mark.parametrize("name", sorted({*SAME_JOINTS, *OTHER_JOINTS, *IMAGES} - set(WARNED)))
def test_what_is_right_is_not_doubted(cases: Path, name: str) -> None:
    assert doubts(repair(read_clip(members(cases / name)[0]))[0]) == ()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_damaged_is_refused(cases: Path, name: str) -> None:
    with pytest.raises(ClipError, match=REFUSED[name]):
        read_clip(cases / name)


def test_every_file_is_judged(cases: Path) -> None:
    judged = {*SAME_JOINTS, *OTHER_JOINTS, *IMAGES, *WARNED, *REFUSED}
    assert {path.name for path in cases.iterdir() if path.name != "README.md"} == judged
