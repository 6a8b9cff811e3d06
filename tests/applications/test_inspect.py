"""`llm-ar inspect` says what a file is, what is wrong with it, and draws it."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from llm_ar.applications.cli import main
from llm_ar.applications.ui.figures import PANELS, draw, on_screen
from llm_ar.evaluation.report.stick_figures import SIDES
from llm_ar.skeletons.clip import clean_clip
from llm_ar.skeletons.layouts import COCO, KINECT_V1, MEDIAPIPE
from llm_ar.skeletons.synthetic.dataset import procedural_clips
from tests.bodies import body


@pytest.fixture(scope="module")
def clip():
    return next(iter(procedural_clips(clips=1, subjects=2, seed=3)))


@pytest.fixture
def recording(clip, tmp_path):
    present = clip.present.copy()
    present[1::2, :, 7] = False
    present[:, :, 19] = False
    path = tmp_path / "x.npz"
    np.savez(path, joints=clip.joints, present=present, fps=25, label="wave")
    return path


def test_json_says_it_all(recording, clip, capsys):
    assert main(["inspect", str(recording), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["format"] == "NumPy array" and said["layout"] == "kinect-v1"
    assert (said["frames"], said["fps"], said["label"]) == (clip.frames, 25, "wave")
    assert said["missing"]["right_foot"] == 1
    assert said["missing"]["left_hand"] == pytest.approx(0.5, abs=0.1)
    assert said["problems"] == ["never seen: right_foot"]


def test_words_and_a_bad_file_beside_a_good(recording, tmp_path, capsys):
    (tmp_path / "bad.csv").write_text("0_x,0_y\nwide,2\n")
    files = [str(tmp_path / "bad.csv"), str(recording)]
    assert main(["inspect", *files]) == 1
    said = capsys.readouterr()
    assert "bad.csv" in said.err and "kinect-v1, 20 joints, 3-D" in said.out
    assert "never seen: right_foot" in said.out
    assert main(["inspect", *files, "--json"]) == 1
    bad, good = map(json.loads, capsys.readouterr().out.splitlines())
    assert set(bad) == {"file", "error"} and bad["file"] == files[0] and good["joints"] == 20


def test_a_file_of_many_clips_lists_them(tmp_path, capsys):
    points = np.ones((1, 3, 17, 2))
    clips = [{"frame_dir": f"c{i}", "label": i, "keypoint": points + i} for i in range(9)]
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps({"annotations": clips}))
    assert main(["inspect", str(path), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["clips"]
    assert main(["inspect", listed[4], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["label"] == "4"
    assert main(["inspect", str(path), "--picture", str(tmp_path / "x.png")]) == 2
    assert main(["inspect", str(path)]) == 0 and "9 clips" in capsys.readouterr().out


def inked(image: Image.Image, side: str) -> np.ndarray:
    """Which pixels have the color of a side of the body."""
    color = np.array(ImageColor.getrgb(SIDES[side]))
    return np.abs(np.asarray(image.convert("RGB")).astype(int) - color).max(axis=-1) < 24


class TestPictures:
    def test_a_strip_shows_figures_in_both_colors_and_what_they_mean(
        self, recording, tmp_path, capsys
    ):
        out = tmp_path / "x.png"
        assert main(["inspect", str(recording), "--picture", str(out)]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == f"Picture: {out}"
        image = Image.open(out)
        assert image.size == (PANELS * 216, 368) and out.stat().st_size < 60_000
        for side in ("left", "right"):
            found = inked(image, side)
            assert all(panel[60:].sum() > 200 for panel in np.split(found, PANELS, axis=1))
            legend = found[:48]
            assert legend[:, -600:].sum() > 100 and not legend[:, :-600].any()
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

    def test_json_has_standard_output_for_itself(self, recording, tmp_path, capsys):
        out = tmp_path / "x.html"
        assert main(["inspect", str(recording), "--json", "--picture", str(out)]) == 0
        said = capsys.readouterr()
        assert json.loads(said.out)["label"] == "wave"
        assert said.err == f"Picture: {out}\n"

    def test_a_gif_moves_and_has_the_legend(self, clip, tmp_path):
        draw(clip, tmp_path / "x.gif")
        with Image.open(tmp_path / "x.gif") as image:
            assert image.n_frames == min(clip.frames, 120)
            first = np.asarray(image.convert("RGB"))
            assert all(inked(image, side)[:24].any() for side in ("left", "right"))
            image.seek(image.n_frames // 2)
            assert (np.asarray(image.convert("RGB")) != first).any()

    def test_a_page_holds_the_motion_and_nothing_to_load(self, clip, tmp_path):
        draw(clip, tmp_path / "x.html")
        page = (tmp_path / "x.html").read_text()
        assert "/*motion*/ null" not in page and "http" not in page and "person's left" in page
        motion = json.loads(page.partition("const motion = ")[2].partition(";\n")[0])
        assert len(motion["frames"]) == clip.frames
        assert [tuple(bone) for bone in motion["bones"]] == clip.layout.bones()

    def test_a_facing_person_is_seen_from_the_front(self, clip):
        screen = on_screen(clip)[:, 0].mean(axis=0)
        at = {name: screen[i] for i, name in enumerate(KINECT_V1.joints)}
        assert at["head"][1] > at["left_foot"][1]
        assert at["right_shoulder"][0] < at["left_shoulder"][0]

    def test_a_wrong_depth_turns_nobody(self):
        """What MediaPipe makes of a video: places are measured, depths are guessed."""
        flat = np.random.default_rng(0).normal(size=(5, 1, 33, 3))
        deep = flat * [1, 1, 100]
        shown = [
            on_screen(clean_clip(at, source="x", layout=MEDIAPIPE, fps=25)) for at in (flat, deep)
        ]
        assert shown[0] == pytest.approx(shown[1])
        assert np.corrcoef(shown[0][..., 0].ravel(), -flat[..., 0].ravel())[0, 1] > 0.999

    def test_image_points_and_outliers_are_drawn(self, tmp_path):
        points = np.stack([300 - 99 * body(4, COCO, seed)[..., :2] for seed in (0, 1)], axis=1)
        points[2, 1, 3] = 1e30
        np.save(tmp_path / "x.npy", points)
        for ending in ("png", "gif", "html"):
            out = tmp_path / f"x.{ending}"
            assert main(["inspect", str(tmp_path / "x.npy"), "--picture", str(out)]) == 0
            assert out.stat().st_size > 500
        assert len(COCO.bones()) == 16

    def test_names_in_any_script_are_drawn_as_they_are(self, clip, tmp_path):
        for label in ("махать $\\frac$", "走る", "a\x00b" * 99, "走" * 99, "اركض"):
            draw(replace(clip, label=label), tmp_path / "x.png")
            image = np.asarray(Image.open(tmp_path / "x.png").convert("L"))
            assert (image[:48, :-600] < 128).sum() > 100
            assert not (image[:48, -420:-410] < 250).any(), "the legend stays free"

    def test_another_ending_or_place_is_refused(self, recording, tmp_path, capsys):
        for out in (tmp_path / "x.mp4", tmp_path / "none" / "x.png"):
            assert main(["inspect", str(recording), "--picture", str(out)]) == 2
            assert str(Path(out)) in capsys.readouterr().err
