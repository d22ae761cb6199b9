"""PROV-CONSTRAINTS (W3C recommendation): whether a PROV-O document can be true, by the order of events and by types.

The constraints are queries in ``queries/views/prov-constraints``, one a file, named as the recommendation names them.
An activity's events lie between its start and its end, which is all that a lake knows of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache

import pyoxigraph as ox

from lakegraph import resources
from lakegraph.preparing import nquads
from lakegraph.rdf.terms import Triple, value

_FOLDER = "queries/views/prov-constraints"


@dataclass(frozen=True, slots=True)
class Broken:
    """One way in which a document contradicts itself.

    Attributes:
        constraint: The name of the constraint.
        says: What is wrong, in words.
        a: The thing at fault.
        b: The thing that it contradicts; the same where it contradicts itself.
    """

    constraint: str
    says: str
    a: str
    b: str


def broken_constraints(triples: Iterable[Triple]) -> list[Broken]:
    """Everything in a PROV-O document that a constraint of PROV-CONSTRAINTS forbids, sorted.

    Args:
        triples: The document.
    """
    store = ox.Store()
    store.load(nquads(triples), ox.RdfFormat.N_QUADS)
    found: set[Broken] = set()
    for name, says, text in _constraints():
        rows = store.query(text)
        assert isinstance(rows, ox.QuerySolutions)  # noqa: S101 - these queries select
        found.update(Broken(name, says, value(str(row["a"])), value(str(row["b"]))) for row in rows)
    return sorted(found, key=lambda broken: (broken.constraint, broken.a, broken.b))


def report(broken: Sequence[Broken]) -> bytes:
    """What was found, as JSON: the constraints that were asked, and each place that breaks one."""
    asked = [name for name, _, _ in _constraints()]
    said = {"valid": not broken, "constraints": asked, "broken": [asdict(each) for each in broken]}
    return json.dumps(said, indent=1, ensure_ascii=False).encode() + b"\n"


@cache
def _constraints() -> tuple[tuple[str, str, str], ...]:
    """Name, meaning and text of each constraint."""
    files = resources.files(_FOLDER, ".rq")
    texts = [(file.stem, file.read_text(encoding="utf-8")) for file in files]
    return tuple((name, text.partition("\n")[0].split("): ", 1)[1], text) for name, text in texts)
