"""From settings to a lake: the only place that wires the parts together."""

from __future__ import annotations

import hashlib
import re
import shutil
import uuid
from functools import partial
from pathlib import Path
from typing import Any

from lakegraph import config, resources
from lakegraph.administering import Administration
from lakegraph.capture import Recording
from lakegraph.changing import Changing
from lakegraph.comparing import Comparing
from lakegraph.config import TOML_NAME, Settings
from lakegraph.erasing import TRACES, Erasing
from lakegraph.errors import ConflictError, NotFoundError, SettingsError
from lakegraph.exchange.publishing import Publishing
from lakegraph.federation.harvesting import Harvesting
from lakegraph.governing import publish_people, publish_vocabularies
from lakegraph.graph import FollowingGraph, Oxigraph
from lakegraph.index import Index
from lakegraph.journal import Journal, LakeLock
from lakegraph.lake import Lake
from lakegraph.layer import Layer
from lakegraph.met import Met
from lakegraph.names import LakeNames
from lakegraph.past import Past
from lakegraph.pasts import Pasts, Prefix
from lakegraph.people import People
from lakegraph.preparing import Preparer
from lakegraph.projecting import Progress, Projector
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.mapper import mapper
from lakegraph.rdf.vocabulary import ontology
from lakegraph.tokens import TOKENS, Tokens
from lakegraph.validation import Gate, ShapeSet
from lakegraph.versioning import Versioning
from lakegraph.view import View

_JOURNAL, _PEOPLE, _VIEW, _PAST = "journal.db", "people.db", Path("views") / "all", Path("views") / "past"
_GATES = ("integrity", "completeness", "policy")
"""The shape folders that judge a record when it comes; ``swamp`` scores the whole lake instead."""


class LocalLake(Recording, Harvesting, Comparing, Versioning, Changing, Administration, Erasing, Publishing, Lake):
    """A lake in a directory that this process owns, with the recording calls."""


def create(directory: str | Path, base: str, **settings: Any) -> LocalLake:
    """Make a new lake in *directory* and open it; see :func:`lakegraph.init`."""
    where = Path(directory)
    address = _checked_base(base)
    if where.exists() and any(where.iterdir()):
        what = "A lake lies" if (where / _JOURNAL).exists() else "Something lies"
        raise ConflictError(f"{what} in {directory} already.", where=str(directory), hint="Choose an empty directory.")
    where.mkdir(parents=True, exist_ok=True)
    toml = where / TOML_NAME
    toml.write_text("# Settings of this lake; docs/reference/settings.md lists them all.\n", encoding="utf-8")
    Journal.create(where / _JOURNAL, base=address, lake_id=str(uuid.uuid4())).close()
    return open_lake(where, **settings)


def _checked_base(base: str) -> str:
    address = base if base.endswith("/") else base + "/"
    if not re.fullmatch(r"https?://[^\s/?#<>\"{}|\\^`@]+(?:/[^\s?#<>\"{}|\\^`]*)?/", address):
        raise SettingsError(
            f"{base!r} cannot be the base of a lake.",
            where="base",
            hint="It is an http(s) address that you control, such as https://lake.example.org/.",
        )
    return address


def open_lake(directory: str | Path, *, progress: Progress | None = None, **settings: Any) -> LocalLake:
    """Open the lake in *directory*; see :func:`lakegraph.open`.

    Args:
        directory: Where it lies.
        progress: Told how far the replay of missing entries is.
        settings: Settings that override the lake's own.
    """
    where = Path(directory)
    if not (where / _JOURNAL).is_file():
        raise NotFoundError(
            f"There is no lake in {directory}.", where=str(directory), hint="lakegraph init --base https://… makes one."
        )
    chosen = config.load(lake=str(where), **settings)
    lock = LakeLock.acquire(where)
    try:
        if (where / TRACES).exists():
            shutil.rmtree(where / "views")  # what was erased may be read there
        return _wire(where, chosen, lock, progress)
    except BaseException:
        lock.release()
        raise


