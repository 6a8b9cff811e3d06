"""An exported checkpoint gives the recognizer's answers in transformers alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers.processors import TemplateProcessing
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel

from llm_ar.applications.cli import main
from llm_ar.errors import ConfigError, ModelError
from llm_ar.recognizer.export.checkpoint import export_checkpoint
from llm_ar.recognizer.export.folder import RECORD_FILE, new_folder
from llm_ar.recognizer.export.wider_llm import added_channels
from llm_ar.recognizer.export.words import action_words, prompt_text, with_action_words
from llm_ar.recognizer.llm import Backbone
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.prompt import Prompt
from llm_ar.skeletons.synthetic.dataset import procedural_clips

Recognizer = Callable[[Path], ActionRecognizer]
Plain = Callable[..., torch.Tensor]
ROOT = Path(__file__).resolve().parents[3]


def prompts_of(model: ActionRecognizer, tokens: torch.Tensor) -> list[str]:
    template, count = model.run.recognizer.template, model.tokenizer.vocabulary
    return [prompt_text(template, sentence, count) for sentence in tokens.tolist()]


def sentences(model: ActionRecognizer, count: int) -> torch.Tensor:
    torch.manual_seed(5)
    return torch.randint(model.tokenizer.vocabulary, (count, model.tokenizer.words))


@pytest.mark.parametrize("tied", [True, False])
def test_transformers_alone_gives_the_same_answers(
    tied: bool, make_llm: Callable[..., Path], recognizer: Recognizer, plain: Plain, tmp_path: Path
) -> None:
    model = recognizer(make_llm(tmp_path / "llm", tied=tied))
    out = tmp_path / "exported"
    export_checkpoint(model, out)
    tokens = sentences(model, 6)
    expected = model.log_likelihoods(tokens)
    found = plain(out, prompts_of(model, tokens), model.labels)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)
    assert torch.equal(found.argmax(1), expected.argmax(1))


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_no_action_token_is_ever_an_answer(
    dtype: str, llm_folder: Path, recognizer: Recognizer, tmp_path: Path
) -> None:
    model = recognizer(llm_folder)
    export_checkpoint(model, tmp_path / "exported", dtype)
    llm = AutoModelForCausalLM.from_pretrained(tmp_path / "exported", dtype="auto")
    assert llm.dtype == getattr(torch, dtype)
    actions = model.tokenizer.vocabulary
    with torch.inference_mode():
        logits = llm(torch.randint(llm.config.vocab_size, (4, 50))).logits.float()
    assert logits[..., -actions:].max() < logits[..., :-actions].min() - 100
    assert logits[..., :-actions].isfinite().all()


def test_the_text_is_what_the_model_was_trained_with(
    llm_folder: Path, recognizer: Recognizer, tmp_path: Path
) -> None:
    model, out = recognizer(llm_folder), tmp_path / "exported"
    export_checkpoint(model, out)
    words = AutoTokenizer.from_pretrained(out)
    [sentence] = sentences(model, 1).tolist()
    first = words.convert_tokens_to_ids("<act_000>")
    ids = [*model.prompt.before, *(first + token for token in sentence), *model.prompt.after]
    [text] = prompts_of(model, torch.tensor([sentence]))
    assert words(text).input_ids == ids
    spaced = " ".join(action_words(24)[token] for token in sentence)
    chat = words.apply_chat_template(
        [{"role": "user", "content": spaced}], add_generation_prompt=True, return_dict=True
    )
    assert list(chat["input_ids"]) == ids
    record = json.loads((out / RECORD_FILE).read_text())
    assert record["before"] + "".join(spaced.split()) + record["after"] == text
    assert record["names"] == list(model.labels)
    assert record["sentence_tokens"] == model.tokenizer.words
    card = (out / "README.md").read_text()
    assert f"{record['before']}SENTENCE{record['after']}" in card


def test_generation_ends_with_the_name(
    llm_folder: Path, recognizer: Recognizer, tmp_path: Path
) -> None:
    model, out = recognizer(llm_folder), tmp_path / "exported"
    export_checkpoint(model, out)
    settings = AutoModelForCausalLM.from_pretrained(out).generation_config
    words = AutoTokenizer.from_pretrained(out)
    assert settings.eos_token_id == words.eos_token_id and not settings.do_sample
    longest = max(len(words(" " + name).input_ids) for name in model.labels)
    assert settings.max_new_tokens == longest + 1


def test_a_start_token_is_in_the_chat_too(backbone: Backbone) -> None:
    tokenizer = backbone.text_tokenizer
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", tokenizer.bos_token_id)]
    )
    words, ids = with_action_words(tokenizer, "short", 5)
    chat = words.apply_chat_template(
        [{"role": "user", "content": "<act_004>"}], return_dict=True, tokenize=True
    )
    prompt = Prompt("short", tokenizer)
    assert list(chat["input_ids"]) == [*prompt.before, ids[4], *prompt.after]
    assert prompt.before[0] == tokenizer.bos_token_id
    assert "<act_004>" not in tokenizer.get_vocab()


def test_a_tokenizer_with_such_words_is_refused(backbone: Backbone) -> None:
    words, _ = with_action_words(backbone.text_tokenizer, "paper", 5)
    with pytest.raises(ModelError, match="has a word <act_000> already"):
        with_action_words(words, "paper", 5)


def test_another_architecture_is_refused(
    llm_folder: Path, recognizer: Recognizer, tmp_path: Path
) -> None:
    model = recognizer(llm_folder)
    model.prompted_llm.llm = GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=32, n_head=2))
    with pytest.raises(ModelError, match="type gpt2 cannot be exported"):
        export_checkpoint(model, tmp_path / "exported")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


@pytest.mark.parametrize(("width", "heads", "wide"), [(576, 9, 648), (4096, 32, 4160), (32, 4, 40)])
def test_the_width_suits_heads_and_kernels(width: int, heads: int, wide: int) -> None:
    assert width + added_channels(width, heads) == wide


def test_something_else_is_never_overwritten(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "thesis.txt").write_text("text")
    with pytest.raises(ConfigError, match="something other than an export"):
        with new_folder(own, {}):
            pass
    with pytest.raises(ConfigError, match="no folder"):
        with new_folder(own / "thesis.txt", {}):
            pass
    assert [path.name for path in tmp_path.rglob("*")] == ["own", "thesis.txt"]


def test_an_export_replaces_an_earlier_one_only_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with new_folder(out, {"format": "hf"}) as folder:
        (folder / "first").write_text("1")
    with pytest.raises(KeyboardInterrupt):
        with new_folder(out, {}) as folder:
            (folder / "second").write_text("2")
            raise KeyboardInterrupt
    assert sorted(path.name for path in out.iterdir()) == ["first", RECORD_FILE]
    with new_folder(out, {}) as folder:
        (folder / "second").write_text("2")
    assert sorted(path.name for path in out.iterdir()) == [RECORD_FILE, "second"]
    assert list(tmp_path.iterdir()) == [out]


def test_the_command(
    llm_folder: Path, recognizer: Recognizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recognizer(llm_folder)
    model, out = str(tmp_path / "tiny"), tmp_path / "new" / "exported"
    words = ["export", model, "--format", "hf", "--dtype", "float16", "--out"]
    assert main([*words, str(out)]) == 0
    assert (out / "model.safetensors").is_file()
    assert "hf export" in capsys.readouterr().err
    assert main([*words, model]) == 2
    assert "something other than an export" in capsys.readouterr().err


@pytest.mark.slow
def test_a_shipped_model_gives_the_same_answers(plain: Plain, tmp_path: Path) -> None:
    model = ActionRecognizer.from_pretrained(ROOT / "models" / "procedural")
    tokens = model.tokenizer.encode_clips(list(procedural_clips(20, subjects=4, seed=9)))
    export_checkpoint(model, tmp_path / "exported")
    found = plain(tmp_path / "exported", prompts_of(model, tokens), model.labels)
    expected = model.log_likelihoods(tokens)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)
    assert torch.equal(found.argmax(1), expected.argmax(1))
