"""What the ontology says of its terms, by subject and by object, for explaining it to people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from lakegraph.rdf.namespaces import DCT, RDF
from lakegraph.rdf.terms import is_iri, lexical, value
from lakegraph.rdf.vocabulary import Ontology, ontology


@dataclass(frozen=True, slots=True)
class Ref:
    """A term that another one names.

    Attributes:
        name: Its short name, such as ``lake:Run``.
        iri: Its bare IRI.
        label: Its label or title, empty where the ontology has none.
    """

    name: str
    iri: str
    label: str = ""


class OntologyIndex:
    """The ontology's statements by subject and by object, in the order in which its files make them.

    Args:
        known: The ontology's tables.

    Attributes:
        known: The same.
        by_subject: Subject to predicate to objects.
        by_object: Predicate and object to subjects.
    """

    def __init__(self, known: Ontology) -> None:
        self.known = known
        self.by_subject: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.by_object: dict[tuple[str, str], list[str]] = defaultdict(list)
        for s, p, o in known.triples:
            self.by_subject[s][p].append(o)
            self.by_object[p, o].append(s)

    def objects(self, subject: str, predicate: str) -> list[str]:
        """What *subject* is related to by *predicate*."""
        return self.by_subject[subject].get(predicate, []) if subject in self.by_subject else []

    def subjects(self, predicate: str, object_: str) -> list[str]:
        """What is related to *object_* by *predicate*."""
        return self.by_object.get((predicate, object_), [])

    def text(self, subject: str, predicate: str) -> str:
        """The lexical forms of what is said, joined; empty where nothing is."""
        return "; ".join(lexical(o) if o[0] == '"' else value(o) for o in self.objects(subject, predicate))

    def ref(self, token: str) -> Ref:
        """*token* with its short name and its label or title."""
        label = self.known.labels.get(token) or self.text(token, DCT.title)
        return Ref(self.known.shorten(token), value(token), label)

    def refs(self, tokens: Iterable[str]) -> tuple[Ref, ...]:
        """The named ones among *tokens*, each once, in their order."""
        return tuple(self.ref(token) for token in dict.fromkeys(tokens) if is_iri(token))

    def items(self, node: str) -> list[str]:
        """The members of an RDF list."""
        found: list[str] = []
        while node != RDF.nil and node in self.by_subject:
            found += self.objects(node, RDF.first)
            node = next(iter(self.objects(node, RDF.rest)), RDF.nil)
        return found


@cache
def ontology_index() -> OntologyIndex:
    """The index of the ontology that this installation carries."""
    return OntologyIndex(ontology())
