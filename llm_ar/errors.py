"""Errors meant for the person at the keyboard: one sentence, what is wrong and what to do.

The command line prints them without a traceback and exits with code 2.
"""

from __future__ import annotations

from pathlib import Path


class LlmArError(Exception):
    """A wrong setting or a broken input; ``str(error)`` is one complete sentence."""


class ClipError(LlmArError):
    """A recording that cannot be read or used; names the file and the place in it.

    Args:
        source: file (or dataset row) that is at fault.
        problem: what is wrong, where (line or field), what was expected and what to do.
    """

    def __init__(self, source: str | Path, problem: str) -> None:
        self.source = str(source)
        self.problem = problem
        super().__init__(f"{source}: {problem}")

    def __reduce__(self) -> tuple[type[ClipError], tuple[str, str]]:
        """For sending it from one process to another."""
        return type(self), (self.source, self.problem)


class LayoutError(LlmArError):
    """A joint layout that is malformed, or a clip in another layout than the model's."""


class DatasetError(LlmArError):
    """A prepared dataset or a raw folder that is missing, empty, or half-written."""


class ConfigError(LlmArError):
    """A setting with an unknown name or an impossible value."""


class OntologyError(LlmArError):
    """Names of actions that contradict each other, or a file of them that cannot be read."""


class ModelError(LlmArError):
    """A model folder that is missing, half-written, or made for something else."""


class TrainingError(LlmArError):
    """A training that cannot go on: its loss is no number any more."""


class MissingExtraError(LlmArError):
    """An optional dependency is absent; the message is the exact command that installs it."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional part: pip install 'llm-ar[{extra}]'")


_UNWRITABLE = (
    "No space left",
    "File too large",
    "Disk quota exceeded",
    "Read-only file system",
    "Permission denied",
)
# Torch's writer names no reason, and fails once more when it closes its file.
_TORCH_WRITER = ("PytorchStreamWriter", "unexpected pos")


def write_failure(error: BaseException) -> str:
    """What keeps a file from being written, by the error of any library; "" for other errors."""
    text = str(error)
    found = next((reason for reason in _UNWRITABLE if reason in text), "")
    return found or ("write failed" if any(word in text for word in _TORCH_WRITER) else "")


_OUT_OF_MEMORY = ("out of memory", "can't allocate memory")
"""What torch says on a GPU and on a CPU, in errors of its own or general ones."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of Python or torch says that the memory was not enough."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(text in str(error) for text in _OUT_OF_MEMORY)
    )
