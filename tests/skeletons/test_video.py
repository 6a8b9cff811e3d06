"""Video becomes a clip through MediaPipe, where it is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from llm_ar.errors import ClipError, MissingExtraError
from llm_ar.skeletons.layouts import KINECT_V1, MEDIAPIPE, map_clip
from llm_ar.skeletons.readers import format_of, read_clip, video


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
        with pytest.raises(MissingExtraError, match=r"pip install 'llm-ar\[video\]'"):
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
        return video._libraries()

    def write(self, cv2, path, people, code):
        height, width = 600, 640
        writer = cv2.VideoWriter(
            str(path), cv2.VideoWriter_fourcc(*code), self.FPS, (width, height)
        )
        assert writer.isOpened()
        for frame in range(self.FRAMES):
            image = np.full((height, width, 3), 90, np.uint8)
            if people is not None:
                left = 40 + self.STEP * frame
                image[: people.shape[0], left : left + people.shape[1]] = people
            writer.write(image)
        writer.release()
        return path

    @pytest.mark.parametrize(("name", "code"), [("x.mp4", "mp4v"), ("x.avi", "MJPG")])
    def test_a_moving_person(self, libraries, tmp_path, name, code):
        cv2 = libraries[0]
        sample = pytest.importorskip("matplotlib").cbook.get_sample_data(
            "grace_hopper.jpg", asfileobj=False
        )
        person = cv2.resize(cv2.imread(str(sample)), (400, 470))
        clip = read_clip(self.write(cv2, tmp_path / name, person, code))
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

    def test_nobody_damage_and_no_camera_are_refused(self, libraries, tmp_path):
        path = self.write(libraries[0], tmp_path / "x.mp4", None, "mp4v")
        with pytest.raises(ClipError, match=f"x.mp4: shows nobody in any of its {self.FRAMES}"):
            read_clip(path)
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(ClipError, match="x.mp4: cannot be opened"):
            read_clip(path)
        with pytest.raises(ClipError, match="webcam:99: cannot be opened; there is no such camera"):
            read_clip(Path("webcam:99"))
