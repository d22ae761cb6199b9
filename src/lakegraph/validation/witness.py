"""What a property path reaches, each value with the last statement on the way to it: the statement that shows it."""

from __future__ import annotations

from lakegraph.rdf.terms import Triple
from lakegraph.validation.paths import Alternative, Inverse, Path, Predicate, Steps, reverse
from lakegraph.validation.statements import Statements

Reached = dict[str, Triple | None]
"""Value to the statement that leads to it; ``None`` where no step was needed."""


def witnesses(path: Path, statements: Statements, focus: str) -> Reached:
    """The values of *path* from *focus*, each once, in the order in which they are found.

    https://www.w3.org/TR/shacl/#property-paths
    """
    if isinstance(path, Predicate):
        return {o: (focus, path.iri, o) for o in statements.objects(focus, path.iri)}
    if isinstance(path, Inverse):
        if isinstance(path.path, Predicate):
            predicate = path.path.iri
            return {s: (s, predicate, focus) for s in statements.subjects(predicate, focus)}
        inner = path.path.path if isinstance(path.path, Inverse) else reverse(path.path)
        return witnesses(inner, statements, focus)
    if isinstance(path, Steps):
        reached: Reached = {focus: None}
        for step in path.steps:
            reached = _from_all(step, statements, reached)
        return reached
    if isinstance(path, Alternative):
        either: Reached = {}
        for option in path.options:
            for value, triple in witnesses(option, statements, focus).items():
                either.setdefault(value, triple)
        return either
    once = path.kind == "zeroOrOnePath"
    reached = {} if path.kind == "oneOrMorePath" else {focus: None}
    fresh: Reached = {focus: None}
    while fresh:
        fresh = {v: t for v, t in _from_all(path.path, statements, fresh).items() if v not in reached}
        reached |= fresh
        if once:
            break
    return reached


def _from_all(step: Path, statements: Statements, starts: Reached) -> Reached:
    """The values of *step* from every start; a start keeps its statement where the step does not move."""
    found: Reached = {}
    for node, before in starts.items():
        for value, triple in witnesses(step, statements, node).items():
            found.setdefault(value, triple if triple is not None else before)
    return found
