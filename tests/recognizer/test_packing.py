"""A row computes what sequences one by one compute, losses and gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llm_ar.config import LoraSettings
from llm_ar.recognizer.fast.packing import Packing, allow_packing
from llm_ar.recognizer.llm import Backbone, attach_lora
from llm_ar.recognizer.objective import AnswerObjective
from llm_ar.recognizer.prompt import Prompt, answer_ids

LABELS = ["walk", "walk around the table", "sit", "走る"]


class Named:
    """Sentences of which only the names are asked for."""

    clips = type("Clips", (), {"names": LABELS})


def made_objective(backbone: Backbone, dropout: float = 0.0) -> AnswerObjective:
    """An objective whose adapter has weights everywhere, and action tokens of its own."""
    torch.manual_seed(2)
    llm = attach_lora(backbone.llm, LoraSettings(dropout=dropout))
    for name, weight in llm.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(weight, std=0.3)
    prompt = Prompt("paper", backbone.text_tokenizer)
    token_embeddings = torch.randn(24, 32)
    return AnswerObjective(llm, prompt, token_embeddings, Named(), backbone.text_tokenizer)


def gradients(objective: AnswerObjective) -> dict[str, Tensor]:
    found = {name: p.grad for name, p in objective.named_parameters() if p.grad is not None}
    objective.zero_grad(set_to_none=True)
    return found


def one_by_one(objective: AnswerObjective, tokens: Tensor, classes: Tensor) -> Tensor:
    """The mean loss of the answers' tokens: whole sequences, without padding or sharing."""
    words = objective.llm.get_input_embeddings()
    logits, targets = [], []
    for sentence, number in zip(tokens, classes.tolist(), strict=True):
        answer = torch.tensor(objective.answers[number])
        prompt = objective.prompt.embed(objective.token_embeddings[sentence][None], words)
        whole = torch.cat([prompt, words(answer[:-1])[None]], dim=1)
        out = objective.llm(inputs_embeds=whole, use_cache=False).logits[0]
        logits.append(out[prompt.shape[1] - 1 :])
        targets.append(answer)
    return F.cross_entropy(torch.cat(logits), torch.cat(targets))


@pytest.mark.parametrize("checkpointing", [False, True])
def test_loss_and_gradients_are_those_of_whole_sequences(
    backbone: Backbone, checkpointing: bool
) -> None:
    objective = made_objective(backbone)
    assert objective.packed
    tokens, classes = torch.randint(24, (6, 4)), torch.tensor([0, 1, 3, 1, 2, 0])
    expected = one_by_one(objective, tokens, classes)
    expected.backward()
    wanted = gradients(objective)
    assert len(wanted) == 2 * 2 * 4, "two layers, four targets, A and B"
    if checkpointing:
        objective.llm.gradient_checkpointing_enable({"use_reentrant": False})
        objective.train()
    for packed in (True, False):
        objective.packed = packed
        loss = objective.loss(tokens, classes)
        loss.backward()
        torch.testing.assert_close(loss, expected, atol=1e-5, rtol=1e-5)
        found = gradients(objective)
        assert found.keys() == wanted.keys()
        for name, gradient in found.items():
            torch.testing.assert_close(gradient, wanted[name], atol=1e-5, rtol=1e-5)


def test_one_clip_and_one_token_answers(backbone: Backbone) -> None:
    objective = made_objective(backbone)
    objective.answers = [[5], [7], [9], [11]]
    tokens, classes = torch.randint(24, (1, 4)), torch.tensor([2])
    expected = one_by_one(objective, tokens, classes)
    torch.testing.assert_close(objective.loss(tokens, classes), expected, atol=1e-5, rtol=1e-5)


def test_every_place_of_a_row_is_found_again() -> None:
    packing = Packing(2, [3, 1, 2], torch.device("cpu"))
    assert packing.positions.tolist() == [[0, 1, 2, 3, 4, 2, 2, 3]]
    assert packing.ends.tolist() == [5, 6, 8]
    row = torch.arange(8.0)[None, None, :, None].repeat(1, 3, 1, 5)
    batch = packing.lay_out(row)
    assert batch.shape == (3, 3, 5, 5)
    assert batch[1, 0, :3, 0].tolist() == [0, 1, 5]
    assert batch[2, 0, :4, 0].tolist() == [0, 1, 6, 7]
    torch.testing.assert_close(packing.take_back(batch.transpose(1, 2)), row.transpose(1, 2))


def test_without_a_packing_an_llm_computes_as_before(backbone: Backbone) -> None:
    ids = torch.randint(backbone.llm.config.vocab_size, (2, 7))
    mask = torch.ones_like(ids)
    mask[1, :3] = 0
    expected = backbone.llm(input_ids=ids, attention_mask=mask).logits
    assert allow_packing(backbone.llm)
    assert allow_packing(backbone.llm), "once more, for another objective"
    assert not backbone.llm.training
    found = backbone.llm(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(found[mask.bool()], expected[mask.bool()])


def test_llms_that_cannot_compute_rows_are_told(backbone: Backbone) -> None:
    class Mixing(nn.Module):
        """Adds the place before, as a convolution or a state would."""

        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x) + x.roll(1, dims=1)

    layer = backbone.llm.model.layers[0]
    layer.mlp = Mixing(layer.mlp)
    assert not allow_packing(backbone.llm)
    assert backbone.llm.config._attn_implementation == "sdpa"
    backbone.llm.set_attn_implementation("eager")
    assert not allow_packing(backbone.llm)


def test_answers_are_the_names(backbone: Backbone) -> None:
    objective = made_objective(backbone)
    assert objective.answers == [answer_ids(backbone.text_tokenizer, name) for name in LABELS]
