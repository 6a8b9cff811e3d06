"""``llm-ar pictures``: the codebook, how often its tokens are used, the curves of a training."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from llm_ar.applications.ui.options import add_model_option
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import notes
from llm_ar.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from llm_ar.evaluation.report.picture import Picture
    from llm_ar.skeletons.clip import Clip
    from llm_ar.tokenizer.model import ActionTokenizer

KINDS = ("codebook", "zipf", "training")
CLIPS = 160
"""Generated clips whose sentences are counted where no dataset is given."""
_SEED, _BATCH = 2026, 32


def run(arguments: Sequence[str]) -> int:
    """Draw one picture of a model."""
    parser = CommandParser(
        prog="llm-ar pictures",
        description="Draw a picture of a model. codebook: its tokens as a tree in the Poincare "
        "disk, with the poses that they decode to. zipf: how often tokens are used, by rank. "
        "training: the curves of its training.",
        example="llm-ar pictures codebook --out codebook.png",
    )
    parser.add_argument("kind", choices=KINDS, help="what to draw")
    add_model_option(parser)
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="prepared dataset whose test clips use the tokens (default: generated clips)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="OUT.png", help="the picture")
    given = parser.parse_args(arguments)
    if given.out.suffix.lower() != ".png":
        raise ConfigError(f"{given.out}: a picture ends in .png; rename it")
    content = draw(given.kind, given.model, given.data).png()
    try:
        given.out.write_bytes(content)
    except OSError as error:
        raise ConfigError(
            f"{given.out}: cannot be written ({error.strerror or error}); name another file"
        ) from None
    return 0


def draw(kind: str, model: Path, data: Path | None) -> Picture:
    """One of `KINDS`.

    Raises:
        ModelError: the model is damaged, or has no logs where its training is to be drawn.
        DatasetError: the folder holds no dataset that has the model's protocol.
    """
    if kind == "training":
        from llm_ar.evaluation.report.training_curves import read_logs, training_curves

        return training_curves(read_logs(model))
    from llm_ar.evaluation.report import codebook_picture
    from llm_ar.tokenizer.model import ActionTokenizer

    with notes.status("Counting tokens ..."):
        tokenizer = ActionTokenizer.from_pretrained(model / "tokenizer")
        uses = count_tokens(tokenizer, _clips(model, data))
    if kind == "zipf":
        return codebook_picture.zipf(uses)
    return codebook_picture.codebook_tree(tokenizer, uses)


def count_tokens(tokenizer: ActionTokenizer, clips: Sequence[Clip]) -> NDArray[np.int64]:
    """How often each token stands for four frames of the clips, ``(U,)``."""
    from llm_ar.evaluation.report.codebook_picture import token_uses

    sentences: list[list[int]] = []
    for first in range(0, len(clips), _BATCH):
        tokens = tokenizer.encode_clips(clips[first : first + _BATCH])
        sentences.extend(tokens[:, : tokenizer.steps].tolist())
    return token_uses(sentences, tokenizer.vocabulary)


def _clips(model: Path, data: Path | None) -> list[Clip]:
    """The test clips of the model's protocol, or generated ones."""
    if data is None:
        from llm_ar.skeletons.synthetic.dataset import procedural_clips

        return list(islice(procedural_clips(seed=_SEED), CLIPS))
    from llm_ar.recognizer.checkpoint import read_config
    from llm_ar.skeletons.store import ClipStore

    store = ClipStore.open(data)
    protocol = str(read_config(model)["run"]["protocol"])
    return [store[index] for index in store.split(protocol)[1]]
