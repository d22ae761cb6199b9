"""Commands that serve."""

from __future__ import annotations

from functools import partial

import click

from lakegraph.cli.output import say


@click.command()
@click.option("--host", metavar="ADDRESS", help="Where to listen; 127.0.0.1 unless the lake's settings say otherwise.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 8010 unless the lake's settings say otherwise.")
@click.pass_context
def serve(ctx: click.Context, host: str | None, port: int | None) -> None:
    """Serve the lake over HTTP until interrupted."""
    from lakegraph import bootstrap

    where = ctx.obj["lake"]
    if where.startswith(("http://", "https://")):
        raise click.UsageError("A lake is served from its directory.")
    serve_lake(where, bootstrap.serve_settings(where, host, port))


def serve_lake(where: str, chosen: dict[str, object]) -> None:
    """Serve the lake in *where*; opens it once here first, so that what is wrong is said before the server starts."""
    from lakegraph import bootstrap
    from lakegraph.cli.lakes import open_directory
    from lakegraph.http.server import run

    with open_directory(where, serve=chosen) as lake:
        settings, base = lake.settings, lake.base
        lake.questions()  # a mistake in one of the lake's own is told here, with its file and line
    run(
        partial(bootstrap.open_lake, where, serve=chosen),
        settings,
        lambda url: say(f"lakegraph serves {base} on {url}   (Ctrl+C ends)", style="bold green"),
    )


COMMANDS = (serve,)
