"""Made-up records with seeded faults: the compiled gate and pySHACL give identical reports.

``LAKEGRAPH_COMPARED_RECORDS`` says how many records are compared, ``LAKEGRAPH_COMPARED_SEED`` which; 2,000 take pySHACL
half an hour of processor time.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

import pytest

from lakegraph import resources
from lakegraph.rdf.vocabulary import ontology
from lakegraph.testing import FAULTS
from lakegraph.validation import MemoryStatements, ShapeSet
from tests.validation.made_records import SOUND, Record, batches
from tests.validation.oracle import Oracle

RECORDS = int(os.environ.get("LAKEGRAPH_COMPARED_RECORDS", "20"))
SEED = int(os.environ.get("LAKEGRAPH_COMPARED_SEED", "1"))


@pytest.mark.timeout(0)  # pySHACL takes half a second a record, and thousands may be asked for
def test_reports_of_made_up_records_are_identical() -> None:
    """Focus nodes, paths, values, components, severities and source shapes, for every kind of fault."""
    shapes = ShapeSet.load([resources.path("shapes")])
    oracle = Oracle(shapes, ontology(), ("integrity", "completeness", "policy"))
    compared, refused = Counter[str](), Counter[str]()
    batch = batches(SEED)
    while compared.total() < RECORDS:
        stored, records = next(batch)
        for record in records:
            compared[record.fault] += 1
            refused[record.fault] += not oracle.compiled.check(record.delta, stored).conforms
        assert not disagreements(oracle, stored, records)
        print(f"{compared.total()} records compared", flush=True)  # thousands take long
    print(f"{compared.total()} records compared: {dict(compared)}; refused: {dict(refused)}")
    assert set(compared) == {SOUND, *FAULTS}
    assert not refused[SOUND], "a sound record is refused"
    assert all(refused[kind] > compared[kind] / 2 for kind in FAULTS), "most faults are found"


def disagreements(oracle: Oracle, stored: MemoryStatements, records: Sequence[Record]) -> list[str]:
    """Where the engines disagree about *records*.

    pySHACL judges them together. Where that differs they are halved, down to single records: two that touch one node
    of the lake may break or mend it together.
    """
    if not oracle.compare_all([r.delta for r in records], stored):
        return []
    if len(records) == 1:
        return [f"{records[0].what}: {found}" for found in oracle.compare(records[0].delta, stored)]
    middle = len(records) // 2
    return [d for half in (records[:middle], records[middle:]) for d in disagreements(oracle, stored, half)]
