"""Video becomes a clip through MediaPipe, where it is installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from llm_ar.errors import ClipError, MissingExtraError
from llm_ar.skeletons.layouts import KINECT_V1, MEDIAPIPE, map_clip
from llm_ar.skeletons.readers import format_of, people, poses, read_clip, video
from llm_ar.skeletons.readers.video_poses import VideoPoses


@pytest.mark.parametrize(
    "head",
    [
        b"\x00\x00\x00\x20ftypisom\x00\x00",
        b"\x00\x00\x00\x14ftypqt  ",
        b"RIFF\x00\x00\x01\x00AVI LIST",
        b"\x1a\x45\xdf\xa3\x01\x00\x00",
    ],
)
def test_without_the_extra_the_command_that_installs_it_is_told(head, tmp_path, monkeypatch):
    (tmp_path / "x").write_bytes(head)
    assert format_of(tmp_path / "x") == format_of(Path("webcam:0:3")) == "video"
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    for path in (tmp_path / "x", Path("webcam:0")):
        with pytest.raises(
            MissingExtraError, match=r"^reading video .*pip install 'llm-ar\[video\]'"
        ):
            read_clip(path)


def test_a_large_file_may_be_a_video(tmp_path):
    with (tmp_path / "x.mp4").open("wb") as file:
        file.write(b"\x00\x00\x00\x20ftypisom")
        file.truncate(2**30)
    assert format_of(tmp_path / "x.mp4") == "video"


class TestWithMediaPipe:
    """A photograph of a person, who moves to the right in the video."""

    FRAMES, FPS, STEP = 12, 24.0, 8

    @pytest.fixture(scope="class")
    def libraries(self):
        pytest.importorskip("mediapipe", reason="the extra 'video' is not installed")
        return poses.libraries()

    @pytest.fixture(scope="class")
    def person(self, libraries):
        cbook = pytest.importorskip("matplotlib.cbook")
        sample = cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
        return libraries[0].imread(str(sample))

    def write(self, cv2, path, code="mp4v", people=(), size=(640, 600)):
        """A video of images, each ``(image, left, step)``, that move by so many pixels a frame."""
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), self.FPS, size)
        assert writer.isOpened()
        for frame in range(self.FRAMES):
            canvas = np.full((size[1], size[0], 3), 90, np.uint8)
            for image, left, step in people:
                x = left + step * frame
                canvas[60 : 60 + image.shape[0], x : x + image.shape[1]] = image
            writer.write(canvas)
        writer.release()
        return path

    @pytest.mark.parametrize(("name", "code"), [("x.mp4", "mp4v"), ("x.avi", "MJPG")])
    def test_a_moving_person(self, libraries, person, tmp_path, name, code):
        cv2 = libraries[0]
        image = cv2.resize(person, (400, 470))
        clip = read_clip(self.write(cv2, tmp_path / name, code, [(image, 40, self.STEP)]))
        assert clip.frames == self.FRAMES and clip.fps == pytest.approx(self.FPS)
        assert clip.layout is MEDIAPIPE and clip.people == 1
        at = {joint: clip.joints[:, 0, i] for i, joint in enumerate(MEDIAPIPE.joints)}
        assert clip.present[:, 0, MEDIAPIPE.joints.index("nose")].all()
        # Right on the image is the facing person's left, which is -x.
        assert (at["left_shoulder"][:, 0] < at["right_shoulder"][:, 0]).all()
        assert (at["nose"][:, 1] > at["left_shoulder"][:, 1]).all()
        step = np.diff(at["nose"][:, 0])
        assert np.median(step) == pytest.approx(-self.STEP, abs=2)
        assert map_clip(clip, KINECT_V1).frames == self.FRAMES

    def test_poses_are_in_pixels_and_in_meters(self, libraries, person, tmp_path):
        cv2 = libraries[0]
        image = cv2.resize(person, (400, 470))
        path = self.write(cv2, tmp_path / "x.mp4", "mp4v", [(image, 40, self.STEP)])
        found = video.estimate_poses(path)
        assert (found.frames, found.stated) == (self.FRAMES, self.FRAMES)
        assert found.frame.tolist() == list(range(self.FRAMES))
        assert found.poses.shape == (self.FRAMES, 33, 7) and found.poses.dtype == np.float32
        left, right = (MEDIAPIPE.joints.index(f"{side}_shoulder") for side in ("left", "right"))
        apart = np.linalg.norm(found.poses[:, left, 4:] - found.poses[:, right, 4:], axis=1)
        assert (0.2 < apart).all() and (apart < 0.6).all()
        pixels = np.abs(found.poses[:, left, 0] - found.poses[:, right, 0])
        assert (pixels > 100).all()
        once = video.read_once(tmp_path / "kept", "x", path)
        assert (once.joints == read_clip(path).joints).all()
        kept = VideoPoses.load(tmp_path / "kept" / "x.npz", path)
        assert kept is not None and (kept.poses == found.poses).all()

    def test_two_people_keep_their_places(self, libraries, person, tmp_path):
        cv2 = libraries[0]
        image = cv2.resize(person, (300, 352))
        shown = [(image, 20, self.STEP), (image[:, ::-1], 580, -self.STEP)]
        clip = read_clip(self.write(cv2, tmp_path / "x.mp4", "mp4v", shown, (900, 600)))
        assert clip.people == 2
        nose = MEDIAPIPE.joints.index("nose")
        steps = []
        for place in range(2):
            seen = clip.present[:, place, nose]
            assert seen.mean() > 0.8
            steps.append(np.median(np.diff(clip.joints[seen, place, nose, 0])))
        assert sorted(steps) == pytest.approx([-self.STEP, self.STEP], abs=3)

    def test_a_webcam_is_recorded_for_the_seconds_asked_for(self, libraries, person, monkeypatch):
        cv2 = libraries[0]
        image = cv2.resize(person, (400, 470))
        opened = []

        class Camera:
            def __init__(self, number):
                opened.append(number)

            def isOpened(self):
                return True

            def get(self, _):
                return 0.0

            def read(self):
                return True, image.copy()

            def release(self):
                opened.append("released")

        monkeypatch.setattr(cv2, "VideoCapture", Camera)
        clock = iter(np.arange(0, 100, 0.125))
        monkeypatch.setattr(video, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
        clip = read_clip(Path("webcam:3:2"))
        assert opened == [3, "released"]
        # The clock above goes on by an eighth of a second at each look, one look a frame.
        assert clip.frames == 15 and clip.people == 1
        assert clip.fps == pytest.approx(15 / (17 / 8))

    def test_nobody_damage_and_no_camera_are_refused(self, libraries, tmp_path, capfd):
        path = self.write(libraries[0], tmp_path / "x.mp4")
        capfd.readouterr()
        with pytest.raises(ClipError, match=f"x.mp4: shows nobody in any of its {self.FRAMES}"):
            read_clip(path)
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(ClipError, match="x.mp4: cannot be opened"):
            read_clip(path)
        with pytest.raises(ClipError, match="webcam:99: cannot be opened; there is no such camera"):
            read_clip(Path("webcam:99"))
        assert capfd.readouterr().err == "", "the libraries' log lines are for nobody"


def test_someone_found_twice_in_a_frame_counts_once():
    body = np.random.default_rng(0).uniform(0, 100, (33, 3))
    seen = np.ones(33, dtype=bool)
    far = np.array([300, 0, 0])
    # Estimated depths jump: what lies elsewhere in depth alone is the same person.
    twice = [people.Detection(0, joints, seen) for joints in (body, body + far, body + (2, 1, 900))]
    assert people.without_doubles(twice) == twice[:2]


def test_the_terminal_comes_back_after_native_code_was_silenced(capfd):
    with poses.silenced() as terminal:
        os.write(2, b"unwanted\n")
        print("wanted", file=terminal)
    os.write(2, b"back\n")
    assert capfd.readouterr().err == "wanted\nback\n"
