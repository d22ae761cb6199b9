"""Commands that ask: ask, lineage, why, impact, search, query, show."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Literal

import click

from lakegraph.cli.lakes import as_it_was, lake_of
from lakegraph.cli.output import painted, say, say_json, say_table
from lakegraph.cli.record import as_json
from lakegraph.errors import UsageError
from lakegraph.exchange import NAMES, as_text, renderings

at_moment = click.option(
    "--as-of",
    metavar="MOMENT",
    help="Answer from what the lake knew then: an entry's number, a time with its zone, or a day.",
)


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.argument("question", required=False)
@click.option("--format", "form", default="text", show_default=True, help="text, json, csv, markdown, html or turtle.")
@at_moment
@click.pass_context
def ask(ctx: click.Context, question: str | None, form: str, as_of: str | None) -> None:
    """Ask QUESTION, with its parameters as options: lakegraph ask 5w1h --about "Diabet Predictor".

    Without QUESTION, lists what can be asked.
    """
    with lake_of(ctx) as lake:
        if question is None:
            _list(lake.questions(), form)
            return
        answer = as_it_was(lake, as_of).ask(question, **parameters_of(ctx.args))
        show_answer(answer, form)


def parameters_of(args: list[str]) -> dict[str, str]:
    """``--name value`` and ``--name=value`` pairs; dashes in names are read as underscores."""
    said: dict[str, str] = {}
    words = iter(args)
    for word in words:
        if not word.startswith("--"):
            raise click.UsageError(f"{word!r} is not an option; parameters are written --name value.")
        name, equals, value = word[2:].partition("=")
        if not equals:
            value = next(words, "")
        said[name.replace("-", "_")] = value
    return said


def text_of(said: str) -> str:
    """The text of a query: itself, of ``@FILE``, or of standard input for ``-``."""
    if said == "-":
        return sys.stdin.read()
    return Path(said[1:]).read_text(encoding="utf-8") if said.startswith("@") else said


def _list(questions: list[dict[str, Any]], form: str) -> None:
    if form == "json":
        say_json(questions)
        return
    rows = []
    for said in questions:
        parameters = " ".join(f"--{p['name']}" for p in said["parameters"])
        rows.append((said["folder"], said["name"], said["summary"], parameters))
    say_table(["folder", "question", "answers", "parameters"], rows)


def show_answer(answer: Any, form: str) -> None:
    """An answer in the form that was asked for."""
    if form == "json":
        say_json(answer.as_dict())
    elif form == "text":
        click.echo(as_text(answer, painted()))
    else:
        forms = renderings(answer)
        if NAMES.get(form) not in forms:
            known = ", ".join(name for name, kind in NAMES.items() if kind in forms)
            raise UsageError(f"This cannot be shown as {form!r}.", hint=f"As json, {known}.")
        click.echo(forms[NAMES[form]]())


def _steps(text: str) -> int | Literal["all"]:
    if text == "all":
        return "all"
    if not text.isdigit():
        raise click.BadParameter("a number of steps, or all")
    return int(text)


@click.command()
@click.argument("thing")
@click.option("--up", default="all", show_default=True, metavar="STEPS", help="How far back; a number, or all.")
@click.option("--down", default="0", show_default=True, metavar="STEPS", help="How far on; a number, or all.")
@click.option("--nodes", default=50_000, show_default=True, help="How many things and runs at most.")
@click.option(
    "--format", "form", default="text", show_default=True, help="text, csv, json, turtle, dot, svg or mermaid."
)
@at_moment
@click.pass_context
def lineage(ctx: click.Context, thing: str, up: str, down: str, nodes: int, form: str, as_of: str | None) -> None:
    """What THING came from, and what came of it: an IRI, slug, title, title@version, or the path of a file."""
    with lake_of(ctx) as lake:
        found = as_it_was(lake, as_of).lineage(thing, up=_steps(up), down=_steps(down), nodes=nodes)
        show_answer(found, form)


@click.command()
@click.argument("a")
@click.argument("b")
@as_json
@at_moment
@click.pass_context
def why(ctx: click.Context, a: str, b: str, form: str, as_of: str | None) -> None:
    """The paths between A and B, each as a sentence."""
    with lake_of(ctx) as lake:
        show_answer(as_it_was(lake, as_of).why(a, b), form)


@click.command()
@click.argument("thing")
@as_json
@at_moment
@click.pass_context
def impact(ctx: click.Context, thing: str, form: str, as_of: str | None) -> None:
    """What rests on THING, down to deployments: what breaks if it is withdrawn."""
    with lake_of(ctx) as lake:
        show_answer(as_it_was(lake, as_of).impact(thing), form)


@click.command()
@click.argument("words")
@click.option("--kind", help="Only things of this kind, such as model.")
@click.option("--tag", help="Only things with this tag.")
@click.option("--limit", default=20, show_default=True)
@as_json
@at_moment
@click.pass_context
def search(
    ctx: click.Context, words: str, kind: str | None, tag: str | None, limit: int, form: str, as_of: str | None
) -> None:
    """Find things by words in their titles, descriptions and paths."""
    with lake_of(ctx) as lake:
        found = as_it_was(lake, as_of).search(words, kind=kind, tag=tag, limit=str(limit))
    if form == "json":
        say_json(found)
        return
    rows = [(h["kind"], h.get("title", ""), h.get("version", ""), h["iri"]) for h in found["hits"]]
    say_table(["kind", "title", "version", "iri"], rows)
    if not rows:
        say("Nothing found.", style="dim")


@click.command()
@click.argument("text")
@click.option(
    "--format", "form", default="table", show_default=True, help="table, json, xml, csv, tsv, turtle, ntriples …"
)
@click.pass_context
def query(ctx: click.Context, text: str, form: str) -> None:
    """Run a SPARQL query: the text itself, @FILE, or - for standard input."""
    text = text_of(text)
    with lake_of(ctx) as lake:
        body = lake.query(text, form="json" if form == "table" else form)
    if form != "table" or not body.lstrip().startswith(b"{"):
        sys.stdout.buffer.write(body)
        return
    said = json.loads(body)
    if "boolean" in said:
        say("yes" if said["boolean"] else "no")
        return
    names = said["head"]["vars"]
    say_table(names, [[row[n]["value"] if n in row else "" for n in names] for row in said["results"]["bindings"]])


@click.command()
@click.argument("thing")
@click.option("--format", "form", default="turtle", show_default=True, help="turtle, jsonld, ntriples, trig or rdfxml.")
@click.pass_context
def show(ctx: click.Context, thing: str, form: str) -> None:
    """Everything that is said of THING, as RDF."""
    from lakegraph.exchange import RDF_TYPES, serialize
    from lakegraph.rdf.vocabulary import ontology

    media = next((m.type for m in RDF_TYPES.values() if form in (m.name, m.suffix)), None)
    if media is None:
        raise click.BadParameter(f"one of {', '.join(m.name for m in RDF_TYPES.values())}", param_hint="--format")
    with lake_of(ctx) as lake:
        triples = lake.describe(lake.resolve(thing))
    sys.stdout.buffer.write(serialize(triples, media, ontology().prefixes))


COMMANDS = (ask, lineage, why, impact, search, query, show)
