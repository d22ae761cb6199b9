"""Commands that make data to measure with."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.group()
def bench() -> None:
    """Data to measure with."""


@bench.command("generate")
@click.option("--runs", type=click.IntRange(1), required=True, help="How many runs.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--form", type=click.Choice(["jsonl", "nquads"]), default="jsonl", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output if left out.")
def generate(runs: int, seed: int, form: str, out: Path | None) -> None:
    """Write a realistic lake of any size: record documents, or the N-Quads that they become."""
    from lakegraph.testing import write

    if out is None:
        write(sys.stdout.buffer, runs, seed, "nquads" if form == "nquads" else "jsonl")
        return
    with out.open("wb") as file:
        count = write(file, runs, seed, "nquads" if form == "nquads" else "jsonl")
    click.echo(f"Wrote {count} records to {out}.", err=True)


COMMANDS = (bench,)
