"""The generator: the same lake for the same seed, accepted record by record, with the shape and the faults it says."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import mean

import pytest

import lakegraph
from lakegraph.bootstrap import shape_set
from lakegraph.errors import LakegraphError, UsageError
from lakegraph.preparing import nquads
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.vocabulary import ontology
from lakegraph.receipts import Refusal
from lakegraph.testing import (
    BASE,
    FAULTS,
    STRUCTURES,
    Draws,
    Rehearsal,
    Structure,
    chain,
    damaged,
    generate,
    generate_nquads,
    layers,
    records,
    star,
    tree,
    triples,
    write,
)
from lakegraph.validation import Gate

RUNS = 2000


@pytest.fixture(scope="module")
def gate() -> Gate:
    """The gate of a lake."""
    return Gate(shape_set()[0], ontology())


@dataclass
class Taken:
    """What became of a stream of records."""

    warnings: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    uses: Counter[str] = field(default_factory=Counter)
    first: list[bytes] = field(default_factory=list)


@pytest.fixture(scope="module")
def taken(gate: Gate) -> Taken:
    """A stream of 2,000 runs, recorded in order into a lake in memory."""
    lake, found = Rehearsal(gate), Taken()
    for made in records(RUNS, seed=7, near_duplicates=0.05):
        try:
            prepared = lake.take(made.document)
        except LakegraphError as error:
            found.refused.append(f"{made.document['title']}: {error}")
            continue
        found.warnings.update(w.message for w in prepared.report.warnings)
        found.uses.update(o for _, p, o in (*prepared.asserted, *prepared.inferred) if p == LAKE.hasInputData)
        if len(found.first) < 200:
            found.first.append(nquads(prepared.asserted, prepared.draft.graph))
    return found


def digest(documents: Iterable[object]) -> str:
    return hashlib.sha256(json.dumps(list(documents)).encode()).hexdigest()


# ---- the same for the same seed --------------------------------------------------------------------------------------


def test_same_seed_same_bytes() -> None:
    """Two generations are byte for byte the same, with everything that can be planted."""
    asked = {"faults": 0.2, "near_duplicates": 0.2, "structures": ("chain",), "space": "north"}
    assert digest(generate(300, 5, **asked)) == digest(generate(300, 5, **asked))
    assert b"".join(generate_nquads(100, 5)) == b"".join(generate_nquads(100, 5))


def test_other_seed_other_lake() -> None:
    """Another seed, and another space of names, make another lake."""
    assert len({digest(generate(50, 1)), digest(generate(50, 2)), digest(generate(50, 1, space="b"))}) == 3


def test_longer_lake_begins_with_the_shorter() -> None:
    """A lake of 100 runs is the beginning of one of 200, so that measures at several sizes are of one lake."""
    short = list(generate(100, 3))
    assert list(generate(200, 3))[: len(short)] == short


def test_figures_of_last_year_stay_comparable() -> None:
    """The stream does not change unnoticed: who changes it on purpose writes the new digest here."""
    assert digest(generate(60, 1)) == "0a1089829ad70c1b23645576173a8a17c534a166941ebeab6fd13f55bad57539"


# ---- accepted, and as large as said ----------------------------------------------------------------------------------


def test_every_record_is_accepted(taken: Taken) -> None:
    """2,000 runs and the records around them pass the gate, without a warning."""
    assert not taken.refused, taken.refused[:3]
    assert not taken.warnings, taken.warnings.most_common(3)


def test_proportions() -> None:
    """A quarter are ingests, two fifths processes, the rest trainings; small records come with them."""
    counts = Counter(made.kind for made in records(RUNS, 7))
    assert (counts["ingest"], counts["process"], counts["training"]) == (500, 800, 700)
    assert 300 < counts["small"] < 1000


def test_sizes() -> None:
    """Ingests, processes and trainings say about 45, 65 and 88 triples, 67 in the mean."""
    made = list(records(400, 7, small=False))
    sizes: dict[str, list[int]] = {}
    for each, (_, said) in zip(made, triples((m.document for m in made), once=False), strict=True):
        sizes.setdefault(each.kind, []).append(len(said))
    assert abs(mean(sizes["ingest"]) - 47) < 5
    assert abs(mean(sizes["process"]) - 65) < 4
    assert abs(mean(sizes["training"]) - 88) < 5
    assert abs(mean([*sizes["ingest"], *sizes["process"], *sizes["training"]]) - 67) < 5


def test_reuse_has_a_heavy_tail(taken: Taken) -> None:
    """Few data sets are used by many runs, most by one or two."""
    uses = sorted(taken.uses.values(), reverse=True)
    assert sum(uses[: len(uses) // 20]) > 0.2 * sum(uses)
    assert uses[0] > 40
    assert uses[len(uses) // 2] <= 2


def test_everything_a_lake_knows_comes_in() -> None:
    """Splits, versions, tuned models, models that feed data, failures and each kind of small record."""
    documents = list(generate(600, 2))
    kinds = Counter(d["type"] for d in documents)
    small = ("ReviewRun", "StageChange", "DeploymentRun", "MonitoringRun", "AccessEvent", "EvaluationRun")
    assert all(kinds[name] for name in ("FineTuningRun", *small)), kinds
    assert any("appliesModel" in d for d in documents)
    assert any(d["runStatus"] == "failed" for d in documents)
    outputs = [o for d in documents for f in ("ingestTo", "targetData", "hasOutputModel") for o in d.get(f, ())]
    assert {"DataSplit", "StructuredDataset", "SemiStructuredDataset"} <= {o.get("type") for o in outputs}
    assert any(int(o["version"]) > 3 for o in outputs)
    assert any("previousVersion" in o for o in outputs)


# ---- as N-Quads ------------------------------------------------------------------------------------------------------


def test_nquads_are_what_the_lake_would_keep(taken: Taken) -> None:
    """The N-Quads made without a lake are those that the lake's own preparation gives."""
    assert list(islice(generate_nquads(RUNS, 7, near_duplicates=0.05), 200)) == taken.first


