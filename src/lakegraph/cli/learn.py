"""Commands that explain the lake's own language: schema, ontology, shapes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from lakegraph.cli.output import console, say, say_json, say_table
from lakegraph.cli.record import as_json

if TYPE_CHECKING:
    from lakegraph.rdf.ontology_docs import TermDoc
    from lakegraph.validation import ShapeSet


@click.command()
def schema() -> None:
    """The JSON Schema of every record document."""
    from lakegraph.model import json_schema

    say_json(json_schema())


@click.group()
def ontology() -> None:
    """The ontology: its terms explained, its consistency checked, its documentation."""


@ontology.command("show")
@click.argument("term")
def ontology_show(term: str) -> None:
    """Explain TERM, such as lake:Ingest."""
    from lakegraph.rdf.ontology_docs import explain

    say_term(explain(term))


def say_term(doc: TermDoc) -> None:
    """A term with what the ontology says of it, one line each."""
    console().print(f"[bold]{escape(doc.ref.name)}[/]  {escape(doc.ref.label)}  [dim]{escape(doc.kind)}[/]")
    for text in (doc.definition, doc.note):
        if text:
            say(f"  {text}")
    lists = {"below": doc.above, "above": doc.below, "same as": doc.same_as, "excludes": doc.excludes,
             "stated of": doc.domain, "leads to": doc.range, "follows from": doc.follows_from,
             "properties": doc.properties, "concepts": doc.concepts}  # fmt: skip
    for name, refs in lists.items():
        if refs:
            console().print(f"  [cyan]{name:<13}[/]{escape(', '.join(ref.name for ref in refs))}")
    facts = [("written", doc.notation), ("also called", ", ".join(doc.other_names)), ("source", doc.source)]
    for name, text in (*facts, *doc.facts):
        if text:
            console().print(f"  [cyan]{escape(name):<13}[/]{escape(text)}")
    for mapped in doc.mappings:
        say(f"  {mapped.predicate_name}  {mapped.object_name}  {mapped.object_label}", style="dim")


@ontology.command("check")
@click.option(
    "--with",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with prov-o.ttl, dcat3.ttl, mls.ttl and dqv.ttl as published, to check against.",
)
@click.argument("data", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def ontology_check(ctx: click.Context, folder: Path | None, data: tuple[Path, ...]) -> None:
    """Ask HermiT whether the ontology, with DATA, is consistent (needs the extra [reason] and Java)."""
    from lakegraph.rdf.reasoner import check

    report = check(folder, list(data))
    if report.ok:
        say(
            f"Consistent: {report.triples} statements of {len(report.files)} files, {report.seconds:.1f} s.",
            style="green",
        )
        ctx.exit(0)
    say("Not consistent." if not report.consistent else "Classes that nothing can be in:", style="bold red")
    for name in report.unsatisfiable:
        say(f"  {name}")
    for clash in report.clashes:
        say(f"  {clash.thing} is both {clash.first} and {clash.second}")
    ctx.exit(1)


@ontology.command("docs")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def ontology_docs(out: Path) -> None:
    """Write the ontology's documentation to OUT, one HTML file that loads nothing else."""
    from lakegraph.rdf.ontology_docs import render_html

    out.write_text(render_html(), encoding="utf-8")
    say(f"Wrote {out}.", style="green")


@click.group()
def shapes() -> None:
    """The shapes that records are held to."""


@shapes.command("list")
@as_json
def shapes_list(form: str) -> None:
    """Every shape: what it is about, where it stands, and which engine runs it."""
    from dataclasses import asdict

    rows = _set().describe()
    if form == "json":
        say_json([asdict(row) for row in rows])
        return
    columns = ["shape", "target", "folder", "place", "engine", "constraints"]
    say_table(columns, [[str(asdict(row)[c]) for c in columns] for row in rows])


@shapes.command("show")
@click.argument("name")
@click.pass_context
def shapes_show(ctx: click.Context, name: str) -> None:
    """What is asked of NAME: a class such as TrainingRun, or a shape."""
    wanted = name.removeprefix("lake:").removeprefix("lakesh:").lower()
    rows = [
        row for row in _set().docs() if wanted in (row.target.split(":")[-1].lower(), row.shape.split(":")[-1].lower())
    ]
    if not rows:
        say(f"No shape is about {name}. lakegraph shapes list names them all.", style="red")
        ctx.exit(3)
    say_table(
        ["W", "field", "asks", "severity", "what to do", "place"],
        [[row.answers, row.field or row.path, row.asks, row.severity, row.message, row.place] for row in rows],
    )


@shapes.command("docs")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def shapes_docs(out: Path) -> None:
    """Write a table of every shape to OUT, as Markdown."""
    columns = ("shape", "target", "path", "asks", "severity", "answers", "message", "place")
    lines = ["# Shapes", "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in _set().docs():
        cells = (str(getattr(row, c)).replace("|", "\\|").replace("\n", " ") for c in columns)
        lines.append("| " + " | ".join(cells) + " |")
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    say(f"Wrote {out}.", style="green")


def _set() -> ShapeSet:
    from lakegraph import resources
    from lakegraph.validation import ShapeSet

    return ShapeSet.load([resources.path(f"shapes/{f}") for f in ("integrity", "completeness", "policy", "swamp")])


COMMANDS = (schema, ontology, shapes)
