"""What goes with shapes that the compiler does not cover: their part of the shapes graph, the data around a record.

No RDF library is loaded here; ``pyshacl_engine`` is loaded only when there is such a shape, or when it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lakegraph.rdf.namespaces import OWL, RDF, SH
from lakegraph.rdf.terms import Triple, is_iri, is_literal, lexical, value
from lakegraph.validation.shape import Shape
from lakegraph.validation.shapes_graph import ShapesGraph
from lakegraph.validation.view import View

_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "target")
_IRI = re.compile(r"<([^<>\s]+)>|\b([A-Za-z][\w-]*)?:([A-Za-z_][\w-]*)")


def shapes_part(graph: ShapesGraph, shapes: Sequence[Shape]) -> list[Triple]:
    """The statements that *shapes* need, with no other shape left that has a target.

    Args:
        graph: The whole shapes graph.
        shapes: The shapes to be checked.
    """
    wanted = {shape.node for shape in shapes}
    triples = list(_closure(graph, [*wanted, *_declarations(graph)]))
    targets = {SH[name] for name in _TARGETS}
    kinds = {SH.NodeShape, SH.PropertyShape}
    classes = {s for s, p, o in triples if p == RDF.type and o not in kinds}

    def is_kept(triple: Triple) -> bool:
        s, p, o = triple
        if p == SH.rule:
            return False
        if s in wanted:
            return True
        # Without its type, a shape that is a class as well has no implicit target.
        return p not in targets and not (p == RDF.type and o in kinds and s in classes)

    return [*(triple for triple in triples if is_kept(triple)), *_imported_prefixes(graph, triples)]


def _imported_prefixes(graph: ShapesGraph, triples: Iterable[Triple]) -> Iterator[Triple]:
    """The prefixes that reach a SPARQL text by ``owl:imports``, declared where pySHACL looks for them."""
    for _, p, node in triples:
        if p == SH.prefixes:
            for imported in _reached(graph, node, OWL.imports):
                for declaration in graph.objects(imported, SH.declare):
                    yield node, SH.declare, declaration


def _reached(graph: ShapesGraph, start: str, predicate: str) -> set[str]:
    seen, queue = set[str](), [start]
    while queue:
        for node in graph.objects(queue.pop(), predicate):
            if node not in seen:
                seen.add(node)
                queue.append(node)
    return seen


def _declarations(graph: ShapesGraph) -> list[str]:
    """The nodes that declare constraint components, SPARQL targets and functions."""
    kinds = [SH[n] for n in ("parameter", "validator", "nodeValidator", "propertyValidator")]
    return [node for node in graph.nodes() if any(graph.objects(node, kind) for kind in kinds)]


def _closure(graph: ShapesGraph, start: Iterable[str]) -> Iterator[Triple]:
    seen: set[str] = set()
    queue = list(start)
    while queue:
        node = queue.pop()
        if node in seen or is_literal(node):
            continue
        seen.add(node)
        for predicate in graph.predicates(node):
            for o in graph.objects(node, predicate):
                yield node, predicate, o
                queue.append(o)


def mentioned(graph: ShapesGraph, triples: Iterable[Triple]) -> frozenset[str]:
    """Every IRI that *triples* name, in SPARQL text too."""
    found: set[str] = set()
    for _, _, o in triples:
        if is_iri(o):
            found.add(o)
        elif is_literal(o):
            found.update(_in_text(lexical(o), graph))
    return frozenset(found)


def _in_text(text: str, graph: ShapesGraph) -> Iterator[str]:
    declared = dict(graph.prefixes)
    for node in graph.nodes():
        for prefix in graph.objects(node, SH.prefix):
            for space in graph.objects(node, SH.namespace):
                declared[lexical(prefix)] = value(space)
    for bare, prefix, name in _IRI.findall(text):
        if bare:
            yield f"<{bare}>"
        elif prefix in declared:
            yield f"<{declared[prefix]}{name}>"


def neighbourhood(record: View, view: View, predicates: Iterable[str]) -> tuple[list[Triple], set[str]]:
    """The statements around a record, and the nodes whose outcome it can have changed.

    The statements are those of the record's nodes, of what these point to and of what points to them with one of
    *predicates*, each with what it points to.

    Args:
        record: The record over the lake, which says what is around.
        view: Where the statements are taken from: the same, or the lake before.
        predicates: The predicates that the shapes name.
    """
    own = {n for s, _, o in record.added for n in (s, o) if not is_literal(n)}
    incoming = [(s, p, node) for p in predicates for node in own for s in record.sources(p, node)]
    focus = own | {s for s, _, _ in incoming}
    near = {o for node in focus for _, o in record.outgoing(node) if not is_literal(o)}
    triples = [(node, p, o) for node in focus | near for p, o in view.outgoing(node)]
    return triples, focus
