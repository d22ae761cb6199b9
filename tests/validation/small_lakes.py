"""Small random lakes: shapes, records and a class hierarchy over a handful of names, for property tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hypothesis import strategies as st

from lakegraph.rdf.namespaces import RDF, SH
from lakegraph.rdf.terms import XSD, Triple, iri, literal
from lakegraph.validation.shapes_graph import ShapesGraph

CLASSES = [iri(f"urn:C{n}") for n in range(4)]
PREDICATES = [iri(f"urn:p{n}") for n in range(3)]
NODES = [iri(f"urn:n{n}") for n in range(4)]
LITERALS = [
    literal("1", XSD + "integer"), literal("2", XSD + "integer"), literal("2.0", XSD + "decimal"), literal("a"),
    literal("aa"), literal("a", lang="en"), literal("b", lang="en"), literal("2024-01-01", XSD + "date"),
    literal("x", XSD + "integer"),
]  # fmt: skip


class Hierarchy:
    """C1 and C2 are below C0, C3 is below C2."""

    superclasses: ClassVar = {CLASSES[1]: CLASSES[:1], CLASSES[2]: CLASSES[:1], CLASSES[3]: (CLASSES[2], CLASSES[0])}


class ShapeMaker:
    """Draws shapes and writes them as triples."""

    def __init__(self, draw: st.DrawFn, without: frozenset[str] = frozenset()) -> None:
        self.draw = draw
        self.without = without
        self.triples: list[Triple] = []
        self.number = 0

    def blank(self) -> str:
        self.number += 1
        return f"_:b{self.number}"

    def pick(self, options):
        return self.draw(st.sampled_from(options))

    def say(self, s: str, name: str, o: str) -> None:
        self.triples.append((s, SH[name], o))

    def list_of(self, members: list[str]) -> str:
        head = RDF.nil
        for member in reversed(members):
            node = self.blank()
            self.triples += [(node, RDF.first, member), (node, RDF.rest, head)]
            head = node
        return head

    def path(self, depth: int = 2) -> str:
        kind = (
            self.pick(["predicate"] * 4 + ["inverse", "inverse", "steps", "either", "repeat"]) if depth else "predicate"
        )
        if kind == "predicate":
            return self.pick([*PREDICATES, RDF.type])
        if kind == "steps":
            return self.list_of([self.path(depth - 1), self.path(depth - 1)])
        node = self.blank()
        if kind == "inverse":
            self.say(node, "inversePath", self.path(depth - 1))
        elif kind == "either":
            self.say(node, "alternativePath", self.list_of([self.path(depth - 1), self.path(depth - 1)]))
        else:
            name = self.pick(["zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"])
            self.say(node, name, self.path(depth - 1))
        return node

    def integer(self, top: int = 2) -> str:
        return literal(str(self.draw(st.integers(0, top))), XSD + "integer")

    def constraint(self, shape: str, depth: int, *, has_path: bool) -> None:
        simple = ["class", "datatype", "nodeKind", "in", "hasValue", "minLength", "maxLength", "pattern", "languageIn"]
        simple += ["minInclusive", "maxExclusive", "equals", "disjoint", "closed"]
        of_path = ["minCount", "minCount", "maxCount", "maxCount", "uniqueLang", "lessThan", "lessThanOrEquals"]
        of_shapes = ["node", "not", "and", "or", "xone", "property"] + (["qualified"] if has_path else [])
        names = simple + (of_path if has_path else []) + (of_shapes * 2 if depth else [])
        name = self.pick([n for n in names if n not in self.without])
        if self.triples and any(s == shape and p in (SH[name], SH[name + "ValueShape"]) for s, p, _ in self.triples):
            return
        writer = getattr(self, f"_{name}", None)
        if writer:
            writer(shape, depth)
        elif name in ("minCount", "maxCount", "minLength", "maxLength"):
            self.say(shape, name, self.integer())
        elif name in ("equals", "disjoint", "lessThan", "lessThanOrEquals"):
            self.say(shape, name, self.pick(PREDICATES))
        elif name in ("node", "not", "property"):
            self.say(shape, name, self.shape(depth - 1, path={"property": True, "node": False}.get(name)))
        else:
            members = [self.shape(depth - 1) for _ in range(self.draw(st.integers(1, 2)))]
            self.say(shape, name, self.list_of(members))

    def _class(self, shape: str, _: int) -> None:
        self.say(shape, "class", self.pick(CLASSES))

    def _datatype(self, shape: str, _: int) -> None:
        self.say(shape, "datatype", iri(XSD + self.pick(["integer", "string", "date"])))

    def _nodeKind(self, shape: str, _: int) -> None:
        self.say(shape, "nodeKind", SH[self.pick(["IRI", "Literal", "BlankNodeOrIRI", "IRIOrLiteral"])])

    def _in(self, shape: str, _: int) -> None:
        self.say(shape, "in", self.list_of(self.draw(st.lists(st.sampled_from([*NODES[:4], *LITERALS]), max_size=5))))

    def _hasValue(self, shape: str, _: int) -> None:
        self.say(shape, "hasValue", self.pick([*NODES[:3], *LITERALS[:4], *CLASSES[:2]]))

    def _pattern(self, shape: str, _: int) -> None:
        self.say(shape, "pattern", literal(self.pick(["a", "^urn:n[0-3]", "^[0-9]+$", "N"])))
        if self.draw(st.booleans()):
            self.say(shape, "flags", literal("i"))

    def _languageIn(self, shape: str, _: int) -> None:
        self.say(shape, "languageIn", self.list_of([literal("en")]))

    def _uniqueLang(self, shape: str, _: int) -> None:
        self.say(shape, "uniqueLang", literal("true", XSD + "boolean"))

    def _minInclusive(self, shape: str, _: int) -> None:
        self.say(shape, "minInclusive", literal("2", XSD + "integer"))

    def _maxExclusive(self, shape: str, _: int) -> None:
        self.say(shape, "maxExclusive", literal("2.0", XSD + "decimal"))

    def _closed(self, shape: str, _: int) -> None:
        self.say(shape, "closed", literal("true", XSD + "boolean"))
        ignored = self.draw(st.lists(st.sampled_from([*PREDICATES, RDF.type]), max_size=4))
        self.say(shape, "ignoredProperties", self.list_of(ignored))

    def _qualified(self, shape: str, depth: int) -> None:
        self.say(shape, "qualifiedValueShape", self.shape(depth - 1))
        self.say(shape, self.pick(["qualifiedMinCount", "qualifiedMaxCount"]), self.integer())
        if self.draw(st.booleans()):
            self.say(shape, "qualifiedValueShapesDisjoint", literal("true", XSD + "boolean"))

    def shape(self, depth: int, *, path: bool | None = None, node: str = "") -> str:
        node = node or self.blank()
        has_path = self.draw(st.booleans()) if path is None else path
        if has_path:
            self.say(node, "path", self.path())
        for _ in range(self.draw(st.integers(1, 2))):
            self.constraint(node, depth, has_path=has_path)
        return node

    def targeted(self, number: int) -> None:
        node = iri(f"urn:Shape{number}")
        self.shape(2, node=node)
        kinds = ["class", "class", "subjects", "objects", "node"]
        for kind in self.draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=2, unique=True)):
            if kind == "class":
                self.say(node, "targetClass", self.pick(CLASSES))
            elif kind == "node":
                self.say(node, "targetNode", self.pick(NODES))
            else:
                self.say(node, f"target{kind.capitalize()}Of", self.pick(PREDICATES))


@st.composite
def shapes(draw: st.DrawFn, *, most: int = 3, without: frozenset[str] = frozenset()) -> ShapesGraph:
    """One to three shapes with targets, with no constraint of *without*."""
    maker = ShapeMaker(draw, without)
    for number in range(draw(st.integers(1, most))):
        maker.targeted(number)
    return ShapesGraph(maker.triples)


def triples(literals: Sequence[str] = LITERALS) -> st.SearchStrategy[Triple]:
    """One statement about one of the nodes."""
    said = st.tuples(st.sampled_from(NODES), st.sampled_from(PREDICATES), st.sampled_from([*NODES, *literals]))
    typed = st.tuples(st.sampled_from(NODES), st.just(RDF.type), st.sampled_from(CLASSES))
    return said | said | typed


def records(most: int = 8) -> st.SearchStrategy[list[list[Triple]]]:
    """A few records, one after the other."""
    return st.lists(st.lists(triples(), min_size=1, max_size=5), min_size=3, max_size=most)
