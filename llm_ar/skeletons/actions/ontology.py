"""What the names of actions mean: same movement, less precise, mirror image, reversed in time.

The concepts are data (``ontology.yaml``): one for each movement that can be recognized from joints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from llm_ar.errors import OntologyError

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Verdict = Literal["right", "broader", "wrong"]

LISTS = ("also", "published", "broader", "related")
"""Fields that a user's file adds to; it replaces the others."""


class Concept(BaseModel):
    """One movement and its names. Other concepts are referred to by any of their names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Words
    """The canonical name."""
    also: tuple[Words, ...] = ()
    """Other words for the same movement."""
    published: tuple[Words, ...] = ()
    """Publishers' wordings, which are understood but are no paraphrases."""
    broader: tuple[Words, ...] = ()
    """Concepts that are true of it but less precise."""
    related: tuple[Words, ...] = ()
    """Concepts so alike that neither is evidence against the other; symmetric."""
    mirror: Words | None = None
    """What its mirror image is called, where that is another concept; symmetric."""
    reverse: Words | None = None
    """What it is called when it is played backwards; symmetric."""
    description: Words | None = None
    """How the body moves."""

    @property
    def names(self) -> tuple[str, ...]:
        """All names by which it is found."""
        return (self.name, *self.also, *self.published)


