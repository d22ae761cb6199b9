"""Records as fragments, made from as few words as a test needs, and a picture of everything that an index shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakegraph.index import Fragment, Hit, Index
from lakegraph.index.description import Description, document
from lakegraph.rdf.namespaces import DCAT, DCT, DQV, LAKE, PROV, RDF, SPDX, XSD
from lakegraph.rdf.terms import Triple, literal, number

BASE = "https://lake.example.org/id/"
VOC = "https://w3id.org/lakegraph/voc/"
ACCURACY = f"{VOC}measure/accuracy"

_TEXTS = {
    "title": (DCT, "title"), "description": (DCT, "description"), "version": (DCAT, "version"),
    "keyword": (DCAT, "keyword"), "path": (LAKE, "storagePath"), "code": (LAKE, "sourceCodeURL"),
}  # fmt: skip
_LINKS = {
    "hub": (DCAT, "isVersionOf"), "current": (DCAT, "hasCurrentVersion"), "has_version": (DCAT, "hasVersion"),
    "status": (LAKE, "runStatus"), "stage": (LAKE, "lifecycleStage"), "level": (LAKE, "securityLevel"),
    "license": (DCT, "license"), "owner": (LAKE, "administrator"), "by": (LAKE, "analyzedBy"),
    "agent": (PROV, "wasAssociatedWith"), "tag": (LAKE, "hasTag"), "algorithm": (LAKE, "usesAlgorithm"),
    "implementation": (LAKE, "hasImplementation"), "output": (LAKE, "hasOutputModel"), "task": (LAKE, "hasTask"),
    "evaluation": (LAKE, "hasEvaluation"), "on": (DQV, "computedOn"), "dataset": (LAKE, "evaluatedOn"),
    "measure": (DQV, "isMeasurementOf"), "changes": (LAKE, "changesStageOf"), "to": (LAKE, "toStage"),
    "reads": (LAKE, "hasInputData"), "makes": (LAKE, "hasOutput"), "derived": (LAKE, "derivedFrom"),
    "file": (DCAT, "distribution"), "checksum": (SPDX, "checksum"),
}  # fmt: skip


def iri(name: str) -> str:
    """The bare IRI of ``"dataset/diabetes/1"``, of ``"voc:tag/healthcare"``, or of a whole IRI."""
    if name.startswith("voc:"):
        return VOC + name[4:]
    return name if name.startswith("http") else BASE + name


def said(name: str, cls: str | None = None, **fields: Any) -> list[Triple]:
    """Statements about one thing; a list as a value says several."""
    s = f"<{iri(name)}>"
    out = [(s, RDF.type, LAKE[cls])] if cls else []
    for field, given in fields.items():
        for value in given if isinstance(given, list) else [given]:
            out.append((s, *_statement(field, value)))
    return out


def _statement(field: str, value: Any) -> tuple[str, str]:
    if field in _TEXTS:
        namespace, name = _TEXTS[field]
        return namespace[name], literal(value)
    if field in _LINKS:
        namespace, name = _LINKS[field]
        return namespace[name], f"<{iri(value)}>"
    if field == "value":
        return DQV.value, number(value)
    if field == "digest":
        return SPDX.checksumValue, literal(value, XSD.hexBinary[1:-1])
    if field == "started":
        return PROV.startedAtTime, literal(value, XSD.dateTime[1:-1])
    assert field == "created", field
    return DCT.created, literal(value, XSD.date[1:-1])


def record(seq: int, *statements: list[Triple], about: str = "", dropped: Iterable[str] = ()) -> Fragment:
    """The fragment of entry *seq*, recorded so many minutes after the start of 2024."""
    day, minute = divmod(seq, 1440)
    recorded = f"2024-01-{day + 1:02}T{minute // 60:02}:{minute % 60:02}:00Z"
    run = iri(about or f"run/{seq}")
    triples = [triple for each in statements for triple in each]
    return Fragment(seq, recorded, run, bundle(seq), triples, tuple(dropped), len(triples))


def bundle(seq: int) -> str:
    """The graph of entry *seq*."""
    return f"{BASE}run/{seq}/bundle"


def dataset(slug: str, version: str = "1", title: str | None = None, **fields: Any) -> list[Triple]:
    """A version of a data set, with its hub."""
    hub = f"dataset/{slug}"
    return said(f"{hub}/{version}", "ModellakeDataset", title=title or slug.title(), version=version, hub=hub, **fields)


def trained(
    seq: int,
    model: str,
    value: float | None = 0.9,
    *,
    version: str = "1",
    algorithm: str = "svm",
    measure: str = ACCURACY,
    data: str = "dataset/diabetes/1",
    tasks: Iterable[str] = ("task/onset",),
    dropped: Iterable[str] = (),
) -> Fragment:
    """A training run that makes a model and measures it."""
    run, made, program = f"run/{seq}", f"model/{model}/{version}", f"program/fit-{algorithm}"
    triples = [
        *said(run, "TrainingRun", title=f"Train {model}", implementation=program, output=made, task=list(tasks)),
        *said(program, "Program", title=f"fit-{algorithm}", algorithm=f"voc:algorithm/{algorithm}"),
        *said(made, "Model", title=model.title(), version=version, hub=f"model/{model}", owner="user/tim"),
    ]
    if value is not None:
        triples += said(run, evaluation=f"{run}/evaluation/1")
        triples += said(f"{run}/evaluation/1", "ModelEvaluation", on=made, measure=measure, value=value, dataset=data)
    return record(seq, triples, dropped=dropped)


def index_of(*fragments: Fragment) -> Index:
    """An index in memory to which *fragments* were applied."""
    index = Index.open(None)
    index.apply(fragments)
    return index


def names(hits: Iterable[Hit]) -> list[str]:
    """The hits' IRIs below the base."""
    return [hit.iri.removeprefix(BASE) for hit in hits]


