"""What a record is checked against: the stored graph, the vocabularies, and the records before it in its group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Protocol

from lakegraph.journal import Entry
from lakegraph.layer import NOTHING, Layer, Node, merge
from lakegraph.marking import markers
from lakegraph.met import Met
from lakegraph.rdf.terms import Triple
from lakegraph.recent import Recent

_LARGE = 200
_NODES = 10_000
_PENDING = 3_000


class Stored(Protocol):
    """The stored graph, looked up by token; each answer names a statement once."""

    def match(self, s: str | None = None, p: str | None = None, o: str | None = None) -> Iterator[Triple]:
        """The triples of a pattern."""

    def outgoing(self, subject: str) -> Sequence[tuple[str, str]]:
        """Predicate and object of every statement about *subject*."""

    def objects(self, subject: str, predicate: str) -> Iterable[str]:
        """The objects of *subject* and *predicate*."""

    def subjects(self, predicate: str, object: str) -> Iterable[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*."""


class Handed(Protocol):
    """How far a graph is that writes later what is handed to it."""

    @property
    def version(self) -> int:
        """A number that grows with every write, when it is handed over."""

    @property
    def written(self) -> int:
        """The version up to which everything can be looked up."""


class View:
    """The lake as the next record of a group sees it.

    What is read of the graph is remembered from group to group, and what a group adds is added to what is remembered:
    the shared things of a lake, such as programs, people and data sets, are read once. What a group added is kept aside
    until the graph has written it.

    Args:
        graph: The stored graph, as far as it is written.
        vocabularies: Concepts; they are read here and never looked up in the graph.
        handed: How far the graph is; without it nothing is remembered from one group to the next, and what is added is
            in the graph when the next group begins.
        met: The nodes that the graph may know something of; without it the graph is asked of every node.
    """

    def __init__(
        self,
        graph: Stored,
        vocabularies: Layer,
        handed: Handed | None = None,
        met: Met | None = None,
    ) -> None:
        self._graph = graph
        self._met = met
        self._vocabularies = vocabularies
        self._concepts = vocabularies.nodes
        self._handed = handed
        self._version: int | None = None
        self._pending = Layer()
        # Added by earlier groups, each with the version of the graph that has it; it may not be written yet.
        self._late: list[tuple[int, Layer]] = []
        self._mentioned: set[str] = set()
        self._shown: list[Sequence[Entry]] = []
        self._news = 0  # how often something was handed to the graph since the last beginning
        self._gone: frozenset[Triple] = frozenset()
        # Subjects with many statements, such as a study with its analyses: read by predicate, never whole.
        self._large: set[str] = set()
        self._outgoing: Recent[str, Node] = Recent(_NODES)
        self._incoming: Recent[tuple[str, str], dict[str, None]] = Recent(_NODES)
        self._strangers: dict[str, dict[str, list[str]]] = {}
        self._unmet: set[str] = set()  # those of which it was asked since nodes were last met

    def begin(self) -> None:
        """Start anew, when everything that was added is handed to the graph or will never be.

        What was added goes on being looked up here until the graph has written it, or it becomes much. What is
        remembered of the graph is kept, and what was shown is added to it, unless somebody else wrote.
        """
        version = self._handed.version if self._handed else None
        news, self._news = self._news, 0
        if self._gone or version is None or self._version is None or version != self._version + news:
            if version is None or self._version is None:
                self._late.clear()
            self._forget()
        elif self._written < version and len(self._pending.nodes) < _PENDING:
            self._version = version
            return
        else:
            self._absorb()
        self._tell()
        while self._late and self._late[0][0] <= self._written:
            del self._late[0]
        if version is not None and self._version is not None and self._written < version:
            self._keep_late(version)
        self._pending.clear()
        self._strangers.clear()
        self._gone = frozenset()
        self._version = version

    def _tell(self) -> None:
        """Let the nodes that were added be known as met."""
        if self._met is not None:
            self._met.add(self._mentioned.union(self._pending.nodes))
            self._unmet.clear()
            for entries in self._shown:
                self._met.reach(entries[0].seq, entries[-1].seq)
        self._shown.clear()
        self._mentioned.clear()

    @property
    def _written(self) -> int:
        return self._handed.written if self._handed else 0

    def _keep_late(self, version: int) -> None:
        """Keep what was added until *version* is written: a layer that is being written by now, and one that grows."""
        if len(self._late) < 2:
            self._late.append((version, self._pending))
        else:
            self._late[-1][1].absorb(self._pending)
            self._late[-1] = (version, self._late[-1][1])
        self._pending = self._pending.successor()

    def show(self, entries: Sequence[Entry]) -> None:
        """Note that the graph was handed all of *entries* at once, which follow one another."""
        self._news += 1
        self._shown.append(entries)
        self._pending.add(chain.from_iterable(map(markers, entries)))

    def distrust(self) -> None:
        """Forget at the next beginning what is remembered: something that was added is not in the graph."""
        self._shown.clear()
        self._news, self._version = 0, None

    def meet(self, tokens: Iterable[str]) -> None:
        """Know that the graph says something of *tokens* from now on, though no record does."""
        if self._met is not None:
            self._met.add(tokens)
            self._unmet.clear()

    def save(self) -> None:
        """Keep what the next opening would otherwise have to read from the journal."""
        if self._met is not None:
            self._tell()
            self._met.save()

    def _absorb(self) -> None:
        for subject, node in self._pending.nodes.items():
            if subject in self._large or subject in self._concepts:
                continue
            known = self._outgoing.find(subject)
            if known:
                self._absorb_into(known, subject, node)
            elif known is not None or self._is_unmet(subject):  # nothing was stored of it
                self._outgoing.keep(subject, node)
        for mentioned in self._mentioned.difference(self._pending.nodes):
            if self._is_unmet(mentioned):  # such as the thing of which this is the first version: nothing is said of it
                self._outgoing.keep(mentioned, {})
        for key, subjects in self._pending.incoming():
            into = self._incoming.find(key)
            if into is not None:
                into.update(dict.fromkeys(subjects))
            elif self._is_unmet(key[1]):
                self._incoming.keep(key, dict.fromkeys(subjects))

    def _absorb_into(self, known: Node, subject: str, node: Node) -> None:
        merge(known, node)
        if max(map(len, known.values())) > _LARGE:
            self._large.add(subject)
            self._outgoing.drop(subject)

    def _is_unmet(self, node: str) -> bool:
        """Whether the graph knew nothing of *node* before what is pending now; if in doubt it may have."""
        if node in self._unmet:
            return True
        if self._met is None or node in self._met:
            return False
        self._unmet.add(node)
        return True

    def _forget(self) -> None:
        self._large.clear()
        self._outgoing.clear()
        self._incoming.clear()

    def add(self, asserted: Iterable[Triple], inferred: Iterable[Triple] = ()) -> None:
        """Let the records that follow in this group see what one says, and what follows from that and the graph."""
        self._pending.add(asserted)
        self._pending.add(inferred)
        if self._met is not None:
            # What follows names nothing that is neither named in what is said nor met before.
            below = self._met.below
            self._mentioned.update([o for _, _, o in asserted if o.startswith(below)])

    def without(self, triples: Iterable[Triple]) -> None:
        """Hide stored *triples*, which the record in hand takes back, until the next group. Everything is written."""
        self._tell()
        self._forget()
        self._late.clear()
        self._pending.clear()
        self._version = None
        self._gone = frozenset(triples)

    def _stored(self, subject: str) -> Node:
        """What is stored of a subject that is not large; read it by predicate if it turns out to be."""
        found = self._outgoing.get(subject)
        if found is None:
            found = self._outgoing.find(subject)
        if found is None:
            if subject in self._large:
                return NOTHING
            found = {}
            if subject[0] == "<" and not self._is_unmet(subject):
                late = [layer.nodes[subject] for _, layer in self._late if subject in layer.nodes]
                pairs = self._graph.outgoing(subject)
                if len(pairs) > _LARGE:
                    self._large.add(subject)
                    return NOTHING
                for p, o in pairs:
                    if not self._gone or (subject, p, o) not in self._gone:
                        found[p] = (*found.get(p, ()), o)
                for node in late:
                    merge(found, node)
            self._outgoing.keep(subject, found)
        return found

    def knows(self, subject: str) -> bool:
        """Whether anything is said of *subject*."""
        if subject in self._pending.nodes or subject in self._concepts:
            return True
        known = self._outgoing.get(subject)
        if known or (known is None and self._stored(subject)):
            return True
        return subject in self._large and next(iter(self.outgoing(subject)), None) is not None

    def held(self, subject: str) -> Node | None:
        """All that is said of *subject*, where it is in one place: not to be changed, and soon out of date."""
        concept = self._concepts.get(subject)
        if concept is not None:
            return concept
        stored = self._outgoing.get(subject) or self._stored(subject)
        if subject in self._large:
            return None
        pending = self._pending.nodes.get(subject)
        return stored if pending is None else None if stored else pending

    def states(self, triple: Triple) -> bool:
        """Whether *triple* is said already."""
        s, p, o = triple
        return o in self.objects(s, p)

    def outgoing(self, subject: str) -> Iterable[tuple[str, str]]:
        """Predicate and object of every statement about *subject*, each once."""
        if subject in self._vocabularies:
            return self._vocabularies.outgoing(subject)
        stored = self._stored(subject)
        if subject in self._large:
            return self._outgoing_of_large(subject)
        said = [(p, o) for p, objects in stored.items() for o in objects]
        if subject in self._pending.nodes:
            said += [(p, o) for p, o in self._pending.outgoing(subject) if o not in stored.get(p, ())]
        return said

    def _outgoing_of_large(self, subject: str) -> Iterator[tuple[str, str]]:
        more = dict.fromkeys(pair for layer in self._added() for pair in layer.outgoing(subject))
        for s, p, o in self._graph.match(subject):
            more.pop((p, o), None)
            if not self._gone or (s, p, o) not in self._gone:
                yield p, o
        yield from more

    def _added(self) -> list[Layer]:
        """What the graph may not have written yet."""
        return [*(layer for _, layer in self._late), self._pending]

    def objects(self, subject: str, predicate: str) -> Iterable[str]:
        """The objects of *subject* and *predicate*, each once."""
        node = self._concepts.get(subject)
        if node is not None:
            return node.get(predicate, ())
        known = self._outgoing.get(subject)
        stored: Sequence[str] = (self._stored(subject) if known is None else known).get(predicate, ())
        if subject in self._large:
            stored = self._objects_of_large(subject, predicate)
        node = self._pending.nodes.get(subject)
        pending = node.get(predicate) if node else None
        if not pending:
            return stored
        return dict.fromkeys([*stored, *pending]) if stored else pending

    def _objects_of_large(self, subject: str, predicate: str) -> list[str]:
        late = [o for _, layer in self._late for o in layer.objects(subject, predicate)]
        found = self._graph.objects(subject, predicate)
        if late:
            found = list(dict.fromkeys([*found, *late]))
        return [o for o in found if not self._gone or (subject, predicate, o) not in self._gone]

    def subjects(self, predicate: str, object: str) -> Iterable[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*, each once."""
        key = (predicate, object)
        stored = self._incoming.get(key)
        if stored is None:
            stored = self._incoming.find(key)
        if stored is None:
            if object in self._unmet or (object[0] == "<" and self._is_unmet(object)):
                # Not remembered: most nodes are asked for once, and would push out what is asked for again.
                return self._pending.subjects(predicate, object)
            stored = dict.fromkeys(self._read_incoming(predicate, object))
            self._incoming.keep(key, stored)
        pending = self._pending.subjects(predicate, object)
        return (dict.fromkeys([*stored, *pending]) if stored else pending) if pending else stored

    def _read_incoming(self, predicate: str, target: str) -> list[str]:
        """Stored subjects. Of a node that nothing is said of, all that leads to it is read at once: mostly nothing."""
        if target[0] == "<" and target not in self._vocabularies and self._is_stranger(target):
            found = self._strangers.get(target)
            if found is None:
                found = self._strangers[target] = {}
                for s, p, _ in self._graph.match(None, None, target):
                    found.setdefault(p, []).append(s)
            subjects: Iterable[str] = found.get(predicate, ())
        else:
            subjects = self._graph.subjects(predicate, target)
        late = [s for _, layer in self._late for s in layer.subjects(predicate, target)]
        return [s for s in (*subjects, *late) if not self._gone or (s, predicate, target) not in self._gone]

    def _is_stranger(self, node: str) -> bool:
        return not self._stored(node) and node not in self._large
