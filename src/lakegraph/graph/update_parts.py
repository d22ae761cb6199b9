"""The operations of a SPARQL Update, cut out of its text: what a worker evaluates one by one.

The engine offers no way to see what an update would change, and reads its WHERE from the unnamed default graph alone.
So each operation is taken apart by the guard's lexer; only forms with one reading pass, everything else is refused.

Source: https://www.w3.org/TR/sparql11-update/#updateLanguage and SPARQL 1.1 grammar, rules 29 to 51.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from lakegraph.errors import QueryError
from lakegraph.graph.guard import Limits, inspect_update
from lakegraph.graph.lexer import Token, refused, tokens

_NOTHING: Final = "INSERT DATA{}"
DEFAULT: Final = "DEFAULT"
"""In place of a graph's name: the default graph."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; its parts are text as it was sent.

    Attributes:
        kind: ``modify``, ``clear``, ``drop``, ``create``, ``add``, ``move`` or ``copy``.
        prologue: The declarations in force.
        silent: Whether a failure is passed over.
        graph: ``modify``: the graph of WITH, or empty. Else: which graph is changed or copied from: an IRI, a
            prefixed name, ``DEFAULT``, ``NAMED`` or ``ALL``.
        to: Which graph is copied to.
        delete: Quads to delete for each solution, with their braces.
        insert: Quads to insert for each solution, with their braces.
        using: ``FROM`` clauses that say the same as the operation's USING.
        where: From WHERE to the end; empty where there is exactly one solution.
        variables: The variables of ``delete`` and ``insert``, without their mark.
    """

    kind: str
    prologue: str
    silent: bool = False
    graph: str = ""
    to: str = ""
    delete: str = ""
    insert: str = ""
    using: str = ""
    where: str = ""
    variables: tuple[str, ...] = field(default=())


def operations(text: str, limits: Limits) -> list[Operation]:
    """The operations of an update that the guard lets through.

    Raises:
        QueryError: It is malformed, beyond the limits, a query, or has words that run into each other.
        ForbiddenError: It loads a document or calls a service.
    """
    inspect_update(text, limits=limits)
    found: list[Operation] = []
    reader = _Reader(text, tokens(text, depth=limits.depth))
    prologue = ""
    while not reader.at_end:
        prologue = f"{prologue}\n{reader.prologue()}".strip()
        if reader.at_end:
            break
        found.append(reader.operation(prologue))
        if not reader.at_end:
            reader.take(";")
    return found


def without_silent_loads(text: str, limits: Limits) -> str:
    """*text* with ``LOAD SILENT`` made an operation that does nothing; every place in it stays where it was.

    LOAD always fails here, and SILENT says that a failure is to be passed over (SPARQL 1.1 Update, section 3.1.4).
    """
    if "load" not in text.lower():
        return text
    found = tokens(text, depth=limits.depth)
    for index, token in enumerate(found):
        before = found[index - 1] if index else None
        begins = before is None or before.text == ";" or before.kind in ("iri", "string")
        after = [t.text.upper() for t in found[index + 1 : index + 5]]
        if token.depth or not begins or token.text.upper() != "LOAD" or after[:1] != ["SILENT"]:
            continue
        count = 5 if after[2:] == ["INTO", "GRAPH"] else 2
        parts = found[index : index + count + 1]
        if len(parts) == count + 1 and all(t.kind in ("iri", "name") for t in (parts[2], parts[-1])):
            end = parts[-1].start + len(parts[-1].text)
            text = text[: token.start] + _NOTHING.ljust(end - token.start) + text[end:]
    return text


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, text: str, found: Sequence[Token]) -> None:
        self._text = text
        self._tokens = found
        self._at = 0

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self._at >= len(self._tokens)

    def word(self) -> str:
        """The next token as an upper-case word; empty where it is none."""
        token = None if self.at_end else self._tokens[self._at]
        return token.text.upper() if token is not None and token.kind == "word" else ""

    def take(self, *expected: str) -> str:
        """The next token, which must be one of *expected* (marks or upper-case words)."""
        token = None if self.at_end else self._tokens[self._at]
        if token is None or (token.text if token.kind == "punct" else self.word()) not in expected:
            raise self._wrong(" or ".join(expected))
        self._at += 1
        return token.text.upper()

    def has(self, word: str) -> bool:
        """Whether the next token is *word*, which is then passed over."""
        if self.word() != word:
            return False
        self._at += 1
        return True

    def iri(self) -> str:
        """The next token, which names a graph."""
        token = None if self.at_end else self._tokens[self._at]
        if token is None or token.kind not in ("iri", "name"):
            raise self._wrong("the IRI of a graph")
        self._at += 1
        return token.text

    def group(self) -> tuple[str, tuple[str, ...]]:
        """The text of the group in braces that begins here, and the variables in it."""
        if self.at_end or self._tokens[self._at].text != "{":
            raise self._wrong("“{”")
        first = self._tokens[self._at]
        names: dict[str, None] = {}
        for index in range(self._at + 1, len(self._tokens)):
            token = self._tokens[index]
            if token.kind == "var":
                names[token.text[1:]] = None
            if token.text == "}" and token.depth == first.depth - 1:
                self._at = index + 1
                return self._text[first.start : token.start + 1], tuple(names)
        raise self._wrong("“}”")

    def prologue(self) -> str:
        """The declarations that stand here."""
        first = self._at
        while self.word() in ("BASE", "PREFIX", "VERSION"):
            self._at += 3 if self.word() == "PREFIX" else 2
        if self._at > len(self._tokens):
            raise self._wrong("a declaration")
        if self._at == first:
            return ""
        last = self._tokens[self._at - 1]
        return self._text[self._tokens[first].start : last.start + len(last.text)]

    def operation(self, prologue: str) -> Operation:
        """The operation that begins here."""
        managed: dict[str, Callable[[str, str], Operation]] = {
            "CLEAR": self._clear, "DROP": self._clear, "CREATE": self._create,
            "ADD": self._transfer, "MOVE": self._transfer, "COPY": self._transfer,
        }  # fmt: skip
        word = self.word()
        if word in managed:
            self._at += 1
            return managed[word](word.lower(), prologue)
        target = self.iri() if self.has("WITH") else ""
        first = self.take("INSERT", "DELETE")
        if not target and self.has("DATA"):
            quads, _ = self.group()
            return Operation("modify", prologue, **{first.lower(): quads})  # type: ignore[arg-type]
        if not target and first == "DELETE" and self.word() == "WHERE":
            self._at += 1
            quads, names = self.group()
            return Operation("modify", prologue, delete=quads, where=f"WHERE {quads}", variables=names)
        return self._modify(prologue, target, first)

    def _modify(self, prologue: str, target: str, first: str) -> Operation:
        quads, names = self.group()
        delete, insert = (quads, "") if first == "DELETE" else ("", quads)
        if first == "DELETE" and self.has("INSERT"):
            insert, more = self.group()
            names = tuple(dict.fromkeys((*names, *more)))
        using = []
        while self.has("USING"):
            using.append("FROM NAMED " + self.iri() if self.has("NAMED") else "FROM " + self.iri())
        self.take("WHERE")
        where, _ = self.group()
        return Operation(
            "modify",
            prologue,
            graph=target,
            delete=delete,
            insert=insert,
            using=" ".join(using),
            where=f"WHERE {where}",
            variables=names,
        )

    def _clear(self, kind: str, prologue: str) -> Operation:
        silent = self.has("SILENT")
        if self.has("GRAPH"):
            return Operation(kind, prologue, silent=silent, graph=self.iri())
        return Operation(kind, prologue, silent=silent, graph=self.take(DEFAULT, "NAMED", "ALL"))

    def _create(self, kind: str, prologue: str) -> Operation:
        silent = self.has("SILENT")
        self.take("GRAPH")
        return Operation(kind, prologue, silent=silent, graph=self.iri())

    def _transfer(self, kind: str, prologue: str) -> Operation:
        silent, source = self.has("SILENT"), self._graph_or_default()
        self.take("TO")
        return Operation(kind, prologue, silent=silent, graph=source, to=self._graph_or_default())

    def _graph_or_default(self) -> str:
        if self.has(DEFAULT):
            return DEFAULT
        self.has("GRAPH")
        return self.iri()

    def _wrong(self, expected: str) -> QueryError:
        at = len(self._text) if self.at_end else self._tokens[self._at].start
        found = "the update ends" if self.at_end else f"“{self._tokens[self._at].text[:40]}” stands"
        return refused(
            self._text, at, f"Here {found} where {expected} is due", "Keep keywords apart from what follows."
        )
