"""Compiled equals of the SPARQL constraints that stand on the path of every record.

A shape names its form with ``lakesh:boundedForm``; the properties that the form follows are named beside it. Each form
gives what its SPARQL text gives (proven by test against pySHACL), and reads no more than the record's own surroundings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from lakegraph.rdf.namespaces import LAKE, PROV, Namespace
from lakegraph.rdf.vocabulary import ontology
from lakegraph.validation.paths import Inverse, Predicate, Steps, Values
from lakegraph.validation.reader import Reader
from lakegraph.validation.shape import Built, Edge, Environment, Finding, Reads
from lakegraph.validation.values import less_or_equal
from lakegraph.validation.view import View

_LAKESH = Namespace("lakesh")
Build = Callable[[Environment], Built]
Form = Callable[[Reader, str], Build]


def read(reader: Reader, constraint: str, name: str) -> Build:
    """The compiled form *name* of a SPARQL constraint.

    Args:
        reader: The shape.
        constraint: The node of the constraint.
        name: The name of the form.

    Raises:
        DataFileError: There is no such form, it does not fit the shape, or a property that it needs is not named.
    """
    form = _FORMS.get(name)
    if form is None:
        raise reader.error(f"names the bounded form {name!r}", f"There are: {', '.join(_FORMS)}.")
    if reader.path is not None:
        raise reader.error("has a bounded form and a path; bounded forms stand on node shapes")
    return form(reader, constraint)


def _property(reader: Reader, constraint: str, name: str) -> str:
    graph, predicate = reader.graph, _LAKESH[name]
    found = graph.one(constraint, predicate) or graph.one(reader.node, predicate)
    if found is None:
        raise reader.error(f"needs lakesh:{name} for its bounded form")
    return reader.iri(name, found)


def _acyclic(reader: Reader, constraint: str) -> Build:
    """``$this path+ $this`` holds of nothing.

    A new cycle runs through a new statement, so asking the subjects of the record's own statements finds every one of
    them; the other nodes of the cycle are not reported again.
    """
    path = _property(reader, constraint, "boundedPath")

    def build(env: Environment) -> Built:
        up, down = env.follow(Predicate(path)), env.follow(Inverse(Predicate(path)))

        def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG001 - Find's form
            return [Finding(focus)] if _meet(view, focus, up, down) else ()

        return Built(find, focus=Reads(breaks=(Edge(None, path),)))

    return build


def _meet(view: View, focus: str, up: Values, down: Values) -> bool:
    """Whether going up and going down from *focus* lead to one node.

    Both ways are walked a step at a time, in turn, so that the shorter one decides: nothing derives from a new output,
    and from an old input nothing is far.
    """
    above, below = dict.fromkeys(up(view, focus)), dict.fromkeys(down(view, focus))
    rising, falling = list(above), list(below)
    while rising and falling:
        if focus in above or focus in below or not above.keys().isdisjoint(below):
            return True
        for step, queue, seen in ((up, rising, above), (down, falling, below)):
            for node in step(view, queue.pop()):
                if node not in seen:
                    seen[node] = None
                    queue.append(node)
            if not queue:
                break
    # The side that is exhausted holds everything that can be reached on it.
    return focus in (below if not falling else above) or focus in above or focus in below


def _unique_per_parent(reader: Reader, constraint: str) -> Build:
    """No two values of the parent path share a value of the bounded path."""
    parent, key = (_property(reader, constraint, name) for name in ("parentPath", "boundedPath"))

    def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG001 - Find's form
        holders: dict[str, int] = {}
        for part in view[focus][parent]:
            for each in view[part][key]:
                holders[each] = holders.get(each, 0) + 1
        return [Finding(each) for each, count in holders.items() if count > 1]

    breaks = (Edge(None, parent), Edge(Predicate(parent), key))
    return lambda _: Built(find, focus=Reads(breaks=breaks))


def _approved_before(reader: Reader, constraint: str) -> Build:
    """A change to production starts after an approving review of what it changes has ended."""
    path = _property(reader, constraint, "boundedPath")
    stage, reviewed, decision = LAKE.toStage, LAKE.reviewed, LAKE.decision
    started, ended = PROV.startedAtTime, PROV.endedAtTime
    concepts = ontology().concepts
    production = concepts[LAKE.LifecycleStage]["production"]
    approved = concepts[LAKE.Decision]["approved"]

    def is_approved(view: View, asset: str, change: str) -> bool:
        return any(
            less_or_equal(approval, change)
            for review in view.sources(reviewed, asset)
            if approved in view[review][decision]
            for approval in view[review][ended]
        )

    def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG001 - Find's form
        own = view[focus]
        if production not in own[stage]:
            return ()
        pairs = product(own[path], own[started])
        return () if all(is_approved(view, asset, change) for asset, change in pairs) else [Finding(focus)]

    review = Steps((Predicate(path), Inverse(Predicate(reviewed))))
    reads = Reads(
        breaks=tuple(Edge(None, p) for p in (stage, path, started)),
        fixes=(Edge(Predicate(path), reviewed, forward=False), Edge(review, decision), Edge(review, ended)),
    )
    return lambda _: Built(find, focus=reads)


_FORMS: dict[str, Form] = {
    "acyclic": _acyclic,
    "unique-per-parent": _unique_per_parent,
    "approved-before": _approved_before,
}
