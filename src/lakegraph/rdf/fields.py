"""What is known of documents before any is read: which fields name things, and where their parts have their IRIs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from lakegraph.model import FieldKind, Thing, field_kinds
from lakegraph.model.base import field_name
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.vocabulary import ontology


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a document.

    Attributes:
        name: Its JSON name.
        python_name: The model's.
        kind: What its value is.
        is_literal: Whether that is a literal.
        is_output: Whether it names what a run makes.
        segment: What stands before the keys of its parts in their IRIs.
    """

    name: str
    python_name: str
    kind: FieldKind
    is_literal: bool
    is_output: bool
    segment: str


@cache
def fields(cls: type[Thing]) -> tuple[Field, ...]:
    """The fields of *cls* in the order in which they are read, those that every thing has aside."""
    kinds, known = field_kinds(cls), ontology()
    made = []
    for python_name in cls.model_fields:
        name = field_name(python_name)
        if name in ("id", "type", "annotations"):
            continue
        supers = known.superproperties.get(f"<{known.prefixes['lake']}{name}>", ())
        segment = name.removeprefix("has")
        segment = segment[0].lower() + segment[1:]
        segment = {"parameterSetting": "setting", "entityClass": "entity", "metafeatures": "metafeature"}.get(
            segment, segment
        )
        kind = kinds[name]
        made.append(Field(name, python_name, kind, kind.kind == "literal", (LAKE.hasOutput, False) in supers, segment))
    # Attributes are named by the data sets beside them, so those are read first.
    return tuple(sorted(made, key=lambda f: f.kind.target == "Attribute"))
