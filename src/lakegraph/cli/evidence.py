"""Commands for auditors: export, bundle, verify, audit, checkpoint, anchor, keys."""

from __future__ import annotations

import json
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakegraph.cli.lakes import lake_of, own_lake
from lakegraph.cli.output import painted, progress, say, say_json, say_table
from lakegraph.cli.record import as_json
from lakegraph.errors import UsageError

if TYPE_CHECKING:
    from lakegraph.cli.lakes import AnyLake
    from lakegraph.federation.broker import Broker


@click.command()
@click.argument("things", nargs=-1)
@click.option("--as", "form", metavar="FORM", help="The form; without it, the forms are listed.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output if left out."
)
@click.pass_context
def export(ctx: click.Context, things: tuple[str, ...], form: str | None, output: Path | None) -> None:
    """The story of THINGS, or of the whole lake, in a form that other tools read.

    THINGS are data sets, models, runs or studies; their story is everything upstream of them, and what judged, deployed
    and watched them.
    """
    from lakegraph.exchange import FORMS, form_of

    if form is None:
        say_table(["form", "what it is", "media type"], [(f.name, f.summary, f.media_type) for f in FORMS.values()])
        return
    form_of(form)
    with lake_of(ctx) as lake:
        chunks = lake.export(things or None, form)
        first = next(chunks, b"")  # what is refused leaves no file behind
        if output is None:
            for chunk in chain([first], chunks):
                sys.stdout.buffer.write(chunk)
            return
        with output.open("wb") as file:
            for chunk in chain([first], chunks):
                file.write(chunk)
        say(f"Wrote {output}.", style="green")


@click.command()
@click.argument("things", nargs=-1, required=True)
@click.option(
    "--output", "-o", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The archive to write."
)
@click.option(
    "--as", "forms", multiple=True, metavar="FORM", help="An export to carry along; may be given several times."
)
@click.option("--redact", type=click.Choice(["persons"]), help="Replace people; every other proof still holds.")
@click.option(
    "--since", type=int, multiple=True, metavar="SIZE", help="The size of an older checkpoint that somebody holds."
)
@click.option(
    "--artifact",
    "artifacts",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A file to carry along, such as the model; of a folder, the files in it that the records know by checksum.",
)
@click.pass_context
def bundle(
    ctx: click.Context,
    things: tuple[str, ...],
    output: Path,
    forms: tuple[str, ...],
    redact: str | None,
    since: tuple[int, ...],
    artifacts: tuple[Path, ...],
) -> None:
    """Write the sealed evidence for THINGS: records, proofs, checkpoint, and a verifier that needs no lake."""
    chosen: dict[str, Any] = {"redact_persons": redact == "persons", "forms": forms, "since": since}
    if artifacts:
        with own_lake(ctx) as own, progress("Sealing records") as tick:
            written = own.bundle(things, output, **chosen, artifacts=artifacts, progress=tick)
    else:
        with lake_of(ctx) as lake:
            written = lake.bundle(things, output, **chosen)
    say(f"Wrote {output}: {written.records} of {written.size} records, sealed by {written.key}", style="green")


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option(
    "--key", "keys", multiple=True, help="A key that is trusted: name+id+base64, or the path of a file with one."
)
@click.option("--since", type=click.Path(path_type=Path), help="An older checkpoint that you hold.")
@click.pass_context
def verify(ctx: click.Context, archive: Path, keys: tuple[str, ...], since: Path | None) -> None:
    """Verify an evidence bundle: exits 0 where everything agrees, 1 where it was altered, 2 where it cannot tell."""
    from lakegraph.exchange.verify import verify_file

    verdict = verify_file(archive, keys=keys, since=since)
    click.echo(verdict.text())
    ctx.exit(verdict.exit_code)


@click.command()
@click.option(
    "--since",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An older checkpoint that somebody kept elsewhere; the journal must continue it.",
)
@click.pass_context
def audit(ctx: click.Context, since: tuple[Path, ...]) -> None:
    """Check the whole lake against itself: journal, ledger, checkpoints, and the graph against the journal."""
    count = 0
    held = [file.read_text(encoding="utf-8", errors="replace") for file in since]
    with lake_of(ctx) as lake, progress("Comparing journal and graph") as tick:
        for finding in lake.audit(lambda _what, done, total: tick(done, total) if total else None, since=held):
            count += 1
            say(str(finding), style="red")
        erased = lake.erasures()
    for said in erased:
        what = f"entry {said['erases']} ({said['record']}) was lawfully erased on {said['recorded']}"
        say(f"{what}, as entry {said['seq']} says: {said['why']}", style="yellow")
    say("Everything agrees." if not count else f"{count} contradictions.", style="green" if not count else "red")
    ctx.exit(1 if count else 0)


