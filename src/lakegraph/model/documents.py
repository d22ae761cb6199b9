"""Reading a document: which class it is, what is wrong with it, and what kind of value each field holds."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from lakegraph.errors import DocumentError
from lakegraph.model import agents, analysis, data, federation, governance, run
from lakegraph.model.base import ConceptOf, IriValue, RefTo, Thing

TOP_LEVEL: tuple[type[Thing], ...] = (
    run.Ingest,
    run.Process,
    analysis.Analysis,
    analysis.TrainingRun,
    analysis.FineTuningRun,
    analysis.EvaluationRun,
    governance.DeploymentRun,
    governance.MonitoringRun,
    governance.ReviewRun,
    governance.StageChange,
    governance.AccessEvent,
    governance.Withdrawal,
    data.DatasetSource,
    data.DatasetRelationship,
    data.AttributeRelationship,
    analysis.Study,
    analysis.Task,
    analysis.Algorithm,
    run.Program,
    analysis.Implementation,
    run.Environment,
    agents.Tag,
    governance.Catalog,
    federation.Peer,
    federation.TermMapping,
    federation.FederatedQuery,
)
"""The classes that can be a record by themselves; all others are described inside one of them."""


@dataclass(frozen=True, slots=True)
class FieldKind:
    """What the value of a field is.

    Attributes:
        kind: ``reference`` to a thing, ``concept`` of a vocabulary, ``iri`` of the outside world, or ``literal``.
        target: The class that a reference or concept is looked up in, or the prefix of a bare IRI value.
    """

    kind: Literal["reference", "concept", "iri", "literal"]
    target: str = ""


def _subclasses(cls: type[Thing]) -> Iterator[type[Thing]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _subclasses(sub)


@cache
def _classes() -> dict[str, type[Thing]]:
    """Every class by each name that its ``type`` field allows."""
    names: dict[str, type[Thing]] = {}
    for cls in _subclasses(Thing):
        for name in typing.get_args(cls.model_fields["type"].annotation):
            names[name] = cls
    return names


@cache
def _top_level_names() -> tuple[str, ...]:
    return tuple(n for cls in TOP_LEVEL for n in typing.get_args(cls.model_fields["type"].annotation))


def document_class(name: str) -> type[Thing]:
    """The class of things that documents call *name*.

    Raises:
        DocumentError: There is none; the nearest names are suggested.
    """
    found = _classes().get(name)
    if found is None:
        raise DocumentError(
            f"{name!r} is not a type that lakegraph knows.", where="type", hint=_nearest(name, _top_level_names())
        )
    return found


def parse(document: Mapping[str, Any] | Thing) -> Thing:
    """Check the form of a record document.

    Args:
        document: A mapping in the documents' JSON form, or a model that is returned as it is.

    Raises:
        DocumentError: A field is unknown, missing or of the wrong form; every fault is named with its path.
    """
    if isinstance(document, Thing):
        return document
    if not isinstance(document, Mapping):
        raise DocumentError("A record is a JSON object.", hint='Start with {"type": "Ingest", …}.')
    name = document.get("type")
    if not isinstance(name, str):
        raise DocumentError(
            "The document does not say what it is.", where="type", hint=f"One of: {', '.join(_top_level_names())}."
        )
    cls = document_class(name)
    if name == "User":
        raise DocumentError(
            "A person is not a record.",
            where="type",
            hint="Keep names and mail addresses in the directory: lakegraph people add.",
        )
    if cls not in TOP_LEVEL:
        raise DocumentError(
            f"A {name} is described inside the run that made it, not by itself.",
            where="type",
            hint=_nearest(name, _top_level_names()),
        )
    try:
        return cls.model_validate(dict(document))
    except ValidationError as error:
        raise _explain(error, cls) from error


_UNION_TAGS = ("reference", "constrained-str", "str", "Typed", "Link", "int", "float", "bool", "date", "datetime")


def _explain(error: ValidationError, cls: type[Thing]) -> DocumentError:
    by_path: dict[str, tuple[str, str, str | None]] = {}
    for item in error.errors(include_url=False):
        fault = _fault(item, cls)
        by_path.setdefault(fault[0], fault)
    faults = list(by_path.values())
    first = faults[0]
    listed = "; ".join(f"{path}: {text}" for path, text, _ in faults)
    return DocumentError(
        f"The {cls.__name__} document is malformed: {listed}.", where=first[0], hint=first[2] or "See the JSON Schema."
    )


def _fault(item: Any, cls: type[Thing]) -> tuple[str, str, str | None]:
    names = _classes()
    parts: list[str] = []
    holder = cls
    for part in item["loc"]:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        elif part in names:
            holder = names[part]
        elif part not in _UNION_TAGS:
            parts.append(f".{part}")
    path = "".join(parts).lstrip(".") or "document"
    if item["type"] == "extra_forbidden":
        field = str(item["loc"][-1])
        return path, "unknown field", _nearest(field, tuple(field_kinds(holder)))
    if item["type"] == "missing":
        return path, "missing", None
    if item["type"] == "timezone_aware":
        return path, "a time needs its zone", "Write times like 2024-02-25T09:00:00Z."
    message = str(item["msg"]).removeprefix("Value error, ")
    found = repr(item.get("input"))
    return path, f"{message[0].lower()}{message[1:]}, found {found[:80]}", None


def _nearest(word: str, words: tuple[str, ...]) -> str:
    lower = {w.lower(): w for w in words}
    near = [lower[m] for m in difflib.get_close_matches(word.lower(), lower, n=3, cutoff=0.6)]
    if near:
        return f"Did you mean {' or '.join(near)}? Free statements go into annotations."
    return f"Known here: {', '.join(words)}. Free statements go into annotations."


@cache
def field_kinds(cls: type[Thing]) -> Mapping[str, FieldKind]:
    """What each JSON field of *cls* holds."""
    return types.MappingProxyType({str(f.alias or n): _kind(f) for n, f in cls.model_fields.items()})


def _kind(field: FieldInfo) -> FieldKind:
    for mark in (*field.metadata, *_marks(field.annotation)):
        if isinstance(mark, RefTo):
            return FieldKind("reference", mark.class_name)
        if isinstance(mark, ConceptOf):
            return FieldKind("concept", mark.class_name)
        if isinstance(mark, IriValue):
            return FieldKind("iri", mark.prefix)
    return FieldKind("literal")


def _marks(annotation: Any) -> Iterator[Any]:
    """The markers inside an annotation, outermost first, down through unions and tuples but not into models."""
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *marks = typing.get_args(annotation)
        yield from marks
        yield from _marks(inner)
    elif not isinstance(annotation, type) or typing.get_origin(annotation) is tuple:
        for part in typing.get_args(annotation):
            yield from _marks(part)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every record document, one definition a class."""
    from pydantic.json_schema import models_json_schema

    _, schema = models_json_schema([(cls, "validation") for cls in TOP_LEVEL], title="lakegraph record documents")
    names = [cls.__name__ for cls in TOP_LEVEL]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in names],
    }
