"""Commands that serve."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from lakegraph.cli.output import say

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--host", metavar="ADDRESS", help="Where to listen; 127.0.0.1 unless the lake's settings say otherwise.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 8010 unless the lake's settings say otherwise.")
@click.option("--name", "hosts", multiple=True, metavar="HOST", help="A further name under which requests may come.")
@click.option("--tls-certificate", type=_FILE, help="The server's certificate (PEM), for HTTPS.")
@click.option("--tls-key", type=_FILE, help="Its key (PEM).")
@click.option(
    "--cors", multiple=True, metavar="ORIGIN", help="A site whose pages may use the service; none by default."
)
@click.option("--anonymous-read/--no-anonymous-read", default=None, help="Whether those without a token may read.")
@click.pass_context
def serve(ctx: click.Context, /, **said: object) -> None:
    """Serve the lake over HTTP until interrupted.

    Beyond loopback it is served only once there is a token (lakegraph token create).
    """
    from lakegraph import bootstrap

    where = ctx.obj["lake"]
    if where.startswith(("http://", "https://")):
        raise click.UsageError("A lake is served from its directory.")
    serve_lake(where, bootstrap.serve_settings(where, **said))


def serve_lake(where: str, chosen: dict[str, object]) -> None:
    """Serve the lake in *where*; opens it once here first, so that what is wrong is said before the server starts."""
    from lakegraph import bootstrap
    from lakegraph.cli.lakes import open_directory
    from lakegraph.http.server import run

    with open_directory(where, serve=chosen) as lake:
        settings, base, has_tokens = lake.settings, lake.base, lake.tokens.any
        lake.questions()  # a mistake in one of the lake's own is told here, with its file and line
    run(
        partial(bootstrap.open_lake, where, serve=chosen),
        settings,
        lambda url: say(f"lakegraph serves {base} on {url}   (Ctrl+C ends)", style="bold green"),
        has_tokens=has_tokens,
    )


COMMANDS = (serve,)
