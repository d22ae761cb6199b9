"""From an identified tree to triples, by ``ontology/context.jsonld`` compiled once to a table of writers.

The context is the only statement of how a document becomes RDF; this compiles the part of JSON-LD 1.1 that it uses
(term definitions with ``@id``, ``@type`` and ``@reverse``; value objects). The engine's own JSON-LD parser, 20 times
slower, is the oracle in the tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from lakegraph import resources
from lakegraph.errors import DataFileError, DocumentError
from lakegraph.model.base import Link, Typed
from lakegraph.rdf.terms import XSD, Triple, literal, number, text_literal, valid_iri
from lakegraph.rdf.vocabulary import TYPE, Ontology, context_prefixes, ontology, read_context

Write = Callable[[Any], str]
_REMEMBERED = 200  # longer ones are judged each time: remembering them would let records fill the memory
_LISTS, _NUMBERS = (list, tuple), (int, float, Decimal)


class _Term(NamedTuple):
    predicate: str
    write: Write
    reverse: bool = False


class Mapper:
    """Turns trees into triples.

    Args:
        context: A JSON-LD context document.
        known: The ontology, for annotations' prefixes.
    """

    def __init__(self, context: Mapping[str, Any], known: Ontology) -> None:
        self._ontology = known
        self._terms: dict[str, _Term] = {}
        self._classes: dict[str, str] = {}
        self.context = dict(context)
        definitions = context["@context"]
        self._prefixes = context_prefixes(context)
        for name, said in definitions.items():
            if name[0] != "@" and name not in self._prefixes:
                self._compile(name, said)

    def _compile(self, name: str, said: Any) -> None:
        if said in ("@id", "@type", "@nest"):
            return
        if isinstance(said, str):
            expanded = self._expand(said, name)
            if name[0].isupper():
                self._classes[name] = f"<{expanded}>"
            else:
                self._terms[name] = _Term(f"<{expanded}>", _write_value)
            return
        kind = said.get("@type")
        if name[0].isupper() and kind is None:
            self._classes[name] = f"<{self._expand(said['@id'], name)}>"
            return
        reverse = "@reverse" in said
        predicate = f"<{self._expand(said['@reverse' if reverse else '@id'], name)}>"
        write = _write_iri if kind == "@id" else _typed(self._expand(kind, name)) if kind else _write_value
        self._terms[name] = _Term(predicate, write, reverse)

    def _expand(self, text: str, name: str) -> str:
        prefix, colon, local = text.partition(":")
        if colon and prefix in self._prefixes:
            return self._prefixes[prefix] + local
        if colon and local.startswith("//"):
            return text
        raise DataFileError(
            f"The term {name!r} is defined as {text!r}, which is no IRI.", where="ontology/context.jsonld"
        )

    @property
    def fields(self) -> frozenset[str]:
        """The document fields that the context maps."""
        return frozenset(self._terms)

    @property
    def classes(self) -> frozenset[str]:
        """The type names that the context maps."""
        return frozenset(self._classes)

    def triples(self, tree: Mapping[str, Any]) -> list[Triple]:
        """The triples that *tree* says, without doubles, in no particular order.

        Args:
            tree: Nodes with ``id`` and ``type``; values are IRIs, nested nodes, scalars, times, or lists of these.

        Raises:
            DocumentError: A value does not fit the datatype that the context demands.
        """
        found: dict[Triple, None] = {}
        self._node(tree, found)
        return list(found)

    def _node(self, node: Mapping[str, Any], out: dict[Triple, None]) -> str:
        subject, terms = f"<{node['id']}>", self._terms
        for name, value in node.items():
            term = terms.get(name)
            if term is None:
                if name == "id":
                    continue
                if name == "type":
                    out[subject, TYPE, self._classes[value]] = None
                    continue
                term = _Term(f"<{name}>", self._write_annotation)
            predicate, write, reverse = term
            for each in value if value.__class__ in _LISTS else (value,):
                try:
                    token = self._node(each, out) if each.__class__ is dict else write(each)
                except ValueError as error:
                    raise DocumentError(f"{name} cannot hold {each!r}: {error}.", where=name) from error
                out[(token, predicate, subject) if reverse else (subject, predicate, token)] = None
        return subject

    def _write_annotation(self, value: Any) -> str:
        if isinstance(value, Link):
            expanded = self._ontology.expand(value.id)
            if expanded is None or not valid_iri(expanded):
                raise ValueError(f"{value.id!r} is not an IRI")
            return f"<{expanded}>"
        return _write_value(value)

    def jsonld(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """The same tree as a JSON-LD document, with its context: what another JSON-LD processor reads."""
        plain = json.loads(json.dumps(tree, default=self._jsonld_value))
        return {**self.context, **self._plain(plain)}

    def _plain(self, node: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, value in node.items():
            if name in ("id", "type"):
                out[name] = value
                continue
            many = value if isinstance(value, list) else [value]
            out[name] = [
                self._plain(v) if isinstance(v, dict) and "id" in v and "type" in v else self._oracle(name, v)
                for v in many
            ]
        return out

    def _oracle(self, name: str, value: Any) -> Any:
        """A scalar as a value object, so that a JSON-LD processor cannot choose another datatype for a number."""
        if (
            isinstance(value, dict)
            or name not in self._terms
            or (isinstance(value, str) and self._terms[name].write is not _write_value)
        ):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        from lakegraph.rdf.terms import datatype, lexical

        token = self._terms[name].write(value)
        return {"@value": lexical(token), "@type": datatype(token)}

    def _jsonld_value(self, value: Any) -> Any:
        if isinstance(value, Link):
            return {"@id": self._ontology.expand(value.id)}
        if isinstance(value, Typed):
            said: dict[str, Any] = {"@value": _text(value.value)}
            if value.datatype:
                said["@type"] = self._ontology.expand(value.datatype)
            if value.language:
                said["@language"] = value.language
            return said
        return _text(value)


def _write_iri(value: Any) -> str:
    if value.__class__ is str and len(value) <= _REMEMBERED:
        return _iri_token(value)
    if not isinstance(value, str) or not valid_iri(value):
        raise ValueError("it is not an IRI")
    return f"<{value}>"


@lru_cache(maxsize=8192)  # a node is named by several statements
def _iri_token(text: str) -> str:
    if not valid_iri(text):
        raise ValueError("it is not an IRI")
    return f"<{text}>"


def _write_value(value: Any) -> str:
    if value.__class__ is str:
        return text_literal(value)
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, bool):
        return literal(_text(value), XSD + "boolean")
    if isinstance(value, _NUMBERS):
        return number(value)
    if isinstance(value, Typed):
        if value.language:
            return literal(str(value.value), lang=value.language)
        return _write_typed(value) if value.datatype else _write_value(value.value)
    if isinstance(value, Link):
        return _write_iri(value.id)
    return literal(_text(value), XSD + ("dateTime" if isinstance(value, datetime) else "date"))


def _write_typed(value: Typed) -> str:
    expanded = ontology().expand(value.datatype or "")
    if expanded is None or not valid_iri(expanded):
        raise ValueError(f"{value.datatype!r} is not a datatype")
    return literal(_text(value.value), expanded)


def _typed(datatype_iri: str) -> Write:
    if datatype_iri == XSD + "date":
        return lambda value: literal(_text(value.date() if isinstance(value, datetime) else value), datatype_iri)
    return lambda value: literal(_text(value), datatype_iri)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


@cache
def mapper() -> Mapper:
    """The mapper of the context that this installation carries."""
    return load(resources.path("ontology/context.jsonld"))


def load(file: Path) -> Mapper:
    """The mapper of a context file.

    Raises:
        DataFileError: The file is not JSON, or a definition is not an IRI.
    """
    return Mapper(read_context(file), ontology())
