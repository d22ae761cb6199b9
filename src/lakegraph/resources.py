"""The only reader of ontology/, shapes/ and queries/, in a checkout or in an installed wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lakegraph.errors import DataFileError

_PACKAGE = Path(__file__).resolve().parent


@cache
def root() -> Path:
    """The directory that holds ``ontology``, ``shapes`` and ``queries``.

    Raises:
        DataFileError: Neither a wheel's ``_data`` folder nor a checkout is around this package.
    """
    for candidate in (_PACKAGE / "_data", _PACKAGE.parent.parent):
        if (candidate / "ontology" / "lakegraph.ttl").is_file():
            return candidate
    raise DataFileError(
        "The ontology, shapes and queries that lakegraph is made of were not found.",
        where=str(_PACKAGE),
        hint="Install lakegraph again, or run it from a complete checkout.",
    )


def path(name: str) -> Path:
    """The path of one data file or folder, such as ``"ontology/context.jsonld"`` or ``"shapes"``.

    Raises:
        DataFileError: There is no such file.
    """
    found = root() / name
    if not found.exists():
        raise DataFileError(f"The data file {name!r} is missing.", where=str(found))
    return found


def text(name: str) -> str:
    """The text of one data file (UTF-8)."""
    return path(name).read_text(encoding="utf-8")


def files(folder: str, suffix: str) -> list[Path]:
    """Every file below *folder* whose name ends with *suffix*, sorted by path."""
    return sorted(p for p in path(folder).rglob(f"*{suffix}") if p.is_file())


def relative(file: Path) -> str:
    """*file* as it is named in messages: ``shapes/integrity/run.ttl`` rather than a path of this machine."""
    try:
        return file.resolve().relative_to(root()).as_posix()
    except ValueError:
        return str(file)
