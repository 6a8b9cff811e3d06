"""Docstrings for the API reference: Sphinx roles become plain code."""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:meth|func|class|mod):`([^`]+)`")


class PlainRoles(griffe.Extension):
    """Writes :meth:`name` as `name`."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change one object's docstring."""
        if obj.docstring is not None:
            obj.docstring.value = ROLE.sub(r"`\1`", obj.docstring.value)
