"""A sensor's tracks become people by the rules of the model's training, wherever a file is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llm_ar.applications.cli import main
from llm_ar.config import RepairConfig
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.readers import ntu

SHORT, FRAMES = 8, 40
"""The one who moves most is seen in so few frames that the published rules drop that track."""


@pytest.fixture(scope="module")
def recordings(
    tmp_path_factory: pytest.TempPathFactory, write_skeleton: Callable[..., Path]
) -> dict[str, Path]:
    """NTU files of two people, and of each of them alone."""
    poses = np.repeat(np.random.default_rng(0).normal(size=(1, 25, 3)), FRAMES, axis=0)
    steady, wild = poses.copy(), poses[:SHORT] + [4, 0, 0]
    steady[:, :6] += 0.05 * np.sin(np.arange(FRAMES))[:, None, None]
    wild[:, 12:] += 2 * np.sin(np.arange(SHORT))[:, None, None]
    folder = tmp_path_factory.mktemp("recordings")

    def write(name: str, *tracks: tuple[int, np.ndarray]) -> Path:
        frames = [
            [
                (identity, joints[frame], [2] * 25)
                for identity, joints in tracks
                if frame < len(joints)
            ]
            for frame in range(FRAMES)
        ]
        return write_skeleton(folder / f"{name}.skeleton", frames)

    one, other = (7, steady), (8, wild)
    return {
        "both": write("both", one, other),
        "steady": write("steady", one),
        "wild": write("wild", other),
    }


@pytest.fixture(scope="module")
def lenient(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, as if its dataset had been prepared without dropping short tracks."""
    model = ActionRecognizer.from_pretrained(tiny_model)
    model.repair = RepairConfig(shortest=0)
    folder = tmp_path_factory.mktemp("models") / "lenient"
    model.save_pretrained(folder)
    return folder


def test_the_model_keeps_the_person_that_its_training_data_would_have_kept(
    recordings: dict[str, Path], tiny_model: Path, lenient: Path
) -> None:
    strict, loose = map(ActionRecognizer.from_pretrained, (tiny_model, lenient))
    alone = {name: strict.recognize(recordings[name]).sentence for name in ("steady", "wild")}
    assert alone["steady"] != alone["wild"]
    for given in (recordings["both"], ntu.read(recordings["both"])):
        assert strict.recognize(given).sentence == alone["steady"]
        assert loose.recognize(given).sentence == alone["wild"]


def test_every_command_reads_by_the_models_rules(
    recordings: dict[str, Path],
    tiny_model: Path,
    lenient: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def told(command: str, model: Path, *more: str) -> str:
        assert main([command, str(recordings["both"]), "--model", str(model), *more]) == 0
        return capsys.readouterr().out

    for folder, kept in ((tiny_model, "steady"), (lenient, "wild")):
        expected = ActionRecognizer.from_pretrained(folder).recognize(recordings[kept]).sentence
        for how in ([], ["--synonyms"], ["--zero-shot", "--labels", "bow,clap"]):
            assert json.loads(told("recognize", folder, "--json", *how))["sentence"] == expected
        tokens = json.loads(told("explain", folder, "--json"))["tokens"]
        assert [row["token"] for row in tokens] == expected
        assert [int(token) for token in told("sentence", folder).split()] == expected
