"""The loss of stage 2: next-token cross-entropy on the answer alone (paper, sec. 3.4).

A batch is one row: the instruction's beginning once, then what follows it for each clip, without
padding (`packing`). Logits are computed at the answers' places only.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from llm_ar.recognizer.data import Sentences
from llm_ar.recognizer.fast.packing import Packing, allow_packing, packed_logits
from llm_ar.recognizer.prompt import Prompt, answer_ids
from llm_ar.tokenizer.distributed import processes, several, sum_over_processes

_IGNORED = -100


class AnswerObjective(nn.Module):
    """Clip numbers to the loss of their names.

    Args:
        llm: the LLM with its adapter, the only part that is trained.
        prompt: the instruction.
        token_embeddings: (U, width) embeddings of the action tokens.
        sentences: where action sentences come from.
        text_tokenizer: the LLM's.

    Attributes:
        packed: whether batches are rows; LLMs that cannot compute these get padded answers.
    """

    def __init__(
        self,
        llm: PeftModel,
        prompt: Prompt,
        token_embeddings: Tensor,
        sentences: Sentences,
        text_tokenizer: PreTrainedTokenizerBase,
    ) -> None:
        super().__init__()
        self.llm = llm
        # Held outside the module's own state: frozen, and never to be put into training mode.
        self.prompt, self.token_embeddings, self.sentences = prompt, token_embeddings, sentences
        self.answers = [answer_ids(text_tokenizer, name) for name in sentences.clips.names]
        self.packed = allow_packing(llm)

    def forward(self, joints: Tensor, present: Tensor, classes: Sequence[int]) -> dict[str, Tensor]:
        """The mean loss over the answers' tokens for B clips, augmented anew each time."""
        drawn = self.sentences.draw(joints, present, torch.as_tensor(classes))
        return {"loss": self.loss(*drawn)}

    def loss(self, tokens: Tensor, classes: Tensor) -> Tensor:
        """The mean loss over the answers' tokens for sentences (B, W); classes (B,) on the CPU.

        Of several processes each gives its part: the mean of the parts is that over all tokens.
        """
        answers = [torch.tensor(self.answers[number]) for number in classes.tolist()]
        score = self._packed if self.packed else self._padded
        logits, targets = score(self.token_embeddings[tokens], answers)
        loss = F.cross_entropy(logits.float(), targets, ignore_index=_IGNORED)
        return loss * _share(sum(map(len, answers)), loss.device)

    def _packed(self, sentences: Tensor, answers: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Logits (K, V) and targets (K,) of the answers' K tokens."""
        device = sentences.device
        words = self.llm.get_input_embeddings()
        before = len(self.prompt.before)
        prompts = self.prompt.embed(sentences, words)
        targets = torch.cat(answers).to(device)
        counts = [len(answer) for answer in answers]
        parts = [prompts[0, :before]]
        for prompt, answer in zip(prompts[:, before:], words(targets).split(counts), strict=True):
            parts += [prompt, answer[:-1]]
        packing = Packing(before, [prompts.shape[1] - before + n - 1 for n in counts], device)
        # An answer's tokens are predicted at the last places of its sequence.
        places = [torch.arange(-n, 0) for n in counts]
        ends = [end.expand(n) for end, n in zip(packing.ends, counts, strict=True)]
        chosen = torch.cat(ends) + torch.cat(places).to(device)
        return packed_logits(self.llm, torch.cat(parts), packing, chosen), targets

    def _padded(self, sentences: Tensor, answers: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The same with logits and targets for the padding of shorter answers, which is ignored.

        Answers are padded at their end, where causal attention never looks.
        """
        words = self.llm.get_input_embeddings()
        targets = nn.utils.rnn.pad_sequence(answers, batch_first=True, padding_value=_IGNORED)
        targets = targets.to(sentences.device)
        given = words(targets[:, :-1].clamp_min(0))
        logits = self.llm(
            inputs_embeds=torch.cat([self.prompt.embed(sentences, words), given], dim=1),
            logits_to_keep=targets.shape[1],
            use_cache=False,
        ).logits
        return logits.flatten(0, 1), targets.flatten()


def _share(tokens: int, device: torch.device) -> Tensor | float:
    """What a process's mean over so many tokens counts for in the mean over processes."""
    if not several():
        return 1.0
    total = torch.tensor(float(tokens), device=device)
    sum_over_processes(total)
    return tokens * processes() / total
