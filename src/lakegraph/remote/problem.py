"""Problem details from a lake's server, raised as the error that the same call raises in process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Each defines errors of its own beside those in ``errors``; they are found by their codes.
from lakegraph import graph, questions  # noqa: F401
from lakegraph.errors import LakegraphError
from lakegraph.rdf.namespaces import SH
from lakegraph.rdf.terms import iri, literal, valid_iri
from lakegraph.receipts import Refusal
from lakegraph.validation import Origin, Report, Result

Said = Mapping[str, Any]


class RemoteError(LakegraphError):
    """The lake's server refused the request."""

    code = "remote"
    exit_code = 4


def error_of(said: Said, status: int) -> LakegraphError:
    """The error that problem details stand for.

    Args:
        said: The members of the problem.
        status: The status of the response.
    """
    code = str(said.get("code", RemoteError.code))
    kind = _kinds().get(code) or _unknown(code, status)
    error = kind.__new__(kind)
    detail = str(said.get("detail") or f"The lake answered {status}.")
    LakegraphError.__init__(error, detail, where=_text(said, "where"), hint=_text(said, "hint"))
    if isinstance(error, Refusal):
        error.title = str(said.get("record", ""))
        error.report = _report(said.get("report") or {})
    return error


def _unknown(code: str, status: int) -> type[RemoteError]:
    """A class for what this version has no class for: it is still told under its own code."""
    return type("RemoteError", (RemoteError,), {"code": code, "status": status, "exit_code": 2 if status < 500 else 4})


def _kinds() -> dict[str, type[LakegraphError]]:
    """Every class of errors by its code; the most general one where several share it."""
    found: dict[str, type[LakegraphError]] = {}
    for kind in _subclasses(LakegraphError):
        found.setdefault(kind.code, kind)
    return found | {Refusal.code: Refusal}


def _subclasses(kind: type[LakegraphError]) -> Iterator[type[LakegraphError]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def _text(said: Said, name: str) -> str | None:
    return str(said[name]) if said.get(name) else None


def _report(said: Said) -> Report:
    return Report(bool(said.get("conforms")), _results(said.get("results", ())))


def _results(said: Sequence[Said]) -> tuple[Result, ...]:
    return tuple(ToldResult(each) for each in said)


def _token(text: str) -> str:
    if text.startswith("_:"):
        return text
    return iri(text) if valid_iri(text) else literal(text)


class ToldResult(Result):
    """A validation result as a server told it: what people read of it, without the shape that it comes from.

    Args:
        said: The members that :meth:`Result.as_dict` gave there.
    """

    __slots__ = ("_said",)
    _said: Said

    def __init__(self, said: Said) -> None:
        value = said.get("value")
        fields = {
            "focus": _token(str(said["focus"])),
            "value": None if value is None else _token(str(value)),
            "path": None,
            "severity": SH[str(said["severity"])],
            "shape": None,
            "constraint": None,
            "details": _results(said.get("details", ())),
            "other": None,
            "said": said.get("message", ""),
            "shorten": str,
            "_said": dict(said),
        }
        for name, member in fields.items():
            object.__setattr__(self, name, member)

    @property
    def component(self) -> str:
        """The constraint component."""
        return SH[f"{self._said['component']}ConstraintComponent"]

    @property
    def source_shape(self) -> str:
        """The shape's token."""
        return _token(self._member("sourceShape"))

    @property
    def source_constraint(self) -> str | None:
        """Not told."""
        return None

    @property
    def origin(self) -> Origin:
        """Folder, file and line of the shape."""
        file, _, line = self._member("shape").rpartition(":")
        if not line.isdigit():
            return Origin(self._member("folder"), self._member("shape"))
        return Origin(self._member("folder"), file, int(line))

    @property
    def folder(self) -> str:
        """The folder of the shape."""
        return self.origin.folder

    @property
    def file(self) -> str:
        """The file of the shape."""
        return self.origin.file

    @property
    def line(self) -> int:
        """The line of the shape in its file."""
        return self.origin.line

    def note(self, name: str) -> str:
        """What the shape says of itself with ``lakesh:name``, as far as it was told: ``answers`` and ``field``."""
        return self._member(name) if name in ("answers", "field") else ""

    @property
    def path_text(self) -> str:
        """The path as people read it."""
        return self._member("path")

    @property
    def message(self) -> str:
        """The message."""
        return self._member("message")

    @property
    def suggestion(self) -> str:
        """The smallest change that would satisfy the shape."""
        return self._member("suggestion")

    def as_dict(self) -> dict[str, object]:
        """The members as they were told."""
        return dict(self._said)

    def _member(self, name: str) -> str:
        return str(self._said.get(name, ""))
