"""Commands that reach other catalogs: peers, mappings, federate."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Any

import click

from lakegraph.cli.ask import parameters_of, text_of
from lakegraph.cli.harvest import by_matches
from lakegraph.cli.lakes import lake_of
from lakegraph.cli.output import say, say_json, say_receipt, say_table
from lakegraph.cli.record import as_json
from lakegraph.errors import PeerError
from lakegraph.rdf.terms import value
from lakegraph.rdf.vocabulary import ontology

if TYPE_CHECKING:
    from lakegraph.federation.answer import FederatedAnswer
    from lakegraph.federation.mappings import Reach
    from lakegraph.federation.report import SourceReport


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


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.argument("query")
@click.option("--peer", "peers", multiple=True, metavar="NAME", help="Ask only this peer; may be said again.")
@by_matches
@click.option("--explain", is_flag=True, help="Show what would be asked of whom; nothing is sent.")
@click.option("--strict", is_flag=True, help="Fail where a source gives nothing or only a part.")
@click.option("--record", is_flag=True, help="Record the query as provenance.")
@click.option("--by", metavar="PERSON", help="Who asks, for the record.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.pass_context
def federate(
    ctx: click.Context,
    query: str,
    peers: tuple[str, ...],
    matches: Reach,
    explain: bool,
    strict: bool,
    record: bool,
    by: str | None,
    form: str,
) -> None:
    """Put QUERY to this lake and to its peers: SPARQL, @FILE, - for standard input, or a question --with parameters."""
    said = parameters_of(ctx.args)
    text = text_of(query)
    with lake_of(ctx) as lake:
        if explain:
            plan = lake.explain_federation(text, peers=peers or None, matches=matches, **said)
            say_json(plan) if form == "json" else _show_plan(plan)
            return
        answer = lake.federate(text, peers=peers or None, matches=matches, strict=strict, record=record, by=by, **said)
    if form == "json":
        say_json(answer.as_dict())
    elif form == "csv":
        _write_csv(answer)
    else:
        _show_answer(answer)


def _show_answer(answer: FederatedAnswer) -> None:
    names = {source.source: source.title for source in answer.sources}
    if answer.truth is not None:
        say("yes" if answer.truth else "no")
    elif answer.triples:
        for triple in answer.triples:
            say(f"{' '.join(triple)} .")
    else:
        rows = [
            [*(value(row[name]) if name in row else "" for name in answer.columns), ", ".join(names[o] for o in origin)]
            for row, origin in zip(answer.rows, answer.origins, strict=True)
        ]
        say_table([*answer.columns, "from"], rows)
    say()
    say_table(
        ["source", "status", "seconds", "requests", "statements", "rows", ""],
        [
            [s.title, s.status, f"{s.seconds:.2f}", str(s.requests), str(s.statements), str(s.rows), _remark(s)]
            for s in answer.sources
        ],
    )
    lossy = sorted({mapping["mapping"] for s in answer.sources for mapping in s.mappings if mapping["lossy"]})
    if lossy:
        say(f"Lossy mappings were used: {', '.join(lossy)}.", style="yellow")
    if answer.partial:
        say(f"The answer is partial: {', '.join(s.title for s in answer.failing)}.", style="yellow")
    if answer.record:
        say(f"recorded {answer.record}", style="dim")


def _remark(source: SourceReport) -> str:
    if source.error:
        return source.error["detail"]
    return f"cached, {source.cache_age:.0f} s old" if source.cache_age is not None else ""


def _write_csv(answer: FederatedAnswer) -> None:
    out = csv.writer(sys.stdout)
    out.writerow([*answer.columns, "origins"])
    for row, origin in zip(answer.rows, answer.origins, strict=True):
        out.writerow([*(value(row[name]) if name in row else "" for name in answer.columns), " ".join(origin)])


def _show_plan(plan: dict[str, Any]) -> None:
    for number, step in enumerate(plan["steps"], 1):
        say(f"{number}. {' . '.join(step)}", style="bold")
    for source in plan["sources"]:
        say()
        say(f"{source['title']} ({source['kind']})", style="bold")
        if "reads" in source:
            say(f"  reads {source['reads']}" if source["reads"] else "  has nothing of what is asked, by its counts")
            continue
        for pattern, text in source["queries"].items():
            say(f"  for {pattern}", style="dim")
            say("\n".join(f"    {line}" for line in text.splitlines()))
        if not source["queries"]:
            say("  has nothing of what is asked, by its counts")
    say()
    say("Nothing was sent.", style="dim")


_MANUAL = "semapv:ManualMappingCuration"


@click.group()
def mappings() -> None:
    """Which terms of other vocabularies say what terms of ours."""


@mappings.command("list")
@click.option("--own", is_flag=True, help="Only those that people of this lake accepted.")
@click.option("--format", "form", type=click.Choice(["text", "json", "sssom"]), default="text", show_default=True)
@click.pass_context
def mappings_list(ctx: click.Context, own: bool, form: str) -> None:
    """Every mapping, the lake's own first; whether it is used without being asked for."""
    with lake_of(ctx) as lake:
        found = [m for m in lake.list_mappings() if not own or m["origin"] == "lake"]
    if form == "json":
        say_json(found)
    elif form == "sssom":
        click.echo("subject_id\tpredicate_id\tobject_id\tmapping_justification\tconfidence\tcomment")
        for m in found:
            cells = (
                m["ours"],
                m["relation"],
                m["theirs"],
                "semapv:ManualMappingCuration",
                m["confidence"],
                m["comment"],
            )
            click.echo("\t".join(str(cell).replace("\t", " ").replace("\n", " ") for cell in cells))
    else:
        rows = [
            (m["ours"], m["relation"], m["theirs"], f"{m['confidence']:g}", m["origin"], "yes" if m["used"] else "no")
            for m in found
        ]
        say_table(["ours", "relation", "theirs", "confidence", "from", "used"], rows)


@mappings.command("propose")
@click.argument("peer")
@as_json
@click.pass_context
def mappings_propose(ctx: click.Context, peer: str, form: str) -> None:
    """What terms of PEER may correspond to, with reasons; nothing is used before a person accepts it."""
    with lake_of(ctx) as lake:
        found = [proposal.as_dict() for proposal in lake.propose_mappings(peer)]
    if form == "json":
        say_json(found)
        return
    short = ontology().shorten
    rows = [(short(p["ours"]), p["relation"], p["theirs"], f"{p['confidence']:g}", p["reason"]) for p in found]
    say_table(["ours", "relation", "theirs", "confidence", "because"], rows)
    say(
        "lakegraph mappings accept OURS RELATION THEIRS --by PERSON --why REASON" if rows else "Nothing new.",
        style="dim",
    )


@mappings.command("accept")
@click.argument("ours")
@click.argument("relation")
@click.argument("theirs")
@click.option("--by", required=True, metavar="PERSON", help="Who accepts it.")
@click.option("--why", required=True, help="The reason, kept with the mapping.")
@click.option("--confidence", type=click.FloatRange(0, 1), default=0.9, show_default=True)
@as_json
@click.pass_context
def mappings_accept(
    ctx: click.Context, ours: str, relation: str, theirs: str, by: str, why: str, confidence: float, form: str
) -> None:
    """Record that OURS and THEIRS correspond by RELATION, such as skos:exactMatch; it is used from then on."""
    with lake_of(ctx) as lake:
        receipt = lake.accept_mapping(ours, relation, theirs, by=by, why=why, confidence=confidence)
    if form == "json":
        say_json(receipt.as_dict())
    else:
        say_receipt(receipt)


COMMANDS = (peers, mappings, federate)