@click.command()
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file to write it to as well.")
@click.pass_context
def checkpoint(ctx: click.Context, output: Path | None) -> None:
    """Sign a checkpoint over everything that is recorded now, and print it."""
    with lake_of(ctx) as lake:
        note = lake.checkpoint().note
    if output:
        output.write_text(note, encoding="utf-8")
    click.echo(note, nl=False)


@click.command()
@click.argument("target")
@click.option("--credential", metavar="NAME", help="A credential of the settings, for an address that asks for one.")
@click.pass_context
def anchor(ctx: click.Context, target: str, credential: str | None) -> None:
    """Put a signed checkpoint in TARGET: a file, a folder, a git repository or an https address that others keep.

    Where an older checkpoint of this lake stands there, the log must prove that it only grew since then.
    """
    from lakegraph.exchange.anchor import anchor as put
    from lakegraph.exchange.anchor import place_of

    with lake_of(ctx) as lake:
        done = put(lake, place_of(target, _broker(ctx, lake) if "://" in target else None, credential))
    before = "" if done.before is None else f", continuing the one over {done.before}"
    say(f"A checkpoint over {done.size} entries stands in {done.where}{before}.", style="green")


def _broker(ctx: click.Context, lake: AnyLake) -> Broker:
    """What sends to other hosts: the lake's own, or of a served lake the one that the settings here describe."""
    from lakegraph import config
    from lakegraph.bootstrap import LocalLake
    from lakegraph.federation.federating import broker_of

    if isinstance(lake, LocalLake):
        return lake.broker
    return broker_of(config.load(lake=ctx.obj["lake"]).federation)


@click.group()
def keys() -> None:
    """The keys that sign for this lake."""


@keys.command("list")
@as_json
@click.pass_context
def keys_list(ctx: click.Context, form: str) -> None:
    """Every key that signed for this lake, oldest first, and from which entry on; publish the last one."""
    from lakegraph.journal import verify_history

    with lake_of(ctx) as lake:
        statements = list(lake.key_history())
    known = verify_history(statements)
    if form == "json":
        told = zip(known, statements, strict=True)
        say_json([{"key": str(key.verifier), "since": key.since, "statement": text} for key, text in told])
    else:
        say_table(["since entry", "key"], [(str(key.since), str(key.verifier)) for key in known])


@keys.command("rotate")
@click.pass_context
def keys_rotate(ctx: click.Context) -> None:
    """Replace the signing key: the old one vouches for the new one, signs a last time, and is destroyed."""
    from lakegraph.journal import verify_history

    with own_lake(ctx) as lake:
        signed = lake.rotate_key()
        key = verify_history(list(lake.key_history()))[-1].verifier
    say(f"From entry {signed.size + 1} on signs {key}", style="green")
    say("Publish it where the first one stands. Who trusts an older key trusts the one that it vouched for.")


@click.command()
@click.argument("thing", required=False)
@click.option("--against", metavar="FRAMEWORK", help="Who asks for it; without it, the frameworks are listed.")
@click.option("--format", "form", default="text", show_default=True, help="text, json, csv, markdown or html.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output if left out."
)
@click.pass_context
def coverage(ctx: click.Context, thing: str | None, against: str | None, form: str, output: Path | None) -> None:
    """Which of the documentation that a law or a custom asks for is recorded of THING, clause by clause.

    It reports what is recorded, by which records, and what is not. It judges neither content nor duties. A clause that
    does not apply is excused by an annotation of the thing: docs/how-to/coverage.md.
    """
    from lakegraph.exchange import NAMES, frameworks, renderings

    if against is None or thing is None:
        rows = [(f.name, f.title, f.source) for f in frameworks().all.values()]
        say_table(["framework", "what it is", "source"], rows)
        return
    with lake_of(ctx) as lake:
        report = lake.coverage(thing, against)
    forms = renderings(report) | {NAMES["html"]: report.to_page}
    if output is None:
        forms[NAMES["text"]] = lambda: report.text(painted())
    if form == "json":
        said = json.dumps(report.as_dict(), indent=2, ensure_ascii=False)
    elif NAMES.get(form) in forms:
        said = forms[NAMES[form]]()
    else:
        known = ", ".join(name for name, kind in NAMES.items() if kind in forms)
        raise UsageError(f"This cannot be shown as {form!r}.", where="format", hint=f"As json, {known}.")
    if output is None:
        click.echo(said)
        return
    output.write_text(said, encoding="utf-8", newline="")
    say(f"Wrote {output}: {report.summary()}.", style="green")


COMMANDS = (coverage, export, bundle, verify, audit, checkpoint, anchor, keys)
