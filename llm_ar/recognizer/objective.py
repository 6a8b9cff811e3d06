"""The loss of stage 2: next-token cross-entropy on the answer alone (paper, sec. 3.4).

A prompt has the same length for every clip, so answers are padded at their end, where causal
attention never looks, and logits are computed at the answers' places only.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from llm_ar.recognizer.prompt import Prompt, answer_ids
from llm_ar.recognizer.sentences import Sentences

_IGNORED = -100


class AnswerObjective(nn.Module):
    """Clip numbers to the loss of their names.

    Args:
        llm: the LLM with its adapter, the only part that is trained.
        prompt: the instruction.
        lexicon: (U, width) embeddings of the action tokens.
        sentences: where action sentences come from.
        text_tokenizer: the LLM's.
    """

    def __init__(
        self,
        llm: PeftModel,
        prompt: Prompt,
        lexicon: Tensor,
        sentences: Sentences,
        text_tokenizer: PreTrainedTokenizerBase,
    ) -> None:
        super().__init__()
        self.llm = llm
        # Held outside the module's own state: frozen, and never to be put into training mode.
        self.prompt, self.lexicon, self.sentences = prompt, lexicon, sentences
        self.targets = _padded(text_tokenizer, sentences.clips.names).to(lexicon.device)

    def forward(self, index: Tensor) -> dict[str, Tensor]:
        """The mean loss over the answers' tokens for clips (B,), drawn anew each time."""
        return {"loss": self.loss(*self.sentences.draw(index))}

    def loss(self, tokens: Tensor, classes: Tensor) -> Tensor:
        """The mean loss over the answers' tokens for sentences (B, W) of classes (B,)."""
        targets = self.targets[classes]
        targets = targets[:, : int((targets != _IGNORED).sum(1).max())]
        words = self.llm.get_input_embeddings()
        prompts = self.prompt.embed(self.lexicon[tokens], words)
        given = words(targets[:, :-1].clamp_min(0))
        logits = self.llm(
            inputs_embeds=torch.cat([prompts, given], dim=1),
            logits_to_keep=targets.shape[1],
            use_cache=False,
        ).logits
        return F.cross_entropy(
            logits.flatten(0, 1).float(), targets.flatten(), ignore_index=_IGNORED
        )


def _padded(text_tokenizer: PreTrainedTokenizerBase, names: Sequence[str]) -> Tensor:
    answers = [torch.tensor(answer_ids(text_tokenizer, name)) for name in names]
    return nn.utils.rnn.pad_sequence(answers, batch_first=True, padding_value=_IGNORED)
