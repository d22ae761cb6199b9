"""From the names that libraries and people use to the notations of the vocabularies: ``SVC`` is ``svm``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache

from lakegraph.errors import UsageError


def find(class_name: str, name: str) -> str | None:
    """The notation of the concept that people or libraries call *name*, or ``None``.

    Args:
        class_name: The ontology class of the concepts, such as ``Algorithm``.
        name: A notation or any label of a concept, in any case.
    """
    return _names(class_name).get(name.strip().lower())


def need(class_name: str, name: str) -> str:
    """The notation of the concept called *name*.

    Raises:
        UsageError: There is none; the nearest ones are suggested.
    """
    names = _names(class_name)
    found = names.get(name.strip().lower())
    if found is None:
        near = dict.fromkeys(names[n] for n in difflib.get_close_matches(name.lower(), names, n=3))
        advice = f"Did you mean {' or '.join(near)}?" if near else f"One of: {', '.join(sorted(set(names.values())))}."
        raise UsageError(f"{name!r} is no {class_name} that lakegraph knows.", hint=advice)
    return found


def title(class_name: str, notation: str) -> str:
    """What people call the concept with this notation."""
    from lakegraph.rdf.namespaces import LAKE
    from lakegraph.rdf.vocabulary import ontology

    known = ontology()
    return known.labels.get(known.concepts.get(LAKE[class_name], {}).get(notation, ""), notation)


def mentioned(class_name: str, text: str) -> str | None:
    """The first concept whose notation is a word of *text*: ``binary classification`` is ``classification``."""
    return next((found for word in text.split() if (found := find(class_name, word.strip(",.;:()")))), None)


def highest_level(levels: Iterable[str | None]) -> str | None:
    """The most protected of some security levels; ``None`` where one is unknown or there is none."""
    stated = list(levels)
    known = [level for level in stated if level in _ranks()] if stated and None not in stated else []
    return max(known, key=lambda level: _ranks()[level or ""], default=None)


@cache
def _names(class_name: str) -> Mapping[str, str]:
    from lakegraph.rdf.namespaces import LAKE, SKOS
    from lakegraph.rdf.terms import lexical
    from lakegraph.rdf.vocabulary import ontology

    known = ontology()
    concepts = set(known.concepts.get(LAKE[class_name], {}).values())
    notations = {s: lexical(o) for s, p, o in known.concept_triples if p == SKOS.notation and s in concepts}
    labels = (SKOS.hiddenLabel, SKOS.altLabel, SKOS.prefLabel)
    names: dict[str, str] = {}
    for s, p, o in known.concept_triples:
        if p in labels and s in concepts:
            names.setdefault(lexical(o).lower(), notations[s])
    return names | {notation.lower(): notation for notation in notations.values()}


@cache
def _ranks() -> Mapping[str, int]:
    from lakegraph.rdf.namespaces import LAKE
    from lakegraph.rdf.terms import lexical
    from lakegraph.rdf.vocabulary import ontology

    known = ontology()
    levels = known.concepts.get(LAKE.SecurityLevel, {})
    ranks = {s: int(lexical(o)) for s, p, o in known.concept_triples if p == LAKE.rank}
    return {notation: ranks[token] for notation, token in levels.items() if token in ranks}
