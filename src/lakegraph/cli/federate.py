"""Commands that reach other catalogs: peers."""

from __future__ import annotations

import click

from lakegraph.cli.lakes import lake_of
from lakegraph.cli.output import say, say_json, say_receipt, say_table
from lakegraph.cli.record import as_json
from lakegraph.errors import PeerError


@click.group()
def peers() -> None:
    """Other catalogs that this lake asks, each a record of it."""


@peers.command("add")
@click.argument("title")
@click.argument("address")
@click.option(
    "--kind",
    required=True,
    help="sparql, rdf, jsonld, ckan, fdp, oai-pmh, openml, models-json or lakegraph.",
)
@click.option("--license", metavar="IRI", help="The licence of its descriptions.")
@click.option("--seconds", type=float, help="How long it may take to answer.")
@click.option("--size", type=int, metavar="BYTES", help="The most bytes of one answer.")
@click.option("--rows", type=int, help="The most rows of one answer.")
@click.option("--credential", metavar="NAME", help="The name of a secret of the settings; never the secret itself.")
@as_json
@click.pass_context
def peers_add(
    ctx: click.Context,
    title: str,
    address: str,
    kind: str,
    license: str | None,  # noqa: A002 - the option's name
    seconds: float | None,
    size: int | None,
    rows: int | None,
    credential: str | None,
    form: str,
) -> None:
    """Register the catalog at ADDRESS under TITLE; nothing is sent to it yet."""
    with lake_of(ctx) as lake:
        receipt = lake.add_peer(
            title, address, kind=kind, license=license, seconds=seconds, size=size, rows=rows, credential=credential
        )
    if form == "json":
        say_json(receipt.as_dict())
    else:
        say_receipt(receipt)


@peers.command("list")
@as_json
@click.pass_context
def peers_list(ctx: click.Context, form: str) -> None:
    """Every registered catalog."""
    with lake_of(ctx) as lake:
        found = lake.peers()
    if form == "json":
        say_json(found)
        return
    rows = [(p["name"], p["kind"], p["address"], p["license"] or "", str(len(p["holdings"]))) for p in found]
    say_table(["peer", "kind", "address", "licence", "terms counted"], rows)
    if not rows:
        say("None. lakegraph peers add TITLE ADDRESS --kind … registers one.", style="dim")


@peers.command("test")
@click.argument("peer")
@click.option("--save", is_flag=True, help="Keep what was counted in the peer's record, to choose peers by.")
@as_json
@click.pass_context
def peers_test(ctx: click.Context, peer: str, save: bool, form: str) -> None:
    """Ask PEER what it holds; exits 4 if it does not answer as its kind does."""
    with lake_of(ctx) as lake:
        found = lake.test_peer(peer, save=save).as_dict()
    if form == "json":
        say_json(found)
    if found["error"]:
        if form != "json":
            error = found["error"]
            raise PeerError(error["detail"], where=error.get("where"), hint=error.get("hint"))
        ctx.exit(4)
    if form != "json":
        say(f"{peer} answers: {found['requests']} requests in {found['seconds']:.2f} s.", style="green")
        for kind in ("classes", "properties"):
            rows = [(name, str(count)) for name, count in list(found[kind].items())[:20]]
            say_table([kind, "how many"], rows)


@peers.command("remove")
@click.argument("peer")
@click.option("--by", required=True, metavar="PERSON", help="Who removes it.")
@click.option("--why", required=True, help="The reason, kept with the withdrawal.")
@as_json
@click.pass_context
def peers_remove(ctx: click.Context, peer: str, by: str, why: str, form: str) -> None:
    """Withdraw the registration of PEER."""
    with lake_of(ctx) as lake:
        receipt = lake.remove_peer(peer, by=by, why=why)
    if form == "json":
        say_json(receipt.as_dict())
    else:
        say_receipt(receipt)


COMMANDS = (peers,)
