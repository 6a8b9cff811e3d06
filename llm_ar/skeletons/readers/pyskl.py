"""PYSKL and MMAction2 annotations: one pickle of many clips.

``{"split": {name: [frame_dir, ...]}, "annotations": [{"frame_dir", "label", "total_frames",
"keypoint": (M, T, V, C), "keypoint_score": (M, T, V)}, ...]}``, or one annotation
alone; C = 2 are image coordinates
(x right, y down), C = 3 the axes of `Clip`. A joint with a score below `MIN_SCORE` is missing.

One clip of the file is named ``FILE.pkl#FRAME_DIR``; `members` lists them. The name of a class is
line ``label`` (from 0) of a text file `NAMES_FILE` in the same folder, or else the number itself.
The pickle is read as data (`llm_ar.skeletons.readers.pickles`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip, Mask, clean_clip
from llm_ar.skeletons.layouts import (
    AZURE_32,
    BODY_25,
    COCO,
    COCO_18,
    COCO_WHOLEBODY,
    HALPE_26,
    KINECT_V1,
    KINECT_V2,
    SMPL_22,
    SMPL_24,
    Layout,
)
from llm_ar.skeletons.readers import pickles
from llm_ar.skeletons.readers.files import check_frames, version_of
from llm_ar.skeletons.readers.people import MAX_PEOPLE, MIN_SCORE, most_seen

FPS = 30.0
NAMES_FILE = "label_map.txt"

_LAYOUTS: dict[tuple[int, int], Layout] = {
    (17, 2): COCO,
    (18, 2): COCO_18,
    (25, 2): BODY_25,
    (17, 3): COCO,
    (20, 3): KINECT_V1,
    (25, 3): KINECT_V2,
    (23, 2): COCO_WHOLEBODY,
    (26, 2): HALPE_26,
    (133, 2): COCO_WHOLEBODY,
    (136, 2): HALPE_26,
    (22, 3): SMPL_22,
    (24, 3): SMPL_24,
    (32, 3): AZURE_32,
}
"""By joints and coordinates; of more joints than a layout has, the first are its."""
_NTU = re.compile(r"S\d{3}C(\d{3})P(\d{3})R\d{3}A\d{3}")


@dataclass(frozen=True)
class _Content:
    clips: Mapping[str, Mapping[str, Any]]
    splits: Mapping[str, str]
    names: tuple[str, ...]


def sniff(path: Path, head: bytes) -> bool:
    """A pickle of protocol 2 or later, or the ending."""
    binary = len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5
    return binary or Path(container(path)).suffix.lower() in (".pkl", ".pickle")


def container(path: Path) -> Path:
    """The file without the clip's name: ``FILE.pkl`` of ``FILE.pkl#FRAME_DIR``."""
    text = str(path)
    at = text.find("#")
    while at >= 0 and not os.path.isfile(text[:at]):
        at = text.find("#", at + 1)
    return path if at < 0 or os.path.isfile(path) else Path(text[:at])


def members(path: Path) -> list[Path]:
    """The clips of a file as paths that `read` takes; one clip's path is itself.

    Raises:
        ClipError: as `read`, for what concerns the whole file.
    """
    if container(path) != path:
        return [path]
    return [Path(f"{path}#{name}") for name in _content(path).clips]


def read(path: Path) -> Clip:
    """Read one clip: ``FILE.pkl#FRAME_DIR``, or the only one of the file.

    Raises:
        ClipError: no pickle of arrays and containers, another schema, several clips and none
            named, or none of that name.
    """
    file = container(path)
    content = _content(file)
    name = str(path)[len(str(file)) + 1 :]
    if not name and len(content.clips) == 1:
        name = next(iter(content.clips))
    if name not in content.clips:
        example = next(iter(content.clips))
        what = f"has no clip {name!r}" if name else f"has {len(content.clips):,} clips"
        raise ClipError(file, f"{what}; name one of them, such as {file.name}#{example}")
    return _clip(path, name, content)


def _content(path: Path) -> _Content:
    return _loaded(path, *version_of(path))


