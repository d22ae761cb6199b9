"""The command that copies the descriptions of another catalog in, once or on a schedule."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from lakegraph.cli.lakes import lake_of
from lakegraph.cli.output import say, say_json
from lakegraph.cli.record import as_json
from lakegraph.errors import PeerError
from lakegraph.federation.mappings import REACHES, Reach

if TYPE_CHECKING:
    from lakegraph.federation.harvesting import Harvest

by_matches = click.option(
    "--matches",
    type=click.Choice(list(REACHES)),
    default="close",
    show_default=True,
    help="Which mappings are used; broad ones are lossy.",
)
"""The option that chooses mappings, for every command that uses them."""


@click.command()
@click.argument("peer")
@click.option("--changed", is_flag=True, help="Only what changed since the last harvest, where the peer can tell.")
@by_matches
@click.option("--by", metavar="PERSON", help="Who is named where something is withdrawn.")
@click.option("--every", type=click.FloatRange(min=1), metavar="SECONDS", help="Again and again, until interrupted.")
@as_json
@click.pass_context
def harvest(
    ctx: click.Context, peer: str, changed: bool, matches: Reach, by: str | None, every: float | None, form: str
) -> None:
    """Copy what PEER says of its data sets and models into the lake; exits 4 if it did not tell everything."""
    while True:
        # The lake is let go between two harvests, so that others can record; beside a server it is asked over HTTP.
        with lake_of(ctx) as lake:
            report = lake.harvest(peer, changed=changed, matches=matches, by=by)
        if form == "json":
            say_json(report.as_dict())
        else:
            _show(report)
        if not every:
            break
        time.sleep(every)
    if report.error:
        if form == "json":
            ctx.exit(4)
        raise PeerError(report.error["detail"], where=report.error.get("where"), hint=report.error.get("hint"))


def _show(report: Harvest) -> None:
    parts = [
        f"{count:,} {what}"
        for count, what in (
            (report.new, "new"),
            (report.changed, "changed"),
            (report.unchanged, "as they were"),
            (report.withdrawn, "withdrawn"),
            (report.relied_on, "gone there and relied on here"),
            (report.refused, "refused"),
        )
        if count
    ]
    say(f"{report.documents:,} documents in {report.seconds:.1f} s: {', '.join(parts) or 'nothing'}")
    for fault in report.faults:
        say(f"  {fault['thing']}: {fault['detail']} {fault.get('hint', '')}", style="yellow")


COMMANDS = (harvest,)
