"""Going back to an earlier version of a data set or model, by a record that says so and why."""

from __future__ import annotations

from datetime import UTC, datetime

from lakegraph.errors import ConflictError, UsageError
from lakegraph.finding import Finding
from lakegraph.preparing import Submission
from lakegraph.questions import Named, select
from lakegraph.rdf.intake import Intake
from lakegraph.rdf.names import slugify, uuid7
from lakegraph.rdf.namespaces import DCAT, DCT, LAKE, PROV, RDF
from lakegraph.rdf.terms import XSD, Triple, literal, valid_iri
from lakegraph.receipts import Receipt


class Versioning(Finding):
    """The call that moves between versions."""

    def rollback(
        self, version: str | Named, *, by: str, why: str, key: str | None = None, actor: str | None = None
    ) -> Receipt:
        """Make an earlier version of a data set or model the current one, until a newer one is recorded.

        Nothing is undone: the record is a run that states ``dcat:hasCurrentVersion``, and the title alone means that
        version from then on. An earlier rollback of the same thing is superseded.

        Args:
            version: The version: ``title@version``, IRI, or file path.
            by: The person who decides so.
            why: The reason.
            key: An idempotency key.
            actor: Who is named in the journal.

        Raises:
            NotFoundError, AmbiguousError: The name means nothing, or several things.
            UsageError: It is no version of anything.
            ConflictError: It is the current version already.
            Refusal: The shapes refuse it, as where no reason is given.
        """
        if key is not None and (entry := self.journal.by_key(key)) is not None:
            return Receipt(entry.record, entry.graph, entry.seq, entry.quads, repeated=True)
        if not why.strip():
            raise UsageError(
                "A rollback needs a reason.", where="why", hint="Say what is wrong with the newer version."
            )
        token = f"<{self.resolve(version)}>"
        hubs = sorted(self._projector.graph.objects(token, DCAT.isVersionOf))
        if not hubs:
            raise UsageError(
                f"{token[1:-1]} is no version of a data set or model.", where=token[1:-1], hint="Such as Diabetes@1."
            )
        if self._projector.index.current(hubs[0][1:-1]) == token[1:-1]:
            raise ConflictError(f"{token[1:-1]} is the current version already.", where=token[1:-1])
        said = Intake(tuple(self._rollback(token, hubs[0], by, why)))
        return self._submit(Submission(rdf=said, key=key, actor=self._actor(actor), supersedes=self._earlier(hubs[0])))

    def _rollback(self, version: str, hub: str, by: str, why: str) -> list[Triple]:
        run, person = f"<{self.base}id/run/{uuid7()}>", self._person(by)
        now = literal(datetime.now(UTC).isoformat().replace("+00:00", "Z"), XSD + "dateTime")
        name = version[1:-1].removeprefix(f"{self.base}id/")
        return [
            (run, RDF.type, LAKE.Run),
            (run, DCT.title, literal(f"Roll back to {name}")),
            (run, DCT.description, literal(why)),
            (run, PROV.wasAssociatedWith, person),
            (run, PROV.startedAtTime, now),
            (run, PROV.endedAtTime, now),
            (hub, DCAT.hasCurrentVersion, version),
            # A name becomes a person here, as in any record; whom an IRI means is for the lake to know.
            *([] if valid_iri(by) else [(person, RDF.type, LAKE.User)]),
        ]

    def _person(self, by: str) -> str:
        """The token of a person, as records name one: by IRI, or by a name that the directory knows."""
        if valid_iri(by):
            return f"<{by}>"
        known = self.people.find(by)
        return f"<{self.base}id/{known.kind}/{known.slug}>" if known else f"<{self.base}id/user/{slugify(by)}>"

    def _earlier(self, hub: str) -> str | None:
        """The graph of the rollback of *hub* that is in force."""
        graph = self._projector.graph
        for version in graph.objects(hub, DCAT.hasCurrentVersion):
            for record in self._graphs(hub, DCAT.hasCurrentVersion, version):
                runs = {s for s, _, o in graph.match(p=RDF.type, graph=record) if o == LAKE.Run}
                if runs and all(s in (hub, record, *runs) or p == RDF.type for s, p, _ in graph.match(graph=record)):
                    return record[1:-1]
        return None

    def _graphs(self, s: str, p: str, o: str) -> list[str]:
        rows = select(self._projector.graph, "5w1h/parts/stated", s=s, p=p, o=o)
        return [row[3] for row in rows if row[3]]
