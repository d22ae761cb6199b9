"""Cuts an answer that grows beyond its cap, between two items, and ends it so that it is still well-formed.

The engine writes an answer as bytes and cannot be stopped between rows, so the rows are counted in what it wrote: by
marks that stand exactly where a further item begins in each syntax as Oxigraph writes it (tested against it).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

_GRACE: Final = 1024 * 1024  # how far beyond the byte cap an item may end before it is cut in the middle
_ANY: Final = 2**62
_HELD: Final = 32  # bytes kept back between blocks, so that no mark is split; longer than every mark


class _Syntax(NamedTuple):
    mark: bytes
    """Stands where a further item begins."""
    unlike: tuple[bytes, ...] = ()
    """What starts like a mark, but stands inside a string: its quote is the string's end."""
    keep: int = 0
    """How many bytes of the mark belong to the item before."""
    tail: bytes = b""
    """What ends the whole answer."""
    first: int = 0
    """1 where the first item has a mark before it too."""
    quoted: bool = False
    """Whether marks between double quotes do not count."""
    more: int = 0
    """How many items there are more than marks, in an answer that is whole and has any."""
    empty: bytes = b""
    """How an answer without items ends, where they are told from one item by that alone."""

    def marks(self, block: bytes, end: int) -> int:
        """How many marks begin before *end*; every search here is one pass of C."""
        reach = end + len(self.mark) - 1
        found = block.count(self.mark, 0, reach)
        if found:
            for look in self.unlike:
                found -= block.count(look, 0, reach + 1)
        return found

    def items(self, seen: int, tail: bytes) -> int:
        """How many items an answer has that is whole, from its marks and from how it ends."""
        if self.empty and not seen and tail.endswith(self.empty):
            return 0
        return max(0, seen + self.more)


_SYNTAXES: Final = {
    "json": _Syntax(b'},{"', (b'},{",', b'},{"}'), keep=1, tail=b"]}}", more=1, empty=b"[]}}"),
    "xml": _Syntax(b"<result>", tail=b"</results></sparql>", first=1),
    "csv": _Syntax(b"\r\n", keep=2, first=1, quoted=True, more=-1),
    "tsv": _Syntax(b"\n", keep=1, first=1, more=-1),
    "turtle": _Syntax(b" .\n", keep=3),
    "trig": _Syntax(b" .\n", keep=3),
    "n-triples": _Syntax(b"\n", keep=1),
    "n-quads": _Syntax(b"\n", keep=1),
    "json-ld": _Syntax(b']},{"@id"', keep=2, tail=b"]", more=1, empty=b"[]"),
    "rdf-xml": _Syntax(b"\n\t<rdf:Description", tail=b"\n</rdf:RDF>", first=1),
}


def within(answer: bytes, rows: int, size: int) -> bool:
    """Whether a whole *answer* is so small that it cannot have reached a cap, whatever is in it: an item is a byte."""
    return (not rows or len(answer) < rows) and (not size or len(answer) < size)


def items(name: str, answer: bytes) -> int:
    """How many items a whole *answer* has, counted as :class:`Cutter` does.

    Args:
        name: Its syntax, by its name in ``formats.FORMATS``.
        answer: All of it.
    """
    syntax = _SYNTAXES[name]
    if syntax.quoted and b'"' in answer:
        cutter = Cutter(name, 0, 0)
        cutter.feed(answer, last=True)
        return cutter.items
    return syntax.items(syntax.marks(answer, len(answer)), answer)


class Cutter:
    """Lets an answer through until it reaches a cap.

    Args:
        name: The answer's syntax, by its name in ``formats.FORMATS``.
        rows: The most items: rows, or in RDF the statements of N-Triples and N-Quads and the subjects of the others.
        size: The most bytes, up to the end of the item that reaches it. 0 means any number, here and for *rows*.
    """

    def __init__(self, name: str, rows: int, size: int) -> None:
        self._syntax = _SYNTAXES[name]
        self._rows = rows + self._syntax.first if rows else _ANY
        self._size = size
        self._held = b""
        self._seen = 0
        self._sent = 0
        self._open_quote = False
        self._line_end = 0  # a mark at the very end, which parts nothing
        self._end = b""
        self.truncated = False
        """Whether something was left out."""

    @property
    def items(self) -> int:
        """How many items were let through, once everything was written: rows, and in RDF as the caps count."""
        if self.truncated:
            return max(0, self._seen - self._syntax.first)
        return self._syntax.items(self._seen + self._line_end, self._end)

    def feed(self, data: bytes, *, last: bool = False) -> bytes:
        """What may be sent now that *data* was written; once :attr:`truncated` is set, that ends the answer.

        Args:
            data: What the engine wrote.
            last: Whether it wrote everything.
        """
        block = self._held + data
        end = len(block) if last else max(0, len(block) - _HELD)
        cut = self._cut(block, end, last=last)
        if cut is not None:
            self.truncated = True
            return block[:cut] + self._syntax.tail
        self._held = block[end:]
        if last:
            self._end = block[-_HELD:]
        self._sent += end
        return block[:end]

    def _cut(self, block: bytes, end: int, *, last: bool) -> int | None:
        """Where *block* has to end, or ``None`` when it is within the caps up to *end*."""
        # The last bytes of a mark that begins before *end* belong to the item before, and may lie behind *end*.
        over = bool(self._size) and self._sent + end + max(0, self._syntax.keep - 1) > self._size
        if not over and not self._quotes(block):
            marks = self._syntax.marks(block, end)
            if self._seen + marks < self._rows:
                self._seen += marks
                return None
        for at in self._marks(block, end):
            if last and at + self._syntax.keep >= len(block):
                self._line_end = 1  # of the last item: nothing follows
                continue
            self._seen += 1
            place = at + self._syntax.keep
            if self._seen >= self._rows or (self._size and self._sent + place > self._size):
                return place
        return end if over and self._sent + end > self._size + _GRACE else None

    def _quotes(self, block: bytes) -> bool:
        return self._syntax.quoted and (self._open_quote or b'"' in block)

    def _marks(self, block: bytes, end: int) -> Iterator[int]:
        mark, unlike, quoted = self._syntax.mark, self._syntax.unlike, self._syntax.quoted
        at, passed = block.find(mark), 0
        while 0 <= at < end:
            if quoted:
                self._open_quote ^= block.count(b'"', passed, at) % 2 == 1
                passed = at
            if not (quoted and self._open_quote) and not block.startswith(unlike, at):
                yield at
            at = block.find(mark, at + 1)
        if quoted:
            self._open_quote ^= block.count(b'"', passed, end) % 2 == 1
