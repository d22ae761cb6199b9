"""The client: every call of a lake as requests to the one host that its person named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import quote

from lakegraph.capture import Recording
from lakegraph.errors import LakegraphError, QueryError, UsageError
from lakegraph.exchange import RDF_TYPES, RESULT_TYPES
from lakegraph.model import Thing
from lakegraph.questions import Calls, value_text
from lakegraph.rdf.intake import parse
from lakegraph.receipts import Receipt
from lakegraph.remote.connection import JSON, Connection, query_string
from lakegraph.remote.editing import Editing
from lakegraph.remote.evidence import RemoteEvidence
from lakegraph.remote.federating import RemoteFederating
from lakegraph.remote.past import RemotePast
from lakegraph.remote.problem import error_of
from lakegraph.remote.wire import EXACT, load

if TYPE_CHECKING:
    from lakegraph.exchange import Coverage
    from lakegraph.questions import (
        Card,
        Comparison,
        Gaps,
        History,
        Impact,
        Lineage,
        LineageDifference,
        Named,
        Paths,
        Recipe,
        Result,
        Value,
    )
    from lakegraph.rdf.terms import Triple

_BATCH = 200
_NOT_ACCEPTABLE = 406
_LINES, _N_TRIPLES, _SPARQL = "application/x-ndjson", "application/n-triples", "application/sparql-query"
Document = Mapping[str, Any] | Thing
Steps = int | Literal["all"]
_MORE = ("c", "d", "e", "f")
Moment = int | str | date
"""The number of a journal entry, a time with its zone, or a day, which is then over (in UTC)."""


class RemoteLake(Recording, RemoteFederating, RemoteEvidence, Editing):
    """The lake that is served at *url*.

    Its calls take, return and raise what those of a lake in a directory do; :class:`lakegraph.errors.LakeBusyError`
    is also what a server raises that cannot be reached.

    Args:
        url: Its address, such as ``http://127.0.0.1:8010``.
        token: Sent as a bearer token.

    Raises:
        UsageError: *url* is not http or https.
    """

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self._wire = Connection(url, token)

    @cached_property
    def base(self) -> str:
        """The IRI below which everything in the lake has its address."""
        return str(self.status()["base"])

    # -- record -------------------------------------------------------------------------------------------------------

    def record(self, document: Document, *, key: str | None = None, captured: bool = False) -> Receipt:
        """Record one run or thing; see :meth:`lakegraph.lake.Lake.record`."""
        return self._record(_json(document), JSON, key, captured=captured)

    def record_rdf(self, body: bytes, media_type: str, *, key: str | None = None, captured: bool = False) -> Receipt:
        """Record what is stated in RDF; see :meth:`lakegraph.lake.Lake.record_rdf`."""
        return self._record(body, media_type, key, captured=captured)

    def supersede(self, record: str, document: Document, *, key: str | None = None) -> Receipt:
        """Correct a record; see :meth:`lakegraph.lake.Lake.supersede`."""
        return self._record(_json(document), JSON, key, supersedes=record)

    def tombstone(self, record: str, *, by: str, why: str, key: str | None = None) -> Receipt:
        """Withdraw a record; see :meth:`lakegraph.lake.Lake.tombstone`."""
        body = json.dumps({"record": record, "by": by, "why": why}).encode()
        return Receipt.from_dict(self._wire.post("/withdrawals", body, JSON, key=key).json())

    def rollback(self, version: str | Named, *, by: str, why: str, key: str | None = None) -> Receipt:
        """Make an earlier version current; see :meth:`lakegraph.versioning.Versioning.rollback`."""
        body = json.dumps({"version": _name(version), "by": by, "why": why}).encode()
        return Receipt.from_dict(self._wire.post("/rollbacks", body, JSON, key=key).json())

    def record_many(
        self, documents: Iterable[Document], *, captured: bool = False
    ) -> Iterator[Receipt | LakegraphError]:
        """Record many in groups; see :meth:`lakegraph.lake.Lake.record_many`."""
        stream = iter(documents)
        path = "/records/batch" + query_string(captured=_flag(captured))
        while group := list(islice(stream, _BATCH)):
            body = b"\n".join(_json(document) for document in group)
            answer = self._wire.post(path, body, _LINES, accept=_LINES)
            for line in answer.data.splitlines():
                said = json.loads(line)
                yield error_of(said, int(said["status"])) if "code" in said else Receipt.from_dict(said)

    def _record(
        self, body: bytes, media_type: str, key: str | None, *, captured: bool = False, supersedes: str | None = None
    ) -> Receipt:
        path = "/records" + query_string(captured=_flag(captured), supersedes=supersedes)
        return Receipt.from_dict(self._wire.post(path, body, media_type, key=key).json())

    # -- ask ----------------------------------------------------------------------------------------------------------

    def questions(self) -> list[dict[str, Any]]:
        """Every question that the lake answers, with its parameters."""
        return list(self._json("/questions"))

    def at(self, moment: Moment) -> RemotePast:
        """The lake as it was; see :meth:`lakegraph.asking.Asking.at`. It is made when it is asked the first time."""
        return RemotePast(self, moment)

    @cached_property
    def answers(self) -> Calls:
        """Every question as a method with typed arguments; see :attr:`lakegraph.asking.Asking.answers`."""
        return Calls(self.questions(), self.ask)

    def ask(self, name: str, *, as_of: Moment | None = None, **parameters: Value) -> Card | Result:
        """Answer a question; see :meth:`lakegraph.asking.Asking.ask`."""
        given = {key: value_text(said) for key, said in parameters.items()}
        found: Card | Result = self._answer(f"/questions/{quote(name, safe='')}", as_of=as_of, **given)
        return found

    def lineage(
        self,
        of: str | Named,
        *,
        up: Steps = "all",
        down: Steps = 0,
        nodes: int | None = None,
        as_of: Moment | None = None,
    ) -> Lineage:
        """What a thing came from and what came of it; see :meth:`lakegraph.asking.Asking.lineage`."""
        limits = {"up": str(up), "down": str(down), "nodes": None if nodes is None else str(nodes)}
        found: Lineage = self._answer("/lineage", of=_name(of), as_of=as_of, **limits)
        return found

    def why(self, a: str | Named, b: str | Named, *, as_of: Moment | None = None) -> Paths:
        """The paths between two things, each readable as a sentence."""
        found: Paths = self._answer("/why", as_of=as_of, **{"from": _name(a), "to": _name(b)})
        return found

    def impact(self, of: str | Named, *, as_of: Moment | None = None) -> Impact:
        """What rests on a thing, down to deployments."""
        found: Impact = self._answer("/impact", of=_name(of), as_of=as_of)
        return found

    def diff(
        self, a: str | Named, b: str | Named, *more: str | Named, lineage: bool = False, as_of: Moment | None = None
    ) -> Comparison | LineageDifference:
        """What differs between things; see :meth:`lakegraph.comparing.Comparing.diff`."""
        if len(more) > len(_MORE):
            raise UsageError(f"{2 + len(more)} things cannot be compared over HTTP.", where="more", hint="Name 2 to 6.")
        said = {name: _name(thing) for name, thing in zip(("a", "b", *_MORE), (a, b, *more), strict=False)}
        found: Comparison | LineageDifference = self._answer("/diff", as_of=as_of, lineage=_flag(lineage), **said)
        return found

    def history(self, of: str | Named, *, as_of: Moment | None = None) -> History:
        """The versions of a data set or model; see :meth:`lakegraph.comparing.Comparing.history`."""
        found: History = self._answer("/history", of=_name(of), as_of=as_of)
        return found

    def gaps(self, of: str | Named | None = None, *, limit: int = 100, as_of: Moment | None = None) -> Gaps:
        """What nobody has said; see :meth:`lakegraph.comparing.Comparing.gaps`."""
        name = None if of is None else _name(of)
        found: Gaps = self._answer("/gaps", of=name, limit=str(limit), as_of=as_of)
        return found

    def reproduce(self, of: str | Named, *, as_of: Moment | None = None) -> Recipe:
        """What is needed to make a thing again; see :meth:`lakegraph.comparing.Comparing.reproduce`."""
        found: Recipe = self._answer("/reproduce", of=_name(of), as_of=as_of)
        return found

    def search(self, text: str, **filters: Any) -> dict[str, Any]:
        """Things by words and facets; see :meth:`lakegraph.asking.Asking.search`."""
        given = {name: str(value) for name, value in filters.items() if value is not None}
        return dict(self._json("/search", q=text, **given))

    def resolve(self, name: str) -> str:
        """The IRI that *name* means: an IRI, slug, title, ``title@version`` or the path of a file."""
        return str(self._json("/resolve", name=name)["iri"])

    def describe(self, name: str) -> list[Triple]:
        """Everything that is said of an IRI and of its parts, sorted."""
        answer = self._wire.get("/resource" + query_string(iri=name), accept=_N_TRIPLES)
        return sorted(parse(answer.data, _N_TRIPLES))

    def query(self, text: str, *, form: str = "json") -> bytes:
        """The whole answer to a SPARQL query; see :meth:`lakegraph.asking.Asking.query`."""
        try:
            return self._wire.post("/sparql", text.encode(), _SPARQL, accept=_accept(form)).data
        except LakegraphError as error:
            if error.status != _NOT_ACCEPTABLE:
                raise
            raise QueryError(f"{form!r} is not a syntax for this answer.", where="form", hint=error.hint) from error

    def export(self, things: str | Iterable[str] | None, form: str) -> Iterator[bytes]:
        """The story of *things*, or of the whole lake, in a form; see :func:`lakegraph.exchange.exports.export`."""
        asked = [things] if isinstance(things, str) else list(things or ())
        return self._wire.stream("/export" + query_string(**{"of": asked or None, "as": form}))

    def coverage(self, thing: str, against: str) -> Coverage:
        """What is recorded of the documentation that a framework asks for; see :mod:`lakegraph.exchange.coverage`."""
        found: Coverage = self._answer("/coverage", of=thing, against=against)
        return found

    def log(self, thing: str | None = None, *, limit: int = 20) -> list[dict[str, Any]]:
        """Journal entries, newest first: of one record, or of the whole lake."""
        return list(self._json("/log", of=thing, limit=str(limit)))

    def status(self) -> dict[str, Any]:
        """What the lake is and holds. Its directory is not told."""
        return dict(self._json("/status"))

    def _json(self, path: str, **said: str | None) -> Any:
        return self._wire.get(path + query_string(**said)).json()

    def _answer(self, path: str, *, as_of: Moment | None = None, **said: str | None) -> Any:
        when = moment_text(as_of) if as_of is not None else None
        return load(self._wire.get(path + query_string(as_of=when, **said), accept=EXACT).data)

    # -- the connection -----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the connections; the lake stays as it is."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _name(thing: str | Named) -> str:
    return thing if isinstance(thing, str) else thing.iri


def moment_text(moment: Moment) -> str:
    """A moment as requests name it."""
    return moment.isoformat() if isinstance(moment, date) else str(moment)


def _flag(value: bool) -> str | None:
    return "true" if value else None


def _accept(form: str) -> str:
    """The media type called *form*; with JSON, the form of rows when none is said, a graph comes as Turtle."""
    rows = [media.type for media in RESULT_TYPES.values() if media.name == form]
    graphs = [media.type for media in RDF_TYPES.values() if media.name == form]
    if not rows and not graphs:
        names = [media.name for media in (*RESULT_TYPES.values(), *RDF_TYPES.values())]
        raise QueryError(f"There is no form {form!r}.", where="form", hint=f"One of: {', '.join(names)}.")
    return ", ".join([*rows, *graphs, *([next(iter(RDF_TYPES))] if form == "json" else [])])


def _json(document: Document) -> bytes:
    if isinstance(document, Thing):
        return document.model_dump_json(by_alias=True, exclude_none=True).encode()
    try:
        return json.dumps(document, default=_plain, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The document cannot be sent: {error}.", hint="Documents hold what JSON can.") from error


def _plain(value: Any) -> Any:
    """Times and days as ISO text, paths and other text-like things as text: what Python holds and JSON does not."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "__fspath__"):
        return value.__fspath__()
    raise UsageError(f"{value!r} cannot be sent.", hint="Documents hold text, numbers, times, lists and objects.")