def everything(index: Index) -> list[Hit]:
    """Every hit of a search for nothing, page after page."""
    found: list[Hit] = []
    after = None
    while True:
        page = index.search(limit=7, after=after)
        found += page.hits
        after = page.after
        if after is None:
            return found


def picture(index: Index) -> dict[str, object]:
    """All that an index shows, without the order in which it first heard of things."""
    facets = index.facets().counts
    things = {hit.iri: hit for hit in everything(index)}
    hubs = {hit.hub for hit in things.values() if hit.hub}
    return {
        "things": things,
        "counts": index.counts(),
        "facets": {name: {(v.value, v.count) for v in values} for name, values in facets.items()},
        "current": {hub: index.current(hub) for hub in hubs},
        "means": {(g, m.group, m.count, m.mean) for g in ("algorithm", "task") for m in index.mean_by(ACCURACY, g)},
        "scores": {(s.model, s.value) for s in index.leaderboard(ACCURACY).scores},
        "flows": flows(index),
    }


def flows(index: Index) -> set[tuple[str, str, int]]:
    """Every edge of data flow: bare IRIs of source and target, and what the edge is."""
    query = "SELECT a.iri, b.iri, what FROM flow JOIN thing a ON a.id = source JOIN thing b ON b.id = target"
    with index._database.reading() as connection:
        return set(connection.execute(query))


def stale_terms(index: Index) -> set[tuple[str, int]]:
    """The difference between the terms that FTS5 holds and those that the rows give: nothing, when all is well."""
    with index._database.reading() as connection:
        columns = ", ".join(Description._fields)
        rows = connection.execute(f"SELECT id, iri, {columns} FROM thing WHERE kind > 0").fetchall()
        wanted = {(t, row[0]) for row in rows for t in document(row[1], Description(*row[2:]))[1].split()}
        connection.execute("CREATE VIRTUAL TABLE temp.held USING fts5vocab (main, text, instance)")
        held = set(connection.execute("SELECT term, doc FROM temp.held"))
        connection.execute("DROP TABLE temp.held")
    return wanted ^ held
