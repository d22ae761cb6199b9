"""Constraints on single value nodes: class, datatype, kind of node, membership, range.

https://www.w3.org/TR/shacl/#core-components-value-type, #core-components-range, #InConstraintComponent
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lakegraph.rdf.namespaces import RDF
from lakegraph.rdf.terms import LANG_STRING, XSD_STRING, lexical, value
from lakegraph.validation.reader import Parameter, Reader, as_stored
from lakegraph.validation.shape import (
    AT_ONCE,
    Built,
    Constraint,
    Edge,
    Environment,
    Finding,
    Reads,
    Test,
    each,
)
from lakegraph.validation.values import compare, is_valid, key
from lakegraph.validation.view import View


def read_class(reader: Reader, token: str) -> Constraint:
    """``sh:class``: every value node is an instance of the class."""
    cls = reader.iri("class", token)

    def build(env: Environment) -> Built:
        members, type_ = env.members(cls), RDF.type

        def is_instance(view: View, node: str) -> bool:
            return not members.isdisjoint(view[node][type_])

        typing = Edge(None, type_, objects=members)
        return each(is_instance, Reads(fixes=(typing,)), by_type=True)

    return reader.make("Class", build, {"class": token})


def read_datatype(reader: Reader, token: str) -> Constraint:
    """``sh:datatype``: every value node is a well-formed literal of the datatype."""
    test = _datatype_test(value(reader.iri("datatype", token)))
    return reader.make("Datatype", lambda _: each(test), {"datatype": token})


def _datatype_test(kind: str) -> Test:
    if kind == XSD_STRING:
        return lambda _, token: token[0] == '"' and token[-1] == '"'
    if kind == LANG_STRING:
        return lambda _, token: token[0] == '"' and token[-1] not in '">'
    suffix = f'"^^<{kind}>'
    length = len(suffix)

    def test(view: View, token: str) -> bool:  # noqa: ARG001 - Test's form
        # The suffix alone decides: a quote within a literal is always behind a backslash.
        return token[0] == '"' and token[-length:] == suffix and is_valid(lexical(token), kind)

    return test


_KINDS = {
    "IRI": "<",
    "BlankNode": "_",
    "Literal": '"',
    "BlankNodeOrIRI": "_<",
    "BlankNodeOrLiteral": '_"',
    "IRIOrLiteral": '<"',
}
"""The letters with which tokens of each kind begin."""


def read_node_kind(reader: Reader, token: str) -> Constraint:
    """``sh:nodeKind``: every value node is an IRI, a literal, a blank node, or one of two of these."""
    name = value(token).partition("#")[2]
    if name not in _KINDS:
        raise reader.error(f"has no kind of node for sh:nodeKind, but {reader.graph.shorten(token)!r}")
    letters = _KINDS[name]
    return reader.make("NodeKind", lambda _: each(lambda _, node: node[0] in letters), {"nodeKind": token})


def read_in(reader: Reader, token: str) -> Constraint:
    """``sh:in``: every value node is a member of the list."""
    members = reader.items(token)
    allowed = frozenset[str]().union(*map(as_stored, members))
    return reader.make("In", lambda _: each(lambda _, node: node in allowed), {"in": members})


def read_has_value(reader: Reader, token: str) -> Constraint:
    """``sh:hasValue``: one of the value nodes is this one."""
    wanted = as_stored(token)

    def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG001 - Find's form
        return AT_ONCE if wanted.isdisjoint(values) else ()

    built = Built(find, on_none=True, new_breaks=False, new_fixes=True)
    return reader.make("HasValue", lambda _: built, {"hasValue": token})


def _range(name: str, orders: tuple[int, ...]) -> Callable[[Reader, str], Constraint]:
    """A constraint by which every value node compares with the bound in one of *orders*."""

    def read(reader: Reader, token: str) -> Constraint:
        bound = key(token)
        if bound is None:
            raise reader.error(f"wants a value that has an order for sh:{name}, not {reader.graph.shorten(token)!r}")

        def test(view: View, node: str) -> bool:  # noqa: ARG001 - Test's form
            own = key(node)
            return own is not None and compare(own, bound) in orders

        built = each(test)
        return reader.make(name[0].upper() + name[1:], lambda _: built, {name: token})

    return read


PARAMETERS = {
    "class": Parameter(read_class, several=True),
    "datatype": Parameter(read_datatype),
    "nodeKind": Parameter(read_node_kind),
    "in": Parameter(read_in),
    "hasValue": Parameter(read_has_value, several=True),
    "minExclusive": Parameter(_range("minExclusive", (1,))),
    "minInclusive": Parameter(_range("minInclusive", (0, 1))),
    "maxExclusive": Parameter(_range("maxExclusive", (-1,))),
    "maxInclusive": Parameter(_range("maxInclusive", (-1, 0))),
}
