"""Made-up records as N-Quads, through the real mapper and without a lake."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Literal, Unpack

from lakegraph.errors import UsageError
from lakegraph.model import parse
from lakegraph.preparing import nquads
from lakegraph.rdf.identify import Identifier
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.mapper import mapper
from lakegraph.rdf.namespaces import DCAT, DCT, LAKE, PROV
from lakegraph.rdf.terms import Triple, lexical
from lakegraph.rdf.vocabulary import TYPE
from lakegraph.testing.stream import Options, generate
from lakegraph.testing.world import Document

BASE = "https://lake.example.org/"
Form = Literal["jsonl", "nquads"]


class _Remembered:
    """The names that a stream of records has made; what :class:`lakegraph.rdf.identify.Names` asks for."""

    def __init__(self) -> None:
        self._newest: dict[str, str] = {}
        self._columns: dict[str, dict[str, str]] = {}

    def current(self, hub: str) -> str | None:
        return self._newest.get(hub)

    def agent(self, slug: str) -> str | None:  # noqa: ARG002 - nobody is in a directory here
        return None

    def attribute(self, datasets: list[str], name: str) -> str | None:
        return next((found for d in datasets if (found := self._columns.get(d, {}).get(name))), None)

    def learn(self, triples: Iterable[Triple]) -> None:
        """Remember versions, and the columns of a data set: its own, else those of what it was made from."""
        said: dict[str, list[tuple[str, str]]] = {}
        for s, p, o in triples:
            said.setdefault(p, []).append((s, o))
        entity_of = {o: s for s, o in said.get(LAKE.hasEntityClass, ())}
        title = dict(said.get(DCT.title, ()))
        inputs = [o[1:-1] for _, o in said.get(LAKE.sourceData, ())]
        inherited = next((self._columns[i] for i in inputs if i in self._columns), {})
        own: dict[str, dict[str, str]] = {}
        for entity, attribute in said.get(LAKE.hasAttribute, ()):
            if entity in entity_of:
                own.setdefault(entity_of[entity], {})[lexical(title[attribute])] = attribute[1:-1]
        for version, hub in said.get(DCAT.isVersionOf, ()):
            self._newest[hub[1:-1]] = version[1:-1]
            self._columns[version[1:-1]] = own.get(version, inherited)


class _Said:
    """What was said of things that many records describe, such as programs: a lake stores each fact once.

    A run, a version of a data set or of a model is described by one record only, so it need not be remembered.
    """

    def __init__(self, base: str) -> None:
        self._own = tuple(f"<{base}id/{segment}/" for segment in ("run", "dataset", "model"))
        self._triples: set[Triple] = set()

    def fresh(self, triples: Iterable[Triple]) -> list[Triple]:
        """Those of *triples* that nobody has said before."""
        known, own = self._triples, self._own
        new = [t for t in triples if t not in known]
        known.update(t for t in new if not t[0].startswith(own))
        return new


def triples(
    documents: Iterable[Document], base: str = BASE, *, once: bool = True
) -> Iterator[tuple[str, list[Triple]]]:
    """The statements of *documents*, recorded in order into an empty lake.

    Args:
        documents: Record documents, sound and in order.
        base: The lake's base IRI, ending in ``/``.
        once: Whether to leave out what an earlier document said, as a lake does.

    Yields:
        For each document the bare IRI of its graph, and its asserted triples, sorted.
    """
    names, known = _Remembered(), _Said(base)
    identifier, write = Identifier(base, names), mapper()
    for document in documents:
        tree = identifier.tree(parse(document))
        said = write.triples(tree)
        names.learn(said)
        said = known.fresh(said) if once else said
        graph = f"{tree['id']}/bundle"
        said.append((f"<{graph}>", TYPE, PROV.Bundle))
        said.append((f"<{graph}>", LAKE.describesRun, f"<{tree['id']}>"))
        yield graph, sorted(set(said))


def generate_nquads(
    runs: int, seed: int, *, base: str = BASE, inferred: bool = False, **options: Unpack[Options]
) -> Iterator[bytes]:
    """The same records as :func:`generate`, each as the N-Quads that a lake would keep of it.

    Args:
        runs: How many runs.
        seed: Which lake.
        base: The lake's base IRI, ending in ``/``.
        inferred: Whether what follows from a record is added, in the default graph, as in a lake's own graph.
        options: As of :func:`lakegraph.testing.records`; broken records cannot be asked for.

    Raises:
        UsageError: Faults were asked for.
    """
    if options.get("faults"):
        raise UsageError("Broken records have no N-Quads.", hint="Use documents, or lakegraph.testing.damaged.")
    reason = reasoner()
    for graph, said in triples(generate(runs, seed, **options), base):
        yield nquads(said, graph) + (nquads(reason.infer(said)) if inferred else b"")


def write(out: BinaryIO, runs: int, seed: int, form: Form = "jsonl", **options: Unpack[Options]) -> int:
    """Write a made-up lake.

    Args:
        out: Where to.
        runs: How many runs.
        seed: Which lake.
        form: ``jsonl`` (a record document a line) or ``nquads``.
        options: As of :func:`lakegraph.testing.records`.

    Returns:
        How many records were written.

    Raises:
        UsageError: There is no such form.
    """
    if form not in ("jsonl", "nquads"):
        raise UsageError(f"Made-up lakes cannot be written as {form!r}.", hint="jsonl or nquads")
    count = 0
    if form == "nquads":
        for text in generate_nquads(runs, seed, **options):
            out.write(text)
            count += 1
        return count
    for document in generate(runs, seed, **options):
        out.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        count += 1
    return count
