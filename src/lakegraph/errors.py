"""The one exception tree: every error has a stable code and says what is wrong, where, and what to do."""

from __future__ import annotations

from typing import Any, ClassVar


class LakegraphError(Exception):
    """Root of every error that lakegraph raises on purpose.

    Args:
        message: What is wrong, in one sentence.
        where: The field, file, IRI or line that is at fault, when there is one.
        hint: What the person can do about it.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        parts = [self.message]
        if self.where:
            parts.append(f"  where: {self.where}")
        if self.hint:
            parts.append(f"  what to do: {self.hint}")
        return "\n".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """The error as RFC 9457 problem members (``code``, ``title``, ``detail``, ``where``, ``hint``)."""
        members: dict[str, Any] = {"code": self.code, "title": type(self).__doc__, "detail": self.message}
        if self.where:
            members["where"] = self.where
        if self.hint:
            members["hint"] = self.hint
        return members


class UsageError(LakegraphError):
    """The request cannot be understood as it stands."""

    code = "usage"
    status = 400
    exit_code = 2


class DocumentError(UsageError):
    """A record document is malformed."""

    code = "document-malformed"


class RdfSyntaxError(UsageError):
    """RDF that was sent does not parse, or uses a construct that is refused."""

    code = "rdf-malformed"


class SettingsError(UsageError):
    """A setting has an impossible value."""

    code = "settings"


class QueryError(UsageError):
    """A query or question cannot be run as written."""

    code = "query-malformed"


class RefusedError(LakegraphError):
    """The record breaks the shapes of this lake; nothing was written."""

    code = "record-refused"
    status = 422
    exit_code = 1


class ConflictError(LakegraphError):
    """The lake already holds something that contradicts this request."""

    code = "conflict"
    status = 409
    exit_code = 1


class NotFoundError(LakegraphError):
    """Nothing in the lake answers to this name."""

    code = "not-found"
    status = 404
    exit_code = 3


class AmbiguousError(LakegraphError):
    """More than one thing answers to this name."""

    code = "ambiguous"
    status = 409
    exit_code = 2


class ForbiddenError(LakegraphError):
    """The request is understood and refused."""

    code = "forbidden"
    status = 403
    exit_code = 1


class UnauthorizedError(LakegraphError):
    """This needs a token that counts."""

    code = "unauthorized"
    status = 401
    exit_code = 1


class LakeBusyError(LakegraphError):
    """Another process holds this lake, or it cannot be reached now."""

    code = "lake-busy"
    status = 503
    exit_code = 4


class DeadlineError(LakegraphError):
    """The answer was not ready before its deadline."""

    code = "deadline"
    status = 504
    exit_code = 4


class LakeFormatError(LakegraphError):
    """The directory is not a lake that this version can open."""

    code = "lake-format"
    status = 500
    exit_code = 4


class LakeDamagedError(LakegraphError):
    """What is on disk contradicts itself."""

    code = "lake-damaged"
    status = 500
    exit_code = 4


class StorageError(LakegraphError):
    """The disk refused a write; nothing was acknowledged."""

    code = "storage"
    status = 507
    exit_code = 4


class DataFileError(LakegraphError):
    """A file in ontology/, shapes/ or queries/ is wrong."""

    code = "data-file"
    status = 500
    exit_code = 2


class MissingExtraError(LakegraphError):
    """An optional part is not installed."""

    code = "extra-missing"
    status = 501
    exit_code = 2


class PeerError(LakegraphError):
    """Another catalog could not be asked, or answered wrongly."""

    code = "peer"
    status = 502
    exit_code = 4
