"""Commands for tokens: who may do what over HTTP."""

from __future__ import annotations

from dataclasses import asdict

import click

from lakegraph.cli.output import say, say_json, say_table
from lakegraph.cli.record import as_json
from lakegraph.tokens import SCOPES, Tokens


@click.group()
def token() -> None:
    """Tokens for the lake over HTTP. A running server learns of changes at once."""


@token.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(list(SCOPES)), help="May be repeated."
)
@click.option("--days", type=click.IntRange(1), help="How long it counts; for ever if left out.")
@as_json
@click.pass_context
def create(ctx: click.Context, name: str, scopes: tuple[str, ...], days: int | None, form: str) -> None:
    """Make a token for NAME, who is then named in the journal; it is shown once, here."""
    made, secret = _tokens(ctx).create(name, scopes, days=days)
    if form == "json":
        say_json({"id": made.id, "token": secret, "scopes": made.scopes, "expires": made.expires})
        return
    click.echo(secret)
    end = f", until {made.expires}" if made.expires else ""
    click.echo(f"Token {made.id} for {name} ({', '.join(made.scopes)}){end}. It is not shown again.", err=True)


@token.command("list")
@as_json
@click.pass_context
def list_tokens(ctx: click.Context, form: str) -> None:
    """Every token that was made; never its secret."""
    known = _tokens(ctx).all()
    if form == "json":
        say_json([{k: v for k, v in asdict(t).items() if k != "sha256"} for t in known])
        return
    rows = [
        (t.id, t.name, ", ".join(t.scopes), t.created, f"revoked {t.revoked}" if t.revoked else t.expires or "")
        for t in known
    ]
    say_table(["id", "name", "scopes", "created", "ends"], rows)


@token.command("revoke")
@click.argument("id")
@click.pass_context
def revoke(ctx: click.Context, id: str) -> None:  # noqa: A002 - the argument's name
    """End a token, by its id or by the name of whoever uses it; it counts no more from now on."""
    ended = _tokens(ctx).revoke(id)
    say(f"Token {ended.id} of {ended.name} is revoked.", style="green")


def _tokens(ctx: click.Context) -> Tokens:
    from lakegraph import bootstrap

    where = ctx.obj["lake"]
    if where.startswith(("http://", "https://")):
        raise click.UsageError("Tokens are made in a lake's directory, not over HTTP.")
    return bootstrap.tokens_of(where)


COMMANDS = (token,)
