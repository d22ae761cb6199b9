"""The ontology as tables: prefixes, declared terms, hierarchies, inverses, chains, IRI paths and concepts.

Everything that Python knows of the vocabulary is read from ``ontology/`` here; nothing is written again in code.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from lakegraph import resources
from lakegraph.errors import DataFileError
from lakegraph.rdf.terms import Triple, lexical

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_OWL = "http://www.w3.org/2002/07/owl#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
TYPE = f"<{_RDF}type>"
_FIRST, _REST, _NIL = f"<{_RDF}first>", f"<{_RDF}rest>", f"<{_RDF}nil>"
_SUBCLASS, _SUBPROPERTY = f"<{_RDFS}subClassOf>", f"<{_RDFS}subPropertyOf>"
_EQUIVALENT_CLASS, _EQUIVALENT_PROPERTY = f"<{_OWL}equivalentClass>", f"<{_OWL}equivalentProperty>"
_INVERSE, _CHAIN = f"<{_OWL}inverseOf>", f"<{_OWL}propertyChainAxiom>"
_RANGE, _DOMAIN, _LABEL = f"<{_RDFS}range>", f"<{_RDFS}domain>", f"<{_RDFS}label>"
_NOTATION, _PREF_LABEL, _BROADER = f"<{_SKOS}notation>", f"<{_SKOS}prefLabel>", f"<{_SKOS}broader>"
# The prefixes that have no term declared here, because their W3C vocabularies are used whole.
_STANDARD_PREFIXES = {
    "rdf": _RDF,
    "rdfs": _RDFS,
    "owl": _OWL,
    "skos": _SKOS,
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "sh": "http://www.w3.org/ns/shacl#",
    "void": "http://rdfs.org/ns/void#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "lakesh": "https://w3id.org/lakegraph/shapes#",
}
_KINDS = frozenset(
    f"<{_OWL}{name}>"
    for name in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty", "NamedIndividual", "Ontology")
)

Super = tuple[str, bool]
"""A property that follows from another, and whether it runs the other way."""


@dataclass(frozen=True, slots=True)
class Chain:
    """``first`` then ``second`` gives ``result`` (owl:propertyChainAxiom)."""

    first: str
    second: str
    result: str


@dataclass(frozen=True)
class Ontology:
    """The tables of one ontology folder; tokens throughout.

    Attributes:
        triples: All statements of the ontology and its vocabularies.
        prefixes: Prefix to namespace IRI.
        declared: Every term that is declared.
        superclasses: Class to all its superclasses and equivalents, itself left out.
        superproperties: Property to all that follow from it, with their direction, itself left out.
        chains: Property chains.
        ranges: Property to its stated ranges.
        id_paths: Class to the path segment of its things' IRIs, inherited from superclasses.
        concepts: Class to its concepts by notation (folded to lower case).
        labels: Term to its label.
    """

    triples: tuple[Triple, ...]
    prefixes: Mapping[str, str]
    declared: frozenset[str]
    superclasses: Mapping[str, tuple[str, ...]]
    superproperties: Mapping[str, tuple[Super, ...]]
    chains: tuple[Chain, ...]
    ranges: Mapping[str, tuple[str, ...]]
    id_paths: Mapping[str, str]
    concepts: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, str]
    concept_triples: tuple[Triple, ...] = field(repr=False)

    def expand(self, text: str) -> str | None:
        """The bare IRI of ``prefix:name``, or *text* itself when it is an absolute IRI; ``None`` for anything else."""
        prefix, colon, name = text.partition(":")
        if not colon:
            return None
        if prefix in self.prefixes and not name.startswith("//"):
            return self.prefixes[prefix] + name
        return text if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text) else None

    def shorten(self, token: str) -> str:
        """``prefix:name`` for an IRI token where a prefix fits, for people to read."""
        bare = token[1:-1] if token.startswith("<") else token
        best = max(
            ((p, ns) for p, ns in self.prefixes.items() if bare.startswith(ns)), key=lambda e: len(e[1]), default=None
        )
        return f"{best[0]}:{bare[len(best[1]) :]}" if best and len(bare) > len(best[1]) else bare


def read_turtle(file: Path) -> tuple[list[Triple], dict[str, str]]:
    """The triples and prefixes of a Turtle file.

    Raises:
        DataFileError: The file does not parse; file, line and reason are named.
    """
    try:
        parser = ox.parse(path=str(file), format=ox.RdfFormat.TURTLE)
        triples = [(str(q.subject), str(q.predicate), str(q.object)) for q in parser]
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"{resources.relative(file)}:{line}" if line else resources.relative(file)
        raise DataFileError(f"Not Turtle: {error}", where=where) from error
    return triples, dict(parser.prefixes)


def read_context(file: Path) -> dict[str, Any]:
    """A JSON-LD context document.

    Raises:
        DataFileError: The file is not JSON.
    """
    try:
        context: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise DataFileError(f"Not JSON: {error.msg}", where=f"{resources.relative(file)}:{error.lineno}") from error
    return context


def context_prefixes(context: Mapping[str, Any]) -> dict[str, str]:
    """The prefixes among a context's definitions (JSON-LD 1.1: those that end in a gen-delim character)."""
    definitions = context["@context"].items()
    return {name: said for name, said in definitions if isinstance(said, str) and said.endswith(("#", "/"))}


