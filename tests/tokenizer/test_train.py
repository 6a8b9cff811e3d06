"""Stage 1 on a few procedural clips: it learns, and a killed run goes on as if never killed."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from llm_ar.config import (
    AugmentConfig,
    CodebookConfig,
    EncoderConfig,
    ExtensionConfig,
    LossConfig,
    OptimConfig,
    PreprocessConfig,
    RunConfig,
    TokenizerConfig,
)
from llm_ar.errors import ConfigError, DatasetError, TrainingError
from llm_ar.resume import latest_checkpoint
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.data import TrainingClips
from llm_ar.tokenizer.extensions.build import build_auxiliary_losses
from llm_ar.tokenizer.extensions.name_head import NameHead
from llm_ar.tokenizer.model import ActionTokenizer
from llm_ar.tokenizer.objective import TokenizerObjective
from llm_ar.tokenizer.train import (
    TokenizerTrainer,
    TokenizerTraining,
    checkpoint_folder,
    train_tokenizer,
)
from llm_ar.training import training_arguments

STEPS = 12
"""3 epochs of 4 steps: 24 clips in batches of 6."""


class Killed(BaseException):
    """Stands for SIGKILL, as far as one process can play it."""


@pytest.fixture()
def run(dataset: Path, tmp_path: Path) -> RunConfig:
    """A tiny run that keeps a checkpoint of every step, and uses everything random there is."""
    return RunConfig(
        data=dataset,
        out=tmp_path / "model",
        seed=3,
        preprocess=PreprocessConfig(frames=16),
        augment=AugmentConfig(
            mirror=0.5, front_back_flip=0.3, part_dropout=0.3, warp=0.5, temporal_oversampling=2
        ),
        tokenizer=TokenizerConfig(
            encoder=EncoderConfig(width=16, blocks=1),
            extensions=ExtensionConfig(
                joint_blocks=1,
                joint_width=8,
                clip_tokens=1,
                name_loss=1.0,
                pooled_name_loss=0.5,
                clip_token_name_loss=0.5,
                part_loss=0.5,
            ),
            codebook=CodebookConfig(size=16, dim=8, warmup_steps=3, update="ema"),
            optim=OptimConfig(epochs=3, batch_size=6, save_minutes=0),
        ),
    )


def words_and_names(run: RunConfig) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    labels = ClipStore.open(run.data).labels
    return (
        torch.randn(100, 12, generator=generator),
        torch.randn(len(labels), 12, generator=generator),
    )


def part_texts(run: RunConfig) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(len(ClipStore.open(run.data).labels), 6, 12, generator=generator)


def train(run: RunConfig, resume: bool = False) -> ActionTokenizer:
    return train_tokenizer(run, *words_and_names(run), resume, part_texts(run))


def train_until(run: RunConfig, step: int, resume: bool = False) -> None:
    """Train, and die in the step after this one."""
    forward = TokenizerTraining.forward
    done = step_of(run) if resume else 0

    def dying(self: TokenizerTraining, **batch: Tensor) -> dict[str, Tensor]:
        nonlocal done
        done += 1
        if done > step:
            raise Killed
        return forward(self, **batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TokenizerTraining, "forward", dying)
        with pytest.raises(Killed):
            train(run, resume)


def checkpoints(run: RunConfig) -> list[Path]:
    folders = checkpoint_folder(run.out).glob("checkpoint-*")
    return sorted(folders, key=lambda path: int(path.name.partition("-")[2]))


def step_of(run: RunConfig) -> int:
    return int(checkpoints(run)[-1].name.partition("-")[2])


def final(run: RunConfig) -> dict[str, Any]:
    """Everything that the last checkpoint holds: all modules, the optimizer and the schedule."""
    folder = checkpoints(run)[-1]
    assert folder.name == f"checkpoint-{STEPS}"
    return {
        "weights": load_file(folder / "model.safetensors"),
        "optimizer": torch.load(folder / "optimizer.pt", weights_only=True)["state"],
        "schedule": torch.load(folder / "scheduler.pt", weights_only=True)["last_epoch"],
        "random": torch.load(folder / "rng_state.pth", weights_only=False)["cpu"],
    }


@pytest.mark.parametrize("kills", [[2], [4], [6], [1, 5, 9]], ids=str)
def test_a_killed_and_resumed_run_is_the_uninterrupted_run(
    run: RunConfig, tmp_path: Path, kills: list[int]
) -> None:
    """In the warm-up, at an epoch's end, in mid-epoch, and several times."""
    whole = train(run)
    other = replace(run, out=tmp_path / "other")
    for number, step in enumerate(kills):
        train_until(other, step, resume=number > 0)
        assert step_of(other) == step
        torch.manual_seed(99)
        torch.rand(7)
    resumed = train(other, resume=True)
    torch.testing.assert_close(
        dict(resumed.state_dict()), dict(whole.state_dict()), rtol=0, atol=1e-6
    )
    assert int(resumed.codebook.steps) == STEPS
    torch.testing.assert_close(final(other), final(run), rtol=0, atol=1e-6)


