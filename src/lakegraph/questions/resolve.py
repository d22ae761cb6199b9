"""From what a person typed to the one thing that it means."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from pathlib import Path

from lakegraph.errors import AmbiguousError, NotFoundError
from lakegraph.questions.asking import is_known, select
from lakegraph.questions.protocols import Found, Graph, Index
from lakegraph.rdf.names import slugify
from lakegraph.rdf.namespaces import DCT, LAKE
from lakegraph.rdf.terms import iri, lexical, valid_iri, value
from lakegraph.rdf.vocabulary import ontology

_BLOCK = 1 << 20
_SHOWN = 6
_COLUMN = "#"
_HAVE_COLUMNS = ("dataset", "source")


def resolve(text: str, kinds: Sequence[str], index: Index, graph: Graph, base: str) -> str:
    """The bare IRI of the thing that *text* means.

    Args:
        text: An IRI of the lake, or a page that one thing is found at; a slug, a path below ``{base}id/``, a title if
            it is unique, ``title@version``, ``title@version#column`` for a column; or the path of a file whose SHA-256
            the lake knows.
        kinds: The kinds that are meant, where there is one of them; any other is found by its name alone.
        index: Finds things by name.
        graph: Knows IRIs that have no name.
        base: The lake's base IRI.

    Raises:
        NotFoundError: Nothing is called so; the nearest names are suggested.
        AmbiguousError: Several things are; they are listed.
    """
    name = text.strip()
    found: dict[str, str] = {}
    if valid_iri(name):
        found = dict.fromkeys(_by_iri(name, index, graph), "")
    else:
        named = list(index.lookup(name, kinds)) or (list(index.lookup(name)) if kinds else [])
        found = {f.iri: _shown(f) for f in named or _by_file(name, index)}
        if not found:
            found = dict.fromkeys(_by_path(name, base, graph), "")
        if not found and _COLUMN in name:
            thing, _, column = name.rpartition(_COLUMN)
            return _column(resolve(thing, _HAVE_COLUMNS, index, graph, base), column, graph)
    if len(found) == 1:
        return next(iter(found))
    if not found:
        hint = _suggestion(name, index, kinds)
        raise NotFoundError(f"The lake knows nothing called {text!r}.", where=text, hint=hint)
    listed = "; ".join(f"{label} is {each}" if label else each for each, label in list(found.items())[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    hint = f"Say which by its IRI or title@version: {listed}{more}."
    raise AmbiguousError(f"{text!r} means {len(found)} things.", where=text, hint=hint)


def _column(thing: str, column: str, graph: Graph) -> str:
    """The column of a data set that is called *column*, whatever the case."""
    titles: dict[str, str] = {}
    for entity in graph.objects(iri(thing), LAKE.hasEntityClass):
        for attribute in graph.objects(entity, LAKE.hasAttribute):
            titles.update((lexical(title), attribute) for title in graph.objects(attribute, DCT.title))
    found = {titles[title] for title in titles if title.casefold() == column.casefold()}
    if len(found) == 1:
        return value(found.pop())
    if not found:
        near = difflib.get_close_matches(column, titles, n=3) or sorted(titles)[:_SHOWN]
        hint = f"It has {', '.join(near)}." if near else "Nothing is said of its columns."
        raise NotFoundError(f"{thing} has no column {column!r}.", where=column, hint=hint)
    listed = ", ".join(sorted(map(value, found)))
    raise AmbiguousError(
        f"{column!r} means {len(found)} columns.", where=column, hint=f"Say which by its IRI: {listed}."
    )


def _by_iri(name: str, index: Index, graph: Graph) -> list[str]:
    """The thing with this IRI, or else the things that are found at the page with this address."""
    if index.exists(name):
        return [name]
    pages = [value(row[1]) for row in select(graph, "5w1h/parts/at", page=iri(name)) if row[1]]
    return [name] if not pages and is_known(graph, iri(name)) else pages


def _by_path(name: str, base: str, graph: Graph) -> list[str]:
    """What stands at a path below ``{base}id/``: ``run/trn-1``, or ``bob`` for ``user/bob``."""
    segments = sorted(set(ontology().id_paths.values()))
    paths = [name] if "/" in name else [f"{segment}/{slugify(name)}" for segment in segments]
    return [f"{base}id/{p}" for p in paths if valid_iri(f"{base}id/{p}") and is_known(graph, iri(f"{base}id/{p}"))]


def _by_file(name: str, index: Index) -> list[Found]:
    """What the lake knows of the bytes of the file called *name*, if there is one."""
    path = Path(name)
    try:
        if not path.is_file():
            return []
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except (OSError, ValueError):
        return []
    return list(index.by_checksum(digest.hexdigest()))


def _suggestion(name: str, index: Index, kinds: Sequence[str]) -> str:
    near = index.nearest(name, kinds)
    if not near:
        return "lakegraph search finds things by words."
    return f"Did you mean {' or '.join(_shown(each) for each in near[:3])}?"


def _shown(found: Found) -> str:
    return f"{found.title}{f'@{found.version}' if found.version else ''} ({found.kind})"
