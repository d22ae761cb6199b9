"""The update that is made from N-Quads does what the N-Quads say."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.graph import Change
from lakegraph.graph.update_text import update_text

N_QUADS = ox.RdfFormat.N_QUADS

iris = st.sampled_from(["https://a.example/x", "urn:x:é#y", "https://a.example/%20?q='(1)'"]).map(ox.NamedNode)
strings = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
literals = st.one_of(
    strings.map(ox.Literal),
    strings.map(lambda s: ox.Literal(s, language="en-gb")),
    st.integers(-50, 50).map(ox.Literal),
    strings.map(lambda s: ox.Literal(s, datatype=ox.NamedNode("urn:type"))),
)
quads = st.builds(ox.Quad, iris, iris, st.one_of(iris, literals), st.one_of(iris, st.just(ox.DefaultGraph())))


def text(found: list[ox.Quad]) -> bytes:
    return ox.serialize(found, format=N_QUADS) or b""


@settings(max_examples=60, deadline=None)
@given(added=st.lists(quads, max_size=8), removed=st.lists(quads, max_size=4), drop=iris)
def test_applies_what_changes_say(added: list[ox.Quad], removed: list[ox.Quad], drop: ox.NamedNode) -> None:
    """Removing, dropping and adding by the update gives the same quads as doing it quad by quad."""
    first = Change(1, text([*added, *removed]))
    second = Change(2, text(added[:3]), remove=text(removed), drop=(drop.value,))
    store = ox.Store()
    if request := update_text([first, second]):
        store.update(request)
    expected = ({*added, *removed} - set(removed)) - {q for q in (*added, *removed) if q.graph_name == drop}
    assert set(store) == expected | set(added[:3])


def test_default_graph_can_stand_elsewhere() -> None:
    """For servers with a union default graph, what has no graph goes into a named one."""
    store = ox.Store()
    change = Change(1, b'<urn:a> <urn:p> "1" .\n<urn:a> <urn:p> "2" <urn:g> .\n', remove=b"<urn:b> <urn:p> <urn:c> .\n")
    store.update(update_text([change], "urn:home"))
    assert {str(q.graph_name) for q in store} == {"<urn:home>", "<urn:g>"}


def test_refuses_other_syntax() -> None:
    """Text that is not canonical N-Quads is refused instead of being guessed at."""
    with pytest.raises(ValueError, match="not canonical N-Quads: PREFIX"):
        update_text([Change(1, b"PREFIX x: <urn:x>\n")])