@lru_cache(maxsize=1)
def _loaded(path: Path, size: int, changed: int) -> _Content:
    """The whole file, which is read once for all of its clips; its arrays stay on the disk."""
    data = pickles.load_once(path)
    listed = data.get("annotations") if isinstance(data, dict) else data
    if isinstance(data, dict) and "keypoint" in data:
        listed = [{"frame_dir": path.stem, **data}]
    if not isinstance(listed, list) or not listed:
        raise ClipError(path, 'has no list "annotations"; expected the PYSKL or MMAction2 form')
    clips: dict[str, Mapping[str, Any]] = {}
    for number, clip in enumerate(listed):
        name = clip.get("frame_dir") if isinstance(clip, dict) else None
        if not isinstance(name, str) or not name or not name.isprintable():
            raise ClipError(path, f'annotation {number} has no name under "frame_dir"')
        if name in clips:
            raise ClipError(path, f"annotation {number}: {name[:80]!r} stands there twice")
        clips[name] = clip
    splits = _splits(data.get("split") if isinstance(data, dict) else None)
    return _Content(clips, splits, class_names(path))


def _splits(data: Any) -> dict[str, str]:
    """The part of each clip where the file has one protocol; of several the names tell nothing."""
    if not isinstance(data, dict):
        return {}
    parts = {str(name).rpartition("_")[2]: names for name, names in data.items()}
    if len(parts) < len(data):
        return {}
    # These files call the test clips validation, unless they have both.
    meaning = {"train": "train", "test": "test", "val": "validation" if "test" in parts else "test"}
    return {
        name: meaning[part]
        for part, names in parts.items()
        if part in meaning and isinstance(names, list)
        for name in names
        if isinstance(name, str)
    }


def class_names(path: Path) -> tuple[str, ...]:
    """The lines of `NAMES_FILE` beside a file; none where there is no such file.

    Raises:
        ClipError: it cannot be read.
    """
    try:
        text = (path.parent / NAMES_FILE).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise ClipError(path, f"{NAMES_FILE} beside it cannot be read ({error})") from None
    return tuple(line.strip() for line in text.splitlines())


def _clip(path: Path, name: str, content: _Content) -> Clip:
    annotation = content.clips[name]
    points = _array(path, annotation, "keypoint")
    if points.ndim != 4 or points.shape[2:] not in _LAYOUTS:
        known = ", ".join(f"{joints} x {size}" for joints, size in _LAYOUTS)
        raise ClipError(
            path,
            f'"keypoint" has shape {points.shape}, expected (people, frames, joints, 2 or 3) with '
            f"one of {known}",
        )
    check_frames(path, points.shape[1])
    present: Mask | None = None
    if annotation.get("keypoint_score") is not None:
        scores = _array(path, annotation, "keypoint_score")
        if scores.shape != points.shape[:3]:
            raise ClipError(
                path, f'"keypoint_score" has shape {scores.shape}, expected {points.shape[:3]}'
            )
        present = (scores >= MIN_SCORE).transpose(1, 0, 2)
    positions = points.transpose(1, 0, 2, 3).astype(np.float32)
    repairs: tuple[str, ...] = ()
    if positions.shape[1] > MAX_PEOPLE:
        shown = (positions != 0).any(axis=-1) if present is None else present
        kept, repairs = most_seen(shown.any(axis=2).sum(axis=0).tolist())
        positions = positions[:, kept]
        present = None if present is None else present[:, kept]
    layout = _LAYOUTS[points.shape[2:]]
    positions = positions[:, :, : len(layout.joints)]
    present = None if present is None else present[:, :, : len(layout.joints)]
    named = _NTU.match(name)
    return clean_clip(
        # A half turn brings y up and a facing person's right to +x.
        -positions if points.shape[3] == 2 else positions,
        present,
        source=str(path),
        layout=layout,
        fps=FPS,
        label=_label(path, annotation.get("label"), content.names),
        subject=str(int(named[2])) if named else None,
        camera=str(int(named[1])) if named else None,
        split=content.splits.get(name),
        repairs=repairs,
    )


def _array(path: Path, annotation: Mapping[str, Any], key: str) -> NDArray[Any]:
    values = annotation.get(key)
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise ClipError(path, f'has no array of numbers under "{key}"')
    if 0 in values.shape:
        raise ClipError(path, f'has nothing under "{key}" (shape {values.shape}); leave it out')
    return values


def _label(path: Path, label: Any, names: tuple[str, ...]) -> str | None:
    if label is None or isinstance(label, str):
        return label or None
    if type(label) is not int or label < 0:
        raise ClipError(path, '"label" is not a whole number')
    if names and (label >= len(names) or not names[label]):
        raise ClipError(path, f"label {label} has no line in {NAMES_FILE} beside the file")
    return names[label] if names else str(label)
