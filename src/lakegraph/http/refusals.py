"""What HTTP itself refuses, beside the errors that a lake raises."""

from __future__ import annotations

from lakegraph.errors import LakegraphError, UsageError


class NotAcceptableError(UsageError):
    """The answer cannot be had in a form that the request accepts."""

    code = "not-acceptable"
    status = 406


class TooLargeError(UsageError):
    """The body of the request is larger than this lake takes."""

    code = "too-large"
    status = 413


class MediaTypeError(UsageError):
    """The body of the request is in a form that is not read here."""

    code = "unsupported-media-type"
    status = 415


class TooManyQueriesError(LakegraphError):
    """One caller asks more than its share."""

    code = "too-many-queries"
    status = 429
    exit_code = 4

    def __init__(self, message: str, *, hint: str | None = None, retry_after: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class MisdirectedError(LakegraphError):
    """The request is for a host that this lake does not answer for."""

    code = "misdirected"
    status = 421
    exit_code = 2
