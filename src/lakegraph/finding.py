"""Finding things in a lake, as it is and as it was: by name, by words, and everything that is said of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Self, cast

from lakegraph.errors import NotFoundError, UsageError
from lakegraph.index import Hit
from lakegraph.lake import Lake
from lakegraph.moments import zoned
from lakegraph.pasts import seq_of
from lakegraph.projecting import Progress
from lakegraph.questions import Named, resolve
from lakegraph.rdf.terms import Triple, valid_iri

Moment = int | str | date
"""The number of a journal entry, a time with its zone, or a day, which is then over (in UTC)."""


class Finding(Lake):
    """The calls that find."""

    # -- the past -----------------------------------------------------------------------------------------------------

    def at(self, moment: Moment, progress: Progress | None = None) -> Self:
        """The lake as it was: what a copy of it, taken at that moment, answers.

        Args:
            moment: The number of a journal entry; a time with its zone; or a day, which is then over (in UTC).
            progress: Told how far the making of it is; afterwards it answers as fast as the lake does.

        Raises:
            UsageError: *moment* is none of these, or an entry that does not exist yet.
            LakeBusyError: Another past is being made, and takes its time.
        """
        return cast("Self", self.pasts.get(seq_of(self.journal, moment), progress))

    def then(self, as_of: Moment | None) -> Self:
        """The lake that answers for a moment: this one for None and for its newest entry.

        Raises:
            UsageError, LakeBusyError: As :meth:`at`.
        """
        if as_of is None:
            return self
        seq = seq_of(self.journal, as_of)
        return self if seq == self.journal.last_seq else self.at(seq)

    # -- finding ------------------------------------------------------------------------------------------------------

    def resolve(self, name: str | Named, kinds: Sequence[str] = ()) -> str:
        """The IRI that *name* means: an IRI, slug, title, ``title@version``, or the path of a file that the lake knows.

        What a recording gave, such as the handle of a model, means itself.

        Raises:
            NotFoundError: Nothing is called so; the nearest names are suggested.
            AmbiguousError: Several things are; they are listed.
        """
        text = name if isinstance(name, str) else name.iri
        return resolve(text, kinds, self._projector.index, self._projector.graph, self.base)

    def search(self, text: str, **filters: Any) -> dict[str, Any]:
        """Things by words and facets: ``hits`` (best first), ``total``, ``atLeast``, ``after``.

        Args:
            text: Words.
            filters: ``kind``, ``tag``, ``owner``, ``algorithm``, ``stage``, ``level``, ``since``, ``until`` (times with
                their zone), ``facets`` (true counts them too), ``limit``, ``after``, ``as_of``.
        """
        if filters.get("as_of") is not None:
            return self.then(filters.pop("as_of")).search(text, **filters)
        given = {name: value for name, value in filters.items() if value is not None}
        if "limit" in given:
            if not str(given["limit"]).isdigit():
                raise UsageError(f"{given['limit']!r} is not a number.", where="limit")
            given["limit"] = int(given["limit"])
        for name in ("since", "until"):
            if name in given:
                given[name] = zoned(str(given[name]), name)
        if "facets" in given:
            given["facets"] = str(given["facets"]).lower() in ("1", "true")
        known = ("kind", "tag", "owner", "algorithm", "stage", "level", "status", "license", "since", "until", "facets",
                 "limit", "after")  # fmt: skip
        for name in given:
            if name not in known:
                raise UsageError(
                    f"Searches cannot be narrowed by {name!r}.", where=name, hint=f"By {', '.join(known)}."
                )
        page = self._projector.index.search(text or None, **given)
        hits = [_hit(hit) for hit in page.hits]
        said = {"hits": hits, "total": page.total, "atLeast": page.at_least, "after": page.after}
        return said | ({"facets": asdict(page.facets)} if page.facets else {})

    def knows(self, name: str) -> bool:
        """Whether anything is said of the IRI *name*."""
        return valid_iri(name) and any(True for _ in self._projector.graph.outgoing(f"<{name}>"))

    def describe(self, name: str) -> list[Triple]:
        """Everything that is said of an IRI and of its parts, sorted.

        Raises:
            NotFoundError: Nothing is said of it.
        """
        graph = self._projector.graph
        found: dict[Triple, None] = {}
        queue = [f"<{name}>"] if valid_iri(name) else []
        for node in queue:
            for p, o in graph.outgoing(node):
                found[node, p, o] = None
                if o.startswith(f"<{name}/") and o not in queue:
                    queue.append(o)
        if not found:
            raise NotFoundError(f"Nothing is said of {name}.", hint="lakegraph search finds what the lake knows.")
        return sorted(found)


def _hit(hit: Hit) -> dict[str, Any]:
    said = asdict(hit)
    said["when"] = hit.when.isoformat()
    for name in ("cursor", "time", "rank", "spans"):
        said.pop(name, None)
    lists = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
    return {name: value for name, value in lists.items() if value not in (None, [], "")}
