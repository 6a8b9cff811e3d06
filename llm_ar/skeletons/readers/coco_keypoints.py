"""COCO keypoint annotations: ``{"images": [...], "annotations": [...]}`` of one video's frames.

``annotations``: ``image_id``, ``keypoints`` (17 x [x, y, visibility]; visibility 0 is missing),
optional ``track_id`` and ``score``. Each of ``images`` (``id``, ``file_name``) is a frame, in the
order of the numbers in their names, or of their ids. Where ``categories`` name the keypoints, those
names give the order of the joints.
"""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path
from typing import Any

from llm_ar.errors import ClipError
from llm_ar.skeletons.clip import Clip
from llm_ar.skeletons.layouts import Layout
from llm_ar.skeletons.readers.alphapose import identity, score_of
from llm_ar.skeletons.readers.clock import numbered
from llm_ar.skeletons.readers.json_files import Estimates, is_json, read_json
from llm_ar.skeletons.readers.named_joints import named_layout


def sniff(path: Path, head: bytes) -> bool:
    """A JSON object with annotations."""
    if not is_json(head):
        return False
    data = read_json(path)
    return isinstance(data, dict) and ("annotations" in data or {"images", "info"} <= set(data))


def read(path: Path) -> Clip:
    """Read the annotations of one video.

    Raises:
        ClipError: not JSON, another schema (the annotation is named), or nobody in it.
    """
    data = read_json(path)
    annotations = data.get("annotations") if isinstance(data, dict) else None
    if not isinstance(annotations, list):
        raise ClipError(path, 'is not a COCO file: expected a list under "annotations"')
    frames = _frames(path, data.get("images"), annotations)
    found = Estimates(*_order(path, data.get("categories")))
    for number, annotation in enumerate(annotations):
        if not isinstance(annotation, dict) or not annotation.get("keypoints"):
            continue
        image = annotation.get("image_id")
        if not isinstance(image, int | str) or image not in frames:
            raise ClipError(path, f'annotation {number} has an "image_id" that no image has')
        where = f'"keypoints" of annotation {number}'
        person = identity(annotation.get("track_id"))
        score = score_of(annotation)
        found.add(path, where, annotation["keypoints"], frames[image], person, score)
    return found.clip(path, len(frames))


def _order(path: Path, categories: Any) -> tuple[Layout | None, list[int] | None]:
    """The layout with the joints that the categories name, and the place of each."""
    if not isinstance(categories, list):
        return None, None
    listed = [entry.get("keypoints") for entry in categories if isinstance(entry, dict)]
    names = next((names for names in listed if isinstance(names, list) and names), None)
    return named_layout(path, names) if names else (None, None)


def _frames(path: Path, images: Any, annotations: list[Any]) -> dict[int | str, int]:
    """Each image's place in time."""
    if images is None:
        listed = [entry.get("image_id") for entry in annotations if isinstance(entry, dict)]
        names: dict[int | str, object] = {
            image: image for image in listed if isinstance(image, int | str)
        }
    elif isinstance(images, list) and all(isinstance(image, dict) for image in images):
        names = {
            image["id"]: image.get("file_name", image["id"])
            for image in images
            if isinstance(image.get("id"), int | str)
        }
    else:
        raise ClipError(path, 'has something else than a list of images under "images"')
    found = numbered(list(names.values()))
    numbers = [] if found is None else found[0]
    if len(set(numbers)) < len(names):
        order = sorted(names, key=lambda image: (isinstance(image, str), str(image).zfill(20)))
    else:
        order = [image for _, image in sorted(zip(numbers, names, strict=True), key=itemgetter(0))]
    return {image: place for place, image in enumerate(order)}
