"""Verification of evidence bundles, by the same lines as the stand-alone file that every bundle carries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from lakegraph.errors import NotFoundError, UsageError
from lakegraph.exchange import standalone_archive, standalone_proofs, standalone_verify
from lakegraph.exchange.standalone_archive import Problem, Verdict
from lakegraph.exchange.standalone_proofs import Key, parse_key
from lakegraph.exchange.standalone_verify import verify_bundle

__all__ = ["Problem", "Verdict", "script", "verify_file"]

_IMPORT = re.compile(r"^from lakegraph\.exchange\.\w+ import (?:\([^)]*\)|[^\n]*)\n", re.MULTILINE)
_FUTURE = "from __future__ import annotations\n"


def verify_file(path: Path, *, keys: Sequence[str] = (), since: Path | None = None) -> Verdict:
    """Verify the evidence bundle at *path*.

    Args:
        path: The archive.
        keys: Keys that are trusted, as ``name+keyid+base64`` or as the path of a file that holds one.
        since: The file of an older checkpoint of the same lake.

    Returns:
        What was found: its ``exit_code`` is 0 where everything agrees, 1 where something was altered and 2 where it
        could not be judged; ``text()`` says so in words.

    Raises:
        NotFoundError: The bundle, or the older checkpoint, is not there.
        UsageError: A key is none.
    """
    for file in (path, since):
        if file is not None and not file.is_file():
            raise NotFoundError(f"There is no file {file.name!r}.", where=str(file))
    text = since.read_text(encoding="utf-8", errors="replace") if since else None
    return verify_bundle(path, [_key(written) for written in keys], text)


def _key(written: str) -> Key:
    file = Path(written)
    try:
        return parse_key(file.read_text(encoding="utf-8") if file.is_file() else written)
    except ValueError as error:
        hint = "A key reads name+keyid+base64; the lake's operator publishes it."
        raise UsageError("This is not an Ed25519 verifier key.", where=written[:80], hint=hint) from error


@cache
def script() -> str:
    """The verifier as one file, which needs nothing but Python and ``cryptography``."""
    parts = [
        Path(str(module.__file__)).read_text(encoding="utf-8") for module in (standalone_archive, standalone_proofs)
    ]
    main = Path(str(standalone_verify.__file__)).read_text(encoding="utf-8")
    head, _, body = main.partition(_FUTURE)
    carried = "\n".join(part.partition(_FUTURE)[2] for part in parts)
    return head + _FUTURE + carried + _IMPORT.sub("", body)
