"""What people see: colour where the terminal has it, plain text where it has not, progress on standard error."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from lakegraph.errors import LakegraphError
from lakegraph.receipts import Receipt, Refusal


@cache
def console() -> Console:
    """Standard output."""
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)


@cache
def errors() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str = "", style: str | None = None) -> None:
    """One line of plain text, styled where the terminal can."""
    console().print(text, style=style, markup=False)


def say_json(value: Any) -> None:
    """*value* as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def say_error(error: LakegraphError) -> None:
    """What is wrong, where, and what to do."""
    out = errors()
    out.print(f"[bold red]{escape(error.message)}[/]")
    if error.where:
        out.print(f"  where       {escape(error.where)}")
    if error.hint:
        out.print(f"  what to do  {escape(error.hint)}")


def say_refusal(error: Refusal) -> None:
    """A refused record: which questions it leaves open, and the smallest change that answers each."""
    out = errors()
    out.print(
        f'[bold red]Refused:[/] "{escape(error.title)}" does not answer what this lake asks.'
        "     [dim]nothing was written[/]"
    )
    width = min(out.width, 110) - 9
    for result in error.report.violations:
        word = (result.answers or "form").capitalize()
        first, *rest = textwrap.wrap(result.message, width) or [""]
        out.print(f"  [bold yellow]{escape(word):<7}[/]{escape(first)}")
        for line in rest:
            out.print(f"         {escape(line)}")
        place = f"{result.file}:{result.line}" if result.file else ""
        notes = [note for note in (result.field, result.suggestion, place) if note]
        for line in textwrap.wrap(" · ".join(notes), width):
            out.print(f"         {escape(line)}", style="dim")
    count = len(error.report.violations)
    out.print(f"{count} problem{'' if count == 1 else 's'}. The same as JSON: --format json.", style="dim")


def say_receipt(receipt: Receipt) -> None:
    """A receipt in one line, outputs and warnings below it."""
    again = " (recorded before under this key)" if receipt.repeated else ""
    console().print(f"[green]recorded[/] {escape(receipt.iri)}  seq {receipt.seq}, {receipt.quads} statements{again}")
    for output in receipt.outputs:
        console().print(f"  made      {escape(output)}")
    for warning in receipt.warnings:
        console().print(f"  [yellow]warning[/]   {escape(str(warning.get('message', '')))}")


def say_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows under headings."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console().print(table)


Tick = Callable[[int, int], None]


@contextmanager
def progress(label: str) -> Iterator[Tick]:
    """A bar on standard error, where that is a terminal and the work takes over a second."""
    started = time.monotonic()
    bar: Progress | None = None
    task: Any = None

    def tick(done: int, total: int) -> None:
        nonlocal bar, task
        if bar is None:
            if time.monotonic() - started < 1 or os.environ.get("TERM") == "dumb" or not errors().is_terminal:
                return
            bar = Progress(
                TextColumn(label),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=errors(),
                transient=True,
            )
            bar.start()
            task = bar.add_task(label, total=total)
        bar.update(task, completed=done, total=total)

    try:
        yield tick
    finally:
        if bar is not None:
            bar.stop()


_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True},
    "word": {"fg": "cyan"},
    "gap": {"fg": "yellow"},
    "quiet": {"dim": True},
}


def painted() -> Callable[[str, str], str]:
    """Dresses a text for its role; leaves it as it is where the terminal has no colour."""
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def paint(text: str, role: str) -> str:
        return click.style(text, **_STYLES.get(role, {})) if colour else text

    return paint
