from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from llm_ar.config import RepairConfig, RunConfig
from llm_ar.config_files import settings_from_dict, settings_to_dict
from llm_ar.errors import ClipError, ConfigError, ModelError
from llm_ar.recognizer import checkpoint as folder_module
from llm_ar.recognizer.adapter import merge_adapter
from llm_ar.recognizer.fast.early_exit import EarlyExit
from llm_ar.recognizer.llm import attach_lora, load_backbone
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.skeletons.clip import Clip
from llm_ar.tokenizer.model import ActionTokenizer

LABELS = ("walk", "walk around", "走る")


def build(run: RunConfig, tokenizer: ActionTokenizer) -> ActionRecognizer:
    """An untrained recognizer whose adapter does something."""
    backbone = load_backbone(run.recognizer.llm)
    torch.manual_seed(2)
    llm = attach_lora(backbone.llm, run.recognizer.lora).eval()
    with torch.no_grad():
        for name, weight in llm.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.2)
    token_embeddings = torch.randn(tokenizer.vocabulary, 32)
    return ActionRecognizer(run, LABELS, tokenizer, backbone, llm, token_embeddings, {"loss": 0.5})


@pytest.fixture()
def recognizer(run: RunConfig, tokenizer: ActionTokenizer) -> ActionRecognizer:
    return build(run, tokenizer)


@pytest.fixture()
def saved(recognizer: ActionRecognizer, tmp_path: Path) -> Path:
    recognizer.save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


def test_other_users_can_read_the_files(saved: Path) -> None:
    files = [file for file in saved.rglob("*") if file.is_file()]
    assert len(files) >= 6
    assert all(file.stat().st_mode & 0o444 == 0o444 for file in files)


def test_probabilities_of_the_training_names(
    recognizer: ActionRecognizer, clips: list[Clip]
) -> None:
    found = recognizer.recognize(clips[0])
    assert found.file == "clip0"
    assert {answer.action for answer in found.top} == set(LABELS)
    values = [answer.probability for answer in found.top]
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1, abs=1e-9)
    assert found.sentence == recognizer.tokenizer.encode_clips(clips[:1])[0].tolist()


def test_probabilities_follow_from_log_likelihoods(
    recognizer: ActionRecognizer, clips: list[Clip]
) -> None:
    tokens = recognizer.tokenizer.encode_clips(clips[:1])
    scores = dict(zip(LABELS, recognizer.log_likelihoods(tokens)[0].tolist(), strict=True))
    total = sum(math.exp(score) for score in scores.values())
    for answer in recognizer.recognize(clips[0]).top:
        assert answer.probability == pytest.approx(math.exp(scores[answer.action]) / total)


def test_a_list_is_each_clip_by_itself(recognizer: ActionRecognizer, clips: list[Clip]) -> None:
    together = recognizer.recognize(clips[:20])
    assert len(together) == 20
    for index in (0, 7, 19):
        alone = recognizer.recognize(clips[index])
        assert alone.sentence == together[index].sentence
        for one, other in zip(alone.top, together[index].top, strict=True):
            assert one.action == other.action
            assert one.probability == pytest.approx(other.probability, abs=1e-5)
    assert recognizer.recognize([]) == []


def test_any_names_can_be_candidates(recognizer: ActionRecognizer, clips: list[Clip]) -> None:
    found = recognizer.recognize(clips[0], labels=["прыжок", " sit down "], top_k=1)
    assert len(found.top) == 1
    assert found.top[0].action in {"прыжок", "sit down"}
    only = recognizer.recognize(clips[0], labels=["stand up"])
    assert [(answer.action, answer.probability) for answer in only.top] == [("stand up", 1.0)]


@pytest.mark.parametrize("labels", [[], ["walk", "walk"], [""]])
def test_bad_candidates(recognizer: ActionRecognizer, clips: list[Clip], labels: list[str]) -> None:
    with pytest.raises(ConfigError, match="labels"):
        recognizer.recognize(clips[0], labels=labels)


def test_no_answers_asked_for(recognizer: ActionRecognizer, clips: list[Clip]) -> None:
    with pytest.raises(ConfigError, match="top_k"):
        recognizer.recognize(clips[0], top_k=0)


def test_a_file_that_is_not_there(recognizer: ActionRecognizer, tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"nothing\.json"):
        recognizer.recognize(tmp_path / "nothing.json")


def test_a_saved_model_answers_the_same(
    recognizer: ActionRecognizer, saved: Path, clips: list[Clip]
) -> None:
    loaded = ActionRecognizer.from_pretrained(saved)
    tokens = recognizer.tokenizer.encode_clips(clips)
    assert torch.equal(loaded.tokenizer.encode_clips(clips), tokens)
    # As the loaded one does: its adapter merged, its weights in half precision.
    merge_adapter(recognizer.llm)
    torch.testing.assert_close(
        loaded.log_likelihoods(tokens), recognizer.log_likelihoods(tokens), atol=1e-4, rtol=0
    )
    assert loaded.run == recognizer.run
    assert loaded.labels == LABELS
    assert loaded.training == {"loss": 0.5}


