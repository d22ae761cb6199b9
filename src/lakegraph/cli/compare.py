"""Commands that compare: diff, history, gaps, reproduce."""

from __future__ import annotations

import click

from lakegraph.cli.ask import at_moment, show_answer
from lakegraph.cli.lakes import as_it_was, lake_of
from lakegraph.cli.record import as_json

_MARKDOWN = click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown", "html"]), default="text", show_default=True
)


@click.command()
@click.argument("a")
@click.argument("b")
@click.argument("more", nargs=-1)
@click.option("--lineage", is_flag=True, help="Compare where two things come from, instead of what they are.")
@as_json
@at_moment
@click.pass_context
def diff(
    ctx: click.Context, a: str, b: str, more: tuple[str, ...], lineage: bool, form: str, as_of: str | None
) -> None:
    """What differs between A, B and MORE: runs, models or data sets, and what comes with the change of a metric."""
    with lake_of(ctx) as lake:
        show_answer(as_it_was(lake, as_of).diff(a, b, *more, lineage=lineage), form)


@click.command()
@click.argument("thing")
@as_json
@at_moment
@click.pass_context
def history(ctx: click.Context, thing: str, form: str, as_of: str | None) -> None:
    """The versions of THING, a data set or model, and what changed from each to the next."""
    with lake_of(ctx) as lake:
        show_answer(as_it_was(lake, as_of).history(thing), form)


@click.command()
@click.argument("thing", required=False)
@click.option(
    "--limit", default=100, show_default=True, help="Without THING: how many of the newest things to look at."
)
@as_json
@at_moment
@click.pass_context
def gaps(ctx: click.Context, thing: str | None, limit: int, form: str, as_of: str | None) -> None:
    """What nobody has said: of THING, or of the newest things; with the field that would say it."""
    with lake_of(ctx) as lake:
        show_answer(as_it_was(lake, as_of).gaps(thing, limit=limit), form)


@click.command()
@click.argument("thing", metavar="MODEL")
@_MARKDOWN
@at_moment
@click.pass_context
def reproduce(ctx: click.Context, thing: str, form: str, as_of: str | None) -> None:
    """What is needed to make MODEL, or a data set, again, and exactly what is missing; exits 1 if anything is."""
    with lake_of(ctx) as lake:
        recipe = as_it_was(lake, as_of).reproduce(thing)
        show_answer(recipe, form)
    ctx.exit(0 if recipe.complete else 1)


COMMANDS = (diff, history, gaps, reproduce)
