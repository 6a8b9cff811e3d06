from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import load_file

from llm_ar.config import RepairConfig, RunConfig
from llm_ar.errors import ConfigError, ModelError, TrainingError
from llm_ar.recognizer.fast import early_exit
from llm_ar.recognizer.llm import embed_names, load_backbone, weights_hash
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.objective import AnswerObjective
from llm_ar.recognizer.prompt import answer_ids
from llm_ar.recognizer.token_embeddings import from_name_head, token_embeddings_from
from llm_ar.recognizer.train import checkpoint_folder, train_recognizer
from llm_ar.recognizer.trainer import AnswerTrainer
from llm_ar.resume import latest_checkpoint
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.extensions.name_head import whitened
from llm_ar.tokenizer.model import ActionTokenizer
from llm_ar.training import fit_and_held_out


class KilledError(Exception):
    """Stands for a kill: nothing in the package expects it."""


def adapter(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "adapter_model.safetensors")


def changed(run: RunConfig, name: str, **optim: float) -> RunConfig:
    """The run in another folder, with the same tokenizer and other optimizer settings."""
    out = run.out.parent / name
    (out / "tokenizer").mkdir(parents=True)
    for file in (run.out / "tokenizer").iterdir():
        (out / "tokenizer" / file.name).write_bytes(file.read_bytes())
    recognizer = dataclasses.replace(
        run.recognizer, optim=dataclasses.replace(run.recognizer.optim, **optim)
    )
    return dataclasses.replace(run, out=out, recognizer=recognizer)


