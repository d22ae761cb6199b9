"""The gate: checks what a record can have broken, or every node of a lake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Literal

from lakegraph.garbage import uncollected
from lakegraph.rdf.namespaces import RDF, Namespace
from lakegraph.rdf.terms import Triple, is_literal
from lakegraph.validation.compiler import Compiler
from lakegraph.validation.handed_over import mentioned, neighbourhood, shapes_part
from lakegraph.validation.plans import Plans, ask
from lakegraph.validation.reach import Reach
from lakegraph.validation.record_check import RecordCheck, identity
from lakegraph.validation.report import Report
from lakegraph.validation.result import Result
from lakegraph.validation.shape_set import ShapeSet
from lakegraph.validation.statements import ClassTable, Statements
from lakegraph.validation.view import View, WholeView

if TYPE_CHECKING:
    from lakegraph.validation.pyshacl_engine import PyshaclEngine

_KEPT_NODES = 50_000
_TOGETHER = 200
_CLEAN = Report(conforms=True)


class Gate:
    """Compiled shapes, and pySHACL for those that the compiler does not cover.

    Args:
        shapes: The shapes.
        ontology: The class hierarchy.
        folders: The folders whose shapes judge; all that were loaded when it is ``None``.
        engine: ``compiled``, or ``pyshacl`` to have every shape judged by pySHACL.
    """

    def __init__(
        self,
        shapes: ShapeSet,
        ontology: ClassTable,
        folders: Collection[str] | None = None,
        engine: Literal["compiled", "pyshacl"] = "compiled",
    ) -> None:
        self.shapes = shapes
        self._ontology = ontology
        self._compiler = Compiler(ontology, shapes.shorten)
        chosen = [s for s in shapes.shapes if folders is None or s.origin.folder in folders]
        self._handed = [s for s in chosen if engine == "pyshacl" or shapes.engine(s) == "pyshacl"]
        self._plans = Plans([s for s in chosen if s not in self._handed], self._compiler, RDF.type)
        self._reach = Reach(self._plans.compiled, self._compiler)
        self._named = mentioned(shapes.graph, shapes_part(shapes.graph, self._handed))
        self._judge: PyshaclEngine | None = None

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

        Raises:
            DataFileError: pySHACL cannot run one of the shapes that it has to judge.
        """
        record = RecordCheck(self._plans, self._reach, stored, delta, removed)
        found = record.results()
        if self._handed:
            found += self._judged(record)
        record.close()
        return Report.of(found, captured=captured) if found else _CLEAN

    def validate(self, statements: Statements, focus: Iterable[str], *, audit: bool = False) -> Iterator[Result]:
        """Everything that is wrong with the nodes *focus*, as it is found.

        Args:
            statements: The lake.
            focus: The nodes to judge, such as every subject; one that comes twice is judged once.
            audit: Whether shapes that have a severity for audits use it.

        Raises:
            DataFileError: pySHACL cannot run one of the shapes that it has to judge.
        """
        found = self._validate(statements, focus)
        return map(_as_audited, found) if audit else found

    def _validate(self, statements: Statements, focus: Iterable[str]) -> Iterator[Result]:
        seen: dict[str, None] = {}
        view = WholeView(statements)
        nodes = chain(self._plans.by_node, focus)
        while some := list(islice(nodes, _TOGETHER)):
            found: list[Result] = []
            with uncollected():  # what is read of a node makes hundreds of small things, and no garbage in cycles
                for node in some:
                    if node not in seen:
                        seen[node] = None
                        if len(view) > _KEPT_NODES:
                            view = WholeView(statements)
                        found += self._all_wrong(view, node)
            yield from found
        if self._handed:
            near = {o for node in seen for _, o in statements.outgoing(node) if not is_literal(o)}
            triples = ((node, p, o) for node in {**seen, **dict.fromkeys(near)} for p, o in statements.outgoing(node))
            targets = {node for shape in self._handed for node in shape.targets.nodes}
            yield from (r for r in self._engine().validate(triples) if r.focus in seen or r.focus in targets)

    def _all_wrong(self, view: WholeView, node: str) -> list[Result]:
        results: list[Result] = []
        ask(self._plans.of(view, node), view, node, view[node], results)
        return results

    def _judged(self, record: RecordCheck) -> list[Result]:
        """What pySHACL finds around a record and did not find before it."""
        after = self._around(record.view, record.view)
        before = Counter(map(identity, self._around(record.view, record.before))) if after else Counter()
        return [result for result in after if not _take(before, identity(result))]

    def _around(self, record: View, view: View) -> list[Result]:
        triples, focus = neighbourhood(record, view, self._named)
        return [r for r in self._engine().validate(triples) if r.focus in focus]

    def _engine(self) -> PyshaclEngine:
        if self._judge is None:
            from lakegraph.validation.pyshacl_engine import PyshaclEngine

            self._judge = PyshaclEngine(self.shapes, self._ontology, self._handed)
        return self._judge


def _as_audited(result: Result) -> Result:
    stricter = result.shape.notes.get(Namespace("lakesh").auditSeverity)
    return replace(result, severity=stricter[0]) if stricter else result


def _take(counts: Counter[tuple[object, ...]], key: tuple[object, ...]) -> bool:
    counts[key] -= 1
    return counts[key] >= 0
