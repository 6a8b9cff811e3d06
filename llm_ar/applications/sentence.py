"""``llm-ar sentence``: a clip written as a sentence of action tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llm_ar.applications.ui.models import check_model
from llm_ar.applications.ui.options import add_model_option, add_read_options, read_options
from llm_ar.applications.ui.parser import CommandParser


def run(arguments: Sequence[str]) -> int:
    """Print the action sentence of a file: its tokens' numbers or words, separated by spaces."""
    parser = CommandParser(
        prog="llm-ar sentence",
        description="Write a clip as its action sentence, the numbers of its tokens in order.",
        example="llm-ar sentence clip.npz --model models/general",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a recording")
    add_model_option(parser)
    parser.add_argument(
        "--words",
        action="store_true",
        help="as the words that the exports of llm-ar export read, such as <act_007>",
    )
    add_read_options(parser)
    given = parser.parse_args(arguments)
    check_model(given.model)

    from llm_ar.skeletons.readers import as_clip, read_clip

    recording = read_clip(given.file, read_options(given))

    from llm_ar.recognizer.checkpoint import repair_rules
    from llm_ar.tokenizer.model import ActionTokenizer

    clip = as_clip(recording, repair_rules(given.model))
    tokenizer = ActionTokenizer.from_pretrained(given.model / "tokenizer")
    sentence = tokenizer.encode_clips([clip])[0].tolist()
    if given.words:
        from llm_ar.recognizer.export.words import action_words

        words = action_words(tokenizer.vocabulary)
        sentence = [words[token] for token in sentence]
    print(*sentence)
    return 0
