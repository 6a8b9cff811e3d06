"""Random Llamas of any size, whose cost is that of their layers: bytes are their words."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from llm_ar.config import LoraSettings
from llm_ar.recognizer.llm import Backbone, attach_lora
from llm_ar.recognizer.objective import AnswerObjective
from llm_ar.recognizer.prompt import Prompt
from llm_ar.recognizer.scoring import CandidateTrie, score

BATCH, SENTENCE, TOKENS, NAMES = 8, 16, 64, 20


def tiny_backbone(width: int, layers: int) -> Backbone:
    """A random Llama with heads of 32 and a text tokenizer of bytes."""
    vocabulary = {byte: place for place, byte in enumerate(pre_tokenizers.ByteLevel.alphabet())}
    end = "</s>"
    vocabulary[end] = len(vocabulary)
    bytes_alone = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    bytes_alone.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_alone.decoder = decoders.ByteLevel()
    text_tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytes_alone, eos_token=end)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 32,
        num_key_value_heads=width // 32,
        tie_word_embeddings=True,
    )
    llm = LlamaForCausalLM(config).requires_grad_(False).eval()
    return Backbone(llm, text_tokenizer, "random")


class _Named:
    """Sentences of which only the names are asked for."""

    def __init__(self, names: Sequence[str]) -> None:
        self.clips = type("Clips", (), {"names": list(names)})


def stage2_step(backbone: Backbone) -> Callable[[], None]:
    """A forward and a backward pass of stage 2."""
    names = _names(NAMES)
    width = backbone.llm.config.hidden_size
    objective = AnswerObjective(
        attach_lora(backbone.llm, LoraSettings()),
        Prompt("paper", backbone.text_tokenizer),
        torch.randn(TOKENS, width),
        _Named(names),  # type: ignore[arg-type]
        backbone.text_tokenizer,
    ).train()
    tokens, classes = _sentences(), torch.arange(BATCH) % NAMES

    def step() -> None:
        objective.loss(tokens, classes).backward()
        objective.zero_grad()

    return step


def scoring(backbone: Backbone, candidates: int) -> Callable[[], Tensor]:
    """The log-likelihoods of so many names for a batch."""
    trie = CandidateTrie(backbone.text_tokenizer, _names(candidates))
    words = backbone.llm.get_input_embeddings()
    token_embeddings = torch.randn(TOKENS, words.embedding_dim)
    prompt = Prompt("short", backbone.text_tokenizer)
    prompts = prompt.embed(token_embeddings[_sentences()], words).detach()
    return lambda: score(backbone.llm, prompts, trie)


def _sentences() -> Tensor:
    return torch.randint(TOKENS, (BATCH, SENTENCE), generator=torch.Generator().manual_seed(0))


def _names(count: int) -> list[str]:
    """Different names of two short words."""
    chance = random.Random(0)
    names: dict[str, None] = {}
    while len(names) < count:
        words = ["".join(chance.choices("abcdefghij", k=4)) for _ in range(2)]
        names[" ".join(words)] = None
    return list(names)