def test_half_precision_changes_little(
    recognizer: ActionRecognizer, saved: Path, clips: list[Clip]
) -> None:
    tokens = recognizer.tokenizer.encode_clips(clips)
    found = ActionRecognizer.from_pretrained(saved).log_likelihoods(tokens)
    torch.testing.assert_close(found, recognizer.log_likelihoods(tokens), atol=0, rtol=2e-3)


def test_rules_of_repair_are_kept_and_by_default_the_published_ones(
    recognizer: ActionRecognizer, saved: Path
) -> None:
    assert ActionRecognizer.from_pretrained(saved).repair == RepairConfig()
    recognizer.repair = RepairConfig(still=0.5, people=3)
    recognizer.save_pretrained(saved)
    assert ActionRecognizer.from_pretrained(saved).repair == recognizer.repair
    config = json.loads((saved / "config.json").read_text())
    assert config.pop("repair")["people"] == 3
    (saved / "config.json").write_text(json.dumps(config))
    assert ActionRecognizer.from_pretrained(saved).repair == RepairConfig()


@pytest.mark.parametrize("rules", [{"people": 0}, {"still": "x"}, {"other": 1}, [], 3])
def test_rules_of_repair_that_mean_nothing(saved: Path, rules: object) -> None:
    config = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps({**config, "repair": rules}))
    with pytest.raises(ModelError, match=r"config\.json is damaged \(.*copy the model's folder"):
        ActionRecognizer.from_pretrained(saved)


def test_what_is_in_the_folder(saved: Path, run: RunConfig) -> None:
    assert {path.name for path in saved.iterdir()} == {
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
        "config.json",
        "token_embeddings.safetensors",
        "tokenizer",
    }
    with safe_open(saved / "adapter_model.safetensors", "pt") as stored:
        assert all("lora_" in name for name in stored.keys())  # noqa: SIM118
    config = json.loads((saved / "config.json").read_text())
    assert config["layout"] == "kinect-v1"
    assert config["labels"] == list(LABELS)
    assert config["llm"]["name"] == run.recognizer.llm.name
    assert "走る" in (saved / "README.md").read_text(encoding="utf-8")
    assert not list(saved.parent.glob(".*unfinished*"))


def test_peft_itself_reads_the_adapter(
    recognizer: ActionRecognizer, saved: Path, clips: list[Clip]
) -> None:
    """The published format is kept, so other tools can use the adapter."""
    backbone = load_backbone(recognizer.run.recognizer.llm)
    by_peft = PeftModel.from_pretrained(backbone.llm, saved).eval()
    prompts = torch.randn(2, 6, 32)
    with torch.no_grad():
        expected = recognizer.llm(inputs_embeds=prompts).logits
        torch.testing.assert_close(by_peft(inputs_embeds=prompts).logits, expected)


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "adapter_config.json",
        "adapter_model.safetensors",
        "token_embeddings.safetensors",
        "tokenizer/config.json",
        "tokenizer/model.safetensors",
    ],
)
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(ModelError) as caught:
        ActionRecognizer.from_pretrained(saved)
    assert str(saved / name) in str(caught.value)
    assert "missing" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "adapter_model.safetensors",
        "token_embeddings.safetensors",
        "tokenizer/config.json",
        "tokenizer/model.safetensors",
    ],
)
@pytest.mark.parametrize("kept", [0, 100])
def test_a_truncated_file_is_named(saved: Path, name: str, kept: int) -> None:
    file = saved / name
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(ModelError) as caught:
        ActionRecognizer.from_pretrained(saved)
    assert str(file) in str(caught.value)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model folder"):
        ActionRecognizer.from_pretrained(tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["[]", "{}", '{"run": 3, "labels": []}', '{"run": {"x": 1}}'])
def test_a_config_of_something_else(saved: Path, content: str) -> None:
    (saved / "config.json").write_text(content)
    with pytest.raises(ModelError, match=r"config\.json is damaged"):
        ActionRecognizer.from_pretrained(saved)


def test_weights_of_another_size(saved: Path) -> None:
    token_embeddings = load_file(saved / "token_embeddings.safetensors")["embeddings"]
    save_file({"embeddings": token_embeddings[:-1].clone()}, saved / "token_embeddings.safetensors")
    with pytest.raises(ModelError, match=r"token_embeddings\.safetensors is damaged"):
        ActionRecognizer.from_pretrained(saved)


def test_an_adapter_of_other_layers(saved: Path) -> None:
    adapter = load_file(saved / "adapter_model.safetensors")
    adapter.pop(next(iter(adapter)))
    save_file(adapter, saved / "adapter_model.safetensors")
    with pytest.raises(ModelError, match=r"adapter_model\.safetensors is damaged"):
        ActionRecognizer.from_pretrained(saved)


