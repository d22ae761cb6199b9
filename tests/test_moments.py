"""Times are taken with their zone, and refused without."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lakegraph.errors import UsageError
from lakegraph.moments import zoned


def test_a_time_with_its_zone() -> None:
    """By its letter or its offset."""
    assert zoned("2024-02-25T09:00:00Z", "since") == datetime(2024, 2, 25, 9, tzinfo=UTC)
    assert zoned("2024-02-25T09:00:00+02:00", "since").utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize("text", ["", "yesterday", "2024-02-25", "2024-02-25T09:00:00", "2024-13-01T00:00:00Z"])
def test_anything_else_is_refused(text: str) -> None:
    """With the parameter that it was written for."""
    with pytest.raises(UsageError, match="not a time with its zone") as refused:
        zoned(text, "since")
    assert refused.value.where == "since"
