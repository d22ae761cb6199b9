"""Lakes for the tests of capture: one that only reads documents, and one that judges them as a real one does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lakegraph import resources
from lakegraph.capture import Recording
from lakegraph.config import LimitSettings
from lakegraph.errors import ConflictError
from lakegraph.layer import Layer
from lakegraph.model import Thing, parse
from lakegraph.names import LakeNames
from lakegraph.people import People
from lakegraph.preparing import Preparer, Submission
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.mapper import mapper
from lakegraph.rdf.names import slugify, uuid7
from lakegraph.rdf.terms import Triple
from lakegraph.rdf.vocabulary import ontology
from lakegraph.receipts import Receipt
from lakegraph.validation import Gate, ShapeSet
from lakegraph.view import View

BASE = "https://lake.example.org/"


class PaperLake(Recording):
    """Keeps what it is given, once it parses and survives JSON; gives out IRIs by the rules of the real one."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []
        self._versions: dict[str, int] = {}

    def record(self, document: Mapping[str, Any]) -> Receipt:
        plain = json.loads(json.dumps(document, allow_nan=False))
        parsed = parse(plain)
        self.documents.append(plain)
        run = f"{BASE}id/run/{uuid7()}"
        return Receipt(run, f"{run}/bundle", len(self.documents), 0, tuple(self._outputs(parsed)))

    def _outputs(self, run: Thing) -> list[str]:
        found = []
        for field, kind in (("ingest_to", "dataset"), ("target_data", "dataset"), ("has_output_model", "model")):
            for made in getattr(run, field, ()):
                hub = f"{BASE}id/{kind}/{slugify(made.title)}"
                self._versions[hub] = self._versions.get(hub, -1 if kind == "dataset" else 0) + 1
                found.append(f"{hub}/{made.version or self._versions[hub]}")
        if getattr(run, "creates_deployment", None):
            found.append(f"{BASE}id/deployment/{slugify(run.creates_deployment.title)}")  # type: ignore[attr-defined]
        return found

    @property
    def last(self) -> dict[str, Any]:
        return self.documents[-1]


@cache
def gate() -> Gate:
    folders = [resources.path(f"shapes/{name}") for name in ("integrity", "completeness", "policy")]
    return Gate(ShapeSet.load(folders, {ontology().prefixes["lake"]: ontology().declared}), ontology())


class Memory:
    """A stored graph, in dictionaries."""

    def __init__(self) -> None:
        self._out: dict[str, dict[tuple[str, str], None]] = {}
        self._in: dict[tuple[str, str], dict[str, None]] = {}

    def add(self, triples: Iterable[Triple]) -> None:
        for s, p, o in triples:
            self._out.setdefault(s, {})[p, o] = None
            self._in.setdefault((p, o), {})[s] = None

    def match(self, s: str | None = None, p: str | None = None, o: str | None = None) -> Iterator[Triple]:
        for subject in self._out if s is None else [s]:
            for predicate, value in self._out.get(subject, ()):
                if p in (None, predicate) and o in (None, value):
                    yield subject, predicate, value

    def outgoing(self, subject: str) -> Sequence[tuple[str, str]]:
        return list(self._out.get(subject, ()))

    def objects(self, subject: str, predicate: str) -> Sequence[str]:
        return [o for p, o in self._out.get(subject, ()) if p == predicate]

    def subjects(self, predicate: str, object: str) -> Sequence[str]:  # noqa: A002 - the protocol's name
        return list(self._in.get((predicate, object), ()))


class GateLake(Recording):
    """A real lake without disk: identity, mapping, inference and the shapes, over statements in memory."""

    def __init__(self, folder: Path) -> None:
        self.documents: list[dict[str, Any]] = []
        self.people = People.open(folder / "people.db")
        self._graph = Memory()
        self._view = View(self._graph, Layer(ontology().concept_triples))
        names = LakeNames(BASE, self._view, self.people)
        self._preparer = Preparer(
            BASE, names, ontology(), mapper(), reasoner(), gate(), b"", LimitSettings()
        )  # fmt: skip

    def record(self, document: Mapping[str, Any]) -> Receipt:
        plain = json.loads(json.dumps(document, allow_nan=False))
        self._view.begin()
        prepared = self._preparer.prepare(Submission(document=parse(plain)), self._view, None)
        if any(self._graph.outgoing(f"<{prepared.draft.graph}>")):
            raise ConflictError(f"{prepared.draft.record} is recorded already.")
        self._graph.add(prepared.asserted)
        self._graph.add(prepared.inferred)
        self.documents.append(plain)
        warnings = tuple(r.as_dict() for r in prepared.report.warnings)
        draft = prepared.draft
        return Receipt(
            draft.record, draft.graph, len(self.documents), len(prepared.asserted), prepared.outputs, warnings
        )

    def close(self) -> None:
        self.people.close()

    def objects(self, subject: str, predicate: str) -> set[str]:
        return set(self._graph.objects(f"<{subject}>", predicate))
