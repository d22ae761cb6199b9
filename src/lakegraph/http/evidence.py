"""/log/checkpoint, /log/keys, /log/proof and /bundles: what an auditor takes away, and checks without the lake."""

from __future__ import annotations

import json
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from flask import Blueprint, Response

from lakegraph.errors import DocumentError, UsageError
from lakegraph.http.auditing import Auditing
from lakegraph.http.describing import Operation, Parameter, describes, number, parameters
from lakegraph.http.negotiation import JSON, choose
from lakegraph.http.records import LINES, body_object, require_media_type
from lakegraph.http.rendering import as_json
from lakegraph.http.state import lake

blueprint = Blueprint("evidence", __name__)
NOTE, ZIP = "text/plain", "application/zip"
_MOST = 10**9
_CHUNK = 1 << 16
_THINGS = 1000
_FIELDS = {"things": str, "forms": str, "since": int}
_REFUSES = (400, 404, 406, 507)


@blueprint.get("/log/checkpoint")
@describes(Operation(answers={200: (NOTE,)}, refuses=(400, 406, 507)))
def checkpoint() -> Response:
    """The latest signed checkpoint of the log, as a signed note."""
    parameters()
    choose((NOTE,))
    return _note(lake().latest_checkpoint().note, 200)


@blueprint.post("/log/checkpoint")
@describes(Operation(answers={201: (NOTE,)}, refuses=(400, 406, 507)))
def sign() -> Response:
    """Sign a checkpoint over all entries of now; the latest one, where it covers them."""
    parameters()
    choose((NOTE,))
    return _note(lake().checkpoint().note, 201)


@blueprint.get("/log/keys")
@describes(Operation(answers={200: (JSON,)}, refuses=(400, 406, 507)))
def keys() -> Response:
    """The signed statements that tie the signing keys of the lake together, oldest first."""
    parameters()
    choose((JSON,))
    return as_json({"statements": list(lake().key_history())})


@blueprint.get("/log/proof")
@describes(
    Operation(
        parameters=(
            Parameter("seq", "The entry whose place in the log is proved.", kind="integer"),
            Parameter("from", "Or: the size of an older checkpoint, which the log of now continues.", kind="integer"),
            Parameter("size", "The size of the tree; that of the latest checkpoint when left out.", kind="integer"),
        ),
        refuses=_REFUSES,
    )
)
def proof() -> Response:
    """The proof that an entry stands in the log, or that the log only grew (RFC 6962)."""
    said = parameters()
    choose((JSON,))
    if ("seq" in said) == ("from" in said):
        raise UsageError("Either seq or from is given.", where="seq", hint="?seq=7 for an entry, ?from=1000 for a log.")
    size = number(said, "size", 0, most=_MOST) if "size" in said else None
    if "seq" in said:
        return as_json(lake().inclusion(number(said, "seq", 1, most=_MOST), size))
    return as_json(lake().consistency(number(said, "from", 1, most=_MOST), size))


@blueprint.get("/log/erasures")
@describes(Operation(answers={200: (JSON,)}, refuses=(400, 406)))
def erasures() -> Response:
    """Every lawful erasure: which entry of which record, when, why, and the entry that says so."""
    parameters()
    choose((JSON,))
    return as_json(lake().erasures())


@blueprint.get("/log/audit")
@describes(Operation(answers={200: (LINES,)}, refuses=(400, 406, 503)))
def audit() -> Response:
    """Compare journal, ledger and graph: a JSON object a line, for what is under way, each finding, and the end."""
    parameters()
    choose((LINES,))
    return Response(Auditing(lake()), mimetype=LINES, headers={"Cache-Control": "no-store"})


@blueprint.post("/bundles")
@describes(
    Operation(body={JSON: "Bundling"}, answers={200: (ZIP,)}, refuses=(400, 404, 406, 409, 413, 415, 422, 503, 507))
)
def bundle() -> Response:
    """The sealed evidence for some things: one archive that verifies without the lake."""
    parameters()
    choose((ZIP,))
    require_media_type(JSON)
    said = _asked(body_object())
    folder = tempfile.TemporaryDirectory(prefix="lakegraph-bundle-")
    try:
        file = Path(folder.name) / "evidence.zip"
        written = lake().bundle(
            said["things"],
            file,
            redact_persons=said["redact"] is not None,
            since=said["since"],
            forms=said["forms"],
        )
        size = file.stat().st_size
    except BaseException:
        folder.cleanup()
        raise
    response = Response(_Sent(file, folder), mimetype=ZIP)
    response.headers["Content-Length"] = str(size)
    response.headers["Content-Disposition"] = 'attachment; filename="evidence.zip"'
    response.headers["Cache-Control"] = "no-store"
    told = {name: value for name, value in written.as_dict().items() if name != "things"}
    response.headers["Lake-Bundle"] = json.dumps(told, ensure_ascii=True)
    return response


class _Sent:
    """A file that is gone once it is sent, or nobody wants it any more, be that said by ``close`` or not at all."""

    def __init__(self, file: Path, folder: tempfile.TemporaryDirectory[str]) -> None:
        self._file = file.open("rb")
        self._remove = weakref.finalize(self, _removed, self._file, folder)

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._file.read(_CHUNK):
            yield chunk

    def close(self) -> None:
        """Remove it."""
        self._remove()


def _removed(file: BinaryIO, folder: tempfile.TemporaryDirectory[str]) -> None:
    file.close()
    folder.cleanup()


def _asked(body: dict[str, Any]) -> dict[str, Any]:
    """What a bundle is asked to hold.

    Raises:
        DocumentError: A field is unknown, missing or of another type.
    """
    said: dict[str, Any] = {"forms": [], "since": [], "redact": None} | body
    for name in said.keys() - {*_FIELDS, "redact"}:
        raise DocumentError(f"{name!r} is not a field of a bundle.", where=name, hint="things, redact, forms, since")
    for name, kind in _FIELDS.items():
        value = said.get(name)
        if not isinstance(value, list) or not all(type(item) is kind for item in value):
            raise DocumentError(f"{name} is a list of {kind.__name__}.", where=name, hint='{"things": ["…"]}')
    if not 1 <= len(said["things"]) <= _THINGS:
        raise DocumentError(f"A bundle is about 1 to {_THINGS} things.", where="things", hint='{"things": ["…"]}')
    if said["redact"] not in (None, "persons"):
        raise DocumentError(
            f"{said['redact']!r} cannot be redacted.", where="redact", hint='"persons", or leave it out'
        )
    return said


def _note(text: str, status: int) -> Response:
    response = Response(text, status=status, mimetype=NOTE)
    response.headers["Cache-Control"] = "no-cache"
    return response
