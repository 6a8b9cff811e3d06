"""Instructions as data, and how names become the LLM's answers.

The paper's instruction (sec. 3.4): "Given a sequence of action tokens <action sentence>, please
predict the corresponding action."
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import torch
import yaml
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from llm_ar.errors import ConfigError

_SLOT = "{sentence}"


def templates() -> dict[str, str]:
    """The instruction templates by name (``templates.yaml``)."""
    text = files("llm_ar.recognizer").joinpath("templates.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def instruction(template: str) -> tuple[str, str]:
    """The words in front of an action sentence and those behind it.

    Words carry the space before them, and so does an action token: " tokens" + token + ",".

    Args:
        template: name of a template in ``templates.yaml``.

    Raises:
        ConfigError: if there is no template of that name.
    """
    known = templates()
    if template not in known:
        raise ConfigError(
            f"recognizer.template: there is no '{template}'; choose one of {', '.join(known)}."
        )
    before, _, after = known[template].partition(_SLOT)
    return before.rstrip(), after


class Prompt:
    """An instruction with a place for the action sentence.

    Args:
        template: name of a template in ``templates.yaml``.
        text_tokenizer: the LLM's.

    Attributes:
        before: word ids in front of the action sentence, with the LLM's start token if it has one.
        after: word ids behind it.

    Raises:
        ConfigError: if there is no template of that name.
    """

    def __init__(self, template: str, text_tokenizer: PreTrainedTokenizerBase) -> None:
        before, after = instruction(template)
        self.before: list[int] = _start(text_tokenizer) + _ids(text_tokenizer, before)
        self.after: list[int] = _ids(text_tokenizer, after)

    def embed(self, sentences: Tensor, words: torch.nn.Module, begun: bool = False) -> Tensor:
        """Prompts as input embeddings.

        Args:
            sentences: (B, W, width), the action tokens' embeddings.
            words: the LLM's input embedding layer.
            begun: leave out what stands before the sentence, since it was read already.

        Returns:
            (B, P, width) with P = before + W + after, or W + after, in the LLM's dtype and on its
            device.
        """
        device = next(words.parameters()).device
        before = words(torch.tensor([] if begun else self.before, dtype=torch.long, device=device))
        after = words(torch.tensor(self.after, device=device))
        batch = len(sentences)
        return torch.cat(
            [
                before.expand(batch, -1, -1),
                sentences.to(device, before.dtype),
                after.expand(batch, -1, -1),
            ],
            dim=1,
        )


def answer_ids(text_tokenizer: PreTrainedTokenizerBase, name: str) -> list[int]:
    """Word ids of a name as an answer: a space, the name, and the token that ends the answer."""
    return [*_ids(text_tokenizer, " " + name), end_token(text_tokenizer)]


def checked_names(names: Sequence[str]) -> list[str]:
    """Names without surrounding spaces.

    Raises:
        ConfigError: if there is none, or if one is empty or appears twice.
    """
    stripped = [name.strip() for name in names]
    if not stripped:
        raise ConfigError("labels: the list is empty; give at least one action name.")
    for position, name in enumerate(stripped, start=1):
        if not name:
            raise ConfigError(f"labels: name {position} is empty; remove it or fill it in.")
        if name in stripped[: position - 1]:
            raise ConfigError(f"labels: '{name}' appears twice; give each action name once.")
    return stripped


def end_token(text_tokenizer: PreTrainedTokenizerBase) -> int:
    """The token that ends an answer.

    Raises:
        ConfigError: if the LLM has none.
    """
    if text_tokenizer.eos_token_id is None:
        raise ConfigError(
            "recognizer.llm.name: this language model's tokenizer has no end token (eos_token); "
            "choose another one."
        )
    return int(text_tokenizer.eos_token_id)


def _start(text_tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The LLM's start token, if its own tokenizer puts one in front of every text."""
    start = text_tokenizer.bos_token_id
    ids = text_tokenizer("a").input_ids
    return [int(start)] if start is not None and ids and ids[0] == start else []


def _ids(text_tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(text_tokenizer(text, add_special_tokens=False).input_ids)
