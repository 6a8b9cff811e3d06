"""The benchmark compares ways that give the same answers, and ends with its figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks import other_answerers as others
from llm_ar.recognizer.model import ActionRecognizer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> ActionRecognizer:
    return ActionRecognizer.from_pretrained(tiny_model)


def test_all_ways_answer_the_same(model: ActionRecognizer) -> None:
    answerer = model.prompted_llm
    trie = answerer.trie(model.labels)
    size = (5, model.tokenizer.words)
    tokens = torch.randint(16, size, generator=torch.Generator().manual_seed(0))
    prompts = others.whole_prompts(answerer, tokens)
    words = others.answers_of(answerer, trie.names, model.backbone.text_tokenizer)
    scores = others.one_pass_each(answerer, prompts, words)
    torch.testing.assert_close(
        scores,
        answerer.log_likelihoods(answerer.prompts(tokens), model.labels).float(),
        atol=1e-4,
        rtol=0,
    )
    assert torch.equal(others.ours(model, tokens, model.labels, 3), scores.topk(3).indices)
    said = others.generate(answerer, prompts, trie)
    alone = [others.generate(answerer, prompts[row : row + 1], trie)[0] for row in range(5)]
    assert said == alone, "greedy generation does not depend on its batch"


def test_the_libraries_own_layers_say_the_same(model: ActionRecognizer, tiny_model: Path) -> None:
    plain = others.by_libraries(model, tiny_model)
    assert any(isinstance(layer, nn.Linear) for layer in plain.llm.modules())
    tokens = torch.arange(2 * model.tokenizer.words).reshape(2, -1) % 16
    torch.testing.assert_close(
        plain.log_likelihoods(plain.prompts(tokens), model.labels),
        model.log_likelihoods(tokens),
        atol=1e-4,
        rtol=2e-3,
    )


def test_greedy_generation_takes_the_likeliest_word_each_time(model: ActionRecognizer) -> None:
    """Oracle: the trie walked by hand, a full pass a word."""
    answerer, words = model.prompted_llm, model.llm.get_input_embeddings()
    trie = answerer.trie(model.labels)
    tokens = torch.arange(2 * model.tokenizer.words).reshape(2, -1) % 16
    prompts = others.whole_prompts(answerer, tokens)
    answers = others.answers_of(answerer, trie.names, model.backbone.text_tokenizer)
    expected = []
    for prompt in prompts:
        left, depth = list(range(len(answers))), 0
        while len(left) > 1:
            given = words(torch.tensor(answers[left[0]][:depth], dtype=torch.long))
            with torch.no_grad():
                logits = answerer.llm(inputs_embeds=torch.cat([prompt, given])[None]).logits[0, -1]
            best = max({answers[place][depth] for place in left}, key=lambda word: logits[word])
            left, depth = [place for place in left if answers[place][depth] == best], depth + 1
        expected += left
    assert others.generate(answerer, prompts, trie) == expected


def test_the_command_ends_with_its_figures(
    tiny_model: Path, procedural_data: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "benchmarks.recognition", "--quick"]
    command += ["--model", str(tiny_model), "--data", str(tmp_path / "none")]
    command += ["--clips-model", str(tiny_model), "--clips-data", str(procedural_data)]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "figures.json")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    ratios = json.loads(done.stdout.splitlines()[-1])
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["sentences"] == "random" and set(ratios) == {"27", "120"}
    assert figures["candidates"]["120"]["names"] == 120
    for count, found in figures["candidates"].items():
        assert found["ratios"] == ratios[count]
        assert all(value > 0 for value in found["milliseconds_a_clip"].values())
    assert figures["clips"]["plain"]["early_exits"] == 0 and figures["clips"]["clips"] > 0
    assert figures["clips"]["cold_start_seconds"] > 0
