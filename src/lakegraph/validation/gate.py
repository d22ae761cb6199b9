"""The gate: checks what a record can have broken, or every node of a lake."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from lakegraph.rdf.namespaces import RDF
from lakegraph.rdf.terms import Triple
from lakegraph.validation.compiler import Compiler
from lakegraph.validation.plans import Plans
from lakegraph.validation.reach import Reach
from lakegraph.validation.record_check import RecordCheck
from lakegraph.validation.report import Report
from lakegraph.validation.result import Result
from lakegraph.validation.shape_set import ShapeSet
from lakegraph.validation.statements import ClassTable, Statements
from lakegraph.validation.view import View

FOLDERS = ("integrity", "completeness", "policy", "")
"""The folders whose shapes judge a record; those of ``swamp`` grade what is there already."""
_KEPT_NODES = 50_000
_CLEAN = Report(conforms=True)


class Gate:
    """Compiled shapes.

    Args:
        shapes: The shapes.
        ontology: The class hierarchy.
        folders: The folders whose shapes judge records.
    """

    def __init__(self, shapes: ShapeSet, ontology: ClassTable, folders: Collection[str] = FOLDERS) -> None:
        self.shapes = shapes
        self._compiler = Compiler(ontology, shapes.shorten)
        compiled = [s for s in shapes.shapes if shapes.engine(s) != "pyshacl" and s.origin.folder in folders]
        self._plans = Plans(compiled, self._compiler, RDF.type)
        self._reach = Reach(self._plans.compiled, self._compiler)

    def check(
        self, delta: Iterable[Triple], stored: Statements, *, captured: bool = False, removed: Iterable[Triple] = ()
    ) -> Report:
        """Everything that a record breaks, in itself and in what it touches.

        Args:
            delta: The record's triples, asserted and inferred.
            stored: The lake before the record, and without what it takes back.
            captured: Whether the record comes from another tool, which cannot know the answers that completeness shapes
                ask for.
            removed: The statements that the record takes back and that nothing else states.
        """
        found = RecordCheck(self._plans, self._reach, stored, delta, tuple(removed)).results()
        return Report.of(found, captured=captured) if found else _CLEAN

    def validate(self, statements: Statements, focus: Iterable[str]) -> Iterator[Result]:
        """Everything that is wrong with the nodes *focus*, as it is found."""
        view = View(statements)
        plans = self._plans
        seen: set[str] = set()
        for node in [*plans.by_node, *focus]:
            if node in seen:
                continue
            seen.add(node)
            if len(view) > _KEPT_NODES:
                view.clear()
            results: list[Result] = []
            for number, compiled in enumerate(plans.compiled):
                if plans.targets(number, view, node):
                    compiled.collect(view, node, results)
            yield from results