@cache
def ontology() -> Ontology:
    """The ontology that this installation carries."""
    return load(resources.path("ontology"))


def load(folder: Path) -> Ontology:
    """Read ``lakegraph.ttl`` and ``vocabularies/*.ttl`` of *folder* into tables.

    Raises:
        DataFileError: A file does not parse, or uses a term of the ontology's namespace that is not declared.
    """
    files = [folder / "lakegraph.ttl", *sorted((folder / "vocabularies").glob("*.ttl"))]
    triples: list[Triple] = []
    prefixes = _STANDARD_PREFIXES | context_prefixes(read_context(folder / "context.jsonld"))
    per_file: list[tuple[Path, list[Triple]]] = []
    for number, file in enumerate(files):
        found, names = read_turtle(file)
        scope = f"_:f{number}x"
        renamed = [(_scoped(s, scope), p, _scoped(o, scope)) for s, p, o in found]
        per_file.append((file, renamed))
        triples += renamed
        prefixes.update(names)
    declared = frozenset(s for s, p, o in triples if p == TYPE and s.startswith("<"))
    own = f"<{prefixes.get('lake', '')}"
    for file, found in per_file:
        check_declared(file, found, declared, own)
    return _tables(triples, prefixes, declared)


def _scoped(token: str, scope: str) -> str:
    return scope + token[2:] if token.startswith("_:") else token


def check_declared(file: Path, triples: Iterable[Triple], declared: frozenset[str], own: str) -> None:
    """Refuse a file that uses a term below *own* (an open IRI token) which the ontology does not declare.

    Raises:
        DataFileError: File, line and term are named.
    """
    for triple in triples:
        for token in triple:
            if token.startswith(own) and token not in declared and len(token) > len(own) + 1:
                name = token[len(own) : -1]
                lines = file.read_text(encoding="utf-8").splitlines()
                line = next((n for n, text in enumerate(lines, 1) if re.search(rf":{re.escape(name)}\b", text)), 0)
                raise DataFileError(
                    f"The term {token} is not declared in the ontology.", where=f"{resources.relative(file)}:{line}"
                )


