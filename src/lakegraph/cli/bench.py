"""Commands that make data to measure with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lakegraph.testing import Form, Options

_SHARE = click.FloatRange(0, 1)


@click.group()
def bench() -> None:
    """Data to measure with."""


@bench.command("generate")
@click.option("--runs", type=click.IntRange(1), required=True, help="How many runs.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--form", type=click.Choice(["jsonl", "nquads"]), default="jsonl", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output if left out.")
@click.option("--faults", type=_SHARE, default=0.0, help="The share of runs before which a broken copy is put.")
@click.option(
    "--near-duplicates", type=_SHARE, default=0.0, help="The share of ingests that come again, a bit changed."
)
@click.option("--plant", multiple=True, metavar="NAME", help="Lineage of a known shape: chain, layers, star or tree.")
@click.option("--space", default="", help="A word before every title, to record two streams into one lake.")
def generate(
    runs: int,
    seed: int,
    form: Form,
    out: Path | None,
    faults: float,
    near_duplicates: float,
    plant: tuple[str, ...],
    space: str,
) -> None:
    """Write a realistic lake of any size: record documents, or the N-Quads that they become."""
    from lakegraph.testing import write

    options: Options = {"faults": faults, "near_duplicates": near_duplicates, "structures": plant, "space": space}
    if out is None:
        write(sys.stdout.buffer, runs, seed, form, **options)
        return
    with out.open("wb") as file:
        count = write(file, runs, seed, form, **options)
    click.echo(f"Wrote {count} records to {out}.", err=True)


COMMANDS = (bench,)
