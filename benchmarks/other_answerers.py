"""What recognition is compared with: other ways to the same answers, with the same weights."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from llm_ar.recognizer.adapter import load_adapter
from llm_ar.recognizer.checkpoint import ADAPTER_FILE
from llm_ar.recognizer.fast.fp16_linear import HalfLinear
from llm_ar.recognizer.llm import attach_lora, load_backbone
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.prompt import answer_ids
from llm_ar.recognizer.scorer import PromptedLlm
from llm_ar.recognizer.scoring import CandidateTrie


def by_libraries(model: ActionRecognizer, folder: Path) -> PromptedLlm:
    """A model's own folder as transformers and peft have it: float32 layers, the adapter merged."""
    llm = attach_lora(load_backbone(model.run.recognizer.llm).llm, model.run.recognizer.lora)
    load_adapter(llm.eval(), folder / ADAPTER_FILE)
    llm.merge_adapter()
    return PromptedLlm(
        llm.get_base_model(), model.backbone.text_tokenizer, model.prompt, model.token_embeddings
    )


def whole_prompts(answerer: PromptedLlm, tokens: Tensor) -> Tensor:
    """Prompts (B, P, width) for sentences (B, W), the instruction's beginning included."""
    words = answerer.llm.get_input_embeddings()
    with torch.inference_mode():
        return answerer.prompt.embed(answerer.token_embeddings[tokens], words)


@torch.inference_mode()
def one_pass_each(
    answerer: PromptedLlm, prompts: Tensor, answers: Sequence[Sequence[int]]
) -> Tensor:
    """Log-likelihoods (B, C) by one full pass for each candidate; logits only where needed."""
    words = answerer.llm.get_input_embeddings()
    columns = []
    for answer in answers:
        ids = torch.tensor(answer)
        given = words(ids[:-1]).expand(len(prompts), -1, -1)
        logits = answerer.llm(
            inputs_embeds=torch.cat([prompts, given], dim=1),
            logits_to_keep=len(ids),
            use_cache=False,
        ).logits.log_softmax(-1)
        columns.append(logits[:, torch.arange(len(ids)), ids].sum(-1))
    return torch.stack(columns, dim=-1)


@torch.inference_mode()
def generate(answerer: PromptedLlm, prompts: Tensor, trie: CandidateTrie) -> list[int]:
    """Candidates (B,) by the library's greedy generation, kept within the trie."""
    ways: dict[int, dict[int, int]] = {node: {} for node in range(-1, len(trie.tokens))}
    for node, (parent, word) in enumerate(zip(trie.parents, trie.tokens, strict=True)):
        ways[parent][word] = node
    allowed = {node: list(words) for node, words in ways.items()}
    for last in trie.last:
        allowed[last].append(trie.end)

    def follow(words: Sequence[int]) -> int | None:
        node: int | None = -1
        for word in words:
            node = None if node is None else ways[node].get(word)
        return node

    def permitted(_: int, words: Tensor) -> list[int]:
        node = follow(words.tolist())
        return [trie.end] if node is None else allowed[node]

    written = answerer.llm.generate(  # type: ignore[operator]
        inputs_embeds=prompts,
        attention_mask=torch.ones(prompts.shape[:2], dtype=torch.long),
        prefix_allowed_tokens_fn=permitted,
        max_new_tokens=max(trie.depths) + 1,
        do_sample=False,
        pad_token_id=trie.end,
    )
    nodes = [follow(row[: row.index(trie.end)]) for row in written.tolist()]
    return [trie.last.index(node) for node in nodes]  # type: ignore[arg-type]


def ours(model: ActionRecognizer, tokens: Tensor, names: Sequence[str], top_k: int) -> Tensor:
    """The best candidates (B, k) as `recognize` finds them, in one batch."""
    return model.best(tokens, names, top_k).indices


@torch.inference_mode()
def products(llm: nn.Module, passes: Sequence[tuple[int, int]]) -> float:
    """Seconds of the LLM's matrix products alone, for passes of so many words and logits each."""
    layers, head = _layers(llm)
    seconds = 0.0
    for words, logits in passes:
        given = {layer.in_features: torch.randn(words, layer.in_features) for layer in layers}
        last = torch.randn(logits, head.in_features)
        start = time.perf_counter()
        for layer in layers:
            layer(given[layer.in_features])
        head(last)
        seconds += time.perf_counter() - start
    return seconds


def work(llm: nn.Module, passes: Sequence[tuple[int, int]]) -> int:
    """Multiplications in those products: how long they take if only their number matters."""
    layers, head = _layers(llm)
    a_word = sum(layer.in_features * layer.out_features for layer in layers)
    a_logit = head.in_features * head.out_features
    return sum(words * a_word + logits * a_logit for words, logits in passes)


def _layers(llm: nn.Module) -> tuple[list[nn.Linear | HalfLinear], nn.Linear | HalfLinear]:
    """The layers that every word goes through, and the one that makes logits."""
    head = llm.get_output_embeddings()  # type: ignore[operator]
    layers = [
        part
        for name, part in llm.named_modules()
        if isinstance(part, nn.Linear | HalfLinear) and part is not head and "lora_" not in name
    ]
    return layers, head


def answers_of(
    answerer: PromptedLlm, names: Sequence[str], text_tokenizer: object
) -> list[list[int]]:
    """The words of each name, the end token included."""
    return [answer_ids(text_tokenizer, name) for name in names]  # type: ignore[arg-type]