def test_a_lake_keeps_these_bytes(tmp_path: Path) -> None:
    """A lake on disk accepts the documents and holds the N-Quads in its journal."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        answers = list(lake.record_many(generate(40, 9)))
        assert not [a for a in answers if isinstance(a, LakegraphError)]
        kept = [entry.added for entry in lake.journal.entries()]
    assert kept == list(generate_nquads(40, 9))


def test_inferred_statements_stand_in_the_default_graph() -> None:
    """With ``inferred``, what follows is added without a graph."""
    plain = b"".join(generate_nquads(20, 1)).splitlines()
    more = b"".join(generate_nquads(20, 1, inferred=True)).splitlines()
    added = set(more) - set(plain)
    assert set(plain) < set(more)
    assert any(LAKE.derivedFrom.encode() in line for line in added)
    assert not any(b"/bundle> ." in line for line in added)


@pytest.mark.parametrize("form", ["jsonl", "nquads"])
def test_write(form: str) -> None:
    """A lake is written as documents, one a line, or as N-Quads, and the records are counted."""
    out = io.BytesIO()
    count = write(out, 30, 4, form)  # type: ignore[arg-type]
    lines = out.getvalue().splitlines()
    expected = list(generate(30, 4))
    assert count == len(expected)
    if form == "jsonl":
        assert [json.loads(line) for line in lines] == expected
    else:
        assert len({line.rsplit(b" ", 2)[1] for line in lines}) == count


def test_write_refuses_another_form() -> None:
    """Another form is refused, and the known ones are named."""
    with pytest.raises(UsageError, match="cannot be written as 'turtle'") as caught:
        write(io.BytesIO(), 1, 1, "turtle")  # type: ignore[arg-type]
    assert caught.value.hint == "jsonl or nquads"


# ---- planted ---------------------------------------------------------------------------------------------------------


def reached(structure: Structure, start: int, *, up: bool) -> int:
    """How many data sets a search finds from *start*."""
    below: dict[int, list[int]] = {}
    for number in range(structure.size):
        for made_from in structure.inputs(number):
            below.setdefault(made_from, []).append(number)
    seen, queue = {start}, deque([start])
    while queue:
        number = queue.popleft()
        for other in structure.inputs(number) if up else below.get(number, ()):
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return len(seen) - 1


@pytest.mark.parametrize("structure", [*STRUCTURES.values(), chain(1), layers(4, 3, 3), layers(5, 40, 2), tree(2, 3)])
def test_structures_know_their_shape(structure: Structure) -> None:
    """What a structure says of its lineage is what a search finds."""
    assert reached(structure, structure.last, up=True) == structure.upstream
    assert reached(structure, structure.first, up=False) == structure.downstream


@pytest.mark.parametrize("structure", [chain(25), layers(4, 6, 3), star(25), tree(2, 3)])
def test_structures_are_accepted(structure: Structure, gate: Gate) -> None:
    """A lake accepts a structure, and its lineage is the structure's."""
    lake = Rehearsal(gate)
    for document in structure.documents():
        lake.take(document)
    for number in range(structure.size):
        made_from = set(lake.stored.objects(f"<{BASE}{structure.dataset(number)}>", LAKE.derivedFrom))
        expected = {f"<{BASE}{structure.dataset(n)}>" for n in structure.inputs(number)}
        assert {iri for iri in made_from if "/id/dataset/" in iri} == expected


