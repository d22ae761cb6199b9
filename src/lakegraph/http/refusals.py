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


class MisdirectedError(LakegraphError):
    """The request is for a host that this lake does not answer for."""

    code = "misdirected"
    status = 421
    exit_code = 2
