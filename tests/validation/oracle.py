"""pySHACL as the judge of the compiled engine: the same triples through both, and where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lakegraph.rdf.namespaces import RDFS
from lakegraph.rdf.terms import Triple, local_name
from lakegraph.validation import ClassTable, Gate, MemoryStatements, Result, ShapeSet, Statements
from lakegraph.validation.values import compare, key

Row = tuple[object, ...]


def row(result: Result) -> Row:
    """All of a result that the standard defines, the message left out."""
    return (result.focus, result.path, result.value, result.component, result.severity, result.source_shape)


class Oracle:
    """Both engines over the same shapes.

    Args:
        shapes: The shapes.
        classes: The class hierarchy.
        folders: The folders whose shapes judge.
    """

    def __init__(self, shapes: ShapeSet, classes: ClassTable, folders: Iterable[str] = ("",)) -> None:
        self.compiled = Gate(shapes, classes, tuple(folders))
        # pySHACL reads the hierarchy from the data, so both engines see it there.
        self._hierarchy = [
            (c, RDFS.subClassOf, above) for c, supers in classes.superclasses.items() for above in supers
        ]
        self.judge = Gate(shapes, classes, tuple(folders), engine="pyshacl")

    def whole(self, triples: Iterable[Triple]) -> list[str]:
        """Where the engines differ about all nodes of *triples*."""
        lake = MemoryStatements([*triples, *self._hierarchy])
        nodes = sorted({n for s, _, o in lake for n in (s, o)})
        return differences(self.compiled.validate(lake, nodes), self.judge.validate(lake, nodes))

    def compare(self, delta: Iterable[Triple], stored: Iterable[Triple]) -> list[str]:
        """Where the engines differ about a record in a lake, what is known and explained left out.

        Set aside are: values of different kinds, which pySHACL orders and the standard does not (see
        ``test_known_errors_of_pyshacl``), and the nodes of a cycle that the record does not describe, which the
        compiled form leaves to the validation of the whole lake because the record's own nodes refuse already.
        """
        return self.compare_all([delta], MemoryStatements(stored))

    def compare_all(self, deltas: Iterable[Iterable[Triple]], lake: Statements) -> list[str]:
        """The same for records that come to a lake independently of each other.

        The compiled gate judges each by itself, as it does in a lake. pySHACL, which needs seconds for a call, judges
        them together, so its report must be the sum of theirs.
        """
        each = [list(delta) for delta in deltas]
        ours = [r for delta in each for r in self.compiled.check(delta, lake).results]
        theirs = self.judge.check([t for delta in each for t in delta], lake).results
        cyclic = {r.source_shape for r in ours if r.constraint.engine == "bounded" and r.value == r.focus}
        described = {s for delta in each for s, _, _ in delta}
        unordered = Counter(row(r) for r in ours if _without_order(r))
        return differences(ours, [r for r in theirs if r.source_shape not in cyclic or r.focus in described], unordered)


def _without_order(result: Result) -> bool:
    one, other = key(result.value or "_"), key(result.other or "_")
    return result.other is not None and (one is None or other is None or compare(one, other) is None)


def differences(
    ours: Iterable[Result],
    theirs: Iterable[Result],
    aside: Counter[Row] | None = None,
) -> list[str]:
    """What only one of two engines found; what only we found and stands *aside* is no difference."""
    mine, judged = Counter(map(row, ours)), Counter(map(row, theirs))
    return [f"only compiled: {_shown(r)}" for r in (mine - judged - (aside or Counter())).elements()] + [
        f"only pySHACL: {_shown(r)}" for r in (judged - mine).elements()
    ]


def _shown(found: Row) -> str:
    focus, path, value, component, _, shape = found
    return f"{focus} {path} {value} {local_name(str(component))} {shape}"