def test_structures_follow_the_runs() -> None:
    """A structure that is asked for by name comes after the runs; an unknown name is refused."""
    made = [m for m in records(10, 1, structures=["chain", "layers"]) if m.kind == "structure"]
    assert len(made) == 2000
    with pytest.raises(UsageError, match="no structure 'ring'"):
        next(records(10, 1, structures=["ring"]))


def test_near_duplicates_name_their_twin() -> None:
    """A near-duplicate repeats a data set that is there, under a name that differs a little."""
    made = list(records(200, 6, near_duplicates=0.5))
    known = {f"{o['title']}@{o['version']}" for m in made for o in m.document.get("ingestTo", ()) if not m.twin}
    twins = [m for m in made if m.twin]
    assert len(twins) > 10
    for twin in twins:
        assert twin.twin in known
        assert twin.document["ingestTo"][0]["title"] not in {name.partition("@")[0] for name in known}


# ---- broken ----------------------------------------------------------------------------------------------------------


def test_faults_are_refused_for_the_right_reason(gate: Gate) -> None:
    """Each broken record is refused by the shape that the fault names, and the sound ones after it are accepted."""
    lake = Rehearsal(gate)
    seen: Counter[str] = Counter()
    for made in records(250, 8, faults=0.5):
        if made.fault is None:
            lake.take(made.document)
            continue
        with pytest.raises(Refusal) as refusal:
            lake.try_out(made.document)
        shapes = {r.source_shape.rpartition("#")[2].rstrip(">") for r in refusal.value.report.violations}
        assert made.fault.shape in shapes, made.fault
        seen[made.fault.kind] += 1
    assert set(seen) == set(FAULTS)
    assert min(seen.values()) >= 8


@pytest.mark.parametrize("kind", FAULTS)
def test_damage_changes_one_statement(kind: str) -> None:
    """Damaged triples differ from sound ones in one statement, and say which."""
    draws, hits = Draws(1), 0
    for _, sound in triples(generate(12, 1)):
        done = damaged(sound, kind, draws)  # type: ignore[arg-type]
        if done is not None:
            broken, said = done
            hits += 1
            assert len(set(sound) - set(broken)) <= 1
            assert len(set(broken) - set(sound)) <= 1
            assert set(broken) != set(sound)
            assert said.startswith(f"{kind}: ")
    assert hits >= 4


def test_broken_records_have_no_nquads() -> None:
    """N-Quads of broken records are refused: some faults cannot be mapped at all."""
    with pytest.raises(UsageError, match="no N-Quads"):
        next(generate_nquads(5, 1, faults=0.5))
