"""Reading query and update operations of the SPARQL 1.1 Protocol (section 2) from a WSGI request."""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from lakegraph.errors import QueryError, UsageError
from lakegraph.http.refusals import MediaTypeError, TooLargeError

Environ = dict[str, Any]
_FORM = "application/x-www-form-urlencoded"
_DIRECT = "application/sparql-query"
_UPDATE = "application/sparql-update"
_MOST_FIELDS = 10_000
_PERCENT_ENCODED = 3
Fields = tuple[tuple[str, str], ...]


class QueryRequest(NamedTuple):
    """One query, as it was asked.

    Attributes:
        text: The query.
        default_graphs: ``default-graph-uri``, in order.
        named_graphs: ``named-graph-uri``, in order.
    """

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()


def read_query(environ: Environ, body_limit: int) -> QueryRequest | None:
    """The query that a request asks; parameters that the protocol does not know are passed over.

    Args:
        environ: A GET, HEAD or POST request.
        body_limit: The most bytes that its body may have.

    Returns:
        ``None`` for a GET without a query, which asks what the service is.

    Raises:
        QueryError: It is not UTF-8.
        UsageError: There are several queries, none, or an update.
        MediaTypeError: The body is in none of the protocol's two forms.
        TooLargeError: The body is too large.
    """
    query = environ.get("QUERY_STRING", "")
    if environ["REQUEST_METHOD"] != "POST":
        return read_address(query)
    media_type = _media_type(environ.get("CONTENT_TYPE", ""))
    body = _text(read_body(environ, body_limit))
    fields = _fields_of_address(query)
    if media_type == _DIRECT:
        return _request(fields, [body])
    return _request((*fields, *_fields(body)))


def min_seq(environ: Environ) -> int | None:
    """The journal entry that the answer must take into account, where a request names one (``Lake-Min-Seq``).

    Raises:
        UsageError: It is no number.
    """
    said = environ.get("HTTP_LAKE_MIN_SEQ")
    return None if said is None else _sequence_number(said)


def read_address(query: str) -> QueryRequest | None:
    """The query that an address asks, by what stands behind its question mark; see :func:`read_query`."""
    text = _lone_query(query)
    if text is not None:
        return QueryRequest(text)
    fields = _fields_of_address(query)
    return _request(fields) if any(name in ("query", "update") for name, _ in fields) else None


def _lone_query(address: str) -> str | None:
    """The query of an address that holds nothing else; ``None`` where it has to be taken apart field by field.

    Python's own decoding is a loop over the escapes. Quoted-printable is the same but for its mark, and decoded in C.
    """
    encoded = address[len(_LONE) :]
    if not address.startswith(_LONE) or "&" in encoded or "=" in encoded or _NO_ESCAPE.search(encoded):
        return None
    if not (encoded.isascii() and encoded.isprintable()) or " " in encoded:
        return None
    encoded = encoded.replace("+", " ").replace("%", "=")
    try:
        return a2b_qp(encoded).decode("utf-8")
    except UnicodeDecodeError:
        return None


_LONE: Final = "query="
_NO_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def _request(fields: Fields, direct: Sequence[str] = ()) -> QueryRequest:
    return QueryRequest(
        text=_one([*direct, *_all(fields, "query")], has_update=bool(_all(fields, "update"))),
        default_graphs=_all(fields, "default-graph-uri"),
        named_graphs=_all(fields, "named-graph-uri"),
    )


def read_update(environ: Environ, limit: int) -> QueryRequest:
    """The update that a POST asks for (section 2.2); parameters that the protocol does not know are passed over.

    Args:
        environ: A POST request.
        limit: The most bytes that the update may have.

    Returns:
        Its text, and ``using-graph-uri`` and ``using-named-graph-uri`` in place of the graphs of a query.

    Raises:
        QueryError, UsageError, MediaTypeError, TooLargeError: As for :func:`read_query`.
    """
    fields = _fields_of_address(environ.get("QUERY_STRING", ""))
    media_type = _media_type(environ.get("CONTENT_TYPE", ""), _UPDATE)
    direct = media_type == _UPDATE
    body = _text(read_body(environ, limit if direct else _PERCENT_ENCODED * limit + 2**20))
    if not direct:
        fields = (*fields, *_fields(body))
    if _all(fields, "query"):
        raise UsageError("This address takes updates, and no queries.", where="query", hint="Send queries to /sparql.")
    texts = [*([body] if direct else []), *_all(fields, "update")]
    if len(texts) != 1:
        count = len(texts) or "no"
        raise UsageError(f"The request has {count} updates; there must be one.", where="update", hint="update=…")
    return QueryRequest(
        texts[0],
        _all(fields, "using-graph-uri"),
        _all(fields, "using-named-graph-uri"),
    )


def read_body(environ: Environ, limit: int) -> bytes:
    """The body of a request.

    Raises:
        MediaTypeError: It is compressed.
        TooLargeError: It has more than *limit* bytes; no more than those were read.
    """
    if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() != "identity":
        raise MediaTypeError("Compressed bodies are not read.", where="Content-Encoding", hint="Send it as it is.")
    length = environ.get("CONTENT_LENGTH") or None
    if length is not None and int(length) > limit:
        raise _too_large(limit)
    body: bytes = environ["wsgi.input"].read(limit + 1 if length is None else int(length))
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"The body of this request may have {limit} bytes.", hint="Send it in parts.")


def _media_type(content_type: str, direct: str = _DIRECT) -> str:
    name, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if name not in (_FORM, direct):
        what = "query" if direct == _DIRECT else "update"
        raise MediaTypeError(
            f"A SPARQL {what} is not read from {name or 'a body without Content-Type'}.",
            where="Content-Type",
            hint=f"Send {direct}, or {_FORM} with the field {what}.",
        )
    for parameter in parameters:
        key, _, text = parameter.partition("=")
        if key.strip() == "charset" and text.strip(' "') not in ("utf-8", "utf8"):
            raise MediaTypeError("Queries are read in UTF-8.", where="Content-Type", hint="Leave charset out.")
    return name


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise QueryError(
            "The query is not UTF-8.", where=f"byte {error.start + 1}", hint="Encode it in UTF-8."
        ) from error


def _fields_of_address(query: str) -> Fields:
    return _fields(_text(query.encode("latin-1")))


def _fields(form: str) -> Fields:
    if not form:
        return ()
    try:
        return tuple(parse_qsl(form, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS))
    except UnicodeDecodeError as error:
        raise QueryError("The query is not UTF-8.", hint="Percent-encode its UTF-8 bytes.") from error
    except ValueError as error:
        raise UsageError(f"The request has more than {_MOST_FIELDS} fields.") from error


def _all(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(text for key, text in fields if key == name)


def _one(queries: list[str], *, has_update: bool) -> str:
    if has_update:
        raise UsageError(
            "This address answers queries, and takes no updates.",
            where="update",
            hint="Send updates to /update, records to /records.",
        )
    if len(queries) != 1:
        count = len(queries) or "no"
        raise UsageError(f"The request has {count} queries; there must be one.", where="query", hint="/sparql?query=…")
    return queries[0]


def _sequence_number(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise UsageError(f"{said!r} is not a sequence number.", where="Lake-Min-Seq", hint="Send what Lake-Seq said.")
    return int(said)
