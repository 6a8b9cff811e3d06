"""Command-line values and options that several commands take."""

from __future__ import annotations

import argparse
from pathlib import Path

from llm_ar.applications.ui.models import known_data, known_models, model_folder
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.recognizer.default_model import default_model
from llm_ar.skeletons.read_options import UP_AXES, ReadOptions


def positive(text: str) -> int:
    """A whole number of at least 1, for ``argparse``."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


def add_model_option(parser: CommandParser, *, required: bool = False) -> None:
    """Add ``--model``; a message that it is missing names the models that are there.

    Args:
        parser: of the command.
        required: otherwise it may be left out where a model came with the package.
    """
    default = None if required else default_model()
    also = "" if required else " (default: the one that comes with llm-ar)"
    option = parser.add_argument(
        "--model",
        type=model_folder,
        default=default,
        required=default is None,
        metavar="MODEL",
        help=f"a trained model: its folder, name (llm-ar models list) or hub id{also}",
    )
    parser.offer(option, known_models)


def add_data_option(parser: CommandParser) -> None:
    """Add ``--data``; a message that it is missing names the datasets that are there."""
    option = parser.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="folder of a prepared dataset"
    )
    parser.offer(option, known_data)


def add_candidate_options(parser: argparse.ArgumentParser, windows: bool = False) -> None:
    """Add ``--labels`` or ``--labels-file``, and ``--fast``.

    Args:
        parser: of the command.
        windows: whether the many windows of a recording are answered, not a clip.
    """
    names = parser.add_mutually_exclusive_group()
    names.add_argument(
        "--labels", help="candidate names, separated by commas or line breaks (default: trained)"
    )
    names.add_argument("--labels-file", type=Path, help="file of candidate names, one a line")
    parser.add_argument(
        "--fast",
        action="store_true",
        help="let the token classifier answer every window, without the LLM"
        if windows
        else "let the token classifier answer where it is confident, without the LLM",
    )


def add_read_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that settle how a file is read; see `read_options`."""
    group = parser.add_argument_group(
        "how files are read", "what a file leaves open is decided by its content and can be stated"
    )
    group.add_argument("--layout", metavar="NAME", help="joint layout, such as coco-17 or h36m-17")
    group.add_argument(
        "--fps", type=float, metavar="NUMBER", help="frames a second (where unknown: 30)"
    )
    group.add_argument(
        "--axes",
        metavar="LETTERS",
        help="order of an array's axes: T frames, M people, V joints, C coordinates, N clips, such "
        "as TMVC; with :xys or :xyz the third number is a score or a depth",
    )
    group.add_argument(
        "--up", choices=UP_AXES, help="direction of the file's axes that is up; write --up=-y"
    )
    group.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="whether the file's axes are a mirror image, so that x is turned over",
    )


def read_options(given: argparse.Namespace) -> ReadOptions:
    """The options that `add_read_options` added, as given.

    Raises:
        ConfigError: one is impossible.
    """
    return ReadOptions(given.layout, given.fps, given.axes, given.up, given.mirror)
