"""A lake over HTTP: the same calls as one in a directory, to the one host that its person named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from lakegraph import errors
from lakegraph.capture import Recording
from lakegraph.errors import LakeBusyError, LakegraphError, UsageError
from lakegraph.model import Thing
from lakegraph.receipts import Receipt

_BATCH = 200
_TIMEOUT = urllib3.Timeout(connect=5, read=300)


class RemoteError(LakegraphError):
    """What the lake's server answered, with its code, status and members.

    Attributes:
        members: The problem details as they came.
    """

    def __init__(self, members: Mapping[str, Any], status: int) -> None:
        known = _KINDS.get(str(members.get("code")), LakegraphError)
        super().__init__(
            str(members.get("detail", f"The lake answered {status}.")), where=members.get("where"), hint=members.get("hint")
        )
        self.members = dict(members)
        # The instance answers like the error that was raised over there.
        self.code = str(members.get("code", known.code))  # type: ignore[misc]
        self.status = status  # type: ignore[misc]
        self.exit_code = known.exit_code  # type: ignore[misc]

    def as_dict(self) -> dict[str, Any]:
        """The problem details as they came."""
        return self.members


_KINDS: dict[str, type[LakegraphError]] = {
    kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LakegraphError)
}


class RemoteLake(Recording):
    """The lake that is served at *url*.

    Args:
        url: Its address, such as ``http://127.0.0.1:8010``.
        token: Sent as a bearer token.

    Raises:
        UsageError: *url* is not http or https.
    """

    def __init__(self, url: str, *, token: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"{url!r} is not an http(s) address.", where="url")
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False, maxsize=8)

    # -- record -------------------------------------------------------------------------------------------------------

    def record(
        self, document: Mapping[str, Any] | Thing, *, key: str | None = None, captured: bool = False
    ) -> Receipt:
        """Record one run or thing; see :meth:`lakegraph.lake.Lake.record`."""
        return self._record(_json(document), "application/json", key, captured=captured)

    def record_rdf(self, body: bytes, media_type: str, *, key: str | None = None, captured: bool = False) -> Receipt:
        """Record what is stated in RDF; see :meth:`lakegraph.lake.Lake.record_rdf`."""
        return self._record(body, media_type, key, captured=captured)

    def supersede(self, record: str, document: Mapping[str, Any] | Thing, *, key: str | None = None) -> Receipt:
        """Correct a record; see :meth:`lakegraph.lake.Lake.supersede`."""
        return self._record(_json(document), "application/json", key, supersedes=record)

    def tombstone(self, record: str, *, by: str, why: str, key: str | None = None) -> Receipt:
        """Withdraw a record; see :meth:`lakegraph.lake.Lake.tombstone`."""
        body = json.dumps({"record": record, "by": by, "why": why}).encode()
        return Receipt.from_dict(self._call("POST", "/withdrawals", body, "application/json", key=key))

    def record_many(
        self, documents: Iterable[Mapping[str, Any] | Thing], *, captured: bool = False
    ) -> Iterator[Receipt | LakegraphError]:
        """Record many in groups; see :meth:`lakegraph.lake.Lake.record_many`."""
        stream = iter(documents)
        query = _query(captured="1") if captured else ""
        while group := list(islice(stream, _BATCH)):
            body = b"\n".join(_json(document) for document in group)
            answer = self._send("POST", f"/records/batch{query}", body, "application/x-ndjson", accept="*/*")
            for line in answer.data.splitlines():
                said = json.loads(line)
                yield RemoteError(said, said["status"]) if "code" in said else Receipt.from_dict(said)

    def _record(
        self, body: bytes, media_type: str, key: str | None, *, captured: bool = False, supersedes: str | None = None
    ) -> Receipt:
        query = _query(captured="1" if captured else None, supersedes=supersedes)
        return Receipt.from_dict(self._call("POST", f"/records{query}", body, media_type, key=key))

    # -- ask ----------------------------------------------------------------------------------------------------------

    def questions(self) -> list[dict[str, Any]]:
        """Every question that the lake answers, with its parameters."""
        found: list[dict[str, Any]] = self._call("GET", "/questions")
        return found

    def query(self, text: str, *, form: str = "json") -> bytes:
        """The answer to a SPARQL query as bytes; see :meth:`lakegraph.asking.Asking.query`."""
        from lakegraph.exchange import RDF_TYPES, RESULT_TYPES

        wanted = [m.type for m in (*RESULT_TYPES.values(), *RDF_TYPES.values()) if m.name == form]
        accept = ", ".join([*wanted, "text/turtle;q=0.5", "application/sparql-results+json;q=0.4"])
        return self._send("POST", "/sparql", text.encode(), "application/sparql-query", accept=accept).data

    def resolve(self, name: str) -> str:
        """The IRI that *name* means here."""
        return str(self._call("GET", f"/resolve{_query(name=name)}")["iri"])

    def log(self, thing: str | None = None, *, limit: int = 20) -> list[dict[str, Any]]:
        """Journal entries, newest first."""
        found: list[dict[str, Any]] = self._call("GET", f"/log{_query(of=thing, limit=str(limit))}")
        return found

    def status(self) -> dict[str, Any]:
        """What the lake is and holds."""
        found: dict[str, Any] = self._call("GET", "/status")
        return found

    def search(self, text: str, **filters: str | None) -> dict[str, Any]:
        """Things by words and facets."""
        found: dict[str, Any] = self._call("GET", f"/search{_query(q=text, **filters)}")
        return found

    # -- the wire -----------------------------------------------------------------------------------------------------

    def _call(self, method: str, path: str, body: bytes | None = None, media_type: str = "", key: str | None = None) -> Any:
        return json.loads(self._send(method, path, body, media_type, key=key).data)

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        media_type: str = "",
        *,
        key: str | None = None,
        accept: str = "application/json",
    ) -> urllib3.BaseHTTPResponse:
        headers = {**self._headers, "Accept": accept}
        if media_type:
            headers["Content-Type"] = media_type
        if key is not None:
            headers["Idempotency-Key"] = quote(key, safe="")
        try:
            answer = self._pool.request(method, self._url + path, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise LakeBusyError(
                f"The lake at {self._url} cannot be reached.", where=self._url, hint=f"Is it running? {error}"
            ) from error
        if answer.status >= 300:
            raise _problem(answer)
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def __enter__(self) -> RemoteLake:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _problem(answer: urllib3.BaseHTTPResponse) -> RemoteError:
    try:
        members = json.loads(answer.data)
    except ValueError:
        members = {"detail": f"The address answered {answer.status}, and not as a lake does."}
    return RemoteError(members if isinstance(members, dict) else {}, answer.status)


def _json(document: Mapping[str, Any] | Thing) -> bytes:
    if isinstance(document, Thing):
        return document.model_dump_json(by_alias=True, exclude_none=True).encode()
    return json.dumps(document, default=_plain).encode()


def _plain(value: Any) -> Any:
    """Times and days as ISO text: what a document in Python may hold and JSON may not."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise UsageError(f"{value!r} cannot be sent.", hint="Documents hold text, numbers, times, lists and objects.")


def _query(**said: str | None) -> str:
    given = {name: value for name, value in said.items() if value is not None}
    return "?" + urlencode(given) if given else ""


