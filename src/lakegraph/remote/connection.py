"""Requests to one lake's server: headers, problems turned to errors, and what this client has written already."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import urllib3

from lakegraph.errors import LakeBusyError, LakegraphError, StorageError, UsageError
from lakegraph.remote.problem import error_of

if TYPE_CHECKING:
    from pathlib import Path

JSON = "application/json"
_TIMEOUT = urllib3.Timeout(connect=5, read=300)
_CONNECTIONS = 8
_CHUNK = 1 << 16
Response = urllib3.BaseHTTPResponse


class Connection:
    """A server, and the connections to it; any thread may use them.

    Args:
        url: Its address.
        token: Sent as a bearer token.

    Raises:
        UsageError: *url* is not http or https.
    """

    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url!r} is not an http(s) address.", where="url", hint="Such as http://127.0.0.1:8010.")
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False, maxsize=_CONNECTIONS)
        self._written = 0

    def get(self, path: str, *, accept: str = JSON) -> Response:
        """The response to a GET."""
        return self._send("GET", path, {"Accept": accept}, None)

    def post(self, path: str, body: bytes, media_type: str, *, accept: str = JSON, key: str | None = None) -> Response:
        """The response to a POST.

        Args:
            path: Where, with its query.
            body: The body.
            media_type: Its media type.
            accept: What the answer may be.
            key: An idempotency key.
        """
        headers = {"Accept": accept, "Content-Type": media_type}
        if key is not None:
            headers["Idempotency-Key"] = quote(key, safe="")
        return self._send("POST", path, headers, body)

    def send(self, method: str, path: str, body: bytes | None, media_type: str | None) -> Response:
        """The response to a request that writes otherwise."""
        headers = {"Accept": JSON} | ({"Content-Type": media_type} if media_type else {})
        return self._send(method, path, headers, body)

    def download(self, path: str, body: bytes, media_type: str, out: Path, *, accept: str) -> Response:
        """The response to a POST, whose body goes to the file *out*, chunk by chunk.

        Raises:
            StorageError: The file cannot be written; nothing is left of it.
        """
        headers = {"Accept": accept, "Content-Type": media_type}
        answer = self._send("POST", path, headers, body, whole=False)
        part = out.with_name(out.name + ".part")
        try:
            with part.open("wb") as file:
                for chunk in answer.stream(_CHUNK, decode_content=False):
                    file.write(chunk)
            part.replace(out)
        except (OSError, urllib3.exceptions.HTTPError) as error:
            answer.close()
            part.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise StorageError(f"The file could not be written: {error.strerror}.", where=str(out)) from error
            raise self._unreachable(error) from error
        finally:
            answer.release_conn()
        return answer

    def stream(self, path: str, *, accept: str = "*/*") -> Iterator[bytes]:
        """The body of the response to a GET, as it comes; the request is sent at once."""
        answer = self._send("GET", path, {"Accept": accept}, None, whole=False)
        return self._chunks(answer)

    def _chunks(self, answer: Response) -> Iterator[bytes]:
        try:
            yield from answer.stream(_CHUNK)
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from error
        finally:
            answer.release_conn()

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _unreachable(self, error: Exception) -> LakeBusyError:
        return LakeBusyError(
            f"The lake at {self.url} cannot be reached.", where=self.url, hint=f"Is it running? {error}"
        )

    def _send(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, *, whole: bool = True
    ) -> Response:
        if self._written:
            # Queries read a snapshot that may be a second old: it must hold what this client has written.
            headers["Lake-Min-Seq"] = str(self._written)
        try:
            answer = self._pool.request(
                method,
                self.url + path,
                body=body,
                headers=self._headers | headers,
                redirect=False,
                preload_content=whole,
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from error
        if answer.status >= 300:
            raise _problem(answer)
        if method != "GET":
            self._written = max(self._written, _number(answer.headers.get("Lake-Seq")))
        return answer


def query_string(**said: str | Sequence[str] | None) -> str:
    """``?name=value&…`` of what is not ``None``, a sequence as several; empty for nothing."""
    given = {name: value for name, value in said.items() if value is not None}
    return "?" + urlencode(given, doseq=True) if given else ""


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdigit() else 0


def _problem(answer: Response) -> LakegraphError:
    try:
        members: Any = json.loads(answer.data)
    except ValueError:
        members = None
    if not isinstance(members, dict) or "code" not in members:
        members = {"code": "remote", "detail": f"The address answered {answer.status}, and not as a lake does."}
    return error_of(members, answer.status)
