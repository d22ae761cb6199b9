"""Asking a lake: its own questions, lineage, and SPARQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from lakegraph import resources
from lakegraph.errors import UsageError
from lakegraph.finding import Finding, Moment
from lakegraph.graph import Kept, Limits, Prepared, QueryService, Running, SnapshotKeeper, WorkerLimits
from lakegraph.questions import (
    CARD,
    MAX_NODES,
    Calls,
    Card,
    Impact,
    Library,
    Lineage,
    Named,
    Paths,
    Result,
    Steps,
    Titles,
    Value,
    bind,
    card,
    value_text,
)
from lakegraph.questions import ask as ask_graph
from lakegraph.questions import impact as impact_of
from lakegraph.questions import lineage as lineage_of
from lakegraph.questions import why as why_between
from lakegraph.rdf.terms import iri
from lakegraph.rdf.vocabulary import ontology
from lakegraph.validation import Gate, ReadStatements, ShapeSet
from lakegraph.validation import Result as ShapeResult

_GAP_SHAPES = ("completeness", "swamp")


class Asking(Finding):
    """The calls that answer."""

    @cached_property
    def library(self) -> Library:
        """The questions: those that lakegraph carries, and those in the lake's own ``queries`` folder.

        Raises:
            DataFileError: A question is wrong; file and line are named.
        """
        folders = [resources.path("queries")]
        own = self.directory / "queries" if self.directory else None
        if own and own.is_dir():
            folders.append(own)
        return Library.load(folders)

    def questions(self) -> list[dict[str, Any]]:
        """Every question with its summary, what it answers and its parameters, the card first."""
        about = {"name": "about", "type": "iri", "required": True}
        first = {
            "name": CARD,
            "summary": "What, who, where, when, why and how, with what nobody has said yet.",
            "answers": "all six",
            "folder": "5w1h",
            "about": [],
            "parameters": [about],
        }
        return [first, *(question.as_dict() for question in self.library)]

    # -- questions ----------------------------------------------------------------------------------------------------

    @cached_property
    def answers(self) -> Calls:
        """Every question as a method with typed arguments: ``lake.answers.trained_by("Diabet Predictor")``."""
        return Calls(self.questions(), self.ask)

    def ask(self, name: str, *, as_of: Moment | None = None, **parameters: Value) -> Card | Result:
        """Answer a question.

        Args:
            name: ``5w1h`` for the card of a thing, or a question of the library.
            as_of: Answer from what the lake knew then; see :meth:`at`.
            parameters: Its parameters, as text or as Python has them; things by IRI, slug, title, ``title@version`` or
                file path. ``about`` stands for the thing that any question is about.

        Raises:
            NotFoundError: There is no such question or thing; the nearest are suggested.
            AmbiguousError: A title means several things; they are listed.
            UsageError: A parameter is missing, unknown, or of another kind.
        """
        if as_of is not None:
            return self.then(as_of).ask(name, as_of=None, **parameters)
        if name == CARD:
            graph = self._projector.graph
            titles = self._titles.of(graph.version)
            return card(graph, f"<{self._about(parameters)}>", self._missing, titles)
        question = self.library.get(name)
        said = {key: value_text(given) for key, given in parameters.items()}
        bindings = bind(question, said, resolve=lambda text: iri(self.resolve(text, question.kinds)))
        return ask_graph(self._projector.graph, question, bindings, self._projector.index)

    def _about(self, parameters: dict[str, Value]) -> str:
        others = set(parameters) - {"about", "of"}
        if others or len(parameters) != 1:
            raise UsageError("The card takes one parameter: about.", where=", ".join(sorted(others)) or "about")
        return self.resolve(value_text(next(iter(parameters.values()))))

    def _missing(self, things: Sequence[str], read: Mapping[str, Sequence[tuple[str, str]]]) -> Iterable[ShapeResult]:
        """What the completeness and swamp shapes still ask of *things* (tokens), some of which were *read* already."""
        with self._writer.exclusively():
            self._view.begin()
            return list(self._gap_gate.validate(ReadStatements(self._view, read, self._projector.graph), things))

    @cached_property
    def _titles(self) -> Titles:
        return Titles()

    @cached_property
    def _gap_gate(self) -> Gate:
        return Gate(_gap_shapes(), ontology())

    # -- lineage ------------------------------------------------------------------------------------------------------

    def lineage(
        self,
        of: str | Named,
        *,
        up: Steps = "all",
        down: Steps = 0,
        nodes: int = MAX_NODES,
        as_of: Moment | None = None,
    ) -> Lineage:
        """What a thing came from and what came of it, exact to the version.

        Args:
            of: The thing: IRI, slug, title, ``title@version`` or file path.
            up: How many steps back, or ``"all"``.
            down: How many steps on, or ``"all"``.
            nodes: How many nodes to gather at most.
            as_of: Answer from what the lake knew then; see :meth:`at`.

        Returns:
            Nodes, edges, whether that is all, and how many neighbours were left out where.
        """
        if as_of is not None:
            return self.then(as_of).lineage(of, up=up, down=down, nodes=nodes)
        graph, index = self._projector.graph, self._projector.index
        return lineage_of(graph, iri(self.resolve(of)), up, down, index=index, max_nodes=nodes)

    def why(self, a: str | Named, b: str | Named, *, as_of: Moment | None = None) -> Paths:
        """The paths between two things, each readable as a sentence."""
        if as_of is not None:
            return self.then(as_of).why(a, b)
        return why_between(self._projector.graph, iri(self.resolve(a)), iri(self.resolve(b)), self._projector.index)

    def impact(self, of: str | Named, *, as_of: Moment | None = None) -> Impact:
        """What rests on a thing, down to deployments: what breaks if it is withdrawn."""
        if as_of is not None:
            return self.then(as_of).impact(of)
        return impact_of(self._projector.graph, iri(self.resolve(of)), self._projector.index)

    # -- SPARQL -------------------------------------------------------------------------------------------------------

    @cached_property
    def queries(self) -> QueryService:
        """The workers that run asked SPARQL, apart from this process, on snapshots."""
        limits = self.settings.limits
        return QueryService(
            SnapshotKeeper(self._projector.graph, self._snapshots),
            WorkerLimits(
                workers=limits.query_workers,
                memory=limits.query_memory,
                rows=limits.result_rows,
                text=Limits(size=limits.query_bytes),
            ),
        )

    @property
    def _snapshots(self) -> Path:
        """Where the states of the graph lie that workers read."""
        return (self.directory or Path()) / "views" / "all" / "snapshots"

    def prepared(
        self,
        text: str,
        *,
        accept: Callable[[str], str],
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        services: Collection[str] = (),
    ) -> Prepared:
        """A SPARQL query that the guard let through, ready to be asked any number of times by :meth:`answer`.

        Args:
            text: The query.
            accept: Gives the media type for the query's form: ``select``, ``ask`` or ``construct``.
            default_graphs: ``default-graph-uri`` of the protocol.
            named_graphs: ``named-graph-uri`` of the protocol.
            services: IRIs that SERVICE may name.

        Raises:
            QueryError, ForbiddenError: As the guard says.
        """
        return self.queries.prepare(
            text,
            accept=accept,
            timeout=self.settings.limits.query_seconds,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
            allowed_services=services,
            base=self.base,
        )

    def answer(self, asked: Prepared, *, min_seq: int | None = None) -> Running | Kept:
        """Begin to answer a query in a worker, or answer with what the same snapshot gave a moment ago.

        Args:
            asked: The query.
            min_seq: A journal entry that the answer must take into account.

        Raises:
            QueryError, DeadlineError, LakeBusyError: As the query service says.
        """
        return self.queries.start(asked, min_seq=min_seq)

    def sparql(self, text: str, *, min_seq: int | None = None, **options: Any) -> Running | Kept:
        """:meth:`prepared` and :meth:`answer` at once."""
        return self.answer(self.prepared(text, **options), min_seq=min_seq)

    def query(self, text: str, *, form: str = "json") -> bytes:
        """The whole answer to a SPARQL query, as seen by the newest record.

        Args:
            text: The query.
            form: The syntax: json, xml, csv or tsv for rows; turtle, ntriples … for graphs, turtle if left out.
        """
        wanted: Callable[[str], str] = lambda kind: "turtle" if kind == "construct" and form == "json" else form  # noqa: E731
        running = self.sparql(text, accept=wanted, min_seq=self._projector.graph.last_seq)
        return b"".join(running)

    def query_health(self) -> dict[str, Any]:
        """Whether query workers are sandboxed, for ``/health``."""
        return {"sandboxed": self.queries.sandboxed}

    def close(self) -> None:
        """Stop the query workers and release the directory."""
        if "queries" in self.__dict__:
            self.queries.close()
        super().close()


@cache
def _gap_shapes() -> ShapeSet:
    """What a lake asks of its things, for all of its pasts alike."""
    return ShapeSet.load([resources.path(f"shapes/{folder}") for folder in _GAP_SHAPES])
