"""Typed settings of a run: one source for YAML files, command-line overrides and checkpoints.

Every field has a default; a YAML file in ``experiments/`` holds only what differs from it. A key
means the same in Python, in YAML and on the command line (``--tokenizer.codebook.size 256``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from llm_ar.errors import ConfigError


@dataclass(frozen=True)
class RepairConfig:
    """Which tracks of a sensor are people (the published rules of CTR-GCN's denoising)."""

    shortest: int = 11
    """Tracks of so few frames or fewer are dropped, if a longer one is there."""
    wide_ratio: float = 0.8
    """A body wider than this share of its height is no person in that frame ..."""
    wide_share: float = 0.69754
    """... and is dropped if that is so in this share of its frames, unless it is alone."""
    least_variance: float = 0.089925
    """Variance (square metres, summed over the axes) of all positions of a track, below which it
    is dropped, unless it is alone; only where positions are metres."""
    still: float = 0.001
    """Standard deviation of the joints over time, in body sizes, below which a track does not
    move at all and is dropped, unless it is alone (ours, not published)."""
    join_frames: int = 60
    """A track is continued by another that begins at most so many frames after its end ..."""
    join_distance: float = 0.5
    """... and at most so many body sizes away (ours, not published)."""
    people: int = 2
    """Tracks kept; of more, those that move most."""

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for rule in fields(self):
            value, least = getattr(self, rule.name), 1 if rule.name == "people" else 0
            if not least <= value < math.inf:
                raise ConfigError(f"repair.{rule.name} is {value}, but must be at least {least}")


@dataclass(frozen=True)
class PreprocessConfig:
    """How a clip becomes a fixed-size, comparable sequence (before any augmentation)."""

    frames: int = 64
    """Frames T after resampling; a multiple of 4."""
    people: int = 1
    """People M kept per clip (the ones that move most); absent ones are masked."""
    face_camera: bool = True
    """Rotate each clip about the vertical so that the person's hips face the camera on average."""


@dataclass(frozen=True)
class AugmentConfig:
    """Random changes of a training clip, drawn anew each time it is seen; 0 turns one off."""

    yaw_degrees: float = 30.0
    """Rotation about the vertical, uniform in +- this angle."""
    tilt_degrees: float = 10.0
    """Rotation about the two horizontal axes, uniform in +- this angle."""
    scale: float = 0.1
    """Size factor, uniform in 1 +- this."""
    shear: float = 0.0
    """Each axis takes on at most this share of every other, as other bodies and lenses do."""
    crop: float = 0.3
    """Share of the clip's time that a random crop may cut off (changes speed as well)."""
    warp: float = 0.0
    """Share of the frames' times that may be random, so that the tempo is uneven; 1: all of it."""
    temporal_oversampling: int = 1
    """Not a change: how many times finer in time than the view training clips are kept, so that
    crops and uneven tempos are drawn from what was recorded rather than from frames resampled once
    before. They take as many times the memory."""
    joint_dropout: float = 0.1
    """Probability that a joint is missing for the whole clip."""
    part_dropout: float = 0.0
    """Probability that a body part is missing for at least 30 % of the clip, as if hidden."""
    noise: float = 0.02
    """Standard deviation of Gaussian joint noise, in body sizes."""
    front_back_flip: float = 0.0
    """Probability that a back is taken for a front, as sensors do with people who face away
    (3-D clips, with ``preprocess.face_camera``)."""
    mirror: float = 0.0
    """Probability of exchanging left and right (labels that name a side are exchanged too)."""

    def __post_init__(self) -> None:
        """Refuse a time that is coarser than the view's."""
        if self.temporal_oversampling < 1:
            raise ConfigError(
                f"augment.temporal_oversampling is {self.temporal_oversampling}, but must be at least 1"
            )


@dataclass(frozen=True)
class EncoderConfig:
    """Size of the encoder and the decoder."""

    joint_blocks: int = 0
    """Blocks in which each joint has channels of its own (3 where cameras differ, and for two
    people); 0: the joints of a frame enter 1-D convolutions as one vector, as in the paper."""
    joint_width: int = 48
    """Channels of a joint."""
    pair: bool = False
    """Whether two people are read by the same weights, each with where the other is; otherwise
    their joints are nodes of one graph."""
    summary: bool = False
    """Whether a sentence ends with one more token, of the clip as a whole."""
    width: int = 256
    """Channels of the 1-D convolutions."""
    blocks: int = 2
    """Residual blocks of 1-D convolutions behind the joints (or at each of the two frame rates),
    and in the decoder."""
    kernel: int = 3
    """Temporal kernel, an odd number of steps."""
    dropout: float = 0.2


@dataclass(frozen=True)
class CodebookConfig:
    """The codebook of action tokens (paper, sec. 3.2)."""

    size: int = 512
    """Number of tokens U."""
    dim: int = 32
    """Dimension d_u of a token; 0 means the LLM's embedding width, as in the paper."""
    geometry: Literal["hyperbolic", "euclidean"] = "hyperbolic"
    curvature: float = 1.0
    """c of the Poincare ball of curvature -c (hyperbolic only)."""
    latent_norm: float = 1.0
    """Typical norm of a latent before the exponential map: keeps points off the boundary."""
    decay: float = 0.99
    """Moving-average factor of the usage statistics and of the latents' mean and scale."""
    ema_decay: float = 0.97
    """How much of its place a token keeps for each latent assigned to it (moving average)."""
    warmup_steps: int = 200
    """Steps in which latents pass unquantised; the tokens then start on trained latents."""
    dead_after: int = 50
    """Steps without use after which a dead token is moved onto a live latent."""


@dataclass(frozen=True)
class BiasConfig:
    """Weights of the three human biases and of the label's text; 0 turns one off."""

    zipf: float = 0.1
    zipf_exponent: float = 1.0
    context: float = 0.1
    mmd: float = 0.1
    names: float = 1.0
    """Pull the sentence towards the text embedding of its action's name (ours, not the paper's)."""
    pooled_name: float = 0.0
    """Pull the mean over time of what the encoder has before its tokens to that text as well."""
    clip_token_name: float = 0.0
    """Pull the summary alone to that text as well (needs ``encoder.summary``)."""
    parts: float = 0.0
    """Pull tokens towards what the action's description says each body part does (ours)."""
    descriptions: bool = False
    """Let that text be the name with its description (what each body part does, in what order)."""


@dataclass(frozen=True)
class OptimConfig:
    """One stage of training."""

    epochs: int = 60
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: float = 0.05
    """Share of all steps with a rising learning rate."""
    save_minutes: float = 3.0
    """A checkpoint at least this often: what a killed run can lose."""


@dataclass(frozen=True)
class TokenizerConfig:
    """Stage 1: clips to action sentences."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    codebook: CodebookConfig = field(default_factory=CodebookConfig)
    biases: BiasConfig = field(default_factory=BiasConfig)
    commitment: float = 0.25
    reconstruction: float = 1.0
    optim: OptimConfig = field(default_factory=OptimConfig)


@dataclass(frozen=True)
class LlmConfig:
    """The language model; its own weights are never changed."""

    name: str = "smollm2-135m-instruct"
    """The bundled default, or any Hugging Face causal LM by name or folder."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    four_bit: bool = False
    """Hold the base weights in 4 bits (CUDA and bitsandbytes)."""
    gradient_checkpointing: bool = False
    random: bool = False
    """The same network with random weights instead of the trained ones (ablation only)."""

    def __post_init__(self) -> None:
        """Refuse what cannot be, before a stage of training that does not need the whole LLM."""
        if self.four_bit and self.random:
            raise ConfigError(
                "recognizer.llm.random: a random language model has no 4-bit weights; set "
                "recognizer.llm.four_bit to false."
            )


@dataclass(frozen=True)
class LoraSettings:
    """The adapter (paper, sec. 3.4)."""

    rank: int = 8
    alpha: int = 16
    dropout: float = 0.05
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")


@dataclass(frozen=True)
class RecognizerConfig:
    """Stage 2: action sentences to names."""

    llm: LlmConfig = field(default_factory=LlmConfig)
    lora: LoraSettings = field(default_factory=LoraSettings)
    template: str = "short"
    """Instruction template, by name (``llm_ar/recognizer/templates.yaml``)."""
    token_embeddings: Literal["codebook", "names", "reader"] = "reader"
    """Where the tokens' embeddings start: the codebook alone, the training names seen with each
    token, or what the tokenizer's name reader takes the token to say."""
    token_noise: float = 0.1
    """Share of action tokens replaced at random in training."""
    optim: OptimConfig = field(
        default_factory=lambda: OptimConfig(epochs=4, batch_size=16, learning_rate=1e-3)
    )
    adaptation: Literal["lora", "full", "head", "transformer", "nearest"] = "lora"
    """Who reads the sentences: the LLM with LoRA; for ablation only, the LLM with all its weights
    trained, the frozen LLM with a trained head, a small Transformer without any LLM, or the name
    whose text embedding is nearest (nothing is trained)."""
    reads: Literal["tokens", "latents"] = "tokens"
    """What is read: tokens, or for ablation only the encoder's continuous latents."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if self.adaptation == "full" and self.llm.four_bit:
            raise ConfigError(
                "recognizer.llm.four_bit: weights in 4 bits cannot be trained; set it to false for "
                "full fine-tuning"
            )


@dataclass(frozen=True)
class RunConfig:
    """Everything that makes one trained model."""

    data: Path = Path("data/procedural")
    """Prepared dataset (``llm-ar prepare``)."""
    protocol: str = "xsub"
    """Who trains and who tests."""
    out: Path = Path("runs/default")
    """Folder of the trained model."""
    seed: int = 0
    held_out: float = 0.0
    """Share of training clips kept aside to choose the epoch; 0: the last epoch is taken."""
    preprocess: PreprocessConfig = field(default_factory=PreprocessConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    recognizer: RecognizerConfig = field(default_factory=RecognizerConfig)
    shots: int = 0
    """Training clips of each action that are used, drawn by the seed; 0: all."""
    init_from: str = ""
    """Folder of a trained model whose tokenizer, adapter and token_embeddings stage 2 starts from."""
    finetune_tokenizer: bool = False
    """Whether that model's tokenizer is trained further too, and the token_embeddings made anew by it."""
