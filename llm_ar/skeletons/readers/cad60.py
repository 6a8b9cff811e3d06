"""CAD-60's skeletons as NumPy arrays ``(T, 15, 3)`` in millimeters, one a recording.

They stand in the file's name: ``aNN_ACTIVITY_pP.npy``, such as ``a06_brushing_teeth_p2.npy``. Other
arrays are read by `arrays`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.datasets.cad60 import describe
from llm_ar.skeletons.layouts import CAD60
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions
from llm_ar.skeletons.readers import arrays


def sniff(path: Path, head: bytes) -> bool:
    """A NumPy array with such a name."""
    return describe(str(path)) is not None and arrays.sniff(path, head)


def read(path: Path, options: ReadOptions = BY_FILE) -> Clip:
    """Read one recording; ``label`` and ``subject`` come from the file's name.

    Raises:
        ClipError: as `arrays.read`.
    """
    clip = arrays.read(path, replace(options, layout=options.layout or CAD60.name))
    known = describe(str(path))
    if known is None:
        return clip
    how = "as stated" if options.layout else "by the file's name"
    return replace(
        clip,
        label=clip.label or known.label,
        subject=clip.subject or known.subject,
        understood=replace(clip.understood, layout=how, fps=f"{clip.fps:g}, usual of this format"),
    )