class Ontology:
    """Concepts by name; each name belongs to one of them.

    Lookups do not distinguish upper and lower case, hyphens, punctuation, singular and plural, or
    articles. A name without a concept counts as a concept of its own.

    Args:
        concepts: the concepts.
        source: what an error calls them.

    Raises:
        OntologyError: a name of two concepts, a reference to none, a circle of broader concepts, or
            mirror images (reverses) that are not mutual.
    """

    def __init__(self, concepts: Iterable[Concept], source: str) -> None:
        self._source = source
        self._concepts = {concept.name: concept for concept in concepts}
        self._by_word = self._words()
        self._by_stem = self._stems()
        self._broader = {name: self._all_broader(name, ()) for name in self._concepts}
        self._related = {
            frozenset((concept.name, self._reference(concept, other)))
            for concept in self
            for other in concept.related
        }
        self._mirror = self._pairs("mirror")
        self._reverse = self._pairs("reverse")

    @classmethod
    def built_in(cls) -> Ontology:
        """The ontology that comes with the package."""
        return _built_in()

    @classmethod
    def from_yaml(cls, path: Path) -> Ontology:
        """The built-in ontology with the concepts of a user's file.

        An entry with the name of a built-in concept adds to its lists and replaces its other
        fields; any other is a new concept.

        Raises:
            OntologyError: the file cannot be read, or an entry is none, naming the field.
        """
        merged = {concept.name: concept for concept in cls.built_in()}
        for own in _read(path):
            known = merged.get(own.name)
            if known is not None:
                given = own.model_dump(exclude_unset=True)
                lists = {key: (*getattr(known, key), *getattr(own, key)) for key in LISTS}
                own = known.model_copy(update={**given, **lists})
            merged[own.name] = own
        return cls(merged.values(), str(path))

    def __iter__(self) -> Iterator[Concept]:
        return iter(self._concepts.values())

    def __len__(self) -> int:
        return len(self._concepts)

    def find(self, name: str) -> Concept | None:
        """The concept of that name, None where there is none."""
        word = plain(name)
        found = self._by_word.get(word) or self._by_stem.get(stem(word))
        return None if found is None else self._concepts[found]

    def canonical(self, name: str) -> str:
        """The canonical name of a name's concept; without one the name itself in lower case."""
        found = self.find(name)
        return plain(name) if found is None else found.name

    def same(self, first: str, second: str) -> bool:
        """Whether both names mean the same movement."""
        return self.canonical(first) == self.canonical(second)

    def broader(self, name: str) -> frozenset[str]:
        """Canonical names of all concepts that are true of it but less precise."""
        return self._broader.get(self.canonical(name), frozenset())

    def compatible(self, first: str, second: str) -> bool:
        """Whether neither name speaks against the other: same, broader or related.

        A contrastive loss must not push the two apart.
        """
        one, two = self.canonical(first), self.canonical(second)
        return (
            one == two
            or one in self.broader(two)
            or two in self.broader(one)
            or frozenset((one, two)) in self._related
        )

    def compatible_matrix(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """`compatible` for each pair of the C names, (C, C)."""
        rows = [[self.compatible(one, two) for two in names] for one in names]
        return np.array(rows, dtype=np.bool_).reshape(len(names), len(names))

    def paraphrases(self, name: str) -> tuple[str, ...]:
        """The name and the other words for the same movement, the name as given first."""
        found = self.find(name)
        others = () if found is None else (found.name, *found.also)
        return (name, *(other for other in others if plain(other) != plain(name)))

    def description(self, name: str) -> str | None:
        """How the body moves, None where the ontology does not say.

        `llm_ar.recognizer.zero_shot.descriptions.sentence` also knows the detailed descriptions.
        """
        found = self.find(name)
        return None if found is None else found.description

    def mirror(self, name: str) -> str | None:
        """The canonical name of its mirror image, None where that has no name of its own."""
        return self._mirror.get(self.canonical(name))

    def reverse(self, name: str) -> str | None:
        """The canonical name of what it is when played backwards, None where that has none."""
        return self._reverse.get(self.canonical(name))

    def verdict(self, answer: str, truth: str) -> Verdict:
        """Whether an answer is right, right but less precise than the truth, or wrong."""
        if self.same(answer, truth):
            return "right"
        return "broader" if self.canonical(answer) in self.broader(truth) else "wrong"

    def _words(self) -> Mapping[str, str]:
        words: dict[str, str] = {}
        for concept in self:
            for name in concept.names:
                word = plain(name)
                if word in words:
                    raise OntologyError(
                        f"{self._source}: '{name}' is a name of '{words[word]}' and again of "
                        f"'{concept.name}'; give each name once"
                    )
                words[word] = concept.name
        return words

    def _stems(self) -> Mapping[str, str]:
        """The concept of each stem that belongs to one only."""
        owners: dict[str, set[str]] = {}
        for word, name in self._by_word.items():
            owners.setdefault(stem(word), set()).add(name)
        return {word: names.pop() for word, names in owners.items() if len(names) == 1}

    def _reference(self, concept: Concept, other: str) -> str:
        found = self._by_word.get(plain(other))
        if found is None:
            raise OntologyError(
                f"{self._source}: '{concept.name}' refers to '{other}', which is no concept; "
                "add it or correct the reference"
            )
        return found

    def _all_broader(self, name: str, below: tuple[str, ...]) -> frozenset[str]:
        if name in below:
            circle = " < ".join((*below[below.index(name) :], name))
            raise OntologyError(
                f"{self._source}: '{name}' is broader than itself ({circle}); remove one of these"
            )
        concept = self._concepts[name]
        direct = {self._reference(concept, other) for other in concept.broader}
        return frozenset(direct).union(
            *(self._all_broader(other, (*below, name)) for other in direct)
        )

    def _pairs(self, field: Literal["mirror", "reverse"]) -> Mapping[str, str]:
        pairs: dict[str, str] = {}
        for concept in self:
            other = getattr(concept, field)
            if other is None:
                continue
            found = self._reference(concept, other)
            for one, two in ((concept.name, found), (found, concept.name)):
                if pairs.setdefault(one, two) != two:
                    raise OntologyError(
                        f"{self._source}: the {field} of '{one}' is '{pairs[one]}' and again "
                        f"'{two}'; a {field} must be mutual"
                    )
        return pairs


def plain(name: str) -> str:
    """A name in lower case without hyphens and punctuation; "waveHands" is two words."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[\W_]+", " ", words.casefold()).split())


def stem(word: str) -> str:
    """A plain name without articles and without the plural ending of each word."""
    words = (re.sub(r"(?<=\w[^s])s$", "", one) for one in word.split())
    return " ".join(one for one in words if one not in ("a", "an", "the"))


@lru_cache(maxsize=1)
def _built_in() -> Ontology:
    return Ontology(_read(files("llm_ar.skeletons.actions") / "ontology.yaml"), "ontology")


def _read(file: Traversable) -> list[Concept]:
    try:
        listed = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise OntologyError(f"{file}: cannot be read as YAML ({reason})") from None
    if not isinstance(listed, list) or not listed:
        raise OntologyError(f"{file}: a list of concepts is expected, '- name: ...' each")
    concepts: dict[str, Concept] = {}
    for number, values in enumerate(listed, start=1):
        try:
            concept = Concept.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "the whole"
            called = values.get("name") if isinstance(values, dict) else None
            named = f"concept {number}" + (f" ('{called}')" if called else "")
            raise OntologyError(f"{file}: {named}, field {field}: {first['msg']}") from None
        if concept.name in concepts:
            raise OntologyError(f"{file}: '{concept.name}' is there twice; join the two entries")
        concepts[concept.name] = concept
    return list(concepts.values())
