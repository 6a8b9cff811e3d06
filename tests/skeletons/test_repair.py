"""Each trouble of raw tracks, made on purpose in a file, is mended and written down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from llm_ar.config import RepairConfig
from llm_ar.skeletons.readers import as_clip, ntu
from llm_ar.skeletons.repair import repair

TRACKED = [2] * 25
RNG = np.random.default_rng(0)


def body(at=(0.0, 0.0, 3.0), tall=1.7, wide=0.6):
    """A person-like cloud of 25 joints of that height and width around a place, meters."""
    place = np.linspace(-0.5, 0.5, 25)
    shape = np.stack([wide * np.resize([-0.5, 0.5, 0.0], 25), tall * place, 0.1 * place], axis=1)
    return shape + np.array(at)


def person(frames, at=(0.0, 0.0, 3.0), moves=0.3, **size):
    """``(T, 25, 3)`` of a body whose upper joints swing by so many meters."""
    swing = moves * np.sin(np.linspace(0, 6, frames))
    poses = np.repeat(body(at, **size)[None], frames, axis=0)
    poses[:, 12:, 0] += swing[:, None]
    return poses


@pytest.fixture
def mended(tmp_path, write_skeleton):
    """Writes an NTU file of tracks ``{ID: {frame: joints}}``, reads it, repairs it."""

    def make(frames, tracks, states=None, **config):
        content = [
            [
                (identity, joints[frame], (states or {}).get((identity, frame), TRACKED))
                for identity, joints in tracks.items()
                if frame in joints
            ]
            for frame in range(frames)
        ]
        raw = ntu.read(write_skeleton(tmp_path / "S001C001P001R001A001.skeleton", content))
        return repair(raw, RepairConfig(**config))

    return make


def over(poses, start=0):
    return {start + frame: pose for frame, pose in enumerate(poses)}


def rules(decisions):
    return [decision.rule for decision in decisions]


def test_frames_without_bodies_keep_their_time(mended):
    poses = person(20)
    clip, decisions = mended(25, {7: {**over(poses[:8], 2), **over(poses[8:], 13)}})
    assert clip.frames == 25 and clip.people == 1
    shown = clip.present[:, 0].any(axis=1)
    assert np.flatnonzero(~shown).tolist() == [0, 1, 10, 11, 12]
    assert np.allclose(clip.joints[13, 0], poses[8], atol=1e-5)
    assert rules(decisions) == ["empty-frames", "gap"]
    assert decisions[0].count == 5 and "5 frames without a body" in decisions[0].sentence


def test_a_track_that_vanishes_and_returns_keeps_its_gap(mended):
    other = over(person(40, at=(2, 0, 3)))
    poses = person(30)
    track = {**over(poses[:15]), **over(poses[15:], 25)}
    clip, decisions = mended(40, {7: track, 8: other})
    gaps = [decision for decision in decisions if decision.rule == "gap"]
    assert [(gap.tracks, gap.count) for gap in gaps] == [(("7",), 10)]
    returned = clip.present.any(axis=2).sum(axis=0).tolist()
    assert sorted(returned) == [30, 40]


class TestFurniture:
    def test_too_short(self, mended):
        tracks = {7: over(person(40)), 8: over(person(11, at=(2, 0, 3)), 5)}
        clip, decisions = mended(40, tracks)
        assert clip.people == 1 and rules(decisions) == ["short"]
        assert decisions[0].tracks == ("8",) and "only 11 frames" in decisions[0].sentence
        tracks[8] = over(person(12, at=(2, 0, 3)), 5)
        assert mended(40, tracks)[0].people == 2

    def test_wider_than_tall(self, mended):
        sofa = person(40, at=(2, 0, 3), tall=0.8, wide=1.6)
        clip, decisions = mended(40, {8: over(sofa), 7: over(person(40))})
        assert clip.people == 1 and rules(decisions) == ["wide"]
        assert np.allclose(clip.joints[:, 0], person(40), atol=1e-5)

    def test_the_share_of_wide_frames_is_the_published_one(self, mended):
        lying = person(100, at=(2, 0, 3), tall=0.8, wide=1.6, moves=0.2)
        for wide, people in ((69, 2), (70, 1)):
            mixed = np.concatenate([lying[:wide], person(100, at=(2, 0, 3))[wide:]])
            clip, _ = mended(100, {7: over(person(100)), 8: over(mixed)})
            assert clip.people == people

    def test_hardly_any_extent(self, mended):
        lamp = person(40, at=(2, 0, 3), tall=0.5, wide=0.1, moves=0.02)
        clip, decisions = mended(40, {7: over(person(40)), 8: over(lamp)})
        assert clip.people == 1 and rules(decisions) == ["flat"]

    def test_motionless(self, mended):
        statue = person(40, at=(2, 0, 3), moves=0.0)
        clip, decisions = mended(40, {7: over(person(40)), 8: over(statue)})
        assert clip.people == 1 and rules(decisions) == ["still"]
        quiet = statue + RNG.normal(scale=0.01, size=statue.shape)
        assert mended(40, {7: over(person(40)), 8: over(quiet)})[0].people == 2

    @pytest.mark.parametrize(
        "track",
        [
            person(5),
            person(40, tall=0.4, wide=1.7),
            person(40, moves=0.0),
            person(40, tall=0.2, wide=0.1, moves=0.0),
        ],
        ids=["short", "lying", "still", "small"],
    )
    def test_a_track_that_is_alone_is_always_kept(self, mended, track):
        clip, decisions = mended(40, {7: over(track)})
        assert clip.people == 1 and not set(rules(decisions)) & {"short", "wide", "flat", "still"}

    def test_of_nothing_but_furniture_one_is_kept(self, mended):
        sofa = person(40, tall=0.8, wide=1.6, moves=0.0)
        shaky = person(40, at=(3, 0, 3), tall=0.8, wide=1.6, moves=0.1)
        clip, _ = mended(40, {7: over(sofa), 8: over(shaky)})
        assert clip.people == 1 and np.allclose(clip.joints[:, 0], shaky, atol=1e-5)

    def test_all_short_tracks_stay(self, mended):
        clip, _ = mended(9, {7: over(person(9)), 8: over(person(9, at=(2, 0, 3)))})
        assert clip.people == 2

    def test_the_parameters_come_from_the_config(self, mended):
        tracks = {7: over(person(40)), 8: over(person(11, at=(2, 0, 3)), 5)}
        assert mended(40, tracks, shortest=10)[0].people == 2
        sofa = over(person(40, at=(2, 0, 3), tall=0.8, wide=1.6))
        assert mended(40, {7: tracks[7], 8: sofa}, wide_ratio=3.0)[0].people == 2


class TestChangedIdentity:
    def test_one_person_becomes_one_track(self, mended):
        poses = person(60)
        tracks = {7: over(poses[:30]), 8: over(poses[33:], 33)}
        clip, decisions = mended(60, tracks)
        assert clip.people == 1 and rules(decisions) == ["empty-frames", "joined"]
        assert decisions[1].tracks == ("7", "8") and decisions[1].count == 33
        shown = clip.present[:, 0].any(axis=1)
        assert np.flatnonzero(~shown).tolist() == [30, 31, 32]
        assert np.allclose(clip.joints[shown, 0], poses[shown], atol=1e-5)

    def test_many_short_pieces_are_joined_before_short_ones_are_dropped(self, mended):
        poses = person(60)
        tracks = {n: over(poses[6 * n : 6 * n + 6], 6 * n) for n in range(10)}
        clip, decisions = mended(60, tracks)
        assert clip.people == 1 and clip.present.all()
        assert rules(decisions) == ["joined"] * 9

    def test_someone_else_far_away_is_not_joined(self, mended):
        tracks = {7: over(person(30)), 8: over(person(30, at=(2, 0, 3)), 30)}
        clip, decisions = mended(60, tracks)
        assert clip.people == 2 and decisions == ()

    def test_nor_one_who_comes_much_later(self, mended):
        tracks = {7: over(person(30)), 8: over(person(30), 120)}
        assert mended(150, tracks)[0].people == 2
        assert mended(150, tracks, join_frames=100)[0].people == 1

    def test_tracks_at_the_same_time_are_two(self, mended):
        tracks = {7: over(person(30)), 8: over(person(30, at=(0.1, 0, 3)), 20)}
        assert mended(50, tracks)[0].people == 2


class TestPeople:
    def test_more_than_two_are_ranked_by_motion_and_counted(self, mended):
        moves = {5: 0.1, 6: 0.4, 7: 0.05, 8: 0.2}
        tracks = {
            identity: over(person(40, at=(2 * identity, 0, 3), moves=much))
            for identity, much in moves.items()
        }
        clip, decisions = mended(40, tracks)
        assert clip.people == 2
        assert clip.joints[0, :, :, 0].mean(axis=1).round().tolist() == [12, 16]
        assert rules(decisions) == ["too-many"]
        assert decisions[0].count == 2 and decisions[0].tracks == ("5", "7")
        assert "2 tracks that move less than the 2 kept dropped" in decisions[0].sentence

    @pytest.mark.parametrize("first", [7, 8])
    def test_two_people_keep_one_order_however_the_file_lists_them(self, mended, first):
        kicks, stands = over(person(40, moves=0.4)), over(person(40, at=(1, 0, 3), moves=0.05))
        tracks = {7: kicks, 8: stands} if first == 7 else {8: stands, 7: kicks}
        clip, decisions = mended(40, tracks)
        assert clip.people == 2 and decisions == () and clip.tracks == ()
        assert np.allclose(clip.joints[:, 0], person(40, moves=0.4), atol=1e-5)

    def test_nobody_changes_place_where_the_sensor_lists_them_in_turn(
        self, tmp_path, write_skeleton
    ):
        one, two = person(40, moves=0.4), person(40, at=(1, 0, 3), moves=0.1)
        frames = [
            [(7, one[t], TRACKED), (8, two[t], TRACKED)][:: 1 if t % 2 else -1] for t in range(40)
        ]
        clip, _ = repair(ntu.read(write_skeleton(tmp_path / "x.skeleton", frames)))
        assert np.allclose(clip.joints[:, 0], one, atol=1e-5)
        assert np.allclose(clip.joints[:, 1], two, atol=1e-5)

    def test_joints_not_tracked_are_masked(self, mended):
        states = {(7, frame): [2, 0, 1] + [2] * 22 for frame in range(4)}
        clip, decisions = mended(20, {7: over(person(20))}, states)
        assert not clip.present[:4, 0, 1].any() and clip.present[4:].all()
        assert clip.present[:4, 0, 2].all() and not clip.joints[:4, 0, 1].any()
        assert rules(decisions) == ["masked"] and decisions[0].count == 4


def test_what_is_settled_is_left_alone(make_clip, mended):
    clip = make_clip(people=3)
    assert repair(clip) == (clip, ())
    settled, _ = mended(20, {7: over(person(20))})
    assert repair(settled)[0] is settled


def test_recognition_repairs_what_it_reads(tmp_path, write_skeleton):
    frames = [[(7, pose, TRACKED)] for pose in person(20)]
    frames[3].append((8, body(at=(2, 0, 3)), TRACKED))
    path = write_skeleton(tmp_path / "x.skeleton", frames)
    raw = ntu.read(path)
    assert raw.people == 2 and as_clip(path).people == as_clip(raw).people == 1


def test_pixels_have_no_square_meters(mended):
    small, person_ = person(40, at=(2, 0, 3), tall=0.5, wide=0.1, moves=0.02), person(40)
    clip, decisions = mended(40, {7: over(person_), 8: over(small)}, shortest=0)
    assert rules(decisions) == ["flat"]
    joints = np.stack([person_, small], axis=1).astype(np.float32) * [1, 1, 0]
    flat = replace(
        clip,
        joints=joints.astype(np.float32),
        present=np.ones(joints.shape[:3], bool),
        dimensions=2,
        tracks=("7", "8"),
    )
    assert repair(flat)[0].people == 2


@pytest.mark.data
class TestRealFiles:
    def test_five_published_files(self, real_data):
        people = {}
        for path in sorted((real_data / "samples/ntu_rgbd").glob("*.skeleton")):
            raw = ntu.read(path)
            clip, decisions = repair(raw)
            assert clip.frames == raw.frames and decisions == ()
            people[path.stem[-4:]] = clip.people
        assert people == {"A003": 1, "A011": 1, "A017": 1, "A034": 1, "A058": 2}

    def test_troubles_put_into_a_real_file(self, real_data):
        (path,) = (real_data / "samples/ntu_rgbd").glob("*A058.skeleton")
        raw = ntu.read(path)
        joints = np.zeros((raw.frames + 5, 4, 25, 3), np.float32)
        joints[5:40, 0], joints[42:, 1] = raw.joints[:35, 0], raw.joints[37:, 0]
        joints[5:, 2] = raw.joints[:, 1]
        joints[10:20, 3] = raw.joints[:10, 1] + np.float32(2)
        broken = replace(
            raw, joints=joints, present=joints.any(axis=-1), tracks=("1", "2", "3", "4")
        )
        clip, decisions = repair(broken)
        assert clip.frames == raw.frames + 5 and clip.people == 2
        assert sorted(rules(decisions)) == ["empty-frames", "joined", "short"]
        found = {int(clip.present[:, m].any(axis=1).sum()) for m in range(2)}
        assert found == {raw.frames - 2, raw.frames}
