"""Typed settings of a run: one source for YAML files, command-line overrides and checkpoints.

The defaults are the published method. What this project adds to it is a preset of differences,
``presets/ours.yaml``. A key means the same in Python, in YAML and on the command line
(``--tokenizer.codebook.size 256``). pydantic checks every value, whoever gives it.
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from llm_ar.errors import ConfigError

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
Count = Annotated[int, Field(ge=1)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Fraction = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, config=STRICT)
class RepairConfig:
    """Which tracks of a sensor are people (the published rules of CTR-GCN's denoising)."""

    shortest: Annotated[int, Field(ge=0)] = 11
    """Tracks of so few frames or fewer are dropped, if a longer one is there."""
    wide_ratio: NonNegative = 0.8
    """A body wider than this share of its height is no person in that frame ..."""
    wide_share: NonNegative = 0.69754
    """... and is dropped if that is so in this share of its frames, unless it is alone."""
    least_variance: NonNegative = 0.089925
    """Variance (square meters, summed over the axes) of all positions of a track, below which it
    is dropped, unless it is alone; only where positions are meters."""
    still: NonNegative = 0.001
    """Standard deviation of the joints over time, in body sizes, below which a track does not
    move at all and is dropped, unless it is alone (ours, not published)."""
    join_frames: Annotated[int, Field(ge=0)] = 60
    """A track is continued by another that begins at most so many frames after its end ..."""
    join_distance: NonNegative = 0.5
    """... and at most so many body sizes away (ours, not published)."""
    people: Count = 2
    """Tracks kept; of more, those that move most."""


@dataclass(frozen=True, config=STRICT)
class PreprocessConfig:
    """How a clip becomes a fixed-size, comparable sequence (before any augmentation)."""

    frames: Annotated[int, Field(ge=4, multiple_of=4)] = 64
    """Frames T after resampling; a multiple of 4."""
    people: Count = 1
    """People M kept per clip (the ones that move most); absent ones are masked."""
    face_camera: bool = True
    """Rotate each clip about the vertical so that the person's hips face the camera on average."""
    standard_bones: bool = False
    """Give each body in 3-D bones of the same lengths, as it keeps their directions: neither the
    person nor the sensor is known by them (layout body-15 only)."""


@dataclass(frozen=True, config=STRICT)
class AugmentConfig:
    """Random changes of a training clip, drawn anew each time it is seen; 0 turns one off."""

    yaw_degrees: NonNegative = 30.0
    """Rotation about the vertical, uniform in +- this angle."""
    tilt_degrees: NonNegative = 10.0
    """Rotation about the two horizontal axes, uniform in +- this angle."""
    scale: Fraction = 0.1
    """Size factor, uniform in 1 +- this."""
    shear: NonNegative = 0.0
    """Each axis takes on at most this share of every other (other bodies and lenses)."""
    crop: Fraction = 0.3
    """Share of the clip's time that a random crop may cut off (changes speed as well)."""
    warp: Share = 0.0
    """Share of the frames' times that may be random, so that the tempo is uneven; 1: all of it."""
    temporal_oversampling: Count = 1
    """How many times finer in time than ``preprocess.frames`` training clips are kept, so that
    crops and uneven tempos are drawn from what was recorded. Takes as many times the memory."""
    joint_dropout: Share = 0.1
    """Probability that a joint is missing for the whole clip."""
    part_dropout: Share = 0.0
    """Probability that a body part is missing for at least 30 % of the clip (occlusion)."""
    noise: NonNegative = 0.02
    """Standard deviation of Gaussian joint noise, in body sizes."""
    front_back_flip: Share = 0.0
    """Probability that a person seen from the back is labeled as seen from the front, as sensors
    do (3-D clips, with ``preprocess.face_camera``)."""
    mirror: Share = 0.0
    """Probability of exchanging left and right (labels that name a side are exchanged too)."""
    hip_centred: Share = 0.0
    """Probability that the body's path is removed: the hips stay at the origin in every frame, as
    in MediaPipe's world landmarks and many networks' files."""
    joint_offset: NonNegative = 0.0
    """Standard deviation, in body sizes, of an offset that each joint keeps for the whole clip:
    sensors put the joints of one body at different places."""
    flatten: Share = 0.0
    """Probability that a 3-D clip is seen by a camera from a random side and loses its depth, so
    that recordings in 2-D are known as well."""


@dataclass(frozen=True, config=STRICT)
class EncoderConfig:
    """Size of the paper's encoder and decoder: 1-D convolutions over time."""

    width: Count = 256
    """Channels of the 1-D convolutions."""
    blocks: Count = 2
    """Residual blocks at each of the two frame rates, and in the decoder."""
    dropout: Fraction = 0.2


@dataclass(frozen=True, config=STRICT)
class CodebookConfig:
    """The codebook of action tokens (paper, sec. 3.2)."""

    size: Count = 512
    """Number of tokens U."""
    dim: Annotated[int, Field(ge=0)] = 0
    """Dimension d_u of a token; 0 means the LLM's embedding width, as in the paper."""
    geometry: Literal["hyperbolic", "euclidean"] = "hyperbolic"
    curvature: Positive = 1.0
    """c of the Poincare ball of curvature -c (hyperbolic only)."""
    update: Literal["loss", "ema"] = "loss"
    """How tokens move: by the embedding loss, as in the paper, or by an exponential moving average
    of the latents assigned to them (van den Oord et al., 2017, appendix A.1)."""
    ema_decay: Share = 0.97
    """Share of its place that a token keeps for each latent assigned to it (``update: ema``)."""
    warmup_steps: Annotated[int, Field(ge=0)] = 200
    """Steps in which latents pass unquantized; the tokens then start on trained latents."""


@dataclass(frozen=True, config=STRICT)
class LossConfig:
    """Weights of the six terms of stage 1 (paper, sec. 3.2 and 3.3); 0 turns one off."""

    reconstruction: NonNegative = 1.0
    embedding: NonNegative = 1.0
    """Moves tokens to their latents; not used with ``codebook.update: ema``."""
    commitment: NonNegative = 0.25
    zipf: NonNegative = 0.1
    context: NonNegative = 0.1
    mmd: NonNegative = 0.1


@dataclass(frozen=True, config=STRICT)
class ExtensionConfig:
    """What this project adds to the paper's tokenizer; all of it is off by default."""

    joint_blocks: Annotated[int, Field(ge=0)] = 0
    """Blocks in which each joint has channels of its own (3 where cameras differ, and for two
    people); 0: the joints of a frame enter 1-D convolutions as one vector, as in the paper."""
    joint_width: Count = 48
    """Channels of a joint."""
    two_person: bool = False
    """Whether two people are read by the same weights, each with where the other is; otherwise
    their joints enter together."""
    clip_tokens: Annotated[int, Field(ge=0)] = 0
    """Tokens of the clip as a whole that end a sentence; each is a projection of its own."""
    name_loss: NonNegative = 0.0
    """Weight of the name head: the sentence predicts the text embedding of its action's name."""
    pooled_name_loss: NonNegative = 0.0
    """Weight of the pooled head: the encoder's mean over time predicts that text as well."""
    clip_token_name_loss: NonNegative = 0.0
    """Weight of the clip tokens' own name loss (needs ``clip_tokens`` and ``name_loss``)."""
    part_loss: NonNegative = 0.0
    """Weight of the part head: tokens predict what the description says each body part does."""
    descriptions: bool = False
    """Whether the text of an action is its name with its description, or its name alone."""
    sentence_encoder: str = ""
    """Embeds the text of an action (name, other words for it, description) as a sentence: the
    installed all-minilm-l6-v2, or any Hugging Face sentence encoder. Empty: the text is a mean of
    the LLM's word embeddings."""
    contrast_within: NonNegative = 0.0
    """Weight of a second name loss, whose wrong names are those of the clip's own dataset: of
    several datasets, how a sensor's recordings look says nothing there. The first one is then
    weighted by the rest of 1."""

    @model_validator(mode="after")
    def _needs_a_clip_token(self) -> Self:
        if self.clip_token_name_loss > 0 and not self.clip_tokens:
            raise ConfigError(
                "tokenizer.extensions.clip_token_name_loss needs a clip token; set it to 0 or "
                "tokenizer.extensions.clip_tokens to 1"
            )
        if self.clip_token_name_loss > 0 and not self.name_loss:
            raise ConfigError(
                "tokenizer.extensions.clip_token_name_loss uses the sentences' name head; set "
                "tokenizer.extensions.name_loss above 0, or clip_token_name_loss to 0"
            )
        return self

    @property
    def uses_names(self) -> bool:
        """Whether a name loss is on, so that tokens carry text embeddings."""
        return self.name_loss > 0


@dataclass(frozen=True, config=STRICT)
class OptimConfig:
    """One stage of training."""

    epochs: Count = 60
    batch_size: Count = 32
    """Clips a step, of all processes together."""
    learning_rate: NonNegative = 1e-3
    weight_decay: NonNegative = 0.05
    warmup: Share = 0.05
    """Share of all steps with a rising learning rate."""
    save_minutes: NonNegative = 3.0
    """A checkpoint at least this often: the most that a killed run loses."""


@dataclass(frozen=True, config=STRICT)
class TokenizerConfig:
    """Stage 1: clips to action sentences."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    codebook: CodebookConfig = field(default_factory=CodebookConfig)
    losses: LossConfig = field(default_factory=LossConfig)
    extensions: ExtensionConfig = field(default_factory=ExtensionConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)


@dataclass(frozen=True, config=STRICT)
class LlmConfig:
    """The language model; its own weights are never changed."""

    name: str = "smollm2-135m-instruct"
    """The bundled default, or any Hugging Face causal LM by name or folder."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    four_bit: bool = False
    """Hold the base weights in 4 bits (CUDA and bitsandbytes)."""
    sharded: bool = False
    """Divide the base weights among the processes of stage 2 (FSDP, full shard); a single process
    holds all of them."""
    gradient_checkpointing: bool = False


@dataclass(frozen=True, config=STRICT)
class LoraSettings:
    """The adapter (paper, sec. 3.4)."""

    rank: Count = 8
    alpha: Count = 16
    dropout: Fraction = 0.05
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")


@dataclass(frozen=True, config=STRICT)
class RecognizerConfig:
    """Stage 2: action sentences to names."""

    llm: LlmConfig = field(default_factory=LlmConfig)
    lora: LoraSettings = field(default_factory=LoraSettings)
    template: str = "paper"
    """Instruction template, by name (``llm_ar/recognizer/templates.yaml``)."""
    token_embeddings: Literal["codebook", "cooccurrence", "name_head"] = "codebook"
    """The tokens' input embeddings: the codebook's vectors, as in the paper; the training names
    seen with each token; or what the tokenizer's name head predicts from the token."""
    token_noise: Share = 0.0
    """Share of action tokens replaced at random in training."""
    optim: OptimConfig = field(
        default_factory=lambda: OptimConfig(epochs=4, batch_size=16, learning_rate=1e-3)
    )


@dataclass(frozen=True, config=STRICT)
class AblationConfig:
    """What research replaces in stage 2 to measure what it is worth; no shipped model uses it."""

    reader: Literal["lora", "full", "linear_head", "transformer", "nearest_text"] = "lora"
    """What names the sentences: the LLM with LoRA; the LLM with all its weights trained; the frozen
    LLM with a linear head; a small Transformer without any LLM; or the name whose text embedding is
    nearest (nothing is trained)."""
    input: Literal["tokens", "latents"] = "tokens"
    """What is read: tokens, or the encoder's continuous latents."""
    random_llm: bool = False
    """The same LLM with random weights instead of the trained ones."""


@dataclass(frozen=True, config=STRICT)
class RunConfig:
    """Everything that makes one trained model."""

    data: Path = Path("data/procedural")
    """Prepared dataset (``llm-ar prepare``)."""
    protocol: str = "xsub"
    """Which clips train and which test."""
    out: Path = Path("runs/default")
    """Folder of the trained model."""
    seed: Annotated[int, Field(ge=0)] = 0
    held_out: Fraction = 0.0
    """Share of training clips kept aside to choose the epoch; 0: the last epoch is taken."""
    preprocess: PreprocessConfig = field(default_factory=PreprocessConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    recognizer: RecognizerConfig = field(default_factory=RecognizerConfig)
    ablation: AblationConfig = field(default_factory=AblationConfig)
    balance: Share = 0.0
    """How far the rare actions of each dataset are repeated in an epoch: 0 not at all, 1 until all
    are as frequent as the most frequent one."""
    dataset_weights: dict[str, Annotated[float, Field(gt=0, le=100)]] = field(default_factory=dict)
    """How often an epoch draws the clips of each dataset that was merged, times what ``balance``
    gives; 1 for those that are not named."""
    shots: Annotated[int, Field(ge=0)] = 0
    """Training clips of each action that are used, drawn by the seed; 0: all."""
    init_from: str = ""
    """Folder of a trained model whose tokenizer, adapter and token embeddings stage 2 starts
    from."""
    finetune_tokenizer: bool = False
    """Whether that model's tokenizer is trained further too, and the token embeddings made anew."""

    @model_validator(mode="after")
    def _can_be_trained(self) -> Self:
        llm, ablation = self.recognizer.llm, self.ablation
        if llm.four_bit and ablation.random_llm:
            raise ConfigError(
                "ablation.random_llm: a random language model has no 4-bit weights; set "
                "recognizer.llm.four_bit to false"
            )
        if llm.four_bit and ablation.reader == "full":
            raise ConfigError(
                "recognizer.llm.four_bit: weights in 4 bits cannot be trained; set it to false for "
                "full fine-tuning"
            )
        if llm.sharded and (llm.four_bit or ablation.reader != "lora"):
            raise ConfigError(
                "recognizer.llm.sharded: only whole weights that stay frozen beside LoRA are "
                "divided among processes; set it or recognizer.llm.four_bit to false, and "
                "ablation.reader to lora"
            )
        return self
