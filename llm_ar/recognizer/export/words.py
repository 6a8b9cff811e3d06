"""Action tokens as words of the LLM's text tokenizer, and the instruction as plain text."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from tokenizers import AddedToken
from transformers import PreTrainedTokenizerBase

from llm_ar.errors import ModelError
from llm_ar.recognizer.prompt import Prompt, instruction


def action_words(count: int) -> list[str]:
    """The words ``<act_000>``, ``<act_001>`` ... of ``count`` action tokens, of equal length."""
    digits = max(3, len(str(count - 1)))
    return [f"<act_{token:0{digits}d}>" for token in range(count)]


def prompt_text(template: str, sentence: Sequence[int], count: int) -> str:
    """The instruction with an action sentence, as text.

    Args:
        template: name of the instruction.
        sentence: numbers of action tokens.
        count: U, tokens in the codebook.
    """
    words = action_words(count)
    before, after = instruction(template)
    return before + "".join(words[token] for token in sentence) + after


def with_action_words(
    text_tokenizer: PreTrainedTokenizerBase, template: str, count: int
) -> tuple[PreTrainedTokenizerBase, list[int]]:
    """A copy of a text tokenizer that knows the action tokens, and their ids.

    The prompt as text has exactly the ids that `Prompt` gives to the model. Spaces between action
    tokens are ignored. The chat template turns a message, an action sentence, into the prompt.

    Args:
        text_tokenizer: the LLM's; it is not changed.
        template: name of the instruction.
        count: U, tokens in the codebook.

    Raises:
        ModelError: the tokenizer has such words already, or splits the prompt's text into other
            ids than those the model was trained with.
    """
    words = action_words(count)
    known = text_tokenizer.get_vocab()
    taken = [word for word in words if word in known]
    if taken:
        raise ModelError(f"the language model's tokenizer has a word {taken[0]} already")
    wider = copy.deepcopy(text_tokenizer)
    # Not special, so that programs that take special tokens for markup read them in plain text.
    wider.add_tokens(
        [AddedToken(word, lstrip=True, normalized=False, special=False) for word in words]
    )
    ids = [int(number) for number in wider.convert_tokens_to_ids(words)]
    prompt = Prompt(template, text_tokenizer)
    before, after = instruction(template)
    start = "{{ bos_token }}" if prompt.before[:1] == [text_tokenizer.bos_token_id] else ""
    wider.chat_template = f"{start}{before}{{{{ messages[-1]['content'] | trim }}}}{after}"
    for separator in ("", " "):
        text = f"{before}{separator}{separator.join(words)}{after}"
        if list(wider(text).input_ids) != [*prompt.before, *ids, *prompt.after]:
            raise ModelError(
                "the language model's tokenizer splits the instruction around action tokens in "
                "another way than in training, so it cannot be exported as text"
            )
    return wider, ids