def test_another_llm_of_the_same_name(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    config["llm"]["fingerprint"] = "0" * 16
    (saved / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="another language model"):
        ActionRecognizer.from_pretrained(saved)


def test_saving_over_a_model_keeps_logs_and_is_all_or_nothing(
    recognizer: ActionRecognizer, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (saved / "training").mkdir()
    (saved / "training" / "log").write_text("kept")
    replace, moves = folder_module.os.replace, iter(range(100))

    def dying(source: Path, place: Path) -> None:
        if next(moves) == 3:
            raise KeyboardInterrupt
        replace(source, place)

    with monkeypatch.context() as patch:
        patch.setattr(folder_module.os, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            recognizer.save_pretrained(saved)
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        ActionRecognizer.from_pretrained(saved)
    recognizer.save_pretrained(saved)
    assert ActionRecognizer.from_pretrained(saved).labels == LABELS
    assert (saved / "training" / "log").read_text() == "kept"


def test_settings_survive_json(run: RunConfig) -> None:
    plain = json.loads(json.dumps(settings_to_dict(run)))
    assert settings_from_dict(RunConfig, plain) == run
    with pytest.raises(ValueError, match=r"recognizer\.optim\.speed"):
        settings_from_dict(RunConfig, {"recognizer": {"optim": {"speed": 1}}})
    with pytest.raises(ValueError, match=r"recognizer\.token_embeddings cannot be 'dictionary'"):
        settings_from_dict(RunConfig, {"recognizer": {"token_embeddings": "dictionary"}})


def test_files_of_the_llm_stay_as_they_are(saved: Path, llm_folder: Path) -> None:
    """The adapter is merged into the weights in memory only, and can be saved again."""
    before = {path.name: path.read_bytes() for path in llm_folder.iterdir()}
    loaded = ActionRecognizer.from_pretrained(saved)
    again = saved.parent / "again"
    loaded.save_pretrained(again)
    assert {path.name: path.read_bytes() for path in llm_folder.iterdir()} == before
    for name in ("adapter_model.safetensors", "token_embeddings.safetensors"):
        assert (again / name).read_bytes() == (saved / name).read_bytes()


def with_early_exit(recognizer: ActionRecognizer, threshold: float) -> ActionRecognizer:
    votes = torch.randn(24, 3, generator=torch.Generator().manual_seed(4))
    recognizer.early_exit = EarlyExit(votes, threshold)
    return recognizer


def test_only_clips_that_are_not_clear_go_to_the_llm(
    recognizer: ActionRecognizer, clips: list[Clip]
) -> None:
    tokens = recognizer.tokenizer.encode_clips(clips)
    certainty = with_early_exit(recognizer, 0.0).fast_path().log_posteriors(tokens).exp()
    best = certainty.max(-1)
    middle = float(best.values.median())
    with_early_exit(recognizer, middle)
    plain, fast = recognizer.recognize(clips), recognizer.recognize(clips, fast=True)
    clear = [answer.early_exit for answer in fast]
    assert clear == (best.values >= middle).tolist() and 0 < sum(clear) < len(clips)
    for index, (one, other) in enumerate(zip(plain, fast, strict=True)):
        if other.early_exit:
            assert other.top[0].action == LABELS[int(best.indices[index])]
            assert other.top[0].probability == pytest.approx(float(best.values[index]), abs=1e-6)
        else:
            assert [answer.action for answer in one.top] == [answer.action for answer in other.top]
    scores = recognizer.log_likelihoods(tokens, fast=True).softmax(-1)
    for row, answer in zip(scores, fast, strict=True):
        given = {found.action: found.probability for found in answer.top}
        assert given == pytest.approx(dict(zip(LABELS, row.tolist(), strict=True)), abs=1e-4)


def test_the_fast_path_is_saved(recognizer: ActionRecognizer, tmp_path: Path) -> None:
    with_early_exit(recognizer, 0.75).save_pretrained(tmp_path / "fast")
    loaded = ActionRecognizer.from_pretrained(tmp_path / "fast").early_exit
    assert loaded is not None and loaded.threshold == 0.75
    assert torch.equal(loaded.votes, recognizer.fast_path().votes)
    tables = load_file(tmp_path / "fast" / "token_embeddings.safetensors")
    save_file(
        {**tables, "votes": tables["votes"][:, :2].contiguous()},
        tmp_path / "fast/token_embeddings.safetensors",
    )
    with pytest.raises(ModelError, match=r"token_embeddings\.safetensors is damaged"):
        ActionRecognizer.from_pretrained(tmp_path / "fast")


def test_no_fast_path(recognizer: ActionRecognizer, clips: list[Clip]) -> None:
    with pytest.raises(ConfigError, match="no fast path"):
        recognizer.recognize(clips[0], fast=True)
    with pytest.raises(ConfigError, match="names of the training"):
        with_early_exit(recognizer, 0.5).recognize(clips[0], ["jump", "run"], fast=True)
