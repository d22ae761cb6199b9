"""lakegraph: the knowledge graph of a model lake.

Every ingest, process, training, evaluation, deployment and monitoring run becomes RDF, is checked against SHACL shapes
before it is accepted, is written to a durable journal, and is at once answerable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakegraph.errors import LakegraphError

if TYPE_CHECKING:
    from pathlib import Path

    from lakegraph.bootstrap import LocalLake
    from lakegraph.remote import RemoteLake

__version__ = "0.1.0"
__all__ = ["LakegraphError", "__version__", "connect", "init", "open"]


def init(directory: str | Path, *, base: str) -> LocalLake:
    """Make a new lake and open it.

    Args:
        directory: Where it shall lie; made if missing, and empty otherwise.
        base: The IRI below which everything gets its address. It cannot be changed later.

    Raises:
        ConflictError: A lake or something else lies there.
        SettingsError: *base* is not an absolute http(s) IRI.
    """
    from lakegraph import bootstrap

    return bootstrap.create(directory, base)


def open(directory: str | Path = "lake", **settings: Any) -> LocalLake:  # noqa: A001 - lakegraph.open reads best
    """Open the lake in *directory*; this process owns it until ``close``.

    Raises:
        NotFoundError: There is no lake.
        LakeBusyError: Another process holds it; its process id is named.
        LakeFormatError: A newer lakegraph made it.
    """
    from lakegraph import bootstrap

    return bootstrap.open_lake(directory, **settings)


def connect(url: str, *, token: str | None = None) -> RemoteLake:
    """The lake that is served at *url*, with the same calls."""
    from lakegraph.remote import RemoteLake

    return RemoteLake(url, token=token)
