"""Compiled equals of the SPARQL constraints that stand on the path of every record.

A shape names its form with ``lakesh:boundedForm``; the properties that the form follows are named beside it. Each form
gives what its SPARQL text gives (proven by test against pySHACL), and reads no more than the record's own surroundings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lakegraph.rdf.namespaces import Namespace
from lakegraph.validation.reader import Reader
from lakegraph.validation.shape import Built, Environment, Finding, Reads, Edge
from lakegraph.validation.view import View

_LAKESH = Namespace("lakesh")
Form = Callable[[Reader, str], Callable[[Environment], Built]]


def read(reader: Reader, constraint: str, name: str) -> Callable[[Environment], Built]:
    """The compiled form *name* of a SPARQL constraint.

    Raises:
        DataFileError: There is no such form, or a property that it needs is not named.
    """
    form = _FORMS.get(name)
    if form is None:
        raise reader.error(f"names the bounded form {name!r}", f"There are: {', '.join(_FORMS)}.")
    return form(reader, constraint)


def _property(reader: Reader, constraint: str, name: str) -> str:
    graph, predicate = reader.graph, _LAKESH[name]
    found = graph.one(constraint, predicate) or graph.one(reader.node, predicate)
    if found is None:
        raise reader.error(f"needs lakesh:{name} for its bounded form")
    return found


_FORMS: dict[str, Form] = {}
