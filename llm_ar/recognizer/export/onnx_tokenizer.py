"""The action tokenizer as an ONNX model: normalized joints to action tokens."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from llm_ar.errors import MissingExtraError
from llm_ar.recognizer.export.folder import new_folder
from llm_ar.recognizer.export.record import described
from llm_ar.recognizer.export.words import action_words
from llm_ar.recognizer.model import ActionRecognizer
from llm_ar.recognizer.private_apis import pairwise_distance_operator
from llm_ar.tokenizer import poincare
from llm_ar.tokenizer.model import ActionTokenizer

ONNX_FILE = "tokenizer.onnx"
WORDS_FILE = "words.txt"
OPSET = 20


def export_tokenizer(model: ActionRecognizer, out: Path) -> None:
    """Write ``tokenizer.onnx``, and the words of its tokens, one a line.

    Inputs: ``joints`` (B, T, M, J, 3) float32, as `ActionTokenizer.prepare_clips` normalizes them,
    and ``present`` (B, T, M, J) bool. Output: ``tokens`` (B, W) int64. B is free.

    Args:
        model: a recognizer on the CPU.
        out: a new folder, or an earlier export, which is replaced.

    Raises:
        ConfigError: the folder holds something else or cannot be written.
        MissingExtraError: onnx or onnxscript is not installed.
    """
    if any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxscript")):
        raise MissingExtraError("the ONNX export", "export")
    tokenizer = model.tokenizer
    record = described(model, "onnx") | {
        "frames": tokenizer.preprocess.frames,
        "people": tokenizer.preprocess.people,
        "joints": list(tokenizer.layout.joints),
    }
    with new_folder(out, record) as folder:
        _converted(tokenizer).save(folder / ONNX_FILE, external_data=False)
        words = "\n".join(action_words(tokenizer.vocabulary)) + "\n"
        (folder / WORDS_FILE).write_text(words, encoding="utf-8")


class ClipsToTokens(nn.Module):
    """`ActionTokenizer.encode` in operations that ONNX has: no arsinh in float64, no autocast.

    Args:
        tokenizer: in evaluation mode.
    """

    points: Tensor

    def __init__(self, tokenizer: ActionTokenizer) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        codebook = tokenizer.codebook
        points = codebook.exp0(codebook.vectors.detach())
        self.curvature = codebook.config.curvature
        self.hyperbolic = codebook.config.geometry == "hyperbolic"
        if self.hyperbolic:
            points = poincare.project(points, self.curvature)
        self.register_buffer("points", points.double())

    def forward(self, joints: Tensor, present: Tensor) -> Tensor:
        """(B, T, M, J, 3) and (B, T, M, J) to (B, W) int64."""
        latents = self.tokenizer.latents(self.tokenizer.hidden(joints, present))
        x = self.tokenizer.codebook.exp0(latents)
        if self.hyperbolic:
            x = poincare.project(x, self.curvature)
        x, y = x.double(), self.points
        x_norm2, y_norm2 = x.square().sum(-1, keepdim=True), y.square().sum(-1)
        squared = (x_norm2 + y_norm2 - 2 * (x @ y.T)).clamp_min(0)
        if self.hyperbolic:
            c = self.curvature
            squared = c * squared / ((1 - c * x_norm2) * (1 - c * y_norm2))
        root = torch.sqrt(squared.clamp_min(1e-30))
        # In float32, where distances that are equal there go to the first token, as in training.
        distances = torch.log(root + torch.sqrt(squared + 1)) if self.hyperbolic else root
        return distances.float().argmin(-1)


def _converted(tokenizer: ActionTokenizer) -> Any:
    """The tokenizer as a program of `torch.onnx`."""
    import onnxscript

    op = onnxscript.opset20

    def distances(x: Any, y: Any, p: float = 2.0, compute_mode: int | None = None) -> Any:
        """(N, R, d) and (N, S, d) to (N, R, S), which torch.onnx lacks."""
        steps = op.Sub(op.Unsqueeze(x, [2]), op.Unsqueeze(y, [1]))
        return op.Sqrt(op.ReduceSum(op.Mul(steps, steps), [-1], keepdims=0))

    people, joints = tokenizer.preprocess.people, len(tokenizer.layout.joints)
    # Two clips: of one, the size would be taken for a constant.
    shape = (2, tokenizer.preprocess.frames, people, joints)
    batch = {0: torch.export.Dim("batch")}
    # Advice on packages that have no part here.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        return torch.onnx.export(
            ClipsToTokens(tokenizer).eval(),
            (torch.randn(*shape, 3), torch.ones(shape, dtype=torch.bool)),
            input_names=["joints", "present"],
            output_names=["tokens"],
            dynamic_shapes={"joints": batch, "present": batch},
            custom_translation_table={pairwise_distance_operator(): distances},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
