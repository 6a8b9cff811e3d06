"""The names' prior over recordings: what is subtracted, and what the command does with it."""

from __future__ import annotations

import json
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
import torch

from llm_ar.applications.cli import main
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.zero_shot.prior_correction import TEMPERING, prior_corrected
from llm_ar.skeletons.synthetic.dataset import PROCEDURAL_ACTIONS, procedural_clips


def test_it_is_what_a_plain_loop_finds() -> None:
    rows = torch.randn(7, 5, generator=torch.Generator().manual_seed(0)).double()
    powers = [[exp(x) ** TEMPERING for x in row] for row in rows.tolist()]
    tempered = [[value / sum(row) for value in row] for row in powers]
    for row, found in zip(tempered, prior_corrected(rows).tolist(), strict=True):
        divided = [
            (value / (sum(other[name] for other in tempered) / len(tempered))) ** (1 / TEMPERING)
            for name, value in enumerate(row)
        ]
        expected = [log(value / sum(divided)) for value in divided]
        assert found == pytest.approx(expected)


def test_a_name_that_attracts_every_clip_loses_its_lead() -> None:
    truth = torch.arange(40) % 4
    scores = torch.randn(40, 4, generator=torch.Generator().manual_seed(0)) * 0.1
    scores[torch.arange(40), truth] += 1
    scores[:, 2] += 3
    assert (scores.argmax(-1) == truth).float().mean() == 0.25
    corrected = prior_corrected(scores)
    assert (corrected.argmax(-1) == truth).all()
    torch.testing.assert_close(corrected.exp().sum(-1), torch.ones(40))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("recordings")
    for number, clip in enumerate(procedural_clips(12, subjects=3, seed=5)):
        np.save(folder / f"clip{number:02}.npy", clip.joints[:, 0])
    return [str(file) for file in sorted(folder.iterdir())]


def test_files_are_ranked_without_the_names_prior(
    recordings: list[str], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.npy"
    broken.write_text("no joints")
    names = PROCEDURAL_ACTIONS[:4]
    words = ["--model", str(tiny_model), "--json", "--labels", ",".join(names)]

    def answers(*more: str) -> list[dict[str, float]]:
        files = [*recordings[:6], str(broken), *recordings[6:]]
        assert main(["recognize", *files, *words, *more]) == 1
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line["file"] for line in lines] == files
        assert "error" in lines.pop(6)
        for line in lines:
            probabilities = [answer["probability"] for answer in line["top"]]
            assert probabilities == sorted(probabilities, reverse=True)
        return [{one["action"]: one["probability"] for one in line["top"]} for line in lines]

    model = ActionRecognizer.from_pretrained(tiny_model)
    plain = model.recognize_with(model.policy(names), recordings, len(names))
    rows = [
        [one.probability for one in sorted(found.top, key=lambda one: one.action)]
        for found in plain
    ]
    logits = torch.tensor(rows, dtype=torch.double).log()
    expected = prior_corrected(logits).exp()
    corrected = answers("--prior-correction")
    found = torch.tensor(
        [[answer[name] for name in sorted(names)] for answer in corrected], dtype=torch.double
    )
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-3)
    assert not torch.allclose(found, logits.exp(), atol=1e-2)
    best = answers("--prior-correction", "--top-k", "1")
    assert [*map(list, best)] == [[max(answer, key=answer.__getitem__)] for answer in corrected]


def test_too_few_recordings_are_one_sentence(
    recordings: list[str], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.npy"
    broken.write_text("no joints")
    words = ["--model", str(tiny_model), "--prior-correction"]
    assert main(["recognize", *recordings[:9], str(broken), *words]) == 2
    shown = capsys.readouterr()
    assert not shown.out
    assert "9 recordings were recognized" in shown.err and "at least 10" in shown.err
    assert "1 could not be used; the first: " in shown.err and str(broken) in shown.err
