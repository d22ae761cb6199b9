"""An answer that is cut stays well-formed and says that it was cut, however the engine's writes fall."""

from __future__ import annotations

import csv
import io

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.graph.caps import _GRACE, _SYNTAXES, Cutter, items, within
from lakegraph.graph.formats import FORMATS, INDEX

NASTY = [
    '},{"',
    '},{",',
    '"',
    '""',
    "\r\n",
    "<result>",
    " .\n",
    ']},{"@id"',
    "\n\t<rdf:Description",
    "a,b",
    "",
    "é",
    "\\",
]
ROWS, TRIPLES = ("json", "xml", "csv", "tsv"), tuple(f.name for f in FORMATS if f.rdf)
values = st.lists(st.lists(st.sampled_from(NASTY), max_size=4).map("".join), max_size=12)


def written(name: str, texts: list[str]) -> bytes:
    """What the engine writes for one row, or one triple, per text."""
    store = ox.Store()
    for n, text in enumerate(texts):
        store.add(ox.Quad(ox.NamedNode(f"urn:s{n}"), ox.NamedNode("urn:p#q"), ox.Literal(text)))
    form = FORMATS[INDEX[name]]
    if form.rdf:
        built = store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } ORDER BY ?s")
        assert isinstance(built, ox.QueryTriples)
        return built.serialize(format=getattr(ox.RdfFormat, form.engine)) or b""
    rows = store.query("SELECT ?o ?s ?none WHERE { ?s ?p ?o } ORDER BY ?s")
    assert isinstance(rows, ox.QuerySolutions)
    return rows.serialize(format=getattr(ox.QueryResultsFormat, form.engine)) or b""


def cut(name: str, data: bytes, *, rows: int = 0, size: int = 0, step: int = 7) -> tuple[bytes, bool]:
    """What a cutter lets through of *data*, written in steps; it has counted what a parser finds in that."""
    cutter = Cutter(name, rows, size)
    out = b""
    for at in range(0, len(data), step):
        out += cutter.feed(data[at : at + step])
        if cutter.truncated:
            break
    else:
        out += cutter.feed(b"", last=True)
    if size < _GRACE:
        assert cutter.items == count(name, out), out
    assert items(name, data) == count(name, data), data
    if cutter.truncated:
        assert not within(data, rows, size)
    return out, cutter.truncated


def count(name: str, data: bytes) -> int:
    """How many rows or triples a parser finds in *data*; it fails where *data* is malformed."""
    form = FORMATS[INDEX[name]]
    if form.rdf:
        return len(list(ox.parse(data, getattr(ox.RdfFormat, form.engine))))
    if name == "csv":
        return len(list(csv.reader(io.StringIO(data.decode(), newline="")))) - 1
    found = ox.parse_query_results(data, getattr(ox.QueryResultsFormat, form.engine))
    assert isinstance(found, ox.QuerySolutions)
    return len(list(found))


@pytest.mark.parametrize("name", [*ROWS, *TRIPLES])
@settings(max_examples=25, deadline=None)
@given(texts=values, rows=st.integers(1, 12), step=st.sampled_from([1, 5, 64, 100_000]))
def test_cut_by_rows(name: str, texts: list[str], rows: int, step: int) -> None:
    """Exactly so many items are left, and the flag is set exactly when some are missing."""
    data = written(name, texts)
    out, truncated = cut(name, data, rows=rows, step=step)
    assert count(name, out) == min(rows, len(texts))
    assert truncated == (rows < len(texts))
    if not truncated:
        assert out == data


@pytest.mark.parametrize("name", [*ROWS, *TRIPLES])
@settings(max_examples=15, deadline=None)
@given(texts=values, size=st.integers(1, 600), step=st.sampled_from([3, 64, 100_000]))
def test_cut_by_size(name: str, texts: list[str], size: int, step: int) -> None:
    """What is left is well-formed and no more than one item beyond the cap."""
    data = written(name, texts)
    out, truncated = cut(name, data, size=size, step=step)
    kept = count(name, out)
    assert truncated == (kept < len(texts))
    if kept < len(texts) and kept > 1:
        head = cut(name, data, rows=kept - 1)[0]
        assert len(head) - len(_SYNTAXES[name].tail) <= size


@pytest.mark.parametrize("name", [*ROWS, *TRIPLES])
def test_cut_at_every_size(name: str) -> None:
    """The cap holds wherever it falls, also within the bytes that part two items and on the border of two writes."""
    data = written(name, ["a", "", '},{"', "b,c"])
    heads = [len(cut(name, data, rows=rows)[0]) - len(_SYNTAXES[name].tail) for rows in range(1, 4)]
    for size in range(1, len(data) + 2):
        for step in (1, 3, 64):
            out, truncated = cut(name, data, size=size, step=step)
            kept = count(name, out)
            assert truncated == (kept < 4), (size, step)
            assert not truncated or kept < 2 or heads[kept - 2] <= size, (size, step)


@pytest.mark.parametrize("name", [*ROWS, *TRIPLES])
def test_items_are_counted_without_caps(name: str) -> None:
    """No items, one, and several, whatever they hold, in one write and in many."""
    for texts in ([], ["a"], ['},{"'], NASTY):
        data = written(name, texts)
        for step in (1, 7, 100_000):
            assert cut(name, data, step=step) == (data, False)


def test_an_endless_item_is_cut_in_the_middle() -> None:
    """One row that goes on and on does not get around the cap."""
    data = b'{"head":{"vars":["o"]},"results":{"bindings":[{"o":{"type":"literal","value":"' + b"a" * (3 * _GRACE)
    cutter, out = Cutter("json", 0, 1000), b""
    for at in range(0, len(data), 65536):
        out += cutter.feed(data[at : at + 65536])
        if cutter.truncated:
            break
    assert cutter.truncated
    assert len(out) < 1000 + _GRACE + 2 * 65536
