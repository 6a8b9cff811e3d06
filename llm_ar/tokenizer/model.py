"""The action tokenizer: skeleton clips to action sentences and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from llm_ar.config import CodebookConfig, EncoderConfig, ExtensionConfig, PreprocessConfig
from llm_ar.config_files import settings_from_dict, settings_to_dict
from llm_ar.errors import ModelError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import Layout, map_clip
from llm_ar.skeletons.preprocess import preprocess_clip
from llm_ar.tensor_files import write_tensors
from llm_ar.tokenizer.codebook import Codebook, Quantized
from llm_ar.tokenizer.encoder import STRIDE, Decoder
from llm_ar.tokenizer.extensions.build import build_clip_tokens, build_encoder
from llm_ar.tokenizer.half_precision import compact, round_matrices
from llm_ar.tokenizer.word_space import WordSpace

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"


class ActionTokenizer(nn.Module):
    """Encoder, codebook and decoder (the paper's linguistic projection, sec. 3.2).

    Args:
        encoder: sizes of encoder and decoder.
        codebook: the codebook; ``dim`` must be resolved (not 0).
        preprocess: how clips become sequences of T frames and M people.
        layout: the joints it reads.
        extensions: what is not the paper's; nothing by default.
        word_width: of the LLM's word embeddings; 0: as wide as a token.
        text_width: of the token text embeddings; 0 for a tokenizer trained without names.

    Attributes:
        token_text_embeddings: (U, text_width), the name head's output for each token: a sentence's
            logits are the mean of its tokens' rows times the names' whitened text embeddings.
        figures: of its training (minutes, losses, used tokens ...), kept with it.

    Raises:
        ConfigError: the two-person encoder where there are not two people.
    """

    token_text_embeddings: Tensor

    def __init__(
        self,
        encoder: EncoderConfig,
        codebook: CodebookConfig,
        preprocess: PreprocessConfig,
        layout: Layout,
        extensions: ExtensionConfig | None = None,
        word_width: int = 0,
        text_width: int = 0,
    ) -> None:
        super().__init__()
        extensions = extensions or ExtensionConfig()
        self.encoder_config, self.codebook_config = encoder, codebook
        self.extensions, self.preprocess, self.layout = extensions, preprocess, layout
        self.figures: dict[str, Any] = {}
        people, dim = preprocess.people, codebook.dim
        self.encoder = build_encoder(encoder, extensions, layout, people, dim)
        self.clip_tokens = build_clip_tokens(encoder, extensions, dim)
        self.codebook = Codebook(codebook, dim)
        self.decoder = Decoder(encoder, people * len(layout.joints), dim)
        self.word_space = WordSpace(word_width or dim, dim)
        self.register_buffer("token_text_embeddings", torch.zeros(codebook.size, text_width))

    @property
    def steps(self) -> int:
        """Tokens of an action sentence that stand for four frames each."""
        return self.preprocess.frames // STRIDE

    @property
    def words(self) -> int:
        """Tokens in an action sentence, W: one for each step, and a clip token if there is one."""
        return self.steps + len(self.clip_tokens)

    @property
    def vocabulary(self) -> int:
        """Tokens in the codebook, U."""
        return self.codebook_config.size

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.codebook.vectors.device

    def quantize(self, joints: Tensor, present: Tensor) -> Quantized:
        """Tokens with everything that training needs, for (B, T, M, J, 3) and (B, T, M, J)."""
        return self.quantize_hidden(self.hidden(joints, present))

    def hidden(self, joints: Tensor, present: Tensor) -> Tensor:
        """The encoder's output (B, steps, width) for (B, T, M, J, 3) and (B, T, M, J)."""
        return self.encoder(joints, present)

    def latents(self, hidden: Tensor) -> Tensor:
        """Latents (B, W, d), scaled as for the codebook, of what :meth:`hidden` returns."""
        steps = self.codebook.normalize_latents(self.encoder.out(hidden))
        return torch.cat([steps, *self.clip_tokens(hidden)], dim=1)

    def quantize_hidden(self, hidden: Tensor) -> Quantized:
        """Tokens of what :meth:`hidden` returns."""
        return self.codebook(self.latents(hidden))

    def encode(self, joints: Tensor, present: Tensor) -> Tensor:
        """Action sentences (B, W) int64 of normalized joints (B, T, M, J, 3)."""
        return self.quantize(joints, present).indices

    @torch.no_grad()
    def encode_clips(self, clips: Sequence[Clip]) -> Tensor:
        """Action sentences (B, W) of clips of any length.

        Raises:
            LayoutError: a clip has a layout that cannot be mapped to the tokenizer's.
        """
        joints, present = self.prepare_clips(clips)
        return self.encode(joints, present)

    def prepare_clips(self, clips: Sequence[Clip]) -> tuple[Tensor, Tensor]:
        """Normalized joints (B, T, M, J, 3) and presence (B, T, M, J) on the tokenizer's device."""
        pairs = [preprocess_clip(map_clip(clip, self.layout), self.preprocess) for clip in clips]
        joints = torch.from_numpy(np.stack([pair[0] for pair in pairs]))
        present = torch.from_numpy(np.stack([pair[1] for pair in pairs]))
        return joints.to(self.device), present.to(self.device)

    @torch.no_grad()
    def decode(self, tokens: Tensor) -> Tensor:
        """Joints (B, T, M, J, 3), in body sizes, of action sentences (B, W)."""
        return self.decode_vectors(self.embeddings()[tokens])

    def decode_vectors(self, vectors: Tensor) -> Tensor:
        """Joints (B, T, M, J, 3) of token vectors (B, W, d); a clip token has no part in them.

        Raises:
            ValueError: there are not W of them.
        """
        if vectors.shape[1] != self.words:
            raise ValueError(f"{vectors.shape[1]} tokens, but a sentence has {self.words}")
        people, joints = self.preprocess.people, len(self.layout.joints)
        return self.decoder(vectors[:, : self.steps]).unflatten(2, (people, joints))

    def embeddings(self) -> Tensor:
        """The tokens' vectors (U, d): log_0 of their points in the ball."""
        return self.codebook.vectors

    def round_weights(self) -> None:
        """Round all matrices to half precision, at the end of training: half the size on disk.

        They stay float32 in memory, and what is computed with them is what a loaded copy computes.
        """
        round_matrices((*self.parameters(), self.token_text_embeddings))

    def save_pretrained(self, folder: str | Path) -> None:
        """Write ``config.json`` and ``model.safetensors`` into a folder, the weights first.

        Matrices are written in half precision where that loses nothing (:meth:`round_weights`).
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        state = {name: compact(tensor) for name, tensor in self.state_dict().items()}
        write_tensors(state, folder / (WEIGHTS_FILE + ".tmp"))
        (folder / (WEIGHTS_FILE + ".tmp")).replace(folder / WEIGHTS_FILE)
        described = {
            "encoder": settings_to_dict(self.encoder_config),
            "codebook": settings_to_dict(self.codebook_config),
            "extensions": settings_to_dict(self.extensions),
            "preprocess": settings_to_dict(self.preprocess),
            "layout": self.layout.to_dict(),
            "word_width": len(self.word_space.mean),
            "text_width": self.token_text_embeddings.shape[1],
            "figures": self.figures,
        }
        (folder / (CONFIG_FILE + ".tmp")).write_text(json.dumps(described, indent=2) + "\n")
        (folder / (CONFIG_FILE + ".tmp")).replace(folder / CONFIG_FILE)

    @classmethod
    def from_pretrained(
        cls, folder: str | Path, device: str | torch.device = "cpu"
    ) -> ActionTokenizer:
        """Load what :meth:`save_pretrained` wrote, ready to encode.

        Raises:
            ModelError: a file is missing or does not fit; the message names it.
        """
        folder = Path(folder)
        for name in (CONFIG_FILE, WEIGHTS_FILE):
            if not (folder / name).is_file():
                raise ModelError(
                    f"{folder / name} is missing: this is no complete tokenizer; copy the model's "
                    "folder again or finish its training (llm-ar train tokenizer --resume)"
                )
        try:
            described = json.loads((folder / CONFIG_FILE).read_text())
            tokenizer = cls(
                settings_from_dict(EncoderConfig, described["encoder"]),
                settings_from_dict(CodebookConfig, described["codebook"]),
                settings_from_dict(PreprocessConfig, described["preprocess"]),
                Layout.from_dict(described["layout"]),
                settings_from_dict(ExtensionConfig, described["extensions"]),
                int(described["word_width"]),
                int(described["text_width"]),
            )
            tokenizer.figures = dict(described["figures"])
        except Exception as error:
            reason = str(error).partition("\n")[0]
            raise ModelError(
                f"{folder / CONFIG_FILE} does not describe a tokenizer ({reason}); "
                "copy the model's folder again"
            ) from error
        try:
            tokenizer.load_state_dict(load_file(folder / WEIGHTS_FILE))
        except Exception as error:
            raise ModelError(
                f"{folder / WEIGHTS_FILE} does not hold the weights that {CONFIG_FILE} describes; "
                "copy the model's folder again"
            ) from error
        return tokenizer.to(device).eval()
