"""The client's calls for auditors: exports, bundles, checkpoints and proofs, the audit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lakegraph.errors import LakeBusyError, LakeDamagedError
from lakegraph.remote.connection import JSON, Connection, query_string
from lakegraph.remote.problem import error_of

if TYPE_CHECKING:
    from pathlib import Path

    from lakegraph.exchange.audit import Finding
    from lakegraph.exchange.bundle import Written
    from lakegraph.journal import Checkpoint

_LINES = "application/x-ndjson"


class RemoteEvidence:
    """Calls for auditors; see :class:`lakegraph.exchange.evidencing.Evidencing`."""

    _wire: Connection

    def checkpoint(self) -> Checkpoint:
        """Sign a checkpoint over all entries of now, or give the latest one that covers them."""
        return _checkpoint(self._wire.post("/log/checkpoint", b"", "text/plain", accept="text/plain").data)

    def latest_checkpoint(self) -> Checkpoint:
        """The last checkpoint that was signed."""
        return _checkpoint(self._wire.get("/log/checkpoint", accept="text/plain").data)

    def key_history(self) -> tuple[str, ...]:
        """The signed statements that tie the signing keys of the lake together, oldest first."""
        return tuple(_json(self._wire, "/log/keys")["statements"])

    def inclusion(self, seq: int, size: int | None = None) -> dict[str, Any]:
        """The proof that an entry stands in the log; see :func:`lakegraph.exchange.proofs.inclusion`."""
        return dict(_json(self._wire, "/log/proof", seq=str(seq), size=None if size is None else str(size)))

    def consistency(self, old: int, size: int | None = None) -> dict[str, Any]:
        """The proof that the log only grew; see :func:`lakegraph.exchange.proofs.consistency`."""
        said = {"from": str(old), "size": None if size is None else str(size)}
        return dict(_json(self._wire, "/log/proof", **said))

    def audit(
        self, progress: Callable[[str, int, int], None] | None = None, *, since: Sequence[str] = ()
    ) -> Iterator[Finding]:
        """Everything in the lake that contradicts itself; see :func:`lakegraph.exchange.audit.audit`."""
        from lakegraph.exchange.anchor import continued
        from lakegraph.exchange.audit import Finding

        for text in since:
            try:
                continued(self, text, self.latest_checkpoint())
            except LakeDamagedError as error:
                yield Finding("checkpoints", "kept elsewhere", error.message)
        for line in _lines(self._wire.stream("/log/audit", accept=_LINES)):
            said = json.loads(line)
            if "step" in said:
                if progress:
                    progress(said["step"], said["done"], said["of"])
            elif "code" in said:
                raise error_of(said, int(said["status"]))
            elif "part" in said:
                yield Finding(said["part"], said["where"], said["message"])
            else:
                return
        raise LakeBusyError("The audit broke off.", where=self._wire.url, hint="Is the server still there?")

    def erasures(self) -> list[dict[str, Any]]:
        """Every lawful erasure: which entry of which record, when, why, and the entry that says so."""
        return list(_json(self._wire, "/log/erasures"))

    def bundle(
        self,
        things: Iterable[str],
        out: Path,
        *,
        redact_persons: bool = False,
        since: Sequence[int] = (),
        forms: Sequence[str] = (),
    ) -> Written:
        """Write an evidence bundle to *out*; see :meth:`lakegraph.exchange.evidencing.Evidencing.bundle`."""
        from lakegraph.exchange.bundle import Written

        asked = tuple(things)
        redact = "persons" if redact_persons else None
        body = {"things": asked, "redact": redact, "since": list(since), "forms": list(forms)}
        answer = self._wire.download("/bundles", json.dumps(body).encode(), JSON, out, accept="application/zip")
        return Written(path=out, things=asked, **json.loads(answer.headers["Lake-Bundle"]))


def _json(wire: Connection, path: str, **said: str | None) -> Any:
    return wire.get(path + query_string(**said)).json()


def _checkpoint(note: bytes) -> Checkpoint:
    from lakegraph.journal import parse_checkpoint

    return parse_checkpoint(note.decode())


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a body that comes in chunks."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
