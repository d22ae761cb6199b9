"""Shapes files as one graph of tokens in which every shape knows its folder, file and line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pyoxigraph as ox

from lakegraph import resources
from lakegraph.errors import DataFileError
from lakegraph.rdf.namespaces import RDF
from lakegraph.rdf.terms import Triple, is_blank, lexical

_LINE = "urn:x-lakegraph:line"
# https://www.w3.org/TR/turtle/#sec-grammar, as far as it takes to tell subjects from everything else.
_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*)
      | (?P<text>\"{3}(?:\"{0,2}(?:[^\"\\]|\\.))*\"{3} | '{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
               | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*')
      | (?P<iri><[^<>"{}|^`\s]*>)
      | (?P<punctuation>[\[\]();,.])
      | (?P<word>(?:[^\s\[\]();,"'<>\#.\\]|\\.)+(?:\.+(?:[^\s\[\]();,"'<>\#.\\]|\\.)+)*)
    """,
    re.VERBOSE | re.DOTALL,
)

_DIRECTIVES = {"prefix": 2, "base": 1}
"""SPARQL's directives end without a dot; how many words belong to each."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a shape is written.

    Attributes:
        folder: ``integrity``, ``completeness``, ``swamp``, ``policy``, or empty when it is in none of them.
        file: The file below the shapes folder, such as ``completeness/study.ttl``.
        line: The line on which the shape begins; 0 when it is not known.
    """

    folder: str = ""
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class ShapesGraph:
    """The statements of the shapes files, read by node.

    Args:
        triples: All statements; blank nodes are unique over all files.
        origins: Where each subject is written.
        prefixes: The prefixes that the files declare.
    """

    def __init__(
        self,
        triples: Iterable[Triple],
        origins: Mapping[str, Origin] | None = None,
        prefixes: Mapping[str, str] | None = None,
    ) -> None:
        self.triples = tuple(dict.fromkeys(triples))
        self.prefixes = dict(prefixes or {})
        # Every warning of a record asks this of the same few terms, with some thirty prefixes to try.
        self.shorten = lru_cache(maxsize=1024)(self._shortened)
        self._origins = dict(origins or {})
        self._out: dict[str, dict[str, list[str]]] = defaultdict(dict)
        self._in: dict[tuple[str, str], list[str]] = defaultdict(list)
        for s, p, o in self.triples:
            self._out[s].setdefault(p, []).append(o)
            self._in[p, o].append(s)

    def nodes(self) -> Iterator[str]:
        """Every subject, in the order of the files."""
        return iter(list(self._out))

    def predicates(self, subject: str) -> Sequence[str]:
        """The predicates of *subject*."""
        return list(self._out.get(subject, ()))

    def objects(self, subject: str, predicate: str) -> Sequence[str]:
        """The objects of *subject* and *predicate*, in the order of the file."""
        return self._out.get(subject, {}).get(predicate, [])

    def subjects(self, predicate: str, object: str) -> Sequence[str]:  # noqa: A002 - the RDF word
        """The subjects of *predicate* and *object*."""
        return self._in.get((predicate, object), [])

    def one(self, subject: str, predicate: str) -> str | None:
        """The only object of *subject* and *predicate*, or ``None``.

        Raises:
            DataFileError: There are two.
        """
        found = self.objects(subject, predicate)
        if len(found) > 1:
            raise self.error(subject, f"has {len(found)} values for {self.shorten(predicate)}; it can have one")
        return found[0] if found else None

    def items(self, owner: str, node: str) -> tuple[str, ...]:
        """The members of the RDF list *node*.

        Raises:
            DataFileError: It is no well-formed list; *owner* is named.
        """
        first, rest, nil = RDF.first, RDF.rest, RDF.nil
        members: list[str] = []
        seen: set[str] = set()
        while node != nil:
            head, tail = self.objects(node, first), self.objects(node, rest)
            if len(head) != 1 or len(tail) != 1 or node in seen:
                raise self.error(owner, "uses a list that is not well-formed")
            seen.add(node)
            members.append(head[0])
            node = tail[0]
        return tuple(members)

    def origin(self, node: str) -> Origin:
        """Where *node* is written; for a node without a line of its own, where the node that uses it is."""
        seen: set[str] = set()
        while node not in self._origins and is_blank(node) and node not in seen:
            seen.add(node)
            users = [s for (_, o), subjects in self._in.items() if o == node for s in subjects]
            node = users[0] if users else node
        return self._origins.get(node, Origin())

    def _shortened(self, token: str) -> str:
        """*token* with a prefix of the files where one fits, for people to read."""
        if token[0] == '"':
            return lexical(token)
        bare = token[1:-1] if token[0] == "<" else token
        spaces = [
            (len(space), name, space) for name, space in self.prefixes.items() if space and bare.startswith(space)
        ]
        if not spaces:
            return bare
        length, name, _ = max(spaces)
        return f"{name}:{bare[length:]}"

    def error(self, node: str, problem: str, hint: str | None = None) -> DataFileError:
        """An error that names the shape *node*, its file and its line."""
        origin = self.origin(node)
        name = self.shorten(node) if not is_blank(node) else "without a name"
        return DataFileError(f"The shape {name} {problem}.", where=str(origin) or None, hint=hint)


