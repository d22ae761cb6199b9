"""RDF that is sent as a record: parsed safely, freed of blank nodes, and its run found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from lakegraph.errors import RdfSyntaxError, UsageError
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.nesting import check_nesting
from lakegraph.rdf.terms import Triple, literal, valid_iri
from lakegraph.rdf.vocabulary import TYPE, ontology

_FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/trig": ox.RdfFormat.TRIG,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "text/n3": ox.RdfFormat.N3,
}
MEDIA_TYPES = frozenset(_FORMATS)
_DOCTYPE = re.compile("<!\\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_BOMS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8-sig"))


_WRITTEN_OUT = 32
_ALWAYS = 8 * 2**20
"""Written out, names may take 32 times as many characters as the document, and 8 million always: prefixes make Turtle
ten times as long, and a prefix of half a megabyte, used 500 times, makes it 750 MB (measured)."""


def parse(
    body: bytes, media_type: str, base: str | None = None, *, merge: bool = False, most: int | None = None
) -> list[Triple]:
    """The triples of an RDF document.

    Args:
        body: The document.
        media_type: One of :data:`MEDIA_TYPES`.
        base: The IRI that relative ones are resolved against.
        merge: Whether statements of several graphs are taken together.
        most: How many statements are read before the document is refused.

    Raises:
        UsageError: It has more than *most* statements.
        RdfSyntaxError: It does not parse, has a DOCTYPE, names a remote context, is nested more than a hundred deep, or
            spreads over several graphs, or its names are longer by far than the document.
    """
    syntax = _FORMATS.get(media_type)
    if syntax is None:
        raise RdfSyntaxError(f"{media_type} is not RDF.", hint=f"One of: {', '.join(sorted(MEDIA_TYPES))}.")
    if syntax == ox.RdfFormat.RDF_XML:
        refuse_doctype(body)
    check_nesting(body, media_type)
    triples: dict[Triple, None] = {}
    graphs: set[str] = set()
    room = max(_ALWAYS, _WRITTEN_OUT * len(body))
    try:
        for quad in ox.parse(body, format=syntax, base_iri=base):
            graph = str(quad.graph_name)
            triple = (str(quad.subject), str(quad.predicate), _object(quad.object))
            room -= len(graph) + len(triple[0]) + len(triple[1]) + len(triple[2])
            if room < 0:
                raise RdfSyntaxError(
                    f"Written out, the names of the document are more than {_WRITTEN_OUT} times as long as it.",
                    hint="Shorten its prefixes or its base.",
                )
            graphs.add(graph)
            triples[triple] = None
            if most is not None and len(triples) > most:
                raise UsageError(
                    f"More than {most} statements are too many at once.",
                    hint="Send several records, or change by parts.",
                )
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise RdfSyntaxError(
            f"The {media_type} document does not parse: {getattr(error, 'msg', error)}.",
            where=f"line {line}" if line else None,
            hint="A remote JSON-LD context is never fetched: write it in place." if "context" in str(error) else None,
        ) from error
    if len(graphs) > 1 and not merge:
        raise RdfSyntaxError(
            "The statements of a record stand in one graph.",
            where=", ".join(sorted(graphs)[:3]),
            hint="Send one record each.",
        )
    return list(triples)


def refuse_doctype(body: bytes) -> None:
    """Entities expand without limit in the parser, so no document type declaration is let through."""
    encoding = next((name for mark, name in _BOMS if body.startswith(mark)), None)
    if encoding is None:
        head = body[:200]
        encoding = "utf-16-le" if head[1:2] == b"\0" else "utf-16-be" if head[:1] == b"\0" else "latin-1"
        declared = re.search(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)", head)
        if declared and declared[1].lower() not in (b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1", b"latin-1"):
            raise RdfSyntaxError("XML is read in UTF-8 only.", hint="Convert the document, or send Turtle.")
    if _DOCTYPE.search(body.decode(encoding, errors="replace")):
        raise RdfSyntaxError("XML with a DOCTYPE is refused.", hint="Remove it, or send the statements as Turtle.")


def check_name(token: str) -> str:
    """The same token, if it is no IRI that looks like another one.

    Raises:
        RdfSyntaxError: It is one; see :func:`lakegraph.rdf.terms.valid_iri`.
    """
    if token[0] == "<" and not token.isascii() and not valid_iri(token[1:-1]):
        raise RdfSyntaxError(
            "An IRI is not in normal form C, or has characters that turn the direction of text.",
            where=ascii(token)[1:-1],
            hint="Write it as RFC 3987 asks in sections 4.1 and 5.3.2.2: what looks the same must be the same.",
        )
    return token


def _object(term: ox.NamedNode | ox.Literal | ox.BlankNode | ox.Triple) -> str:
    if isinstance(term, ox.Literal):
        return literal(term.value, term.datatype.value, term.language)
    if isinstance(term, ox.Triple):
        raise RdfSyntaxError("Quoted triples are not part of a record.", where=str(term))
    return str(term)


@dataclass(frozen=True, slots=True)
class Intake:
    """The statements of one record that came as RDF.

    Attributes:
        triples: The statements.
        about: The token of what they are the record of, where that is known and not to be found in them.
    """

    triples: tuple[Triple, ...]
    about: str | None = None

    @classmethod
    def read(cls, body: bytes, media_type: str, most: int | None = None) -> Intake:
        """Parse *body*; see :func:`parse`."""
        return cls(tuple(parse(body, media_type, most=most)))

    def named(self, fresh: str) -> tuple[str, list[Triple]]:
        """The record's IRI and its triples without blank nodes.

        Args:
            fresh: The IRI for a run that has none.

        Raises:
            UsageError: There is no run or other thing that can be a record here, or more than one.
            RdfSyntaxError: An IRI is one that could be taken for another.
        """
        for triple in self.triples:
            for token in triple:
                check_name(token)
        record = self.about or self._record()
        names = {record: f"<{fresh}>"} if record.startswith("_:") else {}
        root = names.get(record, record)[1:-1]
        for token in self._blanks():
            names.setdefault(token, f"<{root}/node/{len(names) + 1}>")
        renamed = [(names.get(s, s), p, names.get(o, o)) for s, p, o in self.triples]
        return root, list(dict.fromkeys(renamed))

    def _blanks(self) -> Iterable[str]:
        return dict.fromkeys(token for s, _, o in self.triples for token in (s, o) if token.startswith("_:"))

    def _record(self) -> str:
        """The one thing that the statements are the record of: its run, else its only typed node of the lake."""
        known = ontology()
        runs = [
            s for s, p, o in self.triples if p == TYPE and (o == LAKE.Run or LAKE.Run in known.superclasses.get(o, ()))
        ]
        found = list(dict.fromkeys(runs))
        if not found:
            own = f"<{known.prefixes['lake']}"
            typed = dict.fromkeys(s for s, p, o in self.triples if p == TYPE and o.startswith(own))
            objects = {o for _, _, o in self.triples}
            found = [s for s in typed if s not in objects]
        if len(found) == 1:
            return found[0]
        if not found:
            raise UsageError(
                "These statements describe no run.",
                hint="Type one node as lake:Ingest, lake:Process, lake:TrainingRun …",
            )
        raise UsageError(
            "These statements describe several records.", where=", ".join(found[:3]), hint="Send one record each."
        )