def _tables(triples: list[Triple], prefixes: dict[str, str], declared: frozenset[str]) -> Ontology:
    by_predicate: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for s, p, o in triples:
        by_predicate[p].append((s, o))
    types: dict[str, list[str]] = defaultdict(list)
    for s, o in by_predicate[TYPE]:
        types[s].append(o)
    superclasses = _superclasses(by_predicate)
    ranges: dict[str, tuple[str, ...]] = {}
    for s, o in by_predicate[_RANGE]:
        ranges[s] = (*ranges.get(s, ()), o)
    own = prefixes.get("lake", "")
    paths = {s: lexical(o) for s, o in by_predicate[f"<{own}idPath>"]}
    for cls, supers in superclasses.items():
        inherited = [paths[c] for c in supers if c in paths]
        if cls not in paths and inherited:
            paths[cls] = inherited[0]
    notations = dict(by_predicate[_NOTATION])
    concepts: dict[str, dict[str, str]] = defaultdict(dict)
    for concept, notation in notations.items():
        for cls in types[concept]:
            for each in (cls, *superclasses.get(cls, ())):
                concepts[each][lexical(notation).lower()] = concept
    labels = {s: lexical(o) for p in (_PREF_LABEL, _LABEL) for s, o in by_predicate[p]}
    return Ontology(
        triples=tuple(triples),
        prefixes=prefixes,
        declared=declared,
        superclasses=superclasses,
        superproperties=_superproperties(by_predicate),
        chains=_chains(by_predicate),
        ranges=ranges,
        id_paths=paths,
        concepts=concepts,
        labels=labels,
        concept_triples=_concept_triples(triples, set(notations), superclasses),
    )


def _concept_triples(
    triples: list[Triple], concepts: set[str], superclasses: Mapping[str, tuple[str, ...]]
) -> tuple[Triple, ...]:
    """What is said of the vocabularies' concepts, with their superclasses: the part that shapes and questions read."""
    said = [t for t in triples if t[0] in concepts]
    implied = {(s, p, c) for s, p, o in said if p == TYPE for c in superclasses.get(o, ())}
    return tuple(dict.fromkeys([*said, *sorted(implied)]))


def _closure(direct: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    closed: dict[str, tuple[str, ...]] = {}
    for start in direct:
        seen: dict[str, None] = {}
        queue = list(direct[start])
        while queue:
            node = queue.pop(0)
            if node not in seen and node != start:
                seen[node] = None
                queue.extend(direct.get(node, ()))
        closed[start] = tuple(seen)
    return closed


def _superclasses(by_predicate: Mapping[str, list[tuple[str, str]]]) -> dict[str, tuple[str, ...]]:
    direct: dict[str, list[str]] = defaultdict(list)
    for s, o in by_predicate[_SUBCLASS]:
        if s.startswith("<") and o.startswith("<"):
            direct[s].append(o)
    for s, o in by_predicate[_EQUIVALENT_CLASS]:
        if s.startswith("<") and o.startswith("<"):
            direct[s].append(o)
            direct[o].append(s)
    return _closure(direct)


def _superproperties(by_predicate: Mapping[str, list[tuple[str, str]]]) -> dict[str, tuple[Super, ...]]:
    """All that follows from a property: superproperties, equivalents and inverses, with the direction of each.

    The closure runs over (property, direction) pairs, so that a superproperty's inverse is found as well.
    """
    direct: dict[str, list[Super]] = defaultdict(list)
    for s, o in by_predicate[_SUBPROPERTY]:
        direct[s].append((o, False))
    for s, o in by_predicate[_EQUIVALENT_PROPERTY]:
        direct[s].append((o, False))
        direct[o].append((s, False))
    for s, o in by_predicate[_INVERSE]:
        if s.startswith("<") and o.startswith("<"):
            direct[s].append((o, True))
            direct[o].append((s, True))
    closed: dict[str, tuple[Super, ...]] = {}
    for start in direct:
        seen: dict[Super, None] = {}
        queue = list(direct[start])
        while queue:
            node = queue.pop(0)
            if node in seen or node == (start, False):
                continue
            seen[node] = None
            queue.extend((p, turned != node[1]) for p, turned in direct.get(node[0], ()))
        closed[start] = tuple(seen)
    return closed


def _chains(by_predicate: Mapping[str, list[tuple[str, str]]]) -> tuple[Chain, ...]:
    first, rest = dict(by_predicate[_FIRST]), dict(by_predicate[_REST])
    chains = []
    for result, node in by_predicate[_CHAIN]:
        steps: list[str] = []
        here = node
        while here != _NIL:
            steps.append(first[here])
            here = rest[here]
        if len(steps) != 2:
            raise DataFileError(f"The property chain of {result} has {len(steps)} steps; two are supported.")
        chains.append(Chain(steps[0], steps[1], result))
    return tuple(chains)
