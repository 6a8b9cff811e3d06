"""The command ``llm-ar``: runs the command that is named, and prints errors as one line.

Commands import what they need when they run, so that help comes at once.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import llm_ar
from llm_ar.applications import (
    ablate,
    calibrate,
    doctor,
    ensemble,
    evaluate,
    explain,
    export,
    inspect,
    live,
    make_procedural,
    merge,
    models,
    pictures,
    prepare,
    protocol,
    recognize,
    recognize_dataset,
    sentence,
    timeline,
    train,
)
from llm_ar.applications.serve import command as serve
from llm_ar.applications.ui.completion import completion_words
from llm_ar.applications.ui.parser import EXIT_USAGE, did_you_mean
from llm_ar.applications.ui.terminal import notes, print_error, quiet_libraries
from llm_ar.errors import LlmArError, is_out_of_memory

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


@dataclass(frozen=True)
class Command:
    """One thing that ``llm-ar`` does.

    Args:
        name: its words as typed.
        summary: one line for the list of commands.
        run: takes the arguments behind the name, returns the exit code.
    """

    name: str
    summary: str
    run: Callable[[Sequence[str]], int]


COMMANDS: tuple[Command, ...] = (
    Command("prepare", "raw recordings -> a prepared dataset", prepare.run),
    Command("inspect", "what a recording is, its problems, a picture", inspect.run),
    Command("data make-procedural", "a built-in dataset, no download", make_procedural.run),
    Command("data merge", "several prepared datasets as one", merge.run),
    Command("protocol", "how many clips of a list train and test", protocol.run),
    Command("train", "prepared dataset -> model (both stages, or one)", train.run),
    Command("calibrate", "add the training clips' figures to a model", calibrate.run),
    Command("evaluate", "accuracy of a model, as JSON and as a page", evaluate.run),
    Command("ensemble", "several models of one dataset combined", ensemble.run),
    Command("ablate", "a grid of experiments -> tables beside the paper's", ablate.run),
    Command("recognize", "name the action in each file", recognize.run),
    Command("recognize-dataset", "name the action in each clip of many", recognize_dataset.run),
    Command("timeline", "what happens when in a long recording", timeline.run),
    Command("live", "names for joints as they come in", live.run),
    Command("explain", "what the answer depends on: tokens, body parts", explain.run),
    Command("sentence", "the action sentence (tokens) of a file", sentence.run),
    Command("pictures", "of a model: codebook, use of tokens, training", pictures.run),
    Command("export", "a model for transformers, vLLM, llama.cpp, ONNX", export.run),
    Command("models list", "the models that are here", models.run_list),
    Command("models pull", "a model of the Hugging Face hub to here", models.run_pull),
    Command("models push", "a model to the Hugging Face hub", models.run_push),
    Command("serve", "an HTTP interface and a page", serve.run),
    Command("doctor", "versions, devices, caches, and what is missing", doctor.run),
)


FIRST_STEPS = """\
first steps:
  llm-ar doctor                                            is everything installed?
  llm-ar recognize FILE                                    name the action in a recording
  llm-ar prepare folder --raw FOLDER --out data/mine       a folder of recordings and labels.csv
  llm-ar train --preset ours --data data/mine --protocol seeded:20 --out runs/mine
  llm-ar evaluate --model runs/mine --data data/mine"""


BROKEN_PIPE = 141
"""Exit code where the reader of the output has gone, as of a program that SIGPIPE ends."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``llm-ar`` with the given (or the process's) arguments; returns the exit code."""
    try:
        try:
            return _main(argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer would fail again when Python ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return BROKEN_PIPE


def _main(argv: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # Where the terminal has no such character, its escape.
                stream.reconfigure(errors="backslashreplace")
    if argv is None and "_ARGCOMPLETE" in os.environ:
        words = completion_words([command.name for command in COMMANDS])
    if not words:
        print(f"{usage()}\n\n{FIRST_STEPS}")
        return EXIT_USAGE
    if words[0] == "help":
        # "llm-ar help train" is "llm-ar train --help".
        words = [*words[1:], "--help"]
    if words[0] in ("-h", "--help"):
        print(f"{usage()}\n\n{FIRST_STEPS}")
        return 0
    if words[0] in ("-V", "--version", "version"):
        print(f"llm-ar {llm_ar.__version__}")
        return 0
    for command in COMMANDS:
        name = command.name.split()
        if words[: len(name)] == name:
            return _run(command, words[len(name) :])
    if words[0].startswith("-"):
        print_error(
            f"the command comes first, then its options: llm-ar COMMAND {words[0]} ... "
            "(see llm-ar --help)"
        )
        return EXIT_USAGE
    names = [command.name for command in COMMANDS]
    inside = [name for name in names if name.startswith(f"{words[0]} ")]
    if inside and words[1:] in (["-h"], ["--help"]):
        print("\n".join(_listed([each for each in COMMANDS if each.name in inside])))
        return 0
    word = " ".join(words[:2]) if inside else words[0]
    meant = did_you_mean(word, names) if " " in word or not inside else ""
    meant = meant or f"; the commands are {', '.join(inside or names)}"
    print_error(f"there is no command {word!r}{meant} (see llm-ar --help)")
    return EXIT_USAGE


def _listed(commands: Sequence[Command]) -> list[str]:
    """A line for each command."""
    width = max(len(command.name) for command in COMMANDS)
    return [f"  {command.name:<{width}}  {command.summary}" for command in commands]


def usage() -> str:
    """The list of commands."""
    return "\n".join(
        [
            "usage: llm-ar COMMAND ...",
            "",
            "A large language model as a skeleton-based action recognizer.",
            "",
            *_listed(COMMANDS),
            "",
            "llm-ar COMMAND --help explains each; llm-ar --version prints the version.",
        ]
    )


def _run(command: Command, arguments: Sequence[str]) -> int:
    quiet_libraries()
    try:
        return command.run(arguments)
    except LlmArError as error:
        print_error(error)
        return EXIT_USAGE
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        print_error(
            f"the {'GPU' if 'CUDA' in str(error) else 'computer'}'s memory is not enough; give "
            "fewer clips a step (optim.batch_size), shorter clips or a smaller language model, or "
            "close other programs; what was finished is kept"
        )
        return EXIT_USAGE
    except KeyboardInterrupt:
        notes.show_cursor(True)
        notes.print()
        print_error("interrupted")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
