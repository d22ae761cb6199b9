"""The ``lakegraph`` command: its groups, and how errors become messages and exit codes."""

from __future__ import annotations

import json
import os
import sys
from itertools import pairwise
from typing import Any

import click

from lakegraph import __version__
from lakegraph.cli.commands import listed, loaded
from lakegraph.errors import LakegraphError, StorageError

_TYPED = "lakegraph.typed"


class Commands(click.Group):
    """A group that shows lakegraph's own errors as messages, with their exit codes (0, 1, 2, 3, 4, 70)."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click has it
        """The command, with its module, which is loaded only now."""
        return loaded(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        click.Group(commands=self.commands).format_commands(ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember what was typed: an error is shown in the form that was asked for."""
        ctx.meta[_TYPED] = list(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; ``--format json`` makes the error JSON as well."""
        try:
            return super().invoke(ctx)
        except LakegraphError as error:
            _show(ctx, error)
            ctx.exit(error.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt):
            raise
        except BrokenPipeError:
            # The reader has seen enough, as in `lakegraph query … | head`.
            sys.stderr.close()
            ctx.exit(0)
        except Exception as error:
            if os.environ.get("LAKEGRAPH_DEBUG"):
                raise
            if isinstance(error, OSError) and isinstance(error.filename, str):
                reason = (error.strerror or type(error).__name__).lower()
                hint = "Name a file in a folder that exists and that you may read and write."
                _show(ctx, StorageError(f"The file cannot be used: {reason}.", where=error.filename, hint=hint))
                ctx.exit(StorageError.exit_code)
            click.echo(f"A bug in lakegraph: {type(error).__name__}: {error}", err=True)
            click.echo("Run it again with LAKEGRAPH_DEBUG=1 to see where, and report that.", err=True)
            ctx.exit(70)


def _show(ctx: click.Context, error: LakegraphError) -> None:
    from lakegraph.cli.output import say_error, say_refusal
    from lakegraph.receipts import Refusal

    typed = ctx.meta[_TYPED]
    if "--format=json" in typed or ("--format", "json") in pairwise(typed):
        click.echo(json.dumps(error.as_dict(), ensure_ascii=False, indent=1), err=True)
    elif isinstance(error, Refusal):
        say_refusal(error)
    else:
        say_error(error)


@click.group(
    cls=Commands,
    commands=listed(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="lakegraph")
@click.option(
    "--lake",
    envvar="LAKEGRAPH_LAKE",
    default="lake",
    show_default=True,
    metavar="DIR-or-URL",
    help="The lake's directory, or the address of a running one.",
)
@click.option("--token", envvar="LAKEGRAPH_TOKEN", metavar="TOKEN", help="The token for a lake over HTTP.")
@click.pass_context
def main(ctx: click.Context, lake: str, token: str | None) -> None:
    """The knowledge graph of a model lake.

    Every run becomes RDF, is checked before it is accepted, and is at once answerable.
    """
    ctx.obj = {"lake": lake, "token": token}
