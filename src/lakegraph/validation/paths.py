"""SHACL property paths: reading them, writing them, following them forwards and backwards.

https://www.w3.org/TR/shacl/#property-paths
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lakegraph.rdf.namespaces import RDF, SH
from lakegraph.rdf.terms import Triple, is_iri
from lakegraph.validation.shapes_graph import ShapesGraph
from lakegraph.validation.view import View

Values = Callable[[View, str], Sequence[str]]
"""Gives the value nodes of a focus node, none of them twice."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """One statement, followed from its subject to its object."""

    iri: str


@dataclass(frozen=True, slots=True)
class Inverse:
    """A path followed backwards (``sh:inversePath``)."""

    path: Path


@dataclass(frozen=True, slots=True)
class Steps:
    """Paths one after the other (a list)."""

    steps: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Any of several paths (``sh:alternativePath``)."""

    options: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A path some number of times.

    Attributes:
        path: What is repeated.
        kind: ``zeroOrMorePath``, ``oneOrMorePath`` or ``zeroOrOnePath``.
    """

    path: Path
    kind: str


Path = Predicate | Inverse | Steps | Alternative | Repeat
_SUFFIX = {"zeroOrMorePath": "*", "oneOrMorePath": "+", "zeroOrOnePath": "?"}


def parse_path(graph: ShapesGraph, owner: str, node: str, above: tuple[str, ...] = ()) -> Path:
    """The path that *node* stands for.

    Raises:
        DataFileError: It is no well-formed path, or contains itself; *owner* is named.
    """
    if is_iri(node) and node != RDF.nil:
        return Predicate(node)
    if node in above:
        raise graph.error(owner, "has a path that contains itself")
    above = (*above, node)
    if graph.objects(node, RDF.first):
        steps = tuple(parse_path(graph, owner, each, above) for each in graph.items(owner, node))
        if len(steps) < 2:
            raise graph.error(owner, "has a path of a list with fewer than two members")
        return Steps(steps)
    found = [(kind, o) for kind in _PARTS for o in graph.objects(node, SH[kind])]
    if len(found) != 1:
        raise graph.error(owner, "has a path that is not well-formed")
    kind, inner = found[0]
    if kind == "inversePath":
        return Inverse(parse_path(graph, owner, inner, above))
    if kind == "alternativePath":
        options = tuple(parse_path(graph, owner, each, above) for each in graph.items(owner, inner))
        if len(options) < 2:
            raise graph.error(owner, "has an alternative path with fewer than two members")
        return Alternative(options)
    return Repeat(parse_path(graph, owner, inner, above), kind)


_PARTS = ("inversePath", "alternativePath", *_SUFFIX)


def path_text(path: Path, shorten: Callable[[str], str] = str, *, inner: bool = False) -> str:
    """*path* as SPARQL writes it, such as ``^lake:hasOutput/lake:executes``."""
    if isinstance(path, Predicate):
        return shorten(path.iri)
    if isinstance(path, Inverse):
        return "^" + path_text(path.path, shorten, inner=True)
    if isinstance(path, Repeat):
        return path_text(path.path, shorten, inner=True) + _SUFFIX[path.kind]
    parts = path.steps if isinstance(path, Steps) else path.options
    text = ("/" if isinstance(path, Steps) else "|").join(path_text(p, shorten, inner=True) for p in parts)
    return f"({text})" if inner else text


def path_triples(path: Path, mint: Callable[[], str]) -> tuple[str, list[Triple]]:
    """*path* as RDF: its node and the statements that describe it.

    Args:
        path: The path.
        mint: Makes a new blank node.
    """
    if isinstance(path, Predicate):
        return path.iri, []
    if isinstance(path, Steps):
        return _list_triples(path.steps, mint)
    node = mint()
    if isinstance(path, Alternative):
        inner, triples = _list_triples(path.options, mint)
        return node, [(node, SH.alternativePath, inner), *triples]
    kind = "inversePath" if isinstance(path, Inverse) else path.kind
    inner, triples = path_triples(path.path, mint)
    return node, [(node, SH[kind], inner), *triples]


def _list_triples(parts: Sequence[Path], mint: Callable[[], str]) -> tuple[str, list[Triple]]:
    nodes = [mint() for _ in parts]
    triples: list[Triple] = []
    for node, tail, part in zip(nodes, [*nodes[1:], RDF.nil], parts, strict=True):
        value, inner = path_triples(part, mint)
        triples += [(node, RDF.first, value), (node, RDF.rest, tail), *inner]
    return nodes[0], triples


def reverse(path: Path) -> Path:
    """The path that leads from the values of *path* back to where it started."""
    if isinstance(path, Predicate):
        return Inverse(path)
    if isinstance(path, Inverse):
        return path.path
    if isinstance(path, Steps):
        return Steps(tuple(reverse(p) for p in reversed(path.steps)))
    if isinstance(path, Alternative):
        return Alternative(tuple(reverse(p) for p in path.options))
    return Repeat(reverse(path.path), path.kind)


def join(*parts: Path | None) -> Path | None:
    """The parts one after the other, those that are ``None`` (no step at all) left out."""
    steps: list[Path] = []
    for part in parts:
        if isinstance(part, Steps):
            steps += part.steps
        elif part is not None:
            steps.append(part)
    return Steps(tuple(steps)) if len(steps) > 1 else steps[0] if steps else None


def edges(path: Path) -> Iterator[tuple[Path | None, str, bool]]:
    """Every statement that following *path* reads: the way to it, its predicate, whether it is followed forwards."""
    if isinstance(path, Predicate):
        yield None, path.iri, True
    elif isinstance(path, Inverse):
        if isinstance(path.path, Predicate):
            yield None, path.path.iri, False
        else:
            yield from edges(_push_down(path))
    elif isinstance(path, Steps):
        for n, step in enumerate(path.steps):
            before = join(*path.steps[:n])
            for prefix, predicate, forward in edges(step):
                yield join(before, prefix), predicate, forward
    elif isinstance(path, Alternative):
        for option in path.options:
            yield from edges(option)
    else:
        before = None if path.kind == "zeroOrOnePath" else Repeat(path.path, "zeroOrMorePath")
        for prefix, predicate, forward in edges(path.path):
            yield join(before, prefix), predicate, forward


def _push_down(path: Inverse) -> Path:
    """An inverse of something composed, as a composition of inverses of single predicates."""
    return reverse(path.path) if not isinstance(path.path, Inverse) else path.path.path


def compile_path(path: Path | None) -> Values:
    """A function that follows *path*; ``None`` stays where it is."""
    if path is None:
        return lambda _view, focus: (focus,)
    if isinstance(path, Predicate):
        iri = path.iri
        return lambda view, focus: view[focus][iri]
    if isinstance(path, Inverse):
        if isinstance(path.path, Predicate):
            iri = path.path.iri
            return lambda view, focus: view.sources(iri, focus)
        return compile_path(_push_down(path))
    if isinstance(path, Steps):
        return _follow_steps([compile_path(p) for p in path.steps])
    if isinstance(path, Alternative):
        options = [compile_path(p) for p in path.options]
        return lambda view, focus: list(dict.fromkeys(v for option in options for v in option(view, focus)))
    return _follow_repeat(compile_path(path.path), path.kind)


def _follow_steps(steps: Sequence[Values]) -> Values:
    first, *others = steps

    def values(view: View, focus: str) -> Sequence[str]:
        found = first(view, focus)
        for step in others:
            if len(found) == 1:
                found = step(view, found[0])
            else:
                found = list(dict.fromkeys(v for node in found for v in step(view, node)))
        return found

    return values


def _follow_repeat(step: Values, kind: str) -> Values:
    def optional(view: View, focus: str) -> Sequence[str]:
        return list(dict.fromkeys([focus, *step(view, focus)]))

    def closure(view: View, focus: str) -> Sequence[str]:
        seen: dict[str, None] = {focus: None} if kind == "zeroOrMorePath" else {}
        queue = [focus]
        while queue:
            for value in step(view, queue.pop()):
                if value not in seen:
                    seen[value] = None
                    queue.append(value)
        return list(seen)

    return optional if kind == "zeroOrOnePath" else closure