def _wire(where: Path, settings: Settings, lock: LakeLock, progress: Progress | None) -> LocalLake:
    journal = Journal.open(where / _JOURNAL)
    people = People.open(where / _PEOPLE, pseudonymous=settings.people.pseudonymous)
    graph = FollowingGraph(Oxigraph.open(where / _VIEW / "graph"))
    index = Index.open(where / _VIEW / "index.db")
    met = Met(where / _VIEW / "met.bloom", journal.lake_id, f"<{journal.base}id/")
    view = View(graph.engine, vocabularies(), graph, met)
    reason = reasoner()
    shapes, digest = shape_set()
    preparer = Preparer(
        base=journal.base,
        names=LakeNames(journal.base, view, people, lambda: projector.index, pseudonymous=settings.people.pseudonymous),
        known=ontology(),
        mapper=mapper(),
        reasoner=reason,
        gate=Gate(shapes, ontology()),
        shapes_hash=digest,
        limits=settings.limits,
    )
    projector = Projector(journal, graph, index, reason, view)
    lake = LocalLake(settings, where, journal, projector, preparer, view, people, lock)
    publish_vocabularies(graph, journal.base)
    projector.meet(met, progress)
    view.meet(publish_people(graph, index, journal.base, people))
    lake.catch_up(progress)
    lake.pasts = Pasts(where / _PAST, settings.limits.pasts, partial(_open_past, lake))
    return lake


def _open_past(lake: LocalLake, where: Path | None, seq: int, progress: Progress | None) -> Past:
    """The lake as it was at entry *seq*, made from the journal or brought up to there."""
    graph = FollowingGraph(Oxigraph.open(where / "graph" if where else None))
    index = Index.open(where / "index.db" if where else None)
    view = View(graph.engine, vocabularies(), graph)
    projector = Projector(Prefix(lake.journal, seq), graph, index, reasoner(), view)
    past = Past(lake, where, seq, projector, view)
    publish_vocabularies(graph, lake.base)
    publish_people(graph, index, lake.base, lake.people)
    past.catch_up(progress)
    return past


def vocabularies() -> Layer:
    """The concepts of the vocabularies, as statements to look up."""
    return Layer(ontology().concept_triples)


def shape_set() -> tuple[ShapeSet, bytes]:
    """The shapes that judge records, and the SHA-256 of their files."""
    files = [f for folder in _GATES for f in resources.files(f"shapes/{folder}", ".ttl")]
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{resources.relative(file)}\0".encode() + file.read_bytes())
    folders = [resources.path(f"shapes/{folder}") for folder in _GATES]
    closed = {ontology().prefixes["lake"]: ontology().declared}
    return ShapeSet.load(folders, closed), digest.digest()


def rebuild(directory: str | Path, *, progress: Progress | None = None) -> int:
    """Make every projection of the lake in *directory* again from its journal; the number of entries applied.

    Raises:
        NotFoundError, LakeBusyError: As :func:`open_lake`.
    """
    where = Path(directory)
    if not (where / _JOURNAL).is_file():
        raise NotFoundError(f"There is no lake in {directory}.", where=str(directory))
    with LakeLock.acquire(where):
        shutil.rmtree(where / "views", ignore_errors=True)
    with open_lake(where, progress=progress) as lake:
        return lake.journal.last_seq


def tokens_of(directory: str | Path) -> Tokens:
    """The tokens of the lake in *directory*, which may be served meanwhile.

    Raises:
        NotFoundError: There is no lake.
    """
    where = Path(directory)
    if not (where / _JOURNAL).is_file():
        raise NotFoundError(
            f"There is no lake in {directory}.", where=str(directory), hint="lakegraph init --base https://… makes one."
        )
    return Tokens(where / TOKENS)


def serve_settings(directory: str | Path, **said: object) -> dict[str, object]:
    """Where the lake in *directory* listens, with what was said on the command line put first."""
    known = config.load(lake=str(directory)).serve.model_dump()
    return known | {name: value for name, value in said.items() if value not in (None, ())}
