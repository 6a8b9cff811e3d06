"""Settings as JSON values and back: how a model's folder carries the config that made it."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal


def settings_to_dict(settings: Any) -> dict[str, Any]:
    """A settings dataclass as plain JSON values."""
    plain = json.loads(json.dumps(dataclasses.asdict(settings), default=str))
    return dict(plain)


def settings_from_dict(kind: type[Any], values: Mapping[str, Any], place: str = "") -> Any:
    """The settings dataclass of that kind; absent keys take their defaults.

    Raises:
        ValueError: for a key that the settings do not have, naming it.
        TypeError: for a group of settings that is not an object.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"the settings {place or 'of the run '}are not an object")
    hints = typing.get_type_hints(kind)
    found: dict[str, Any] = {}
    for key, value in values.items():
        if key not in hints:
            raise ValueError(f"unknown setting {place}{key}")
        found[key] = _typed(hints[key], value, f"{place}{key}")
    return kind(**found)


def _typed(hint: Any, value: Any, place: str) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return settings_from_dict(hint, value, f"{place}.")
    if hint is Path:
        return Path(value)
    if typing.get_origin(hint) is tuple:
        return tuple(value)
    if typing.get_origin(hint) is Literal and value not in typing.get_args(hint):
        raise ValueError(f"setting {place} cannot be {value!r}")
    return float(value) if hint is float else value
