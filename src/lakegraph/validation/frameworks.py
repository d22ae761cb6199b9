"""Frameworks: shapes that say, clause by clause, what somebody wants documented. They report, and refuse nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as FilePath

from lakegraph.rdf.namespaces import DCT, RDF, RDFS, SH, SKOS, Namespace
from lakegraph.rdf.terms import value
from lakegraph.validation.compiler import Compiler
from lakegraph.validation.paths import path_text
from lakegraph.validation.result import preferred
from lakegraph.validation.shape import Shape
from lakegraph.validation.shape_set import ShapeSet
from lakegraph.validation.shapes_graph import ShapesGraph
from lakegraph.validation.statements import ClassTable, Statements
from lakegraph.validation.view import View
from lakegraph.validation.witness import Reached, witnesses

_LAKESH = Namespace("lakesh")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a clause asks for.

    Attributes:
        shape: Its property shape (token).
        name: What it is, in words.
        hint: What to do where it is missing.
        needed: Whether the clause counts it; what it does not count is shown where it is there.
        path: The path that leads to it, as SPARQL writes it.
    """

    shape: str
    name: str
    hint: str
    needed: bool
    path: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a framework.

    Attributes:
        shape: Its node shape (token).
        number: How the framework numbers it.
        title: What it is about.
        items: What it asks for.
        applies_when: The shape (token) of what it applies to; of everything when empty.
        otherwise: Why it does not apply to anything else.
    """

    shape: str
    number: str
    title: str
    items: tuple[Item, ...]
    applies_when: str = ""
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework.

    Attributes:
        name: What people type.
        title: What it is.
        source: Where it is published.
        note: What a reader should know.
        about: The class (token) of the things that it is about.
        clauses: Its clauses, in order.
    """

    name: str
    title: str
    source: str
    note: str
    about: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a thing has of an item.

    Attributes:
        met: Whether it has what is asked for.
        values: What was found, with the statement that shows it.
    """

    met: bool
    values: Reached


class Frameworks:
    """The frameworks of a folder of shapes.

    Args:
        folder: The folder.
        classes: The class hierarchy.

    Raises:
        DataFileError: A shape is not well-formed.
    """

    def __init__(
        self, folder: FilePath, classes: ClassTable, closed: Mapping[str, frozenset[str]] | None = None
    ) -> None:
        self._shapes = ShapeSet.load([folder], closed)
        self._compiler = Compiler(classes, self._shapes.shorten)

    @cached_property
    def all(self) -> Mapping[str, Framework]:
        """The frameworks by name."""
        graph = self._shapes.graph
        found = [self._framework(graph, node) for node in graph.subjects(RDF.type, _LAKESH.Framework)]
        return {framework.name: framework for framework in sorted(found, key=lambda framework: framework.name)}

    def applies(self, clause: Clause, statements: Statements, focus: str) -> bool:
        """Whether *clause* applies to *focus* (a token)."""
        return not clause.applies_when or self._conforms(clause.applies_when, statements, focus)

    def judge(self, item: Item, statements: Statements, focus: str) -> Judged:
        """What *focus* (a token) has of *item*."""
        shape = self._shapes.by_node[item.shape]
        assert shape.path is not None  # noqa: S101 - a property shape has a path
        values = witnesses(shape.path, statements, focus)
        return Judged(self._conforms(item.shape, statements, focus) if item.needed else bool(values), values)

    def _conforms(self, shape: str, statements: Statements, focus: str) -> bool:
        return self._compiler.judge(self._shapes.by_node[shape]).conforms(View(statements), focus)

    def _framework(self, graph: ShapesGraph, node: str) -> Framework:
        clauses = sorted(graph.subjects(_LAKESH.partOf, node), key=lambda clause: self._order(graph, clause))
        return Framework(
            name=_said(graph, node, SKOS.notation),
            title=_said(graph, node, RDFS.label),
            source=_said(graph, node, DCT.source),
            note=_said(graph, node, RDFS.comment),
            about=graph.objects(node, _LAKESH.covers)[0],
            clauses=tuple(self._clause(graph, clause) for clause in clauses),
        )

    def _clause(self, graph: ShapesGraph, node: str) -> Clause:
        conditions = graph.objects(node, _LAKESH.appliesWhen)
        shapes: Sequence[Shape] = self._shapes.by_node[node].properties
        ordered = sorted(shapes, key=lambda shape: self._order(graph, shape.node))
        return Clause(
            shape=node,
            number=_said(graph, node, _LAKESH.clause),
            title=_said(graph, node, RDFS.label),
            items=tuple(
                Item(s.node, _said(graph, s.node, SH.name), preferred(s.messages), bool(s.constraints), self._path(s))
                for s in ordered
            ),
            applies_when=conditions[0] if conditions else "",
            otherwise=_said(graph, conditions[0], RDFS.label) if conditions else "",
        )

    def _path(self, shape: Shape) -> str:
        assert shape.path is not None  # noqa: S101 - a property shape has a path
        return path_text(shape.path, self._shapes.shorten)

    def _order(self, graph: ShapesGraph, node: str) -> float:
        return float(_said(graph, node, SH.order) or 0)


def _said(graph: ShapesGraph, node: str, predicate: str) -> str:
    found = graph.objects(node, predicate)
    return value(found[0]) if found else ""
