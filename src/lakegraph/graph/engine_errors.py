"""What the embedded engine's exceptions mean; it tells their kinds apart only by their text."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Final

from lakegraph.errors import LakeBusyError, LakeDamagedError, LakegraphError, QueryError, StorageError

_POSITION: Final = re.compile(r"error at (\d+):(\d+)")


def query_error(text: str) -> QueryError:
    """The error of a query that the engine's parser refused, with its line and column."""
    found = _POSITION.search(text)
    where = f"line {found[1]}, column {found[2]}" if found else None
    return QueryError(f"The SPARQL query is malformed: {text}.", where=where)


def failure(error: Exception, path: Path | None) -> LakegraphError:
    """The error of a store in *path* that could not be opened, read or written."""
    text = str(error)
    where = str(path) if path else None
    if "lock file" in text or "lock hold" in text:
        return LakeBusyError(
            "The graph is held by another process.", where=where, hint="Use the running server, or stop it first."
        )
    broken = "Corruption" in text or (isinstance(error, RuntimeError) and "Invalid argument" not in text)
    if broken or (isinstance(error, FileNotFoundError) and path is not None and (path / "CURRENT").exists()):
        return LakeDamagedError(
            f"The graph store is damaged: {text}",
            where=where,
            hint="lakegraph rebuild makes it again from the journal.",
        )
    full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in text
    hint = "Free some space; nothing else needs to be done." if full else "Look at the disk and its permissions."
    return StorageError(f"The graph store could not be used: {text}", where=where, hint=hint)
