"""What a SPARQL Update would change: evaluated in a process of its own, on a writable clone of the graph.

Each operation's WHERE is asked as a query; its templates are filled in with the solutions in a store in memory, which
then holds exactly the quads that are meant. So the change is known quad by quad, at a cost that grows with the change
and not with the lake, and what is not for editing is refused before anything is written anywhere.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pyoxigraph as ox

from lakegraph.graph import sandbox

_ROWS: Final = 5_000
"""Solutions that are written into one text for the engine."""
_FILE_BYTES: Final = 2**30
Graph = ox.NamedNode
Solution = tuple[Any, ...]


class Refused(Exception):
    """The update stops here.

    Args:
        kind: What the serving process makes an error of.
        message: What is wrong.
        where: The graph that is at fault, if one is.
    """

    def __init__(self, kind: str, message: str, where: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.where = where


class Evaluation:
    """One update request.

    Args:
        clone: The graph as it was when the update was taken in hand; it is changed.
        asked: What ``graph.updates`` sends.
    """

    def __init__(self, clone: ox.Store, asked: Mapping[str, Any]) -> None:
        self._store = clone
        self._base: str = asked["base"]
        self._home = Graph(asked["home"])
        self._genid: str = asked["genid"]
        self._marker = Graph(asked["marker"])
        self._own = {Graph(name) for name in asked["own"]}
        self._reserved: tuple[str, ...] = tuple(asked["reserved"])
        self._only = Graph(asked["only"]) if asked["only"] else None
        self._limit: int = asked["limit"]
        self._dataset = _dataset(asked)
        self._judged: dict[Graph, None] = {}
        self.added: dict[ox.Quad, None] = {}
        self.removed: dict[ox.Quad, None] = {}

    def run(self, operations: Iterable[Mapping[str, Any]]) -> None:
        """Evaluate *operations* in order; each sees what those before it did."""
        for operation in operations:
            if operation["kind"] == "modify":
                self._modify(operation)
            else:
                self._manage(operation)

    # -- DELETE and INSERT --------------------------------------------------------------------------------------------

    def _modify(self, operation: Mapping[str, Any]) -> None:
        prologue, target = operation["prologue"], self._home
        if operation["graph"]:
            target = self._named(prologue, operation["graph"])
        solutions = self._solutions(operation, target)
        names = operation["variables"]
        delete = list(self._filled(prologue, target, operation["delete"], names, solutions))
        insert = list(self._filled(prologue, target, operation["insert"], names, solutions))
        for quad in delete:
            self._remove(quad)
        for quad in insert:
            self._add(quad)

    def _solutions(self, operation: Mapping[str, Any], target: Graph) -> list[Solution]:
        if not operation["where"]:
            return [()]
        options = dict(self._dataset)
        if operation["graph"] and not operation["using"]:
            options = {"default_graph": [target]}
        elif operation["using"]:
            options = {}
        text = f"{operation['prologue']}\nSELECT * {operation['using']} {operation['where']}"
        found = self._store.query(text, base_iri=self._base, **options)
        assert isinstance(found, ox.QuerySolutions)  # noqa: S101 - it is a SELECT
        known = {variable.value for variable in found.variables}
        names = operation["variables"]
        return [tuple(row[name] if name in known else None for name in names) for row in found]

    def _filled(
        self, prologue: str, target: Graph, template: str, names: list[str], solutions: list[Solution]
    ) -> Iterator[ox.Quad]:
        """The quads of *template* for each of *solutions*."""
        if not template:
            return
        head = f"{prologue}\nWITH {target} INSERT {template} WHERE {{ VALUES "  # noqa: S608 - the template was cut out of the update by the lexer
        variables = " ".join(f"?{name}" for name in names)
        for start in range(0, len(solutions), _ROWS):
            scratch = ox.Store()
            rows = "".join(self._row(solution) for solution in solutions[start : start + _ROWS])
            scratch.update(f"{head}({variables}) {{ {rows} }} }}", base_iri=self._base)
            for quad in scratch:
                yield self._skolemised(quad)

    def _row(self, solution: Solution) -> str:
        return "(" + " ".join("UNDEF" if term is None else str(self._iri(term)) for term in solution) + ")"

    def _skolemised(self, quad: ox.Quad) -> ox.Quad:
        if isinstance(quad.object, ox.Triple):
            raise Refused("usage", "Quoted triples are not part of this lake.", str(quad.graph_name)[1:-1])
        graph = self._iri(quad.graph_name)
        return ox.Quad(self._iri(quad.subject), quad.predicate, self._iri(quad.object), graph)

    def _iri(self, term: Any) -> Any:
        """Blank nodes as IRIs (RDF 1.1 Concepts, section 3.5): nothing in a journal may change its name on reading."""
        return ox.NamedNode(self._genid + term.value) if isinstance(term, ox.BlankNode) else term

    # -- graph management ---------------------------------------------------------------------------------------------

    def _manage(self, operation: Mapping[str, Any]) -> None:
        kind, prologue, silent = operation["kind"], operation["prologue"], operation["silent"]
        if operation["graph"] in ("NAMED", "ALL"):
            self._clear_all(with_default=operation["graph"] == "ALL")
            return
        source = self._named(prologue, operation["graph"])
        there = source == self._home or self._exists(source)
        if kind == "create":
            if there and not silent:
                raise Refused("conflict", f"There is a graph {source} already.", source.value)
            self._judge(source)
        elif not there and not silent:
            raise Refused("not-found", f"There is no graph {source}.", source.value)
        elif kind in ("clear", "drop"):
            self._judge(source)
            self._clear(source)
        elif there:
            self._transfer(kind, source, self._named(prologue, operation["to"]))

    def _transfer(self, kind: str, source: Graph, target: Graph) -> None:
        """COPY, MOVE and ADD (SPARQL 1.1 Update, section 3.2.3 to 3.2.5)."""
        if source == target:
            return
        self._judge(target)
        quads = list(self._store.quads_for_pattern(None, None, None, source))
        if kind != "add":
            self._clear(target)
        for quad in quads:
            self._add(ox.Quad(quad.subject, quad.predicate, quad.object, target))
        if kind == "move":
            self._judge(source)
            self._clear(source)

    def _clear(self, graph: Graph) -> None:
        for quad in list(self._store.quads_for_pattern(None, None, None, graph)):
            self._remove(quad)

    def _clear_all(self, *, with_default: bool) -> None:
        """Every graph that holds something; the lake's own are none of the graphs that anybody put there."""
        for graph in list(self._store.named_graphs()):
            if graph in self._own or (graph == self._home and not with_default):
                continue
            if isinstance(graph, Graph) and self._exists(graph):
                self._judge(graph)
                self._clear(graph)

    def _exists(self, graph: Graph) -> bool:
        return next(self._store.quads_for_pattern(None, None, None, graph), None) is not None

    def _named(self, prologue: str, name: str) -> Graph:
        """The graph that is meant by an IRI, a prefixed name or DEFAULT."""
        if name == "DEFAULT":
            return self._home
        found = ox.Store().query(f"{prologue}\nSELECT ?g {{ VALUES ?g {{ {name} }} }}", base_iri=self._base)
        assert isinstance(found, ox.QuerySolutions)  # noqa: S101 - it is a SELECT
        graph = next(iter(found))["g"]
        assert isinstance(graph, Graph)  # noqa: S101 - the lexer saw an IRI or a name
        return graph

    # -- the change ---------------------------------------------------------------------------------------------------

    def _add(self, quad: ox.Quad) -> None:
        if quad in self._store:
            return
        self._judge(quad.graph_name)
        self._store.add(quad)
        if quad in self.removed:
            del self.removed[quad]
        else:
            self.added[quad] = None
        self._count()

    def _remove(self, quad: ox.Quad) -> None:
        if quad not in self._store:
            return
        self._judge(quad.graph_name)
        self._store.remove(quad)
        if quad in self.added:
            del self.added[quad]
        else:
            self.removed[quad] = None
        self._count()

    def _count(self) -> None:
        if len(self.added) + len(self.removed) > self._limit:
            raise Refused("too-large", f"The update changes more than {self._limit} statements.")

    def _judge(self, graph: Any) -> None:
        """Refuse to change a graph that is not for editing."""
        if graph in self._judged:
            return
        if self._only is not None and graph != self._only:
            raise Refused("conflict", f"This request is about {self._only} alone.", graph.value)
        marks = self._store.quads_for_pattern(graph, self._marker, None, ox.DefaultGraph())
        if graph in self._own or graph.value.startswith(self._reserved) or next(marks, None) is not None:
            raise Refused("protected", str(graph), graph.value)
        self._judged[graph] = None