def kill_at_step(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the training die in the forward pass of a step (counted from 0)."""
    forward, calls = AnswerObjective.forward, iter(range(10_000))

    def dying(self: AnswerObjective, **batch: Any) -> dict[str, torch.Tensor]:
        if next(calls) == step:
            raise KilledError
        return forward(self, **batch)

    monkeypatch.setattr(AnswerObjective, "forward", dying)


@pytest.fixture()
def straight(run: RunConfig) -> dict[str, torch.Tensor]:
    """The adapter of an uninterrupted run of 9 steps, 3 an epoch."""
    train_recognizer(run)
    return adapter(run.out)


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], atol=1e-6, rtol=0)


def test_training_changes_the_adapter_and_nothing_else(run: RunConfig) -> None:
    backbone = load_backbone(run.recognizer.llm)
    before = weights_hash(backbone.llm)
    recognizer = train_recognizer(run)
    assert weights_hash(recognizer.llm.get_base_model()) == before
    weights = adapter(run.out)
    assert all("lora_" in name for name in weights)
    assert any(float(weight.norm()) > 0 for name, weight in weights.items() if "lora_B" in name)
    vocabulary = len(backbone.text_tokenizer)
    assert all(vocabulary not in weight.shape for weight in weights.values())
    assert all(weight.dtype == torch.float16 for weight in weights.values())
    held = get_peft_model_state_dict(recognizer.llm)
    assert all(torch.equal(held[name], weight.float()) for name, weight in weights.items())


@pytest.mark.usefixtures("straight")
def test_the_rules_that_the_data_was_prepared_with_are_the_models(run: RunConfig) -> None:
    rules = ActionRecognizer.from_pretrained(run.out).repair
    assert rules == ClipStore.open(run.data).repair == RepairConfig(shortest=7)


def test_the_loss_falls(run: RunConfig) -> None:
    short = changed(run, "short", epochs=1)
    long = changed(run, "long", epochs=12)
    first = train_recognizer(short).training["loss"]
    last = train_recognizer(long).training["loss"]
    assert last < 0.5 * first


@pytest.mark.parametrize("step", [1, 4, 3, 6], ids=lambda step: f"step{step}")
def test_a_killed_run_resumes_exactly(
    run: RunConfig,
    straight: dict[str, torch.Tensor],
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    """Steps 3 and 6 begin an epoch, 1 and 4 lie inside one; each earlier step left a checkpoint."""
    killed = changed(run, "killed", save_minutes=0)
    with monkeypatch.context() as dying:
        kill_at_step(dying, step)
        with pytest.raises(KilledError):
            train_recognizer(killed)
    assert not (killed.out / "config.json").exists()
    folder = checkpoint_folder(killed.out)
    assert latest_checkpoint(folder) == folder / f"checkpoint-{step}"
    steps = []
    forward = AnswerObjective.forward

    def counted(self: AnswerObjective, **batch: Any) -> dict[str, torch.Tensor]:
        steps.append(1)
        return forward(self, **batch)

    monkeypatch.setattr(AnswerObjective, "forward", counted)
    train_recognizer(killed, resume=True)
    assert len(steps) == 9 - step
    assert_same(adapter(killed.out), straight)


def test_a_run_killed_while_it_wrote_a_checkpoint(
    run: RunConfig, straight: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = changed(run, "killed", save_minutes=0)
    save = AnswerTrainer._save_optimizer_and_scheduler

    def dying(self: AnswerTrainer, folder: str) -> None:
        if folder.endswith("checkpoint-5"):
            raise KilledError
        save(self, folder)

    with monkeypatch.context() as patch:
        patch.setattr(AnswerTrainer, "_save_optimizer_and_scheduler", dying)
        with pytest.raises(KilledError):
            train_recognizer(killed)
    half = checkpoint_folder(killed.out) / "checkpoint-5"
    assert (half / "adapter_model.safetensors").exists()
    train_recognizer(killed, resume=True)
    assert_same(adapter(killed.out), straight)


def test_resuming_a_finished_run_changes_nothing(
    run: RunConfig, straight: dict[str, torch.Tensor]
) -> None:
    train_recognizer(run, resume=True)
    assert_same(adapter(run.out), straight)
    assert json.loads((run.out / "config.json").read_text())["training"]["epochs"] == 3


def test_a_finished_run_goes_on_with_more_epochs(
    run: RunConfig, straight: dict[str, torch.Tensor]
) -> None:
    optim = dataclasses.replace(run.recognizer.optim, epochs=5)
    longer = dataclasses.replace(run, recognizer=dataclasses.replace(run.recognizer, optim=optim))
    assert train_recognizer(longer, resume=True).training["epochs"] == 5
    folder = checkpoint_folder(run.out)
    assert latest_checkpoint(folder) == folder / "checkpoint-15"
    weights = adapter(run.out)
    assert any(not torch.equal(weights[name], straight[name]) for name in straight)


def test_resuming_with_other_settings_is_refused(
    run: RunConfig, straight: dict[str, torch.Tensor]
) -> None:
    other = dataclasses.replace(run, seed=7)
    with pytest.raises(ConfigError, match=r"seed \(was 0, is 7\)"):
        train_recognizer(other, resume=True)


def test_a_new_run_forgets_old_checkpoints(
    run: RunConfig, straight: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_at_step(monkeypatch, 1)
    with pytest.raises(KilledError):
        train_recognizer(run)
    assert latest_checkpoint(checkpoint_folder(run.out)) is None


def test_checkpoints_hold_adapters_only_and_two_are_kept(run: RunConfig) -> None:
    busy = changed(run, "busy", save_minutes=0)
    train_recognizer(busy)
    kept = sorted(path.name for path in checkpoint_folder(busy.out).glob("checkpoint-*"))
    assert kept == ["checkpoint-8", "checkpoint-9"]
    for checkpoint in checkpoint_folder(busy.out).glob("checkpoint-*"):
        (weights,) = checkpoint.glob("*.safetensors")
        with safe_open(weights, "pt") as stored:
            assert all("lora_" in name for name in stored.keys())  # noqa: SIM118
        assert not (checkpoint / "training_args.bin").exists()


def test_the_epoch_is_chosen_on_held_out_training_clips(
    run: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With accuracies made up to peak after epoch 2, its adapter is the one that is kept."""
    accuracies = iter([0.2, 0.9, 0.9])
    monkeypatch.setattr(AnswerTrainer, "_accuracy", lambda *_: next(accuracies))
    chosen = dataclasses.replace(changed(run, "chosen"), held_out=0.25)
    recognizer = train_recognizer(chosen)
    assert recognizer.training["selection"] == "held-out-train"
    assert recognizer.training["chosen_epoch"] == 2
    assert recognizer.training["clips"] == 18
    best = load_file(checkpoint_folder(chosen.out) / "best" / "adapter_model.safetensors")
    assert_same(adapter(chosen.out), {name: weight.half() for name, weight in best.items()})
    last = load_file(checkpoint_folder(chosen.out) / "checkpoint-9" / "adapter_model.safetensors")
    assert any((last[name] != best[name]).any() for name in best)


def test_held_out_run_resumes_exactly(run: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the last step of an epoch, which was saved, and the scoring behind it."""
    straight = dataclasses.replace(changed(run, "straight", epochs=4), held_out=0.25)
    expected = train_recognizer(straight).training
    killed = dataclasses.replace(changed(run, "killed", epochs=4, save_minutes=0), held_out=0.25)
    score = AnswerTrainer._accuracy
    calls = iter(range(100))

    def dying(self: AnswerTrainer, *given: torch.Tensor) -> float:
        if next(calls) == 1:
            raise KilledError
        return score(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(AnswerTrainer, "_accuracy", dying)
        with pytest.raises(KilledError):
            train_recognizer(killed)
    found = train_recognizer(killed, resume=True).training
    assert_same(adapter(killed.out), adapter(straight.out))
    for key in ("chosen_epoch", "held_out_accuracy", "loss", "selection"):
        assert found[key] == expected[key]


def test_held_out_accuracy_is_that_of_exact_scores(run: RunConfig) -> None:
    held = dataclasses.replace(changed(run, "held", epochs=1), held_out=0.25)
    recognizer = train_recognizer(held)
    store = ClipStore.open(held.data)
    train, _ = store.split("split")
    classes = [recognizer.labels.index(store[index].label) for index in train]
    _, rows = fit_and_held_out(classes, 0.25, held.seed)
    clips = [store[train[row]] for row in rows]
    best = recognizer.log_likelihoods(recognizer.tokenizer.encode_clips(clips)).argmax(-1)
    right = sum(int(answer) == classes[row] for answer, row in zip(best, rows, strict=True))
    assert recognizer.training["held_out_accuracy"] == round(100 * right / len(rows), 2)


def test_tokens_can_start_from_the_name_head(run: RunConfig) -> None:
    reading = changed(run, "reading", epochs=1)
    reading = dataclasses.replace(
        reading, recognizer=dataclasses.replace(reading.recognizer, token_embeddings="name_head")
    )
    with pytest.raises(
        ConfigError, match=r"recognizer\.token_embeddings is name_head, but .* without names"
    ):
        train_recognizer(reading)
    tokenizer = ActionTokenizer.from_pretrained(run.out / "tokenizer")
    backbone = load_backbone(run.recognizer.llm)
    words = backbone.llm.get_input_embeddings().weight.detach()
    tokenizer.token_text_embeddings = torch.randn(24, words.shape[1])
    tokenizer.save_pretrained(reading.out / "tokenizer")
    recognizer = train_recognizer(reading)
    names = embed_names(words, backbone.text_tokenizer, recognizer.labels)
    told = from_name_head(tokenizer.token_text_embeddings, whitened(names), names)
    lifted = tokenizer.word_space.lift(tokenizer.embeddings())
    expected = token_embeddings_from(lifted, words, told).detach().half().float()
    torch.testing.assert_close(recognizer.token_embeddings, expected)


def test_a_loss_that_is_no_number_stops(run: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    forward, calls = AnswerObjective.forward, iter(range(10_000))

    def broken(self: AnswerObjective, **batch: Any) -> dict[str, torch.Tensor]:
        losses = forward(self, **batch)
        return losses if next(calls) < 4 else {**losses, "loss": losses["loss"] * torch.inf}

    monkeypatch.setattr(AnswerObjective, "forward", broken)
    with pytest.raises(TrainingError, match=r"recognizer: .* at step 5; lower recognizer\.optim"):
        train_recognizer(run)
    assert not (run.out / "adapter_model.safetensors").exists()


def test_loss_is_that_of_the_whole_sequences(run: RunConfig) -> None:
    """Padding, positions and the place of the logits do not matter: oracle, one clip at a time."""
    recognizer = train_recognizer(changed(run, "one", epochs=1))
    tokens = torch.randint(24, (5, 4), generator=torch.Generator().manual_seed(3))
    classes = torch.tensor([0, 1, 2, 1, 0])
    words = recognizer.llm.get_input_embeddings()
    text_tokenizer = recognizer.backbone.text_tokenizer
    objective = AnswerObjective(
        recognizer.llm,
        recognizer.prompt,
        recognizer.token_embeddings,
        _Named(recognizer.labels),
        text_tokenizer,
    )
    total, count = 0.0, 0
    with torch.no_grad():
        found = float(objective.loss(tokens, classes))
        for sentence, number in zip(tokens, classes, strict=True):
            ids = torch.tensor(answer_ids(text_tokenizer, recognizer.labels[int(number)]))
            prompt = recognizer.prompt.embed(recognizer.token_embeddings[sentence][None], words)[0]
            logits = recognizer.llm(inputs_embeds=torch.cat([prompt, words(ids)])[None]).logits[0]
            predicted = logits[len(prompt) - 1 : -1].log_softmax(-1)
            total -= float(predicted[torch.arange(len(ids)), ids].sum())
            count += len(ids)
    assert found == pytest.approx(total / count, abs=1e-5)


class _Named:
    """Sentences of which only the names are asked for."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.clips = type("Clips", (), {"names": list(names)})


def test_gradient_checkpointing_only_saves_memory(
    run: RunConfig, straight: dict[str, torch.Tensor]
) -> None:
    frugal = changed(run, "frugal")
    llm = dataclasses.replace(frugal.recognizer.llm, gradient_checkpointing=True)
    recognizer = dataclasses.replace(frugal.recognizer, llm=llm)
    train_recognizer(dataclasses.replace(frugal, recognizer=recognizer))
    assert_same(adapter(frugal.out), straight)


def test_the_fast_path_is_the_same_after_an_interruption(
    run: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early_exit, "AGREEMENT", 0.0)
    assert train_recognizer(changed(run, "unread", epochs=1)).early_exit is None, (
        "it reads no names"
    )
    tokenizer = ActionTokenizer.from_pretrained(run.out / "tokenizer")
    tokenizer.token_text_embeddings = torch.randn(24, 32)
    tokenizer.save_pretrained(run.out / "tokenizer")
    straight = train_recognizer(changed(run, "straight", epochs=2)).fast_path()
    assert straight.votes.shape == (24, 3) and 1 / 3 <= straight.threshold <= 1
    killed = changed(run, "killed", epochs=2, save_minutes=0)
    with monkeypatch.context() as dying:
        kill_at_step(dying, 4)
        with pytest.raises(KilledError):
            train_recognizer(killed)
    resumed = train_recognizer(killed, resume=True).fast_path()
    assert torch.equal(resumed.votes, straight.votes)
    assert resumed.threshold == pytest.approx(straight.threshold, abs=1e-6)
    config = json.loads((killed.out / "config.json").read_text())
    assert config["early_exit"] == {"threshold": resumed.threshold}


def test_without_a_tokenizer(run: RunConfig) -> None:
    (run.out / "tokenizer" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors is missing"):
        train_recognizer(run)
