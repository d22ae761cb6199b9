"""Commands that write: init, record, supersede, withdraw, rollback."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from lakegraph.cli.lakes import lake_of
from lakegraph.cli.output import say, say_error, say_json, say_receipt, say_refusal
from lakegraph.errors import DocumentError, LakegraphError
from lakegraph.receipts import Receipt, Refusal

_RDF_SUFFIXES = {
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".nq": "application/n-quads",
    ".trig": "application/trig",
    ".jsonld": "application/ld+json",
    ".rdf": "application/rdf+xml",
}
as_json = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.command()
@click.option("--base", required=True, metavar="IRI", help="The address below which everything gets its own.")
@click.pass_context
def init(ctx: click.Context, base: str) -> None:
    """Make a new lake in the directory that --lake names."""
    import lakegraph

    with lakegraph.init(ctx.obj["lake"], base=base) as lake:
        say(f"A new lake lies in {ctx.obj['lake']}; its base is {lake.base}")
        say("Next: lakegraph record run.json, or lakegraph demo for one with real runs.", style="dim")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--key", metavar="KEY", help="Idempotency key: the same key again returns the first receipt.")
@click.option("--captured", is_flag=True, help="From another tool: unanswered questions are warnings.")
@as_json
@click.pass_context
def record(ctx: click.Context, files: tuple[str, ...], key: str | None, captured: bool, form: str) -> None:
    """Record runs: JSON documents, JSON lines (.jsonl) or RDF (.ttl .nt .nq .trig .jsonld .rdf); - reads a document."""
    if key and len(files) > 1:
        raise click.UsageError("--key is for one file.")
    refused = False
    with lake_of(ctx) as lake:
        for file in files:
            for answer in _record_file(lake, file, key, captured):
                refused |= not isinstance(answer, Receipt)
                _show(answer, form)
    ctx.exit(1 if refused else 0)


def _record_file(lake: Any, file: str, key: str | None, captured: bool) -> Iterator[Receipt | LakegraphError]:
    suffix = Path(file).suffix.lower()
    body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    if suffix == ".jsonl":
        documents = (_document(line, file) for line in body.splitlines() if line.strip())
        yield from lake.record_many(documents, captured=captured)
    elif suffix in _RDF_SUFFIXES:
        yield lake.record_rdf(body, _RDF_SUFFIXES[suffix], key=key, captured=captured)
    else:
        yield lake.record(_document(body, file), key=key, captured=captured)


def _document(body: bytes, file: str) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise DocumentError(f"{file} is not JSON: {error}.", where=file) from error


def _show(answer: Receipt | LakegraphError, form: str) -> None:
    if form == "json":
        say_json(answer.as_dict())
    elif isinstance(answer, Receipt):
        say_receipt(answer)
    elif isinstance(answer, Refusal):
        say_refusal(answer)
    else:
        say_error(answer)


@click.command()
@click.argument("record_iri", metavar="RECORD")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@as_json
@click.pass_context
def supersede(ctx: click.Context, record_iri: str, file: str, form: str) -> None:
    """Correct RECORD: the document in FILE takes its place; both stay in the journal."""
    body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    with lake_of(ctx) as lake:
        _show(lake.supersede(record_iri, _document(body, file)), form)


@click.command()
@click.argument("record_iri", metavar="RECORD")
@click.option("--by", required=True, metavar="PERSON", help="Who withdraws it.")
@click.option("--why", required=True, help="The reason, kept with the withdrawal.")
@as_json
@click.pass_context
def withdraw(ctx: click.Context, record_iri: str, by: str, why: str, form: str) -> None:
    """Take RECORD back: what it said leaves the graph; that it was said stays in the journal."""
    with lake_of(ctx) as lake:
        _show(lake.tombstone(record_iri, by=by, why=why), form)


@click.command()
@click.argument("version")
@click.option("--by", required=True, metavar="PERSON", help="Who decides so.")
@click.option("--why", required=True, help="The reason, kept with the record.")
@as_json
@click.pass_context
def rollback(ctx: click.Context, version: str, by: str, why: str, form: str) -> None:
    """Make VERSION, such as Diabetes@0, the current one by a new record, until a newer one is recorded."""
    with lake_of(ctx) as lake:
        _show(lake.rollback(version, by=by, why=why), form)


COMMANDS = (init, record, supersede, withdraw, rollback)
