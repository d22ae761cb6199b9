"""Records of the generator as the gate meets them, sound and with seeded faults, and the lakes that they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from lakegraph.errors import LakegraphError
from lakegraph.layer import Layer
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.terms import Triple
from lakegraph.rdf.vocabulary import TYPE, ontology
from lakegraph.testing import BASE, FAULTS, Draws, Rehearsal, damaged, generate
from lakegraph.testing.faults import broken
from lakegraph.testing.world import Document
from lakegraph.validation import MemoryStatements, Report

_LAKE, _MORE = 24, 90
BATCH = 12
"""The most records that come to one lake."""
SOUND = "none"
"""What stands for the kind of fault of a record without one."""
_KINDS = (*FAULTS, SOUND)


class Open:
    """A gate that lets everything pass, so that what a broken document becomes can be had."""

    def check(self, *_: object, **__: object) -> Report:
        """Nothing is wrong."""
        return Report(conforms=True)


@dataclass(frozen=True)
class Record:
    """A record that comes to a lake.

    Attributes:
        delta: Its triples, asserted and inferred.
        fault: The kind of fault that was put into it.
        what: What was done to it, for messages.
    """

    delta: tuple[Triple, ...]
    fault: str
    what: str


def batches(seed: int = 1) -> Iterator[tuple[MemoryStatements, list[Record]]]:
    """Small lakes, each with records that come to it independently of each other.

    Every second fault is put into a document, the others into the triples of a sound record; the kinds keep even.
    """
    made = Counter[str]()
    for number in count(seed * 1000):
        documents = list(generate(_MORE, number))
        lake = Rehearsal(Open())  # type: ignore[arg-type]
        for document in documents[:_LAKE]:
            lake.take(document)
        stored = MemoryStatements([*Layer.match(lake.stored), *ontology().concept_triples])
        yield stored, list(_independent(lake, documents[_LAKE:], stored, Draws(f"{number}"), made))


def _independent(
    lake: Rehearsal, documents: Sequence[Document], stored: MemoryStatements, draws: Draws, made: Counter[str]
) -> Iterator[Record]:
    """Records that describe nothing that another describes or names, but what the lake knows."""
    described, named = set[str](), set[str]()
    found = 0
    for document in documents:
        record = _record(lake, document, draws, made)
        if record is None or found == BATCH:
            continue
        own = {s for s, _, _ in record.delta if not any(stored.outgoing(s))}
        nodes = {n for s, _, o in record.delta for n in (s, o)}
        if described.isdisjoint(nodes) and named.isdisjoint(own):
            described |= own
            named |= nodes
            made[record.fault] += 1
            found += 1
            yield record


def _record(lake: Rehearsal, document: Document, draws: Draws, made: Counter[str]) -> Record | None:
    """A record with the fault that was made least often; ``None`` where this document cannot have it."""
    kind = min(_KINDS, key=lambda k: made[k])
    name = document.get("id", document["type"])
    try:
        said = lake.try_out(document).asserted
        if kind == SOUND:
            delta = _complete(lake, said)
            return Record(delta, kind, f"{name}, as it is") if _is_whole(delta, lake) else None
        if made[kind] % 2 or "environment" not in document:  # reviews and the like lack the fields that faults break
            done = damaged(said, kind, draws)
            return Record(_complete(lake, done[0]), kind, f"{name}, {done[1]}") if done else None
        copy, fault = broken(document, FAULTS.index(kind), draws)
        if fault.kind != kind:
            return None
        return Record(_complete(lake, lake.try_out(copy).asserted), kind, f"{name}, {fault.where}: {fault.what}")
    except LakegraphError:  # it needs another that the lake does not hold
        return None


def _is_whole(delta: Sequence[Triple], lake: Rehearsal) -> bool:
    """Whether everything that a record names is described by it or by the lake, which holds but the first documents."""
    described, here = {s for s, p, _ in delta if p == TYPE}, f"<{BASE}id/"
    named = {node for s, _, o in delta for node in (s, o) if node.startswith(here)}
    return all(lake.view.knows(node) for node in named - described)


def _complete(lake: Rehearsal, said: Sequence[Triple]) -> tuple[Triple, ...]:
    """What a record says, and what follows from it."""
    lake.view.begin()
    view = lake.view
    return (*said, *reasoner().infer(said, view.objects, lambda o, p: view.subjects(p, o)))


def recorded(runs: int, seed: int) -> list[list[Triple]]:
    """The triples, asserted and inferred, of the first records of a lake, as they came to it."""
    lake = Rehearsal(Open())  # type: ignore[arg-type]
    found = []
    for document in generate(runs, seed):
        prepared = lake.take(document)
        found.append([*prepared.asserted, *prepared.inferred])
    return found
