"""Each change of a training clip alone: what it may alter, by how much, and what it may not."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from llm_ar.config import AugmentConfig
from llm_ar.skeletons.layouts import COCO, KINECT_V1, LAYOUTS, Layout
from llm_ar.tokenizer.augment import augment, mirror, mirror_targets
from llm_ar.tokenizer.features import joint_features

STRENGTHS = [field.name for field in fields(AugmentConfig) if field.name != "temporal_oversampling"]
NOTHING = AugmentConfig(**dict.fromkeys(STRENGTHS, 0.0))
EVERYTHING = AugmentConfig(noise=0.05, joint_dropout=0.2)


def random_clips(clips: int = 6, frames: int = 12, people: int = 2) -> tuple[Tensor, Tensor]:
    """Joints, also where none was seen: gaps come interpolated."""
    shape = (clips, frames, people, len(KINECT_V1.joints))
    return torch.randn(*shape, 3), torch.rand(shape) < 0.9


def bone_lengths(joints: Tensor, layout: Layout = KINECT_V1) -> Tensor:
    """(B, T, M, bones)."""
    bones = [(j, parent) for j, parent in enumerate(layout.parents) if parent >= 0]
    ends = [joints[..., [bone[side] for bone in bones], :] for side in (0, 1)]
    return (ends[0] - ends[1]).norm(dim=-1)


def test_no_strength_no_change() -> None:
    joints, present = random_clips()
    found, seen = augment(joints, present, NOTHING, KINECT_V1)
    torch.testing.assert_close(found, joints, rtol=0, atol=0)
    assert torch.equal(seen, present)


def test_a_seed_gives_the_same_change_again() -> None:
    joints, present = random_clips()
    first, seen = augment(joints, present, EVERYTHING, KINECT_V1)
    other, _ = augment(joints, present, EVERYTHING, KINECT_V1)
    assert not torch.equal(first, other)
    for _ in range(2):
        torch.manual_seed(3)
        again = augment(joints, present, EVERYTHING, KINECT_V1)
        torch.manual_seed(3)
        twin = augment(joints, present, EVERYTHING, KINECT_V1)
        assert torch.equal(again[0], twin[0]) and torch.equal(again[1], twin[1])


def test_inputs_stay_as_they_are() -> None:
    joints, present = random_clips()
    kept = joints.clone(), present.clone()
    augment(joints, present, EVERYTHING, KINECT_V1)
    assert torch.equal(joints, kept[0]) and torch.equal(present, kept[1])


def test_rotation_turns_whole_clips() -> None:
    joints, present = random_clips()
    found, seen = augment(
        joints, present, replace(NOTHING, yaw_degrees=60, tilt_degrees=10), KINECT_V1
    )
    assert torch.equal(seen, present)
    assert not torch.allclose(found, joints, atol=0.1)
    torch.testing.assert_close(bone_lengths(found), bone_lengths(joints))
    torch.testing.assert_close(found.norm(dim=-1), joints.norm(dim=-1))
    for clip in range(len(joints)):
        # One proper rotation explains the whole clip (least squares over all its joints).
        turn = torch.linalg.lstsq(joints[clip].reshape(-1, 3), found[clip].reshape(-1, 3)).solution
        torch.testing.assert_close(turn @ turn.T, torch.eye(3), rtol=0, atol=1e-4)
        torch.testing.assert_close(torch.linalg.det(turn), torch.tensor(1.0))
        torch.testing.assert_close(joints[clip] @ turn, found[clip], rtol=0, atol=1e-4)


def test_yaw_keeps_heights_and_its_limit() -> None:
    joints = torch.zeros(400, 4, 1, 20, 3)
    joints[..., 0], joints[..., 1] = 1.0, 0.7
    joints[..., 19, 2] = 1.0
    present = torch.ones(joints.shape[:-1], dtype=torch.bool)
    found, _ = augment(joints, present, replace(NOTHING, yaw_degrees=60), KINECT_V1)
    torch.testing.assert_close(found[..., 1], joints[..., 1])
    angles = torch.rad2deg(torch.atan2(-found[:, 0, 0, 0, 2], found[:, 0, 0, 0, 0]))
    assert angles.abs().max() <= 60.001
    assert angles.min() < -50 and angles.max() > 50, "both ways, as far as allowed"


def test_tilt_keeps_its_limit() -> None:
    joints = torch.zeros(400, 4, 1, 20, 3)
    joints[..., 1] = 1.0
    joints[..., 19, 2] = 1.0
    present = torch.ones(joints.shape[:-1], dtype=torch.bool)
    found, _ = augment(joints, present, replace(NOTHING, tilt_degrees=10), KINECT_V1)
    lean = torch.rad2deg(torch.acos(found[:, 0, 0, 0, 1].clamp(max=1)))
    assert 10 < lean.max() <= 15, "up to 10 degrees about each of two axes"


def test_clips_in_2d_stay_in_2d() -> None:
    joints, present = random_clips()
    joints[::2, ..., 2] = 0
    found, _ = augment(joints, present, EVERYTHING, KINECT_V1)
    assert not found[::2, ..., 2].any()
    assert found[1::2, ..., 2].any()


def test_flatten_shows_clips_to_a_camera_from_any_side() -> None:
    joints, present = random_clips(clips=400, frames=4)
    found, _ = augment(joints, present, replace(NOTHING, flatten=0.5), KINECT_V1)
    flat = (found[..., 2] == 0).flatten(1).all(1)
    assert 0.4 < flat.float().mean() < 0.6
    torch.testing.assert_close(found[~flat], joints[~flat])
    # Turned about the vertical alone: heights stay, and one angle explains each clip's widths.
    torch.testing.assert_close(found[flat][..., 1], joints[flat][..., 1])
    before, after = joints[flat][..., [0, 2]].flatten(1, 3), found[flat][..., 0].flatten(1)
    turn = torch.linalg.lstsq(before, after.unsqueeze(-1)).solution.squeeze(-1)
    torch.testing.assert_close((before @ turn.unsqueeze(-1)).squeeze(-1), after, rtol=0, atol=1e-4)
    torch.testing.assert_close(turn.norm(dim=-1), torch.ones(len(turn)), rtol=0, atol=1e-4)
    angles = torch.rad2deg(torch.atan2(turn[:, 1], turn[:, 0])).abs()
    assert 90 < angles.max() <= 100.01


def test_scale_is_one_factor_a_clip() -> None:
    joints, present = random_clips(clips=200, frames=3)
    found, _ = augment(joints, present, replace(NOTHING, scale=0.1), KINECT_V1)
    factors = (bone_lengths(found) / bone_lengths(joints)).flatten(1)
    torch.testing.assert_close(factors, factors[:, :1].expand_as(factors), rtol=1e-3, atol=1e-3)
    assert 0.899 < factors.min() < 0.93 and 1.07 < factors.max() < 1.101


def test_shear_is_one_map_near_the_identity() -> None:
    joints, present = random_clips(clips=50, frames=3)
    found, _ = augment(joints, present, replace(NOTHING, shear=0.1), KINECT_V1)
    for before, after in zip(joints.flatten(1, 3), found.flatten(1, 3), strict=True):
        linear = torch.linalg.lstsq(before, after).solution
        torch.testing.assert_close(before @ linear, after, rtol=1e-3, atol=1e-3)
        assert (linear - torch.eye(3)).abs().max() <= 0.101
    assert (found - joints).abs().max() > 0.1


def test_noise_has_its_standard_deviation() -> None:
    joints, present = random_clips()
    found, seen = augment(joints, present, replace(NOTHING, noise=0.05), KINECT_V1)
    assert torch.equal(seen, present)
    assert float((found - joints).std()) == pytest.approx(0.05, rel=0.05)


def test_a_joint_keeps_its_offset_for_the_whole_clip() -> None:
    joints, present = random_clips(clips=100)
    found, _ = augment(joints, present, replace(NOTHING, joint_offset=0.05), KINECT_V1)
    offset = found - joints
    torch.testing.assert_close(offset, offset[:, :1, :1].expand_as(offset), rtol=0, atol=1e-5)
    assert float(offset.std()) == pytest.approx(0.05, rel=0.1)


def test_dropout_takes_joints_from_whole_clips() -> None:
    joints, present = random_clips(clips=100)
    _, seen = augment(joints, present, replace(NOTHING, joint_dropout=0.2), KINECT_V1)
    assert not (seen & ~present).any()
    shown_before, shown = present.any(dim=1).any(dim=1), seen.any(dim=1).any(dim=1)
    assert shown_before.all()
    assert float((~shown).float().mean()) == pytest.approx(0.2, abs=0.03)
    # A joint is either taken everywhere, or nowhere.
    kept = shown[:, None, None].expand_as(present)
    assert torch.equal(seen, present & kept)
    assert len({tuple(row) for row in shown.tolist()}) > 90, "each clip loses others"


def test_a_hidden_part_is_one_body_part_for_some_time() -> None:
    joints, present = random_clips(clips=300, frames=50)
    present[:] = True
    _, seen = augment(joints, present, replace(NOTHING, part_dropout=0.5), KINECT_V1)
    hidden = ~seen
    clips = hidden.flatten(1).any(1)
    assert float(clips.float().mean()) == pytest.approx(0.5, abs=0.1)
    parts = {tuple(sorted(members)) for members in KINECT_V1.parts.values()}
    found = set()
    for clip in clips.nonzero().flatten().tolist():
        frames = hidden[clip].flatten(1).any(1).nonzero().flatten()
        assert torch.equal(frames, torch.arange(int(frames[0]), int(frames[-1]) + 1))
        assert len(frames) >= 0.3 * 50 - 1
        assert (hidden[clip, frames] == hidden[clip, frames[0], 0]).all()
        found.add(tuple(hidden[clip, frames[0], 0].nonzero().flatten().tolist()))
    assert found == parts


def test_a_dropped_centre_leaves_the_others_where_they_are() -> None:
    joints, present = random_clips(people=1)
    present[:] = True
    found, seen = augment(joints, present, replace(NOTHING, joint_dropout=0.3), KINECT_V1)
    lost = ~seen[:, 0, 0, list(KINECT_V1.centre)].all(-1)
    assert lost.any(), "the seed drops a center"
    before = joint_features(joints, present, KINECT_V1)
    after = joint_features(found, seen, KINECT_V1)
    still = seen.flatten(2)
    place_and_position = [0, 1, 2, 9, 10, 11]
    torch.testing.assert_close(
        after[still][:, place_and_position], before[still][:, place_and_position]
    )


def test_crop_keeps_a_window_of_at_least_its_share() -> None:
    clips, frames = 300, 33
    time = torch.linspace(0, 1, frames)[None, :, None, None, None]
    joints = time.expand(clips, frames, 1, 20, 3)
    present = torch.ones(clips, frames, 1, 20, dtype=torch.bool)
    found, seen = augment(joints, present, replace(NOTHING, crop=0.3), KINECT_V1)
    assert seen.all()
    track = found[:, :, 0, 0, 0]
    steps = track.diff(dim=1)
    torch.testing.assert_close(steps, steps[:, :1].expand_as(steps), rtol=0, atol=1e-4)
    first, last = track[:, 0], track[:, -1]
    length = last - first
    assert first.min() >= 0 and last.max() <= 1 + 1e-6
    assert 0.7 - 1e-5 <= length.min() < 0.73 and 0.97 < length.max() <= 1 + 1e-6
    assert first.max() > 0.25 and last.min() < 0.75, "windows lie anywhere"


def test_warp_is_an_uneven_tempo_that_never_turns_back() -> None:
    clips, frames = 300, 32
    time = torch.linspace(0, 1, frames)[None, :, None, None, None]
    joints = time.expand(clips, frames, 1, 20, 3)
    present = torch.ones(clips, frames, 1, 20, dtype=torch.bool)
    for warp in (0.3, 1.0):
        found, seen = augment(joints, present, replace(NOTHING, warp=warp), KINECT_V1)
        assert seen.all()
        track = found[:, :, 0, 0, 0]
        assert track.min() >= 0 and track.max() <= 1 and track.diff(dim=1).min() >= -1e-6
        # Sorted moments have their expected places: T of them cut the time into T + 1 like parts.
        even = torch.linspace(0, 1, frames)
        expected = torch.arange(1, frames + 1) / (frames + 1)
        mean = torch.lerp(even, expected, warp / 2)
        torch.testing.assert_close(track.mean(0), mean, rtol=0, atol=0.02)
        spread = (track - even).abs().amax(1)
        assert 0.05 * warp < spread.mean() < 0.12 * warp and spread.min() < 0.01


@pytest.mark.parametrize("crop", [0.0, 0.3])
def test_finer_moments_become_the_frames_of_the_view(crop: float) -> None:
    """Where nothing is drawn, every third; in a window, what was between the frames is seen."""
    clips, frames = 40, 9
    moments = (frames - 1) * 3 + 1
    bent = torch.zeros(moments)
    bent[1::3] = 1.0
    joints = bent[None, :, None, None, None].expand(clips, moments, 1, 20, 3)
    present = torch.ones(joints.shape[:-1], dtype=torch.bool)
    config = replace(NOTHING, temporal_oversampling=3, crop=crop)
    found, seen = augment(joints, present, config, KINECT_V1)
    assert found.shape == (clips, frames, 1, 20, 3) and seen.shape == found.shape[:-1]
    assert seen.all()
    if crop:
        assert found.max() > 0.9
    else:
        assert torch.equal(found, joints[:, ::3])


def test_a_time_coarser_than_the_view_is_refused() -> None:
    with pytest.raises(ValidationError, match="temporal_oversampling"):
        AugmentConfig(temporal_oversampling=0)


def test_without_warp_nothing_more_is_drawn() -> None:
    joints, present = random_clips(clips=4, frames=16)
    torch.manual_seed(5)
    augment(joints, present, replace(NOTHING, crop=0.3), KINECT_V1)
    after = torch.rand(1)
    torch.manual_seed(5)
    # Two numbers a clip for the window, three for its rotation, one for its size.
    torch.rand(4, 2), torch.rand(4, 3), torch.rand(4, 1)
    assert torch.equal(after, torch.rand(1))


def test_crop_never_makes_up_a_joint_in_a_gap() -> None:
    joints, _ = random_clips(clips=50, frames=20)
    joints[:, 5:10] = 1e6
    present = torch.ones(joints.shape[:-1], dtype=torch.bool)
    present[:, 5:10] = False
    found, seen = augment(joints, present, replace(NOTHING, crop=0.4), KINECT_V1)
    assert not seen.all() and seen.any()
    assert found[seen].abs().max() < 100


def test_names_and_their_mirror_images() -> None:
    names = [
        "swipe left",
        "wave",
        "swipe right",
        "draw circle clockwise",
        "draw circle counter-clockwise",
        "kick with the left foot",
        "pick up the leftovers",
        "turn left then right",
        "turn right then left",
    ]
    assert mirror_targets(names).tolist() == [2, 1, 0, 4, 3, -1, 6, 8, 7]


def test_mirror_swaps_sides_and_labels() -> None:
    joints, present = random_clips()
    names = ["swipe left", "wave", "swipe right", "kick with the left foot"]
    labels = torch.tensor([0, 1, 2, 3, 0, 3])
    targets = mirror_targets(names)
    found, seen, changed = mirror(joints, present, labels, 1.0, KINECT_V1, targets)
    assert changed.tolist() == [2, 1, 0, 3, 2, 3]
    without_image = [3, 5]
    assert torch.equal(found[without_image], joints[without_image])
    assert torch.equal(seen[without_image], present[without_image])
    for clip in (0, 1, 2, 4):
        for joint, name in enumerate(KINECT_V1.joints):
            swapped = {"left": "right", "right": "left"}
            side, _, rest = name.partition("_")
            other = KINECT_V1.joints.index(f"{swapped[side]}_{rest}" if side in swapped else name)
            expected = joints[clip, :, :, other] * torch.tensor([-1.0, 1.0, 1.0])
            assert torch.equal(found[clip, :, :, joint], expected)
            assert torch.equal(seen[clip, :, :, joint], present[clip, :, :, other])


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_mirror_image_of_the_mirror_image_is_the_clip(layout: Layout) -> None:
    joints = torch.randn(3, 4, 1, len(layout.joints), 3)
    present = torch.rand(3, 4, 1, len(layout.joints)) < 0.8
    labels, targets = torch.tensor([0, 1, 2]), mirror_targets(["swipe left", "swipe right", "sit"])
    once = mirror(joints, present, labels, 1.0, layout, targets)
    twice = mirror(*once, 1.0, layout, targets)
    for found, expected in zip(twice, (joints, present, labels), strict=True):
        assert torch.equal(found, expected)


def test_mirror_takes_its_share_of_clips() -> None:
    joints = torch.randn(400, 1, 1, 17, 3)
    present = torch.ones(400, 1, 1, 17, dtype=torch.bool)
    labels = torch.zeros(400, dtype=torch.long)
    for probability in (0.0, 0.3):
        found, _, _ = mirror(joints, present, labels, probability, COCO, mirror_targets(["sit"]))
        changed = (found != joints).flatten(1).any(1).float().mean()
        assert float(changed) == pytest.approx(probability, abs=0.07 if probability else 0)


def test_a_back_is_taken_for_a_front() -> None:
    joints, present = random_clips()
    from_behind = replace(NOTHING, front_back_flip=1.0)
    found, seen = augment(joints, present, from_behind, KINECT_V1)
    order = KINECT_V1.mirror_index()
    # The side that the sensor calls left is the right one, and by its hips the body has turned.
    torch.testing.assert_close(found[..., 1], joints[..., order, 1])
    torch.testing.assert_close(found[..., [0, 2]], -joints[..., order, :][..., [0, 2]])
    assert torch.equal(seen, present[..., order])
    left, right = next(p for p in KINECT_V1.pairs if "hip" in KINECT_V1.joints[p[0]])
    across = joints[..., right, 0] - joints[..., left, 0]
    torch.testing.assert_close(found[..., right, 0] - found[..., left, 0], across)
    again, _ = augment(found, seen, from_behind, KINECT_V1)
    torch.testing.assert_close(again, joints)


def test_a_share_of_backs() -> None:
    joints, present = random_clips(400)
    found, _ = augment(joints, present, replace(NOTHING, front_back_flip=0.25), KINECT_V1)
    changed = (found != joints).flatten(1).any(1).float().mean().item()
    assert changed == pytest.approx(0.25, abs=0.07)