def test_half_written_checkpoints_are_passed_over(run: RunConfig, tmp_path: Path) -> None:
    whole = train(run)
    other = replace(run, out=tmp_path / "other")
    train_until(other, 6)
    before, newest = checkpoints(other)
    (newest / "trainer_state.json").write_text('{"global_step": 6, "ep')
    (newest / "optimizer.pt").write_bytes(b"half")
    bare = newest.with_name("checkpoint-7")
    bare.mkdir()
    (bare / "model.safetensors").write_bytes(b"")
    resumed = train(other, resume=True)
    assert before.name == "checkpoint-5"
    torch.testing.assert_close(
        dict(resumed.state_dict()), dict(whole.state_dict()), rtol=0, atol=1e-6
    )


def test_a_loss_that_is_no_number_stops_before_it_reaches_a_weight(
    run: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward, calls = TokenizerObjective.forward, iter(range(10_000))

    def broken(self: TokenizerObjective, joints: Tensor, *rest: Tensor) -> dict[str, Tensor]:
        if next(calls) == 6:
            joints = joints.clone()
            joints[0, 0] = torch.nan
        return forward(self, joints, *rest)

    monkeypatch.setattr(TokenizerObjective, "forward", broken)
    with pytest.raises(TrainingError, match=r"tokenizer: .*reconstruction.* at step 7; lower tok"):
        train(run)
    assert step_of(run) == 6
    monkeypatch.undo()
    kept = load_file(latest_checkpoint(checkpoint_folder(run.out)) / "model.safetensors")
    assert all(tensor.isfinite().all() for tensor in kept.values())
    assert train(run, resume=True).figures["reconstruction"] > 0


def test_a_complete_run_has_nothing_to_resume(run: RunConfig) -> None:
    trained = train(run)
    again = train(run, resume=True)
    torch.testing.assert_close(dict(again.state_dict()), dict(trained.state_dict()))
    assert step_of(run) == STEPS


def with_epochs(run: RunConfig, epochs: int) -> RunConfig:
    optim = replace(run.tokenizer.optim, epochs=epochs)
    return replace(run, tokenizer=replace(run.tokenizer, optim=optim))


def test_a_finished_run_goes_on_with_more_epochs_and_not_with_fewer(run: RunConfig) -> None:
    short = train(run)
    epochs = run.tokenizer.optim.epochs
    longer = train(with_epochs(run, 2 * epochs), resume=True)
    assert step_of(run) == 2 * STEPS and longer.figures["epochs"] == 2 * epochs
    assert not torch.equal(short.embeddings(), longer.embeddings())
    message = rf"tokenizer.optim.epochs \(was {2 * epochs}, is {epochs}\)"
    with pytest.raises(ConfigError, match=message):
        train(run, resume=True)


def test_a_setting_that_is_newer_than_the_run_had_its_default(run: RunConfig) -> None:
    run = replace(run, augment=replace(run.augment, front_back_flip=0.0))
    train_until(run, 4)
    noted = checkpoint_folder(run.out) / "settings.json"
    settings = json.loads(noted.read_text())
    del settings["augment"]["front_back_flip"]
    noted.write_text(json.dumps(settings))
    with pytest.raises(ConfigError, match="augment.front_back_flip .was 0.0, is 0.2"):
        train(replace(run, augment=replace(run.augment, front_back_flip=0.2)), resume=True)
    train(run, resume=True)


def test_backs_need_clips_that_are_turned(run: RunConfig) -> None:
    with pytest.raises(ConfigError, match="augment.front_back_flip: .* set it to 0"):
        train(replace(run, preprocess=replace(run.preprocess, face_camera=False)))


def test_without_resume_everything_begins_anew(run: RunConfig) -> None:
    """What is left of a longer, earlier run is not taken up by a later --resume."""
    first = train(run)
    train_until(replace(run, seed=4), 2)
    assert [path.name for path in checkpoints(run)] == ["checkpoint-1", "checkpoint-2"]
    other_seed = train(replace(run, seed=4), resume=True)
    assert not torch.equal(first.embeddings(), other_seed.embeddings())
    assert int(other_seed.codebook.steps) == STEPS


def test_the_same_seed_gives_the_same_tokenizer(run: RunConfig, tmp_path: Path) -> None:
    first = train(run)
    torch.rand(3)
    second = train(replace(run, out=tmp_path / "again"))
    torch.testing.assert_close(dict(first.state_dict()), dict(second.state_dict()), rtol=0, atol=0)


def test_what_is_saved_is_what_was_trained(run: RunConfig) -> None:
    trained = train(run)
    assert not trained.training
    loaded = ActionTokenizer.from_pretrained(run.out / "tokenizer")
    clips = list(ClipStore.open(run.data))[:5]
    assert torch.equal(loaded.encode_clips(clips), trained.encode_clips(clips))
    assert loaded.preprocess == run.preprocess and loaded.codebook_config.dim == 8


def test_what_the_reader_learned_is_kept(run: RunConfig) -> None:
    trained = train(run)
    loaded = ActionTokenizer.from_pretrained(run.out / "tokenizer")
    assert loaded.token_text_embeddings.shape == (16, 12)
    assert torch.equal(loaded.token_text_embeddings, trained.token_text_embeddings)
    reader = NameHead(8, torch.randn(4, 12), 0).eval()
    weights = load_file(checkpoints(run)[-1] / "model.safetensors")
    inside = {
        name.removeprefix("objective.auxiliary.0.head."): value
        for name, value in weights.items()
        if name.startswith("objective.auxiliary.0.head.")
    }
    reader.load_state_dict(inside, strict=False)
    said = reader.token_text_embeddings(loaded.embeddings()).detach()
    torch.testing.assert_close(loaded.token_text_embeddings, said, rtol=0.02, atol=0.02)


def test_without_names_there_is_no_meaning(run: RunConfig) -> None:
    plain = replace(run.tokenizer.extensions, name_loss=0, clip_token_name_loss=0)
    settings = replace(run.tokenizer, extensions=plain)
    assert train(replace(run, tokenizer=settings)).token_text_embeddings.shape == (16, 0)


def test_a_killed_run_leaves_nothing_behind_that_looks_trained(run: RunConfig) -> None:
    threads = threading.active_count()
    train_until(run, 2)
    assert not (run.out / "tokenizer").exists()
    alive = [thread.name for thread in threading.enumerate() if "Refresh" in type(thread).__name__]
    assert not alive, "the progress line still holds the terminal"
    assert threads <= threading.active_count()


def test_it_learns(run: RunConfig) -> None:
    optim = replace(run.tokenizer.optim, epochs=40, learning_rate=3e-3, save_minutes=10)
    longer = replace(run, tokenizer=replace(run.tokenizer, optim=optim))
    trained = train(longer)
    state = json.loads((checkpoints(longer)[-1] / "trainer_state.json").read_text())
    logs = [entry for entry in state["log_history"] if "reconstruction" in entry]
    assert len(logs) == 16
    first, last = logs[1], logs[-1]  # the first is of the warm-up, unquantized
    assert last["loss"] < 0.7 * first["loss"]
    assert last["reconstruction"] < 0.7 * logs[0]["reconstruction"]
    assert last["name"] < 1.15, "of four actions: log 4 is 1.39"
    for part in ("zipf", "context", "mmd", "commitment", "name"):
        assert part in last
    assert last["used_tokens"] >= 4 and last["perplexity"] > 3 and last["zipf_slope"] < 0
    store = ClipStore.open(run.data)
    sentences = trained.encode_clips([store[i] for i in store.split("xsub")[1]])
    assert len({tuple(sentence.tolist()) for sentence in sentences}) > 4


def test_biases_of_weight_zero_are_not_computed(run: RunConfig) -> None:
    off = LossConfig(zipf=0, context=0, mmd=0)
    plain = replace(run, tokenizer=replace(run.tokenizer, losses=off, extensions=ExtensionConfig()))
    train(plain)
    state = json.loads((checkpoints(plain)[-1] / "trainer_state.json").read_text())
    assert not {"zipf", "context", "mmd", "name"} & state["log_history"][0].keys()


def test_classes_without_training_clips_do_not_shift_the_names(
    run: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dataset knows more actions than the clips show: each clip keeps its own name's text."""
    given: dict[str, Tensor] = {}

    def spy(*arguments: Any) -> Any:
        given["names"], given["parts"] = arguments[3:5]
        return build_auxiliary_losses(*arguments)

    monkeypatch.setattr("llm_ar.tokenizer.train.build_auxiliary_losses", spy)
    train_until(run, 0)
    store = ClipStore.open(run.data)
    clips = TrainingClips.read(store, store.split("xsub")[0], run.preprocess)
    _, names = words_and_names(run)
    assert len(clips.names) == 4 < len(store.labels)
    for row, name in enumerate(clips.names):
        place = store.labels.index(name)
        assert torch.equal(given["names"][row], names[place])
        assert torch.equal(given["parts"][row], part_texts(run)[place])


def test_clips_are_read_in_order_and_normalized(run: RunConfig) -> None:
    store = ClipStore.open(run.data)
    train_clips, _ = store.split("xsub")
    clips = TrainingClips.read(store, train_clips, run.preprocess)
    assert len(clips) == 24
    assert clips.joints.shape == (24, 16, 1, 20, 3) and clips.present.shape == (24, 16, 1, 20)
    assert [clips.names[label] for label in clips.labels] == [store[i].label for i in train_clips]
    assert clips.names == [name for name in store.labels if name in set(clips.names)]
    assert clips.joints.isfinite().all()
    with pytest.raises(DatasetError, match="no clip to train on"):
        TrainingClips.read(store, [], run.preprocess)


def test_decay_spares_places_and_vectors(run: RunConfig) -> None:
    store = ClipStore.open(run.data)
    clips = TrainingClips.read(store, store.split("xsub")[0], run.preprocess)
    settings = run.tokenizer
    codebook = replace(settings.codebook, update="loss")
    tokenizer = ActionTokenizer(settings.encoder, codebook, run.preprocess, store.layout)
    objective = TokenizerObjective(tokenizer, settings.losses, torch.randn(50, 8))
    training = TokenizerTraining(objective, clips.names, run.augment)
    args = training_arguments(settings.optim, run.out, 24, 0)
    decayed = set(TokenizerTrainer(training, args, "test", 1.0).get_decay_parameter_names(training))
    shapes = {name: parameter.ndim for name, parameter in training.named_parameters()}
    assert "objective.tokenizer.codebook.vectors" in shapes.keys() - decayed
    spared = {name for name, dimensions in shapes.items() if dimensions < 2}
    assert spared and not spared & decayed
    assert "objective.tokenizer.encoder.enter.weight" in decayed
