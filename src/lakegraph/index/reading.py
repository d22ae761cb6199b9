"""One pass over a record's triples: of each subject, what the index may want to know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from lakegraph.index.kinds import CLASSES, CODES
from lakegraph.rdf.namespaces import DCAT, DCT, DQV, FOAF, LAKE, PROV, RDF, SPDX, Namespace
from lakegraph.rdf.terms import Triple

EVALUATION = 1000
"""Rank of the class ModelEvaluation, which is no thing of its own."""

# A slot for each question. Below FIRST_MANY the value that _preference puts first is kept, then all values, and from
# FIRST_RARE on, statements are listed by themselves because hardly a record makes them.
TYPE, TITLE, ABOUT, VERSION, CREATED, STARTED, DIGEST, VALUE = range(8)
STATUS, LEVEL, STAGE, LICENSE, HUB, OWNER, AGENT, CHECKSUM = range(8, 16)
IMPLEMENTATION, PROGRAM, ALGORITHM, COMPUTED, EVALUATED, MEASURE = range(16, 22)
FIRST_MANY = 22
TAG, KEYWORD, PATH, FILE, MODEL, TASK, EVALUATIONS = range(22, 29)
FIRST_RARE = 29
TO_STAGE, STAGED, CURRENT, VERSIONS = range(29, 33)

_PREDICATES: tuple[tuple[int, Namespace, str], ...] = (
    (TYPE, RDF, "type"),
    (TITLE, DCT, "title"),
    (TITLE, FOAF, "name"),
    (ABOUT, DCT, "description"),
    (VERSION, DCAT, "version"),
    (CREATED, DCT, "created"),
    (STARTED, PROV, "startedAtTime"),
    (DIGEST, SPDX, "checksumValue"),
    (VALUE, DQV, "value"),
    (STATUS, LAKE, "runStatus"),
    (LEVEL, LAKE, "securityLevel"),
    (STAGE, LAKE, "lifecycleStage"),
    (LICENSE, DCT, "license"),
    (HUB, DCAT, "isVersionOf"),
    (CURRENT, DCAT, "hasCurrentVersion"),
    (OWNER, LAKE, "owner"),
    (OWNER, LAKE, "administrator"),
    (OWNER, LAKE, "ingestedBy"),
    (OWNER, LAKE, "processedBy"),
    (OWNER, LAKE, "analyzedBy"),
    (OWNER, LAKE, "deployedBy"),
    (OWNER, LAKE, "reviewedBy"),
    (OWNER, LAKE, "changedBy"),
    (OWNER, LAKE, "accessBy"),
    (OWNER, LAKE, "withdrawnBy"),
    (AGENT, PROV, "wasAssociatedWith"),
    (IMPLEMENTATION, LAKE, "hasImplementation"),
    (PROGRAM, LAKE, "executes"),
    (ALGORITHM, LAKE, "usesAlgorithm"),
    (COMPUTED, DQV, "computedOn"),
    (EVALUATED, LAKE, "evaluatedOn"),
    (MEASURE, DQV, "isMeasurementOf"),
    (TO_STAGE, LAKE, "toStage"),
    (CHECKSUM, SPDX, "checksum"),
    (TAG, LAKE, "hasTag"),
    (KEYWORD, DCAT, "keyword"),
    (PATH, LAKE, "storagePath"),
    (PATH, LAKE, "sourceCodeURL"),
    (PATH, DCAT, "downloadURL"),
    (PATH, DCAT, "landingPage"),
    (PATH, DCAT, "endpointURL"),
    (FILE, DCAT, "distribution"),
    (FILE, LAKE, "hasArtifact"),
    (MODEL, LAKE, "hasOutputModel"),
    (TASK, LAKE, "hasTask"),
    (EVALUATIONS, LAKE, "hasEvaluation"),
    (STAGED, LAKE, "changesStageOf"),
    (VERSIONS, DCAT, "hasVersion"),
)


@dataclass(slots=True)
class Facts:
    """What a record says, by subject token.

    Attributes:
        ranks: The highest kind that the subject's classes give (``EVALUATION`` for an evaluation).
        one: Slot to the one value that is kept.
        many: Slot to every value.
        rare: Subject, slot and object of the statements that are listed by themselves.
    """

    ranks: dict[str, int] = field(default_factory=dict)
    one: dict[str, dict[int, str]] = field(default_factory=dict)
    many: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    rare: list[tuple[str, int, str]] = field(default_factory=list)


@cache
def _slots() -> dict[str, int]:
    return {namespace[name]: slot for slot, namespace, name in _PREDICATES}


@cache
def _classes() -> dict[str, int]:
    ranks = {LAKE[name]: CODES[kind] for name, kind in CLASSES.items()}
    agents = {PROV.SoftwareAgent: CODES["agent"], PROV.Organization: CODES["organization"]}
    return {**ranks, **agents, FOAF.Organization: CODES["organization"], LAKE.ModelEvaluation: EVALUATION}


def gather(triples: Iterable[Triple]) -> Facts:
    """The facts in *triples*, asserted and inferred; their order makes no difference."""
    facts = Facts()
    ranks, one, many = facts.ranks, facts.one, facts.many
    slot_of, rank_of, one_of, many_of = _slots().get, _classes().get, one.get, many.get
    for s, p, o in triples:
        slot = slot_of(p)
        if slot is None:
            continue
        if slot == TYPE:
            rank = rank_of(o, 0)
            if rank > ranks.get(s, 0):
                ranks[s] = rank
        elif slot < FIRST_MANY:
            values = one_of(s)
            if values is None:
                one[s] = {slot: o}
            elif slot not in values:
                values[slot] = o
            elif values[slot] != o:
                values[slot] = min(values[slot], o, key=_preference)
        elif slot < FIRST_RARE:
            sets = many_of(s)
            if sets is None:
                many[s] = {slot: {o}}
            elif slot in sets:
                sets[slot].add(o)
            else:
                sets[slot] = {o}
        else:
            facts.rare.append((s, slot, o))
    facts.rare.sort()
    return facts


def _preference(token: str) -> tuple[int, str]:
    """Of several values the same one is kept in whatever order they come: no language, then English, then the first."""
    return (0 if token[-1] in '">' else 1 if token.endswith("@en") else 2), token
