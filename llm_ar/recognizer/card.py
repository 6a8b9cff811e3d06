"""The model card that lies in every model's folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def model_card(config: Mapping[str, Any]) -> str:
    """A Markdown page about a model, from the content of its ``config.json``."""
    run, training = config["run"], config["training"]
    recognizer, codebook = run["recognizer"], run["tokenizer"]["codebook"]
    name = run["out"].replace("\\", "/").rstrip("/").rpartition("/")[2]
    figures = "\n".join(
        f"| {key.replace('_', ' ')} | {value} |"
        for key, value in training.items()
        if isinstance(value, str | int | float)
    )
    labels = "\n".join(f"- {label}" for label in config["labels"])
    return f"""---
library_name: llm-ar
pipeline_tag: other
tags: [skeleton-based-action-recognition, lora]
---
# {name}

Recognizes actions in skeleton recordings: a clip becomes a sentence of {codebook["size"]} possible
action tokens ({codebook["geometry"]} codebook), and a language model with a LoRA adapter names the
action (LLM-AR, Qu et al., CVPR 2024, built anew).

In this folder:

```bash
llm-ar recognize recording.json --model .
```

| | |
| --- | --- |
| language model (not in this folder) | {config["llm"]["name"]} |
| its fingerprint | {config["llm"]["fingerprint"]} |
| adapter | LoRA, rank {recognizer["lora"]["rank"]}, alpha {recognizer["lora"]["alpha"]} |
| joints | {config["layout"]} |
| training data | {run["data"]}, protocol {run["protocol"]} |
{figures}

All settings are in `config.json`. Trained to answer:

{labels}
"""
