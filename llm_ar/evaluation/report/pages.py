"""HTML pages that need nothing else: style, script and pictures are inside."""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from llm_ar.errors import ConfigError


def render(template: str, motion: dict[str, object], **values: object) -> str:
    """A page from a template in ``page/``.

    Args:
        template: its file's name.
        motion: what ``animation.js`` plays: ``bones``, ``joints`` and ``samples``.
        values: what the template asks for besides; text is escaped, `Markup` is not.
    """
    environment = Environment(
        loader=PackageLoader("llm_ar.evaluation.report", "page"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(
        style=Markup(_page_file("report.css")),
        script=Markup(_page_file("animation.js")),
        motion=Markup(_inline_json(motion)),
        **values,
    )


def write(path: Path, content: str | bytes) -> Path:
    """Write a file whole or not at all; returns its path.

    Raises:
        ConfigError: it cannot be written there.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        os.replace(unfinished, path)
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(f"{path}: cannot be written ({reason}); choose another place") from None
    finally:
        if unfinished.is_file():
            unfinished.unlink()
    return path


def _page_file(name: str) -> str:
    return resources.files("llm_ar.evaluation.report").joinpath("page", name).read_text("utf-8")


def _inline_json(value: object) -> str:
    """JSON that cannot end the script element that it stands in."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
