"""Commands for auditors: export, bundle, verify, audit."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lakegraph.cli.lakes import own_lake
from lakegraph.cli.output import progress, say


@click.command()
@click.argument("things", nargs=-1)
@click.option("--as", "form", required=True, metavar="FORM", help="An unknown form lists the known ones.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output if left out."
)
@click.pass_context
def export(ctx: click.Context, things: tuple[str, ...], form: str, output: Path | None) -> None:
    """The story of THINGS, or of the whole lake, in a form that other tools read."""
    with own_lake(ctx) as lake:
        chunks = lake.export(things or None, form)
        if output is None:
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
            return
        with output.open("wb") as file:
            for chunk in chunks:
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
@click.pass_context
def bundle(
    ctx: click.Context, things: tuple[str, ...], output: Path, forms: tuple[str, ...], redact: str | None
) -> None:
    """Write the sealed evidence for THINGS: records, proofs, checkpoint, and a verifier that needs no lake."""
    with own_lake(ctx) as lake, progress("Sealing records") as tick:
        written = lake.bundle(things, output, redact_persons=redact == "persons", forms=forms, progress=tick)
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
@click.pass_context
def audit(ctx: click.Context) -> None:
    """Check the whole lake against itself: journal, ledger, checkpoints, and the graph against the journal."""
    count = 0
    with own_lake(ctx) as lake:
        for finding in lake.audit():
            count += 1
            say(str(finding), style="red")
    say("Everything agrees." if not count else f"{count} contradictions.", style="green" if not count else "red")
    ctx.exit(1 if count else 0)


COMMANDS = (export, bundle, verify, audit)
