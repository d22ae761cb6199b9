"""Constraints on the value nodes together: how many, against another property, and which properties at all.

https://www.w3.org/TR/shacl/#core-components-count, #core-components-property-pairs, #ClosedConstraintComponent
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lakegraph.rdf.namespaces import SH
from lakegraph.validation.paths import Predicate
from lakegraph.validation.reader import Parameter, Reader
from lakegraph.validation.shape import AT_ONCE, Built, Constraint, Edge, Finding, Reads
from lakegraph.validation.values import less, less_or_equal
from lakegraph.validation.view import View


def read_min_count(reader: Reader, token: str) -> Constraint:
    """``sh:minCount``: there are at least so many value nodes."""
    least = reader.integer("minCount", token)

    def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG001 - Find's form
        return () if len(values) >= least else AT_ONCE

    built = Built(find, on_none=least > 0, new_breaks=False, new_fixes=True, any_one=least <= 1, by_count=True)
    return reader.make("MinCount", lambda _: built, {"minCount": token})


def read_max_count(reader: Reader, token: str) -> Constraint:
    """``sh:maxCount``: there are at most so many value nodes."""
    most = reader.integer("maxCount", token)

    def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG001 - Find's form
        return () if len(values) <= most else AT_ONCE

    return reader.make("MaxCount", lambda _: Built(find, any_one=most >= 1, by_count=True), {"maxCount": token})


def read_equals(reader: Reader, token: str) -> Constraint:
    """``sh:equals``: the value nodes are exactly the values of another property of the focus node."""
    other = reader.iri("equals", token)

    def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:
        theirs = view[focus][other]
        if len(theirs) == len(values) and set(theirs) == set(values):
            return ()
        return [Finding(v) for v in values if v not in theirs] + [Finding(v) for v in theirs if v not in values]

    both = (Edge(None, other),)
    built = Built(find, on_none=True, new_fixes=True, focus=Reads(both, both))
    return reader.make("Equals", lambda _: built, {"equals": token})


def read_disjoint(reader: Reader, token: str) -> Constraint:
    """``sh:disjoint``: no value node is a value of another property of the focus node."""
    other = reader.iri("disjoint", token)

    def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:
        theirs = view[focus][other]
        return [Finding(v) for v in values if v in theirs] if theirs else ()

    built = Built(find, focus=Reads(breaks=(Edge(None, other),)))
    return reader.make("Disjoint", lambda _: built, {"disjoint": token})


def _order(name: str, test: Callable[[str, str], bool]) -> Callable[[Reader, str], Constraint]:
    """A constraint by which every value node is in order with every value of another property."""

    def read(reader: Reader, token: str) -> Constraint:
        other = reader.iri(name, token)

        def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:
            theirs = view[focus][other]
            for value in values:
                for their in theirs:
                    if not test(value, their):
                        return [Finding(v, None, w) for v in values for w in theirs if not test(v, w)]
            return ()

        built = Built(find, focus=Reads(breaks=(Edge(None, other),)))
        return reader.make(name[0].upper() + name[1:], lambda _: built, {name: token})

    return read


def read_closed(reader: Reader, token: str) -> Constraint | None:
    """``sh:closed``: value nodes have no properties but those of the shape and the ignored ones."""
    if not reader.is_true(token):
        return None
    ignored = reader.single("ignoredProperties")
    paths = [reader.graph.one(p, SH.path) for p in reader.values("property")]
    allowed = frozenset([p for p in paths if p and p[0] == "<"]) | frozenset(reader.items(ignored) if ignored else ())

    def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG001 - Find's form
        return [Finding(o, Predicate(p)) for v in values for p, o in view.outgoing(v) if p not in allowed]

    built = Built(find, by_value=True, value=Reads(breaks=(Edge(None, None),)))
    return reader.make("Closed", lambda _: built, {"closed": token})


PARAMETERS = {
    "minCount": Parameter(read_min_count, property_only=True),
    "maxCount": Parameter(read_max_count, property_only=True),
    "equals": Parameter(read_equals, several=True),
    "disjoint": Parameter(read_disjoint, several=True),
    "lessThan": Parameter(_order("lessThan", less), several=True, property_only=True),
    "lessThanOrEquals": Parameter(_order("lessThanOrEquals", less_or_equal), several=True, property_only=True),
    "closed": Parameter(read_closed),
}
