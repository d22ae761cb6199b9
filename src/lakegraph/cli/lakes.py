"""Getting at the lake that a command means: in its directory, through the server that holds it, or at a URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakegraph.errors import LakeBusyError
from lakegraph.journal import holder_of

if TYPE_CHECKING:
    from lakegraph.bootstrap import LocalLake
    from lakegraph.remote import RemoteLake

    AnyLake = LocalLake | RemoteLake


@contextmanager
def lake_of(ctx: click.Context) -> Iterator[AnyLake]:
    """The lake that ``--lake`` names. Where a running server holds the directory, the command talks to that server."""
    from lakegraph.remote import RemoteLake

    where, token = ctx.obj["lake"], ctx.obj["token"]
    if where.startswith(("http://", "https://")):
        yield RemoteLake(where, token=token)
        return
    try:
        opened = open_directory(where)
    except LakeBusyError:
        holder = holder_of(Path(where))
        if holder is None or not holder.url:
            raise
        with RemoteLake(holder.url, token=token) as served:
            yield served
        return
    with opened as lake:
        yield lake


def as_it_was(lake: AnyLake, as_of: str | None) -> Any:
    """The lake as it was at a moment, as it is for None; the making of a past that takes long shows its progress."""
    from lakegraph.cli.output import progress
    from lakegraph.remote import RemoteLake

    if as_of is None:
        return lake
    if isinstance(lake, RemoteLake):
        return lake.at(as_of)
    with progress("Going back in time") as tick:
        return lake.at(as_of, tick)


@contextmanager
def own_lake(ctx: click.Context, **settings: Any) -> Iterator[LocalLake]:
    """The lake in the directory that ``--lake`` names, owned by this process."""
    where = ctx.obj["lake"]
    if where.startswith(("http://", "https://")):
        raise click.UsageError("This works on a lake's directory, not over HTTP.")
    with open_directory(where, **settings) as lake:
        yield lake


def open_directory(where: str, **settings: Any) -> LocalLake:
    """Open the lake in a directory; a replay that takes long shows its progress."""
    from lakegraph import bootstrap
    from lakegraph.cli.output import progress

    with progress("Replaying what the graph has missed") as tick:
        return bootstrap.open_lake(where, progress=tick, **settings)
