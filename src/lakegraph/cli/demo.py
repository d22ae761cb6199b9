"""The demo command: a lake of real runs, and what it answers, in few lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakegraph.cli.output import console, painted, say, say_refusal
from lakegraph.errors import ConflictError
from lakegraph.exchange import as_text
from lakegraph.receipts import Refusal

if TYPE_CHECKING:
    from lakegraph.bootstrap import LocalLake

_BASE = "https://lake.example.org/"
_QUERY = "queries/internal/scores.rq"
_LAST = "mon-1"  # the run of the worked example that is recorded last


@click.command()
@click.option("--directory", default="demo-lake", show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), help="Where to serve; 8010 if left out.")
@click.option("--no-serve", is_flag=True, help="End instead of serving.")
def demo(directory: Path, port: int | None, no_serve: bool) -> None:
    """Make a lake from real runs, show what it answers, and serve it.

    Takes scikit-learn's diabetes data (442 patients, Efron et al. 2004) from the raw file to a monitored deployment,
    and records the worked example of the Model Lake paper's slides. A demo that was made before is served again.
    """
    where = directory / "lake"
    if (where / "journal.db").exists():
        _check_whole(where, directory)
        say(f"The demo was made in {directory} before; to make it again, remove that directory.")
    else:
        _make(where, directory / "files")
    say()
    if no_serve:
        say(f"The lake lies in {where}. To serve it: lakegraph --lake {where} serve", style="bold green")
        return
    from lakegraph import bootstrap
    from lakegraph.cli.serve import serve_lake

    serve_lake(str(where), bootstrap.serve_settings(where, port=port))


def _check_whole(where: Path, directory: Path) -> None:
    """Refuse a demo that was interrupted: the worked example is its last part."""
    import lakegraph

    with lakegraph.open(where) as lake:
        if lake.journal.current_of(f"{lake.base}id/run/{_LAST}") is None:
            raise ConflictError(
                f"The demo in {directory} was interrupted before its end.",
                where=str(directory),
                hint=f"Remove {directory}, then: lakegraph demo",
            )


def _make(where: Path, files: Path) -> None:
    """Make the demo's lake and show what it answers."""
    import lakegraph
    from lakegraph.capture.demo import check_installed, incomplete_document, run_demo

    check_installed()
    with lakegraph.init(where, base=_BASE) as lake:
        _heading("Recording real runs")
        result = run_demo(lake, files, lambda text: say(f"  {text}", style="dim"))
        _heading("What is known of the best model: lakegraph ask 5w1h --about …")
        click.echo(as_text(lake.ask("5w1h", about=result.best.model.iri), painted()))
        _heading("Where it came from: lakegraph lineage …")
        click.echo(as_text(lake.lineage(result.best.model.iri, up="all"), painted()))
        _heading("A training run that does not say enough")
        _refused(lake, incomplete_document())
        _heading("The same in SPARQL: the scores of every model")
        _query(lake)


def _heading(text: str) -> None:
    console().print()
    console().rule(text, align="left", style="cyan")


def _refused(lake: LocalLake, document: dict[str, object]) -> None:
    try:
        lake.record(document)
    except Refusal as refusal:
        say_refusal(refusal)
    else:
        raise AssertionError("the demo's incomplete document was accepted")


def _query(lake: LocalLake) -> None:
    import json

    from lakegraph import resources
    from lakegraph.cli.output import say_table

    text = resources.text(_QUERY)
    click.secho("\n".join(line for line in text.splitlines() if not line.startswith("#")).strip(), dim=True)
    said = json.loads(lake.query(text, form="json"))
    names = said["head"]["vars"]
    say_table(names, [[row[n]["value"] if n in row else "" for n in names] for row in said["results"]["bindings"]])


COMMANDS = (demo,)