def _dataset(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What WHERE is asked of where the operation does not say: the request's dataset, or the union of all graphs."""
    defaults, named = asked["using"], asked["using_named"]
    if not defaults and not named:
        return {"use_default_graph_as_union": True}
    return {"default_graph": [Graph(g) for g in defaults], "named_graphs": [Graph(g) for g in named]}


def evaluated(path: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to *asked*: what changes, as sorted N-Quads lines, or what is wrong."""
    try:
        _check_syntax(asked["text"], asked["base"])
        evaluation = Evaluation(ox.Store(path), asked)
        evaluation.run(asked["operations"])
    except Refused as refusal:
        return {"error": refusal.kind, "message": str(refusal), "where": refusal.where}
    except SyntaxError as error:
        return {"error": "syntax", "message": str(error), "where": ""}
    except MemoryError:
        return {"error": "memory", "message": "out of memory", "where": ""}
    except (OSError, RuntimeError, ValueError) as error:
        return {"error": "evaluation", "message": str(error), "where": ""}
    return {"added": _lines(evaluation.added), "removed": _lines(evaluation.removed)}


def _check_syntax(text: str, base: str) -> None:
    """Let the engine read the whole text, so that its places in errors are those of the text that was sent."""
    try:
        ox.Store().update(text, base_iri=base)
    except (OSError, RuntimeError):
        return  # it was read, and what it asks for is not there: this store is empty


def _lines(quads: Iterable[ox.Quad]) -> list[str]:
    return sorted(f"{q.subject} {q.predicate} {q.object} {q.graph_name} .\n" for q in quads)


def main(arguments: list[str]) -> None:
    """Confine this process, evaluate one update, and say what it changes on standard output.

    Args:
        arguments: Directory of the clone, process id of the parent, bytes of memory, seconds of processor time.
    """
    path, parent, memory, seconds = arguments
    sandbox.die_with(int(parent))
    sandbox.limit(int(memory))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, hard))
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), hard))
    sandbox.confine()
    json.dump(evaluated(path, json.load(sys.stdin)), sys.stdout)
    sys.stdout.flush()
