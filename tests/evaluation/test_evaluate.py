"""An evaluation says what the model itself answers, clip by clip."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llm_ar.errors import DatasetError
from llm_ar.evaluation.evaluate import Evaluation, evaluate
from llm_ar.evaluation.report.report import write_report, write_results
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.clip import clean_clip
from llm_ar.skeletons.datasets.ntu import NTU60
from llm_ar.skeletons.layouts import KINECT_V2
from llm_ar.skeletons.store import ClipStore, write_store


@pytest.fixture(scope="module")
def store(procedural_data: Path) -> ClipStore:
    return ClipStore.open(procedural_data)


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> ActionRecognizer:
    return ActionRecognizer.from_pretrained(tiny_model)


@pytest.fixture(scope="module")
def evaluation(model: ActionRecognizer, store: ClipStore) -> Evaluation:
    return evaluate(model, store, name="tiny", batch_size=5)


@pytest.fixture
def unseen(tmp_path: Path) -> tuple[str, ...]:
    """A dataset with a test clip of each action that zero-shot-55-5 holds back, and others."""
    unseen = next(rule for rule in NTU60.protocols if rule.name == "zero-shot-55-5").unseen
    rng = np.random.default_rng(0)
    write_store(
        (
            clean_clip(
                rng.normal(size=(16, 1, 25, 3)),
                layout=KINECT_V2,
                fps=30.0,
                source=f"{label} {subject}",
                label=label,
                subject=subject,
            )
            for label in (*unseen, NTU60.classes[0])
            for subject in ("1", "3")
        ),
        tmp_path / "ntu60",
        dataset="ntu60",
        layout=KINECT_V2,
        fingerprint="made",
    )
    return unseen


def test_it_answers_as_the_model_does(
    evaluation: Evaluation, model: ActionRecognizer, store: ClipStore
) -> None:
    indices = store.split("xsub")[1]
    assert evaluation.indices.tolist() == indices and len(indices) == 32
    for position in range(0, 32, 5):
        clip = store[indices[position]]
        alone = model.recognize(clip, top_k=16)
        assert alone.sentence == evaluation.sentences[position].tolist()
        given = {answer.action: answer.probability for answer in alone.top}
        row = dict(zip(evaluation.labels, evaluation.probabilities[position], strict=True))
        assert given == pytest.approx(row, abs=1e-4)
        assert evaluation.labels[evaluation.truth[position]] == clip.label
    labels = [store[index].label for index in indices]
    right = [evaluation.labels[a] == b for a, b in zip(evaluation.answers, labels, strict=True)]
    assert evaluation.summary()["top1"] == pytest.approx(100 * np.mean(right), abs=0.006)


def test_the_json_holds_the_figures_in_percent(evaluation: Evaluation, tmp_path: Path) -> None:
    found = json.loads(write_results(evaluation, tmp_path / "new").read_text("utf-8"))
    assert found["clips"] == 32 == np.sum(found["confusion"])
    assert 0 <= found["top1"] <= found["top5"] <= 100
    assert found["top1"] == pytest.approx(100 * np.trace(found["confusion"]) / 32, abs=0.006)
    assert found["ece"] == pytest.approx(100 * found["calibration"]["ece"], abs=0.006)
    assert found["protocol"] == "xsub" and found["seed"] == 0 and "torch" in found["versions"]
    classes = {row["action"]: row for row in found["per_class"]}
    assert sum(row["clips"] for row in classes.values()) == 32
    assert all(row["taken_for"] != action for action, row in classes.items())
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "evaluation.json"]


def test_test_clips_that_trained_under_another_name_are_counted(
    model: ActionRecognizer, store: ClipStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, test = store.split("xsub")
    leaked = [*train, *test[:3]]
    monkeypatch.setattr(store, "split", lambda protocol: (leaked, test))
    found = evaluate(model, store, name="tiny")
    assert np.flatnonzero(found.duplicates).tolist() == [0, 1, 2]
    right = (found.answers == found.truth)[3:]
    assert found.summary()["top1_without_duplicates"] == pytest.approx(
        100 * right.mean(), abs=0.006
    )


def test_progress_reaches_the_end(model: ActionRecognizer, store: ClipStore) -> None:
    seen: list[tuple[int, int]] = []
    evaluate(model, store, batch_size=15, on_progress=lambda *counts: seen.append(counts))
    assert seen == [(15, 32), (30, 32), (32, 32)]


def test_labels_that_the_model_does_not_know_are_named(
    model: ActionRecognizer, store: ClipStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tuple(label for label in model.labels if label != "squat")
    monkeypatch.setattr(model, "labels", labels)
    with pytest.raises(DatasetError, match="labeled 'squat'") as caught:
        evaluate(model, store, name="tiny")
    assert "jog" in str(caught.value)


def test_names_of_other_datasets_can_be_left_out(
    model: ActionRecognizer,
    store: ClipStore,
    evaluation: Evaluation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert evaluate(model, store, own_names=True).labels == tuple(model.labels)
    more = (*model.labels[:3], "fly a kite", *model.labels[3:])
    monkeypatch.setattr(model, "labels", more)
    monkeypatch.setattr(model, "early_exit", None)
    wide, own = (evaluate(model, store, own_names=own) for own in (False, True))
    assert wide.labels == more and own.labels == evaluation.labels
    # Exact likelihoods do not depend on the other candidates.
    np.testing.assert_allclose(own.probabilities, evaluation.probabilities, atol=1e-4)
    assert own.answers.tolist() == evaluation.answers.tolist()


def test_a_zero_shot_split_asks_for_the_unseen_actions(
    model: ActionRecognizer, tmp_path: Path, unseen: tuple[str, ...]
) -> None:
    store = ClipStore.open(tmp_path / "ntu60")
    found = evaluate(model, store, "zero-shot-55-5", name="tiny")
    assert found.labels == unseen and found.probabilities.shape == (5, 5)
    assert not set(found.labels) & set(model.labels)
    assert [found.labels[truth] for truth in found.truth] == list(unseen)
    answer = model.recognize(store[int(found.indices[0])], labels=found.labels).top[0]
    assert found.labels[found.answers[0]] == answer.action
    assert len(found.per_class()) == 5 and found.summary()["top5"] == 100


def test_a_protocol_without_test_clips_is_refused(
    model: ActionRecognizer, store: ClipStore
) -> None:
    with pytest.raises(DatasetError, match="held-out:nobody: .*no subject 'nobody'; it has P01"):
        evaluate(model, store, "held-out:nobody")


def test_the_report_is_one_file_that_loads_nothing(
    evaluation: Evaluation, model: ActionRecognizer, store: ClipStore, tmp_path: Path
) -> None:
    page = write_report(evaluation, model, store, tmp_path).read_text("utf-8")
    assert list(tmp_path.iterdir()) == [tmp_path / "report.html"]
    assert not re.search(r"(src|href)=|@import|url\(|https?://", page)
    assert "Confusion matrix: true action by row" in page
    used = len(np.unique(evaluation.sentences))
    assert f"use {used} of the 16 action tokens" in page and page.count('class="strip"') == used
    motion = json.loads(re.search(r'id="motion">(.*?)</script>', page).group(1))
    sample = motion["samples"][0]
    assert len(sample["recorded"]) == len(sample["decoded"]) == 16
    assert all(len(frame) == 20 * 3 for frame in sample["recorded"])
    assert len(sample["sentence"]) == 4 and len(sample["top"]) == 5
    assert len(motion["bones"]) == 19
    assert sample["truth"] in evaluation.labels


def test_the_report_escapes_what_users_wrote(
    evaluation: Evaluation, model: ActionRecognizer, store: ClipStore, tmp_path: Path
) -> None:
    bad = "</script><script>alert(1)</script>"
    evil = replace(evaluation, model=bad, labels=(bad, *evaluation.labels[1:]))
    page = write_report(evil, model, store, tmp_path).read_text("utf-8")
    assert "alert(1)</script>" not in page and "<script>alert" not in page
