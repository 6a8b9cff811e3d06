"""A Hugging Face checkpoint that reads action sentences as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from llm_ar.errors import ModelError
from llm_ar.recognizer.checkpoint_files import add_rope_theta, save_text_tokenizer
from llm_ar.recognizer.export.folder import new_folder
from llm_ar.recognizer.export.record import described
from llm_ar.recognizer.export.wider_llm import wider_llm
from llm_ar.recognizer.export.words import with_action_words
from llm_ar.recognizer.llm import without_progress
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.prompt import answer_ids, end_token

CARD_FILE = "README.md"
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def export_checkpoint(model: ActionRecognizer, out: Path, dtype: str = "float32") -> None:
    """Write a checkpoint, its tokenizer, generation settings and model card.

    The adapter is merged, and the action tokens are words of the vocabulary whose probability as an
    answer is 0 (`wider_llm`). Log-likelihoods are those of `ActionRecognizer.log_likelihoods`.

    Args:
        model: a recognizer on the CPU.
        out: a new folder, or an earlier export, which is replaced.
        dtype: of the weights, one of ``DTYPES``.

    Raises:
        ConfigError: the folder holds something else or cannot be written.
        ModelError: see `text_model`.
    """
    record = described(model, "hf")
    with new_folder(out, record) as folder:
        llm, words, _ = text_model(model, DTYPES[dtype])
        with without_progress():
            llm.save_pretrained(folder)
        add_rope_theta(folder)
        save_text_tokenizer(words, folder)
        (folder / CARD_FILE).write_text(_card(record), encoding="utf-8")


def text_model(
    model: ActionRecognizer, dtype: torch.dtype = torch.float32
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, list[int]]:
    """The causal LM and text tokenizer with action tokens as words, and the ids of these.

    Args:
        model: a recognizer on the CPU.
        dtype: of the weights.

    Raises:
        ModelError: the model cannot be expressed so (`wider_llm`, `with_action_words`), or reads
            other sentences than of tokens.
    """
    if model.run.ablation.input != "tokens":
        raise ModelError(
            "this model reads latents in place of action tokens, so it cannot be exported as text"
        )
    text_tokenizer = model.backbone.text_tokenizer
    count = model.tokenizer.vocabulary
    words, ids = with_action_words(text_tokenizer, model.run.recognizer.template, count)
    longest = max(len(answer_ids(text_tokenizer, name)) for name in model.labels)
    end = end_token(text_tokenizer)
    llm = wider_llm(model.prompted_llm.llm, model.token_embeddings, ids, end, longest, dtype)
    return llm, words, ids


def _card(record: Mapping[str, Any]) -> str:
    names = "\n".join(f"- {name}" for name in record["names"])
    return f"""---
library_name: transformers
pipeline_tag: text-generation
tags: [skeleton-based-action-recognition, llm-ar]
---
# {record["model"]}

Names the action in a skeleton recording from its action sentence. Exported by llm-ar. The language
model is {record["llm"]} with the LoRA adapter merged; its license holds for this copy too.

The vocabulary has the action tokens `{record["first_action_token"]}` to
`{record["last_action_token"]}`. A sentence has {record["sentence_tokens"]} of them;
`llm-ar sentence FILE --words` or the ONNX export writes it. The exact prompt, one line without
spaces around action tokens:

```text
{record["before"]}SENTENCE{record["after"]}
```

The answer starts with a space and ends with the end token. The chat template makes this prompt of
a message that is an action sentence.

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")
model = AutoModelForCausalLM.from_pretrained(".")
prompt = {record["before"]!r} + sentence + {record["after"]!r}
asked = tokenizer(prompt, return_tensors="pt")
answer = model.generate(**asked)[0, asked.input_ids.shape[1] :]
print(tokenizer.decode(answer, skip_special_tokens=True).strip())
```

Action tokens are input only: as an answer their probability is 0. For this the hidden state has
more channels than that of the original, one of which is a constant.

Trained to answer:

{names}
"""
