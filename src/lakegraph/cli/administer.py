"""Commands for the person who looks after a lake: status, log, people, erase, rebuild, validate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import click

from lakegraph.administering import ALL_SHAPES
from lakegraph.cli.lakes import lake_of, own_lake
from lakegraph.cli.output import progress, say, say_json, say_table
from lakegraph.cli.record import as_json
from lakegraph.rdf.terms import value
from lakegraph.rdf.vocabulary import ontology
from lakegraph.validation import Report, Result


@click.command()
@as_json
@click.pass_context
def status(ctx: click.Context, form: str) -> None:
    """What this lake is and holds."""
    with lake_of(ctx) as lake:
        said = lake.status()
    if form == "json":
        say_json(said)
        return
    say(f"{said['base']}  {said['records']} records", style="bold")
    say_table(["things", "how many"], [(kind, str(count)) for kind, count in sorted(said["things"].items())])


@click.command()
@click.argument("thing", required=False)
@click.option("--limit", default=20, show_default=True, help="How many entries, newest first.")
@as_json
@click.pass_context
def log(ctx: click.Context, thing: str | None, limit: int, form: str) -> None:
    """The journal: what was recorded when and by whom; of THING, or of the whole lake."""
    with lake_of(ctx) as lake:
        entries = lake.log(thing, limit=limit)
    if form == "json":
        say_json(entries)
        return
    rows = [(str(e["seq"]), e["recorded"][:19], e["kind"], e["actor"], e["record"]) for e in entries]
    say_table(["seq", "recorded", "kind", "by", "record"], rows)


@click.command()
@click.pass_context
def rebuild(ctx: click.Context) -> None:
    """Make the graph and the index again from the journal alone."""
    from lakegraph import bootstrap

    with progress("Rebuilding") as tick:
        count = bootstrap.rebuild(ctx.obj["lake"], progress=tick)
    say(f"Rebuilt from {count} journal entries.", style="green")


@click.command()
@click.option(
    "--only", multiple=True, metavar="FOLDER", help="integrity, completeness, policy or swamp; all if left out."
)
@click.option("--engine", type=click.Choice(["compiled", "pyshacl"]), default="compiled", show_default=True)
@click.option("--format", "form", type=click.Choice(["text", "json", "turtle"]), default="text", show_default=True)
@click.pass_context
def validate(ctx: click.Context, only: tuple[str, ...], engine: Literal["compiled", "pyshacl"], form: str) -> None:
    """Check the whole lake again by its shapes; exits 1 if anything violates them."""
    with own_lake(ctx) as lake, progress("Checking records") as tick:
        found = lake.violations(only or ALL_SHAPES, engine=engine, progress=tick)
        if form == "text":
            ctx.exit(1 if _stream(found) else 0)
        report = Report.of(found)
    if form == "turtle":
        click.echo(report.to_turtle(ontology().prefixes))
    else:
        say_json(report.as_dict())
    ctx.exit(1 if report.violations else 0)


def _stream(found: Iterable[Result]) -> int:
    """Show what is wrong as it is found, under the thing that it is wrong with; the number of violations."""
    counts: Counter[str] = Counter()
    thing = ""
    for result in found:
        if result.focus != thing:
            thing = result.focus
            say(value(thing), style="bold")
        severity = str(result.as_dict()["severity"])
        counts[severity] += 1
        word = (result.answers or "form").capitalize()
        say(f"  {word:<7}{result.message}")
        notes = [severity, result.field, result.suggestion, f"{result.file}:{result.line}"]
        say("         " + " · ".join(note for note in notes if note), style="dim")
    said = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing is wrong"
    say(f"Checked: {said}.", style="green" if not counts["Violation"] else "red")
    return counts["Violation"]


@click.command()
@click.option("--limit", default=20, show_default=True, help="How many things, the worst first.")
@as_json
@click.pass_context
def swamp(ctx: click.Context, limit: int, form: str) -> None:
    """Things that are invisible, inaccessible or incomprehensible, with a score each."""
    with own_lake(ctx) as lake, progress("Checking records") as tick:
        things = lake.swamp(tick)
    if form == "json":
        say_json([{"iri": t.iri, "score": t.score, **t.dimensions} for t in things[:limit]])
        return
    names = ("invisible", "inaccessible", "incomprehensible")
    rows = [(f"{t.score:g}", *(f"{t.dimensions.get(name, 0):g}" for name in names), t.iri) for t in things[:limit]]
    say_table(["score", *names, "thing"], rows)


@click.group()
def people() -> None:
    """The directory of people: names and mail addresses, kept out of the journal so that they can be erased."""


@people.command("add")
@click.argument("name")
@click.option("--slug", help="How records name the person; made from the name if left out.")
@click.option(
    "--kind", type=click.Choice(["user", "organization", "software-agent"]), default="user", show_default=True
)
@click.option("--mail")
@click.option("--job-title", help="A notation of the job titles, such as data-scientist.")
@click.pass_context
def people_add(
    ctx: click.Context, name: str, slug: str | None, kind: str, mail: str | None, job_title: str | None
) -> None:
    """Add a person, an organisation or a program that acts."""
    with own_lake(ctx) as lake:
        person = lake.add_person(name, slug=slug, kind=kind, mail=mail, job_title=job_title)
        say(f"{person.name} is {lake.base}id/{person.kind}/{person.slug}", style="green")


@people.command("list")
@as_json
@click.pass_context
def people_list(ctx: click.Context, form: str) -> None:
    """Everybody that the directory knows."""
    with own_lake(ctx) as lake:
        rows: list[dict[str, Any]] = [
            {"slug": p.slug, "kind": p.kind, "name": p.name, "mail": p.mail, "jobTitle": p.job_title}
            for p in lake.people.list()
        ]
    if form == "json":
        say_json(rows)
    else:
        say_table(["slug", "kind", "name", "mail", "job title"], [[r[k] or "" for k in r] for r in rows])


@people.command("erase")
@click.argument("slug")
@click.option("--why", required=True, help="The reason, such as the request that asks for it.")
@click.pass_context
def people_erase(ctx: click.Context, slug: str, why: str) -> None:
    """Erase what the directory says of a person; records keep an IRI that says nothing."""
    with own_lake(ctx) as lake:
        lake.erase_person(slug, why)
    _scrub(ctx)
    say(f"{slug} is erased.", style="green")


@click.command()
@click.argument("record")
@click.option("--why", required=True, help="The reason, and on whose authority; it is never erased itself.")
@click.option("--force", is_flag=True, help="Erase it even though other records rely on what it says.")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased, and which records rely on it.")
@click.pass_context
def erase(ctx: click.Context, record: str, why: str, force: bool, dry_run: bool) -> None:
    """Erase for good what RECORD says, or the one revision whose graph is named; that it was recorded stays proved."""
    with own_lake(ctx) as lake:
        done = lake.erase(record, why=why, force=force, dry_run=dry_run)
    entries = ", ".join(map(str, done.entries))
    if dry_run:
        say(f"The content of {entries} would be erased: {done.record}")
        for graph in done.needed_by:
            say(f"  relied on by {graph}", style="yellow")
        return
    _scrub(ctx)
    said = ", ".join(map(str, done.recorded_as))
    say(f"The content of {entries} is erased; {said} of the journal says so: {done.record}", style="green")
    say("Backups and copies of the lake that were made before still hold it.", style="yellow")


def _scrub(ctx: click.Context) -> None:
    """Make graph and index anew: an engine that forgets a statement keeps its words in its files."""
    from lakegraph import bootstrap

    with progress("Making graph and index anew, without a trace") as tick:
        bootstrap.rebuild(ctx.obj["lake"], progress=tick)


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.pass_context
def dump(ctx: click.Context, out: Path) -> None:
    """Write every quad of the graph to a file, as N-Quads."""
    with own_lake(ctx) as lake, out.open("wb") as file:
        lake.dump(file)
        say(f"Wrote {file.tell()} bytes to {out}.", style="green")


COMMANDS = (status, log, rebuild, validate, swamp, people, erase, dump)
