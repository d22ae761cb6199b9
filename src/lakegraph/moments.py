"""Times as people write them."""

from __future__ import annotations

from datetime import datetime

from lakegraph.errors import UsageError


def zoned(text: str, name: str) -> datetime:
    """The time that *text* says (ISO 8601), which must name its zone.

    Args:
        text: What was written.
        name: The parameter that it was written for.

    Raises:
        UsageError: It is no time, or one without a zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - has no zone, and so is refused below
    if moment.tzinfo is None:
        raise UsageError(f"{text[:100]!r} is not a time with its zone.", where=name, hint="Write 2024-02-25T09:00:00Z.")
    return moment
