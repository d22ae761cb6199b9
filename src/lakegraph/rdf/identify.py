"""From a checked document to a tree in which every node has its IRI and every name is resolved.

The tree is JSON-LD under ``ontology/context.jsonld``; the mapper turns it into triples.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from lakegraph.errors import DocumentError, NotFoundError
from lakegraph.model import Thing, document_class
from lakegraph.rdf.completion import Node, complete
from lakegraph.rdf.fields import Field, fields
from lakegraph.rdf.names import digest, slug_of_key, slugify, uuid7
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import valid_iri
from lakegraph.rdf.vocabulary import Ontology, ontology
from lakegraph.recent import Recent


class Names(Protocol):
    """What the lake knows of names when a record is made; all IRIs bare."""

    def current(self, hub: str) -> str | None:
        """The newest version of a data set or model."""

    def agent(self, slug: str) -> str | None:
        """The IRI of a known person, organisation or program."""

    def attribute(self, datasets: list[str], name: str) -> str | None:
        """The column called *name* of one of these data sets or of what they were made from."""


_PLAIN_ID = re.compile(r"[\w.~-]+")
_ANNOTATIONS = {"annotations"}
_REMEMBERED = 1000  # longer texts are digested each time: remembering them would let records fill the memory
_KEYS_ONLY = frozenset({"id", "type", "title", "version"})


class Identifier:
    """Gives IRIs to the nodes of one document.

    Args:
        base: The lake's base IRI, ending in ``/``.
        names: What the lake knows already.
    """

    def __init__(self, base: str, names: Names) -> None:
        self._base = base
        self._names = names
        self._ontology: Ontology = ontology()
        self._taken: set[str] = set()
        self._inputs: list[str] = []
        self._digests: Recent[str, str] = Recent(2000)
        self._segments: dict[str, str] = {}

    def tree(self, document: Thing) -> Node:
        """The document as a JSON-LD tree.

        Raises:
            DocumentError: A concept, IRI or name is not one.
            NotFoundError: A name that must exist does not.
        """
        self._taken, self._inputs = set(), []
        node = self._node(document, "", None, "")
        complete(node, document, self.iri("parameter"))
        return node

    def iri(self, path: str) -> str:
        """The IRI at *path* below ``{base}id/``."""
        return f"{self._base}id/{path}"

    def _node(self, thing: Thing, parent: str, field: Field | None, path: str, number: int = 0) -> Node:
        if thing.id and not valid_iri(thing.id) and not _PLAIN_ID.fullmatch(thing.id):
            raise DocumentError(
                f"{thing.id!r} is neither an IRI nor a slug.",
                where=f"{path}.id" if path else "id",
                hint="Write an absolute IRI, or letters, digits, hyphens and dots.",
            )
        node: Node = {"id": self._mint(thing, parent, field, number), "type": thing.type}
        stated = thing.__dict__  # most of some thirty fields hold nothing: an attribute of each would be dear
        for each in fields(type(thing)):
            value = stated[each.python_name]
            if value is None:
                continue
            many = value.__class__ is tuple
            if many and not value:
                continue
            if each.is_literal:
                node[each.name] = list(value) if many else value
                continue
            where = f"{path}.{each.name}" if path else each.name
            if many:
                node[each.name] = [self._value(v, each, node, f"{where}[{n}]", n) for n, v in enumerate(value)]
            else:
                node[each.name] = self._value(value, each, node, where, 0)
        if thing.identity == "versioned":
            self._version(node, thing)
        for key, said in thing.annotations.items():
            node[self._annotation_key(key, path)] = said
        return node

    def _value(self, value: Any, field: Field, node: Node, path: str, number: int) -> Any:
        kind = field.kind.kind
        if kind == "concept":
            return self._concept(value, field.kind.target, path)
        if kind == "iri":
            return self._outside(value, field.kind.target, path)
        if isinstance(value, str):  # whether it is a Thing would take pydantic's own, slow check
            made = self._named(value, field, node, path)
        else:
            made = self._nested(value, field, node, path, number)
        if not field.is_output and field.kind.target == "ModellakeDataset":
            self._inputs.append(made["id"] if isinstance(made, dict) else made)
        return made

    def _nested(self, thing: Thing, field: Field, node: Node, path: str, number: int) -> Node | str:
        if thing.identity == "versioned" and not field.is_output:
            known = self._input(thing)
            if known and thing.model_fields_set <= _KEYS_ONLY:
                return known
            if known:
                thing = thing.model_copy(update={"id": known})
        return self._node(thing, node["id"], field, path, number)

    def _input(self, thing: Thing) -> str | None:
        """The version that a nested input means: the one it states, else the newest, else none yet."""
        version = thing.__dict__.get("version")  # pydantic's own answer for a field that there is not is slow
        hub = self._hub(thing)
        if thing.id and valid_iri(thing.id):
            return thing.id
        return f"{hub}/{slugify(version)}" if version else self._names.current(hub)

    def _hub(self, thing: Thing) -> str:
        slug = thing.id if thing.id and not valid_iri(thing.id) else thing.title
        return self.iri(f"{self._segment(thing.type)}/{slugify(slug or thing.type)}")

    def _segment(self, class_name: str) -> str:
        known = self._segments.get(class_name)
        if known is None:
            known = self._segments[class_name] = self._address_of(class_name)
        return known

    def _address_of(self, class_name: str) -> str:
        for prefix in ("lake", "prov", "dcat"):
            found = self._ontology.id_paths.get(f"<{self._ontology.prefixes[prefix]}{class_name}>")
            if found:
                return found
        raise DocumentError(f"A {class_name} has no address of its own.", hint="Give it an IRI in its id field.")

    def _mint(self, thing: Thing, parent: str, field: Field | None, number: int) -> str:
        if thing.id and valid_iri(thing.id):
            return thing.id
        identity = thing.identity
        if identity == "run":
            return self.iri(f"run/{thing.id or uuid7()}")
        if identity == "versioned":
            return self._versioned(thing)
        if identity == "agent":
            name = thing.id or thing.title or thing.__dict__.get("name") or thing.type
            return self._names.agent(slugify(name)) or self.iri(f"{self._segment(thing.type)}/{slugify(name)}")
        if identity == "content":
            slug = slugify(thing.id or thing.title or thing.type)
            return self.iri(f"{self._content_segment(thing)}/{slug}-{self._digest(thing)}")
        if identity == "titled" or field is None:
            return self.iri(f"{self._segment(thing.type)}/{slugify(thing.id or thing.title or thing.type)}")
        return self._part(thing, parent, field, number)

    def _digest(self, thing: Thing) -> str:
        """The digest of what is said of *thing*; the same program and environment come with record after record."""
        text = thing.model_dump_json(by_alias=True, exclude_none=True, exclude=_ANNOTATIONS)
        found = self._digests.find(text)
        if found is None:
            found = digest(thing.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=_ANNOTATIONS))
            if len(text) <= _REMEMBERED and "null" not in text:  # as what JSON cannot say, such as infinity, is written
                self._digests.keep(text, found)
        return found

    def _content_segment(self, thing: Thing) -> str:
        try:
            return self._segment(thing.type)
        except DocumentError:
            return slugify(thing.type)

    def _part(self, thing: Thing, parent: str, field: Field, number: int) -> str:
        if thing.id:
            key = thing.id
        elif thing.key_fields:
            stated = [getattr(thing, f.python_name) for f in fields(type(thing)) if f.name in thing.key_fields]
            key = "-".join(str(part) for part in stated if part is not None) or str(number + 1)
        else:
            key = "" if field.segment == "checksum" else str(number + 1)
        made = f"{parent}/{field.segment}/{slug_of_key(key)}" if key else f"{parent}/{field.segment}"
        free, count = made, 1
        while free in self._taken:
            count += 1
            free = f"{made}-{count}"
        self._taken.add(free)
        return free

    def _versioned(self, thing: Thing) -> str:
        hub = self._hub(thing)
        version = thing.__dict__.get("version")
        if version is None:
            version = str(self._next(hub, thing.first_version))
        return f"{hub}/{slugify(version)}"

    def _next(self, hub: str, first: int) -> int:
        newest = self._names.current(hub)
        if newest is None:
            return first
        last = newest.rpartition("/")[2]
        return int(last) + 1 if last.isdigit() else first + 1

    def _version(self, node: Node, thing: Thing) -> None:
        """Say which version this is, of what, and after which: DCAT 3, section 11."""
        if thing.id and valid_iri(thing.id) and "version" not in node:
            return
        hub, _, version = node["id"].rpartition("/")
        node.setdefault("version", version)
        node["isVersionOf"] = hub
        newest = self._names.current(hub)
        if newest and newest != node["id"] and "previousVersion" not in node and not self._is_known(node["id"], newest):
            node["previousVersion"] = newest

    def _is_known(self, iri: str, newest: str) -> bool:
        """Whether *iri* is a version that comes before the newest one (numbers compared as numbers)."""
        mine, last = iri.rpartition("/")[2], newest.rpartition("/")[2]
        return mine.isdigit() and last.isdigit() and int(mine) <= int(last)

    def _named(self, name: str, field: Field, node: Node, path: str) -> Node | str:
        """The thing that a plain string names: an IRI, a concept's notation, a slug or a title."""
        if valid_iri(name) and ":" in name:
            return self._user(name) if field.kind.target == "User" else name
        target = field.kind.target
        concept = self._ontology.concepts.get(LAKE[target] if target != "Agent" else "", {}).get(name.lower())
        if concept:
            return concept[1:-1]
        if target in ("User", "Agent"):
            return self._agent(name, target)
        if target == "Parameter":
            return {"id": "", "type": "Parameter", "title": name}
        if target == "Attribute":
            return self._attribute(name, path)
        if target == "ProcessingOperation":
            return f"{node['id'].rpartition('/')[0]}/{slug_of_key(name)}"
        return self._thing(name, target, path)

    def _agent(self, name: str, target: str) -> Node:
        slug = slugify(name)
        known = self._names.agent(slug)
        if target == "User":
            return self._user(known or self.iri(f"{self._segment('User')}/{slug}"))
        if known and f"/id/{self._segment('User')}/" in known:
            return self._user(known)
        made: Node = {"id": known or self.iri(f"{self._segment('Organization')}/{slug}"), "type": "Organization"}
        return made if known or slug == name else {**made, "name": name}

    def _user(self, iri: str) -> Node:
        return {"id": iri, "type": "User"}

    def _attribute(self, name: str, path: str) -> str:
        found = self._names.attribute(self._inputs, name)
        if found is None:
            raise NotFoundError(
                f"No input of this run has a column called {name!r}.",
                where=path,
                hint='Describe the columns of the data set in hasEntityClass, or write {"title": …} here.',
            )
        return found

    def _thing(self, name: str, target: str, path: str) -> Node | str:
        cls = document_class("Model" if target == "Asset" else target)
        slug, at, version = name.partition("@")
        segment, slash, rest = slug.partition("/")
        if slash and segment in self._ontology.id_paths.values():
            return self.iri(
                "/".join(slugify(part) for part in slug.split("/")) + (f"/{slugify(version)}" if at else "")
            )
        if cls.identity == "run":
            return self.iri(f"run/{name}")
        if cls.identity != "versioned":
            made = self.iri(f"{self._segment(cls.model_fields['type'].default)}/{slugify(name)}")
            return {"id": made, "type": target, "title": name} if target in ("Tag", "Algorithm") else made
        if slash and not at:
            slug, version = segment, rest
        return self._current(slug, version, cls, path, anything=target == "Asset")

    def _current(self, slug: str, version: str, cls: type[Thing], path: str, *, anything: bool) -> str:
        kinds = ("Model", "ModellakeDataset") if anything else (cls.__name__,)
        hubs = [self.iri(f"{self._segment(kind)}/{slugify(slug)}") for kind in kinds]
        for hub in hubs:
            found = self._names.current(hub)
            if found:
                return f"{hub}/{slugify(version)}" if version else found
        if version:
            return f"{hubs[0]}/{slugify(version)}"
        raise NotFoundError(
            f"The lake has no version of {slug!r} yet.", where=path, hint="lakegraph search finds what it has."
        )

    def _concept(self, text: str, target: str, path: str) -> str:
        known = self._ontology.concepts.get(LAKE[target], {})
        found = known.get(text.lower())
        if found:
            return found[1:-1]
        if valid_iri(text):
            return text
        raise DocumentError(
            f"{text!r} is no {target} that lakegraph knows.", where=path, hint=f"One of: {', '.join(sorted(known))}."
        )

    def _outside(self, text: str, prefix: str, path: str) -> str:
        expanded = self._ontology.expand(text)
        if expanded and valid_iri(expanded):
            return expanded
        made = (self._ontology.expand(prefix) or "") + text if prefix else ""
        if made and valid_iri(made):
            return made
        raise DocumentError(f"{text!r} is not an IRI.", where=path, hint="Write it whole, with its scheme.")

    def _annotation_key(self, key: str, path: str) -> str:
        expanded = self._ontology.expand(key)
        if expanded is None or not valid_iri(expanded):
            raise DocumentError(
                f"The annotation {key!r} is neither a full IRI nor uses a declared prefix.",
                where=f"{path}.annotations" if path else "annotations",
                hint=f"Prefixes: {', '.join(sorted(self._ontology.prefixes))}.",
            )
        return expanded
