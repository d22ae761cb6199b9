"""RDF written as the JSON-LD that a specification prescribes: its context, its names, its nesting.

A template in ``templates/`` says how; the statements come from a view. JSON-LD 1.1 (W3C) allows many spellings of one
graph, and RO-Crate, FAIR4ML and SPDX 3 each demand one of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from lakegraph.rdf.namespaces import XSD
from lakegraph.rdf.terms import Triple, datatype, is_literal, lexical, literal, python_value, value
from lakegraph.rdf.vocabulary import TYPE

_TEMPLATES = Path(__file__).with_name("templates")
Node = dict[str, Any]


def linked_document(triples: Iterable[Triple], template: str) -> bytes:
    """The statements as one JSON-LD document.

    Args:
        triples: What a view made.
        template: The name of a file in ``templates/``. Its members: ``context``; ``graph``, nodes that are always
            there; ``vocab``, the namespace whose terms are written bare; ``prefixes`` and ``names``, those whose terms
            follow a prefix and a colon, or a bare prefix; ``types``, classes under other names; ``own``, the IRI that
            stands for the document; ``id`` and ``type``, the keys for them; ``plain``, types whose nodes have ``@id``
            all the same; ``inline``, types whose nodes stand where they are referred to; ``lists``, keys whose values
            are always lists; ``single``, whether every other key has one value at most; ``values``, keys whose values
            are written as the ends of their IRIs; ``times``, keys whose values are times of UTC to the second;
            ``ranked``, keys whose values only say an order, and are written as numbers from 1.
    """
    return _Writer(_template(template)).document(triples)


@cache
def _template(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_TEMPLATES / f"{name}.json").read_text(encoding="utf-8"))
    return found


class _Writer:
    def __init__(self, template: dict[str, Any]) -> None:
        self._template = template
        self._id, self._type = template.get("id", "@id"), template.get("type", "@type")
        self._own = template.get("own")
        self._nodes: dict[str, Node] = {}

    def document(self, triples: Iterable[Triple]) -> bytes:
        for s, p, o in triples:
            node = self._nodes.setdefault(s, {})
            key = "type" if p == TYPE else self._name(value(p))
            node.setdefault(key, []).append(o)
        for key in self._template.get("ranked", ()):
            self._rank(key)
        written = {subject: self._written(subject) for subject in sorted(self._nodes)}
        nodes = [node for subject, node in written.items() if not self._is_inline(subject)]
        graph = _merged([dict(node) for node in self._template.get("graph", [])], nodes, self._id)
        whole = {"@context": self._template["context"], "@graph": graph}
        return json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n"

    def _rank(self, key: str) -> None:
        ranked = sorted((node[key][0], subject) for subject, node in self._nodes.items() if key in node)
        for number, (_, subject) in enumerate(ranked, 1):
            self._nodes[subject][key] = [literal(str(number))]

    def _name(self, iri: str) -> str:
        """The name of a property or class in this document."""
        if iri in self._template.get("types", {}):
            return str(self._template["types"][iri])
        spaces = {space: f"{prefix}:" for prefix, space in self._template.get("prefixes", {}).items()}
        for space, prefix in {**spaces, **self._template.get("names", {})}.items():
            if iri.startswith(space):
                return f"{prefix}{iri[len(space) :]}"
        return iri.removeprefix(self._template["vocab"])

    def _types(self, subject: str) -> list[str]:
        return sorted(self._name(value(each)) for each in self._nodes.get(subject, {}).get("type", ()))

    def _is_inline(self, subject: str) -> bool:
        return any(name in self._template.get("inline", ()) for name in self._types(subject))

    def _written(self, subject: str) -> Node:
        types = self._types(subject)
        node: Node = {}
        if not self._is_inline(subject):
            plain = any(name in self._template.get("plain", ()) for name in types)
            node["@id" if plain else self._id] = self._reference(value(subject))
        if types:
            node[self._type] = types[0] if len(types) == 1 else types
        for key, objects in sorted(self._nodes[subject].items()):
            if key != "type":
                said = [self._object(key, o) for o in sorted(objects)]
                many = key in self._template.get("lists", ()) or (len(said) > 1 and not self._template.get("single"))
                node[key] = said if many else said[0]
        return node

    def _object(self, key: str, token: str) -> Any:
        if is_literal(token):
            return _second(lexical(token)) if key in self._template.get("times", ()) else _plain(token)
        if key in self._template.get("values", ()):
            return value(token).rsplit("/", 1)[-1]
        if self._is_inline(token):
            return self._written(token)
        reference = self._reference(value(token))
        return reference if self._id != "@id" else {"@id": reference}

    def _reference(self, iri: str) -> str:
        if self._own is not None and iri.startswith(self._own):
            return iri[len(self._own) :] or "./"
        return iri


def _merged(fixed: list[Node], found: list[Node], key: str) -> list[Node]:
    """The nodes that are always there, each with what was found of it, and then the others."""
    by_id = {node[key]: node for node in fixed}
    for node in found:
        known = by_id.get(node.get(key, ""))
        if known is None:
            fixed.append(node)
        else:
            known.update({name: said for name, said in node.items() if name not in known})
    return fixed


def _second(text: str) -> str:
    """A time as UTC to the second; one without a zone counts as UTC."""
    when = datetime.fromisoformat(text)
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(token: str) -> Any:
    """A literal as JSON has it: numbers and truth values as such where a float holds them, everything else as text."""
    if datatype(token) in (value(XSD.integer), value(XSD.boolean)):
        return python_value(token)
    return float(lexical(token)) if datatype(token) in (value(XSD.decimal), value(XSD.double)) else lexical(token)
