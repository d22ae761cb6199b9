"""The gate alone: compiled shapes against pySHACL and pyrudof on the same records, and whether they say the same."""

from __future__ import annotations

import time
from collections.abc import Iterator

from lakegraph import resources
from lakegraph.bootstrap import shape_set
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.namespaces import RDF, RDFS
from lakegraph.rdf.terms import Triple
from lakegraph.rdf.vocabulary import ontology
from lakegraph.testing import FAULTS, Draws, Rehearsal, damaged, generate
from lakegraph.validation import Gate
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, say, timed

Delta = list[Triple]
_FOLDERS = ("integrity", "completeness", "policy")


def run(plan: Plan, report: Report) -> None:
    """Check records with each engine."""
    shapes, _ = shape_set()
    ours, theirs = Gate(shapes, ontology()), Gate(shapes, ontology(), engine="pyshacl")
    lake = Rehearsal(ours)
    for document in generate(plan.count(300, 60), plan.seed):
        lake.take(document)
    compiled: list[float] = []
    cpu = 0.0
    bounded: list[Delta] = []
    for delta in _deltas(plan, lake):
        bounded.append(_with_boundary(lake, delta))
        lake.view.begin()
        start = time.process_time()
        compiled.append(timed(lambda d=delta: ours.check(d, lake.view)))
        cpu += time.process_time() - start
    count = len(compiled)
    report.figure("gate.compiled", "gate: compiled shapes", count / sum(compiled), "/s", count=count)
    report.figure("gate.compiled.cpu", "the same by CPU time", count / cpu, "/s", count=count)
    report.times("gate.compiled.time", "gate: compiled, one record", compiled)
    _pyshacl(plan, report, theirs, bounded)
    _pyrudof(plan, report, bounded)
    _verdicts(plan, report, ours, theirs)


def _deltas(plan: Plan, lake: Rehearsal) -> Iterator[Delta]:
    """Each record as the gate meets it, asserted and inferred; then the lake holds it."""
    for document in generate(plan.count(600, 72), plan.seed + 5, small=False, space="gate"):
        prepared = lake.try_out(document)
        yield [*prepared.asserted, *prepared.inferred]
        lake.keep(prepared.asserted, prepared.inferred)


def _with_boundary(lake: Rehearsal, delta: Delta) -> Delta:
    """A record and the types of what it refers to: the least that a validator without a lake can be given."""
    said = {s for s, _, _ in delta}
    near = dict.fromkeys(o for _, _, o in delta if o[0] == "<" and o not in said)
    return [*delta, *((node, RDF.type, o) for node in near for o in lake.view.objects(node, RDF.type))]


def _pyshacl(plan: Plan, report: Report, gate: Gate, bounded: list[Delta]) -> None:
    engine = gate._engine()
    engine.validate(bounded[0])
    few = bounded[:: plan.count(20, 24)]
    seconds = [timed(lambda d=delta: engine.validate(d)) for delta in few]
    note = "shapes parsed once, given the record and the types of what it refers to"
    report.figure("peer.pyshacl.gate", "gate: pySHACL", len(few) / sum(seconds), "/s", count=len(few), note=note)
    report.times("peer.pyshacl.gate.time", "gate: pySHACL, one record", seconds)


def _pyrudof(plan: Plan, report: Report, bounded: list[Delta]) -> None:
    try:
        import pyrudof
    except ImportError:
        report.skip("pyrudof", "not installed")
        return
    files = [
        resources.path("shapes/vocabulary.ttl"),
        *(f for d in _FOLDERS for f in resources.files(f"shapes/{d}", ".ttl")),
    ]
    classes = ontology().superclasses
    hierarchy = "".join(f"{c} {RDFS.subClassOf} {s} .\n" for c, supers in classes.items() for s in supers)
    few = bounded[:: plan.count(20, 24)]
    try:
        rudof = pyrudof.Rudof(pyrudof.RudofConfig())
        rudof.read_shacl("\n".join(f.read_text() for f in files))
        rudof.read_data(hierarchy, pyrudof.RDFFormat.NTriples)
        seconds = [timed(lambda d=delta: _staged(rudof, d)) for delta in few]
    except BaseException as error:
        report.skip("pyrudof", f"it cannot run these shapes: {str(error)[:120]}")
        return
    note = "the same, staged over the class hierarchy; it does not run SPARQL components"
    report.figure("peer.pyrudof.gate", "gate: pyrudof", len(few) / sum(seconds), "/s", count=len(few), note=note)


def _staged(rudof: object, delta: Delta) -> None:
    rudof.begin_staging()  # type: ignore[attr-defined]
    rudof.add_triples(delta)  # type: ignore[attr-defined]
    rudof.validate_shacl()  # type: ignore[attr-defined]
    rudof.rollback_staging()  # type: ignore[attr-defined]


def _verdicts(plan: Plan, report: Report, ours: Gate, theirs: Gate) -> None:
    """Both engines on sound records and on damaged copies, in a lake so small that pySHACL can be given all of it."""
    lake = Rehearsal(ours)
    agreed = 0
    for number, document in enumerate(generate(plan.count(14, 1), plan.seed + 6, small=False)):
        prepared = lake.try_out(document)
        broken = damaged(prepared.asserted, FAULTS[number % len(FAULTS)], Draws(number))
        for said, what in ((prepared.asserted, "a sound record"), broken or (None, "")):
            if said is None:
                continue
            lake.view.begin()
            delta = [*said, *reasoner().infer(said, lake.view.objects, lambda o, p: lake.view.subjects(p, o))]
            a, b = (gate.check(delta, lake.view).conforms for gate in (ours, theirs))
            report.check(a == b, f"the compiled gate says {a}, pySHACL {b} of {what}")
            agreed += a == b
        lake.take(document)
    say(f"  {agreed} verdicts are those of pySHACL")
