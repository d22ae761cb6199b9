"""Accepting mappings: a person's statement, checked against the ontology before it is recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from lakegraph.errors import ConflictError, MissingExtraError, UsageError
from lakegraph.federation.mappings import class_terms, property_terms
from lakegraph.rdf.mappings import Mapped
from lakegraph.rdf.namespaces import OWL, RDFS
from lakegraph.rdf.reasoner import ConsistencyReport, check
from lakegraph.rdf.vocabulary import TYPE, ontology

_RELATIONS = ("exactMatch", "closeMatch", "narrowMatch", "broadMatch", "relatedMatch")


def expanded(name: str, where: str) -> str:
    """The bare IRI of a term, written in full or with a prefix of the ontology.

    Raises:
        UsageError: It is neither.
    """
    found = ontology().expand(name)
    if found is None:
        raise UsageError(f"{name!r} is not a term.", where=where, hint="Write it in full, or as lake:Model.")
    return found


def check_terms(ours: str, relation: str, theirs: str) -> None:
    """Refuse a mapping that names no term of ours, or no relation that maps.

    Raises:
        UsageError: It does.
    """
    known = ontology()
    token = f"<{ours}>"
    if token not in class_terms() | property_terms() | known.declared:
        raise UsageError(f"{ours} is no term of the ontology.", where="ours", hint="lakegraph ontology lists them.")
    if relation.rpartition("#")[2] not in (*_RELATIONS, "equivalentClass", "equivalentProperty"):
        raise UsageError(
            f"{relation} does not map.", where="relation", hint=f"One of skos:{', skos:'.join(_RELATIONS)}."
        )
    if f"<{theirs}>" in known.declared and theirs.startswith(known.prefixes["lake"]):
        raise UsageError(f"{theirs} is a term of ours.", where="theirs", hint="Map to a term of another vocabulary.")


def check_consistent(rows: Iterable[Mapped]) -> str | None:
    """Ask HermiT whether the ontology stays free of contradictions under *rows*.

    Returns:
        Why that was not asked, where the reasoner is not installed.

    Raises:
        ConflictError: It does not; what is contradictory is named.
    """
    lines = [axiom for row in rows for axiom in _axioms(row)]
    if not lines:
        return None
    with tempfile.TemporaryDirectory(prefix="lakegraph-mappings-") as folder:
        file = Path(folder) / "mappings.nt"
        file.write_text("".join(lines), encoding="utf-8")
        try:
            report = check(data=[file])
        except MissingExtraError as error:
            return f"Not checked by the reasoner: {error.message}"
    if not report.ok:
        raise ConflictError(
            f"With this mapping the ontology contradicts itself: {_named(report)}.",
            where="mapping",
            hint="A closeMatch says less than an exactMatch.",
        )
    return None


def _named(report: ConsistencyReport) -> str:
    if report.unsatisfiable:
        known = ontology()
        return f"nothing can be a {', a '.join(known.shorten(f'<{iri}>') for iri in report.unsatisfiable[:5])}"
    return "; ".join(str(clash) for clash in report.clashes[:3]) or "no world fulfils it"


def _axioms(row: Mapped) -> Iterable[str]:
    """What a mapping says in OWL, with their term declared."""
    ours, theirs = f"<{row.subject}>", f"<{row.object}>"
    relation = row.predicate.rpartition("#")[2]
    known = ontology()
    if ours in class_terms():
        kind, same, below = OWL.Class, OWL.equivalentClass, RDFS.subClassOf
    elif ours in property_terms():
        kinds = {o for s, p, o in known.triples if s == ours and p == TYPE}
        kind = OWL.ObjectProperty if OWL.ObjectProperty in kinds else OWL.DatatypeProperty
        same, below = OWL.equivalentProperty, RDFS.subPropertyOf
    else:
        return
    said = {
        "exactMatch": f"{ours} {same} {theirs} .\n",
        "equivalentClass": f"{ours} {same} {theirs} .\n",
        "equivalentProperty": f"{ours} {same} {theirs} .\n",
        "narrowMatch": f"{theirs} {below} {ours} .\n",
        "broadMatch": f"{ours} {below} {theirs} .\n",
    }.get(relation)
    if said:
        yield f"{theirs} {TYPE} {kind} .\n"
        yield said
