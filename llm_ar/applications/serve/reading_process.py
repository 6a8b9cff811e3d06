"""Reads one recording under limits of memory and time: ``FILE RESULT.npz BYTES SECONDS``.

The service starts it for videos, whose decoders are large and written in C++. Exit code 2 says that
the file is at fault; the sentence is on standard output then.
"""

from __future__ import annotations

import math
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from llm_ar.errors import ClipError, LlmArError
from llm_ar.skeletons.readers import read_clip

MOST_WRITTEN = 512 * 2**20
"""Bytes of a file that it may write."""


def main(arguments: Sequence[str]) -> int:
    """Read, and write the clip's arrays."""
    file, result, memory, seconds = arguments
    cores = 4
    for what, most in (
        (resource.RLIMIT_AS, int(memory)),
        (resource.RLIMIT_CPU, cores * math.ceil(float(seconds))),
        (resource.RLIMIT_FSIZE, MOST_WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    try:
        clip = read_clip(Path(file))
    except LlmArError as error:
        print(error.problem if isinstance(error, ClipError) else error)
        return 2
    np.savez(
        result,
        joints=clip.joints,
        present=clip.present,
        fps=clip.fps,
        layout=clip.layout.name,
        dimensions=clip.dimensions,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
