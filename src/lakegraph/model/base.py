"""What every record document shares: field names, references, concepts, lists, dates and free annotations."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    Tag,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

Scalar = str | bool | int | float
Identity = Literal["run", "titled", "versioned", "content", "part", "agent", "concept"]
"""How a thing gets its IRI: by a new UUIDv7, from its title, from title and version, from a digest of what is said of
it, below the thing that holds it, from a person's or organisation's name, or from a vocabulary."""


def field_name(python_name: str) -> str:
    """The JSON name of a field, which is the ontology's: ``source_code_url`` is ``sourceCodeURL``."""
    return re.sub(r"Url$", "URL", to_camel(python_name))


@dataclass(frozen=True, slots=True)
class RefTo:
    """Marks a field whose value is a thing: named by IRI, slug or title, or described in place.

    Attributes:
        class_name: The ontology class in which a plain string is looked up.
        nested: The classes that may be described in place; the first is meant where no ``type`` is stated.
    """

    class_name: str
    nested: tuple[type[Thing], ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not self.nested:
            return handler(source)
        classes = {cls.__name__: cls for cls in self.nested}
        default = self.nested[0].__name__

        def kind(value: Any) -> str:
            if isinstance(value, str):
                return "reference"
            stated = value.get("type", default) if isinstance(value, dict) else type(value).__name__
            return stated if stated in classes else default

        options = [Annotated[str, Tag("reference")], *(Annotated[cls, Tag(name)] for name, cls in classes.items())]
        return handler.generate_schema(Annotated[Union[tuple(options)], Discriminator(kind)])  # noqa: UP007


@dataclass(frozen=True, slots=True)
class ConceptOf:
    """Marks a field whose value is a concept of the ontology's class *class_name*, written as its notation."""

    class_name: str


@dataclass(frozen=True, slots=True)
class IriValue:
    """Marks a field whose value is an IRI of the outside world.

    Attributes:
        prefix: Put before a value that is no IRI yet, such as a media type.
    """

    prefix: str = ""


class Thing(BaseModel):
    """Anything that a document describes.

    Unknown fields are refused: a misspelt name would otherwise vanish silently. What the model does not know is said
    in ``annotations``, whose keys are full IRIs or use a declared prefix.
    """

    model_config = ConfigDict(
        alias_generator=field_name, populate_by_name=True, extra="forbid", frozen=True, str_strip_whitespace=True
    )

    identity: ClassVar[Identity] = "part"
    key_fields: ClassVar[tuple[str, ...]] = ()
    first_version: ClassVar[int] = 0

    id: str | None = Field(default=None, description="An absolute IRI, or the slug to use instead of the title's.")
    type: str
    title: str | None = Field(default=None, min_length=1, max_length=1000)
    description: str | None = Field(default=None, max_length=100_000)
    comment: str | None = None
    keyword: Many[str] = ()
    modified: Day | None = None
    annotations: dict[str, Annotation | list[Annotation]] = Field(default_factory=dict)


class Typed(BaseModel):
    """A value with its datatype or language, for annotations and parameter values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Scalar
    datatype: str | None = None
    language: str | None = None


class Link(BaseModel):
    """An annotation's value that is an IRI."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str


Annotation = Scalar | Typed | Link


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


T = TypeVar("T")
Many = Annotated[tuple[T, ...], BeforeValidator(_as_list)]
"""One or many: ``"a"`` is read as ``["a"]``."""


def reference(default: type[Thing], *others: type[Thing], to: str | None = None) -> RefTo:
    """The mark of a field that names a thing or describes it in place.

    Args:
        default: The class of a nested object that states no ``type``.
        others: Further classes that a nested object may state.
        to: The ontology class that a plain string is looked up in; *default*'s own name if left out.
    """
    return RefTo(to or default.__name__, (default, *others))


def _read_day(value: Any) -> Any:
    """Dates as people write them; a day and month that could be swapped are refused rather than guessed."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", value.strip())
    if not match:
        return value
    first, second, year = (int(part) for part in match.groups())
    if first <= 12 and second <= 12 and first != second:
        raise ValueError(f"{value!r} could be two days; write it as {year}-MM-DD")
    day, month = (first, second) if first > 12 or first == second else (second, first)
    return date(year, month, day).isoformat()


Day = Annotated[date | datetime, BeforeValidator(_read_day)]
Moment = AwareDatetime


def pairs(key: str, value: str) -> Callable[[Any], Any]:
    """A reader that turns ``{"C": 2.3}`` into ``[{key: "C", value: 2.3}]`` and leaves lists as they are."""

    def read(given: Any) -> Any:
        if isinstance(given, dict) and key not in given and "type" not in given:
            return [{key: name, value: what} for name, what in given.items()]
        return _as_list(given)

    return read


Thing.model_rebuild()
