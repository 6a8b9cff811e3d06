"""Descriptions of actions: what the body does as a whole, what each part does, and in what order.

They are data written by hand (the YAML files beside this module), found by an action's name or by
one of its synonyms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from llm_ar.errors import ConfigError
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.layout import PARTS

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]


class Description(BaseModel):
    """How one action is performed.

    One-handed actions are described for the right hand. Where two people act, the parts are those
    of the one who acts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Phrase
    """Its name."""
    sentence: Phrase
    """The whole movement in one sentence."""
    parts: dict[str, Phrase]
    """What each of the six body parts (`llm_ar.skeletons.layout.PARTS`) does, in their order."""
    order: tuple[Phrase, ...] = Field(min_length=2, max_length=4)
    """Its steps in time; one round of them where the action is a repetition."""
    synonyms: tuple[Phrase, ...] = Field(default=(), max_length=3)
    """Other names that mean the same."""

    @property
    def names(self) -> tuple[str, ...]:
        """All names it is found by, the action's own first."""
        return (self.action, *self.synonyms)

    @field_validator("parts")
    @classmethod
    def _all_six(cls, parts: dict[str, str]) -> dict[str, str]:
        if set(parts) != set(PARTS):
            raise ValueError(f"needs exactly {', '.join(PARTS)}, found {', '.join(parts)}")
        return {part: parts[part] for part in PARTS}


class Descriptions:
    """Descriptions by name; each name belongs to one of them.

    Args:
        entries: the descriptions.
        source: what an error calls them.

    Raises:
        ConfigError: if two of them share a name, upper and lower case and spaces aside.
    """

    def __init__(self, entries: Iterable[Description], source: str) -> None:
        self._entries = tuple(entries)
        self._by_name: dict[str, Description] = {}
        for entry in self._entries:
            for name in entry.names:
                other = self._by_name.setdefault(same_name(name), entry)
                if (
                    other is not entry
                    or sum(same_name(name) == same_name(n) for n in entry.names) > 1
                ):
                    raise ConfigError(
                        f"{source}: '{name}' names '{other.action}' and again '{entry.action}'; "
                        "give each name and synonym once"
                    )

    def __iter__(self) -> Iterator[Description]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, name: str) -> Description | None:
        """The description of that name or synonym; upper and lower case and spaces are the same."""
        return self._by_name.get(same_name(name))

    def with_own(self, own: Descriptions) -> Descriptions:
        """Both together; where they share a name, the own description stands alone."""
        kept = [entry for entry in self if not any(own.find(name) for name in entry.names)]
        return Descriptions([*kept, *own], "descriptions")


def describe(name: str) -> Description | None:
    """The built-in description of an action's name, None where there is none."""
    return built_in().find(name)


def sentence(name: str) -> str | None:
    """One sentence on how an action moves the body, None where nothing is known of it.

    That of its description, or of another name's of the same movement, or the ontology's.
    """
    ontology = Ontology.built_in()
    found = (built_in().find(other) for other in ontology.paraphrases(name))
    entry = next((entry for entry in found if entry is not None), None)
    return ontology.description(name) if entry is None else entry.sentence


@lru_cache(maxsize=1)
def built_in() -> Descriptions:
    """All descriptions that come with the package."""
    folder = files("llm_ar.recognizer.zero_shot.descriptions")
    parts = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=str)
    return Descriptions((entry for file in parts for entry in _read(file)), "descriptions")


def read_descriptions(path: Path) -> Descriptions:
    """The descriptions in a user's own YAML file: a list like those of the built-in files.

    Raises:
        ConfigError: the file cannot be read, or an entry is not a description, naming the field.
    """
    return Descriptions(_read(path), str(path))


def _read(file: Traversable) -> list[Description]:
    try:
        listed = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{file}: cannot be read as YAML ({reason})") from None
    if not isinstance(listed, list) or not listed:
        raise ConfigError(f"{file}: a list of descriptions is expected, '- action: ...' each")
    entries = []
    for number, values in enumerate(listed, start=1):
        try:
            entries.append(Description.model_validate(values))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            called = values.get("action") if isinstance(values, dict) else None
            named = f"description {number}" + (f" ('{called}')" if called else "")
            problem = first["msg"].removeprefix("Value error, ")
            raise ConfigError(
                f"{file}: {named}, {f'field {field}' if field else 'the whole'}: {problem}"
            ) from None
    return entries


def same_name(name: str) -> str:
    """What is left of a name where upper and lower case and spaces do not matter."""
    return " ".join(name.casefold().split())
