"""pySHACL, for what the compiler does not cover and as the judge of what it does.

The only importer of pyshacl in the package, and itself imported only when it is needed. pySHACL's traps, all measured:
it is never given ``focus_nodes`` (nested shapes then pass vacuously) nor an Oxigraph store (wrong verdicts), and calls
are made one at a time, because each of them patches rdflib for the whole process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pyshacl
from pyshacl.errors import ValidationFailure
from rdflib import Graph
from rdflib.term import Identifier, Node

from lakegraph.errors import DataFileError
from lakegraph.rdf.namespaces import RDFS, SH
from lakegraph.rdf.terms import Triple, from_rdflib, is_iri, to_rdflib
from lakegraph.validation.handed_over import shapes_part
from lakegraph.validation.paths import Path, Predicate, parse_path
from lakegraph.validation.result import Result, preferred
from lakegraph.validation.shape import Built, Constraint, Environment, Shape
from lakegraph.validation.shape_set import ShapeSet
from lakegraph.validation.statements import ClassTable

_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def _without_complaints() -> Iterator[None]:
    """Keep rdflib from logging a traceback for every ill-formed literal: finding those is what validation is for."""
    logger = logging.getLogger("rdflib.term")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


class PyshaclEngine:
    """pySHACL over the triples that it is given.

    Args:
        shapes: The shapes.
        classes: The class hierarchy, added to the data.
        only: The shapes to check; all when it is ``None``.
    """

    def __init__(self, shapes: ShapeSet, classes: ClassTable, only: Sequence[Shape] | None = None) -> None:
        self._shapes = shapes
        self._known: dict[Identifier, str] = {}
        chosen = shapes.shapes if only is None else only
        with _without_complaints():
            self._graph = self._to_graph(shapes_part(shapes.graph, chosen))
        below = RDFS.subClassOf
        self._hierarchy = [(cls, below, above) for cls, supers in classes.superclasses.items() for above in supers]
        advanced = SH.ExpressionConstraintComponent
        components = {c.component for s in chosen for part in (s, *s.properties) for c in part.constraints}
        self._advanced = advanced in components or any(shape.targets.other for shape in chosen)

    def validate(self, triples: Iterable[Triple]) -> list[Result]:
        """Everything that is wrong with *triples*.

        Raises:
            DataFileError: pySHACL cannot run the shapes; its reason is told.
        """
        try:
            with _ONE_AT_A_TIME, _without_complaints():
                data = self._to_graph([*triples, *self._hierarchy])
                _, report, text = pyshacl.validate(
                    data, shacl_graph=self._graph, inference="none", advanced=self._advanced, js=False, inplace=True
                )
        except Exception as error:  # pySHACL and rdflib's SPARQL parser raise a wide range of them
            raise DataFileError(f"pySHACL cannot run the shapes: {error}") from error
        if isinstance(report, ValidationFailure) or not isinstance(report, Graph):
            raise DataFileError(f"pySHACL cannot run the shapes: {text}")
        return [self._result(report, node) for node in report.objects(None, to_rdflib(SH.result))]

    def _to_graph(self, triples: Iterable[Triple]) -> Graph:
        graph = Graph()
        known = self._known
        for triple in triples:
            terms = []
            for token in triple:
                term = to_rdflib(token)
                known.setdefault(term, token)
                terms.append(term)
            graph.add((terms[0], terms[1], terms[2]))
        return graph

    def _result(self, report: Graph, node: Node) -> Result:
        def one(name: str) -> str | None:
            return next(iter(several(name)), None)

        def several(name: str) -> list[str]:
            return [self._token(o) for o in report.objects(node, to_rdflib(SH[name])) if isinstance(o, Identifier)]

        shape = self._shapes.by_node[one("sourceShape") or ""]
        messages = several("resultMessage")
        path = one("resultPath")
        return Result(
            focus=one("focusNode") or "",
            value=one("value"),
            path=self._path(shape, path) if path else None,
            severity=one("resultSeverity") or shape.severity,
            shape=shape,
            constraint=_constraint(shape, one("sourceConstraintComponent") or "", one("sourceConstraint")),
            said=preferred(messages) if messages else "",
            shorten=self._shapes.shorten,
        )

    def _token(self, term: Identifier) -> str:
        return self._known.get(term) or from_rdflib(term)

    def _path(self, shape: Shape, node: str) -> Path:
        return Predicate(node) if is_iri(node) else parse_path(self._shapes.graph, shape.node, node)


def _constraint(shape: Shape, component: str, source: str | None) -> Constraint:
    """The constraint that pySHACL reports: the shape's own where it is known, otherwise one made of what is said."""
    own = [c for c in shape.constraints if c.component == component and c.source == source]
    return own[0] if own else Constraint(component, {}, _not_compiled, engine="pyshacl", source=source)


def _not_compiled(_: Environment) -> Built:
    raise AssertionError("pySHACL's constraints are not compiled")


__all__ = ["PyshaclEngine"]
