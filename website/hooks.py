"""What MkDocs does not do by itself for this project's site.

README.md, CONTRIBUTING.md and CHANGELOG.md become pages, the notebook becomes a page, and files
outside of docs/ that a page links to are copied into the site.
"""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing/index.md",
    "CHANGELOG.md": "changelog.md",
}
NOTEBOOKS = {"docs/notebooks/tour.ipynb": "notebooks/tour.md"}
LINK = re.compile(r"(\]\()([^)#\s]+)")
FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for source, place in PAGES.items():
        text = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, place, content=text))
    for source, place in NOTEBOOKS.items():
        if not (ROOT / source).is_file():
            continue
        text, pictures = notebook_page(json.loads((ROOT / source).read_text("utf-8")))
        files.append(File.generated(config, place, content=text))
        for name, content in pictures.items():
            where = f"{Path(place).parent.as_posix()}/{name}"
            files.append(File.generated(config, where, content=content))
    return files


def on_page_markdown(text: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between the project's files into links between the site's."""
    place = page.file.src_uri
    sources = {generated: ROOT / source for source, generated in PAGES.items()}
    folder = sources.get(place, ROOT / "docs" / place).parent

    def linked(match: re.Match[str]) -> str:
        link = match.group(2)
        if re.match(r"\w+:", link):
            return match.group(0)
        target = Path(os.path.normpath(folder / link))
        return match.group(1) + _relative(_in_site(target, config, files), place)

    parts = FENCED.split(text)
    return "".join(part if part.startswith("```") else LINK.sub(linked, part) for part in parts)


def _in_site(target: Path, config: MkDocsConfig, files: Files) -> str:
    """Where the site has a file of the project; it is copied if it lies outside of docs/."""
    name = target.relative_to(ROOT).as_posix()
    if name in PAGES | NOTEBOOKS:
        return (PAGES | NOTEBOOKS)[name]
    if name.startswith("docs/"):
        return name.removeprefix("docs/")
    ending = ".txt" if target.suffix in (".py", ".yaml", ".yml", "") else ""
    place = f"files/{name}{ending}"
    if target.is_file() and files.get_file_from_path(place) is None:
        files.append(File.generated(config, place, content=target.read_bytes()))
    return place


def _relative(target: str, place: str) -> str:
    return Path(os.path.relpath(target, Path(place).parent)).as_posix()


def notebook_page(notebook: dict[str, Any]) -> tuple[str, dict[str, bytes]]:
    """A notebook as Markdown, and its pictures by their names."""
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "image/png" in data:
                name = f"tour-{len(pictures)}.png"
                pictures[name] = base64.b64decode("".join(data["image/png"]))
                parts.append(f"![Output of the cell above]({name})")
            else:
                printed = "".join(output.get("text", data.get("text/plain", "")))
                parts.append(f"```text\n{printed.rstrip()}\n```")
    return "\n\n".join(parts) + "\n", pictures