def read_folders(folders: Sequence[Path]) -> ShapesGraph:
    """All Turtle files below *folders*.

    A folder is either ``shapes`` itself, whose sub-folders name what their shapes are for, or one of those sub-folders;
    ``vocabulary.ttl`` beside a sub-folder declares what its shapes share, and is read with it.

    Raises:
        DataFileError: A file does not parse (file and line are named), or there is none.
    """
    triples: list[Triple] = []
    origins: dict[str, Origin] = {}
    prefixes: dict[str, str] = {}
    files = [(folder, file) for folder in folders for file in sorted(folder.rglob("*.ttl"))]
    shared = dict.fromkeys(folder.parent / "vocabulary.ttl" for folder in folders)
    files += [(file.parent, file) for file in shared if file.is_file() and (file.parent, file) not in files]
    if not files:
        raise DataFileError("There are no shapes.", where=", ".join(map(str, folders)))
    for number, (folder, file) in enumerate(files):
        name = _name_of(folder, file) if file not in shared else file.name
        found, lines, names = read_file(file, scope=f"f{number}x")
        triples += found
        prefixes.update(names)
        purpose = name.split("/")[0] if "/" in name else ""
        for subject, line in lines.items():
            origins.setdefault(subject, Origin(purpose, name, line))
    return ShapesGraph(triples, origins, prefixes)


def _name_of(folder: Path, file: Path) -> str:
    nested = any(folder.glob("*/*.ttl"))
    return file.relative_to(folder if nested else folder.parent).as_posix()


def read_file(file: Path, scope: str, base: str | None = None) -> tuple[list[Triple], dict[str, int], dict[str, str]]:
    """The triples of a Turtle file, the line on which each subject first stands, and the file's prefixes.

    Args:
        file: The file.
        scope: Put before the labels of blank nodes, so that those of two files differ.
        base: The base IRI.

    Raises:
        DataFileError: The file does not parse.
    """
    text = file.read_text(encoding="utf-8")
    try:
        parser = ox.parse(text, format=ox.RdfFormat.TURTLE, base_iri=base)
        for _ in parser:
            pass
        prefixes = dict(parser.prefixes)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"{resources.relative(file)}:{line}" if line else resources.relative(file)
        raise DataFileError(f"Not Turtle: {error}", where=where) from error
    triples: list[Triple] = []
    lines: dict[str, int] = {}
    for quad in ox.parse(_with_lines(text), format=ox.RdfFormat.TURTLE, base_iri=base):
        s, p, o = (_scoped(str(t), scope) for t in (quad.subject, quad.predicate, quad.object))
        if p == f"<{_LINE}>":
            lines.setdefault(s, int(lexical(o)))
        else:
            triples.append((s, p, o))
    return triples, lines, prefixes


def _scoped(token: str, scope: str) -> str:
    return f"_:{scope}{token[2:]}" if token[0] == "_" else token


def _with_lines(text: str) -> str:
    """*text* with a statement of its line put to every subject, because the parser tells none.

    Nothing is added that is a line of its own, so the lines stay what they are.
    """
    pieces: list[str] = []
    line, depth, starts, directive = 1, 0, True, 0
    tokens = list(_TOKEN.finditer(text))
    following = {a.start(): b[0] for a, b in pairwise(m for m in tokens if m.lastgroup != "skip")}
    for match in tokens:
        piece, kind = match[0], match.lastgroup
        pieces.append(piece)
        if kind == "skip":
            pass
        elif directive:
            directive -= 1
            starts = directive == 0
        elif starts and piece.lower() in _DIRECTIVES:
            directive = _DIRECTIVES[piece.lower()]
        elif piece == "." and depth == 0:
            starts = True
        else:
            opens = piece == "[" and following.get(match.start()) != "]"
            if opens or (starts and kind in ("word", "iri") and piece[0] != "@"):
                pieces.append(f" <{_LINE}> {line} ;")
            starts = False
            depth += (piece in ("[", "(")) - (piece in ("]", ")"))
        line += piece.count("\n")
    return "".join(pieces)
