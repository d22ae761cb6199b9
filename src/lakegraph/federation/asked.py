"""Sources of a federated query: those that answer SPARQL, and those whose documents are read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from lakegraph.errors import DeadlineError, LakegraphError, PeerError
from lakegraph.federation.endpoint import Answer, Run
from lakegraph.federation.line import Line
from lakegraph.federation.mappings import Mappings
from lakegraph.federation.patterns import Pattern
from lakegraph.federation.report import SourceReport
from lakegraph.federation.rewriting import Branch, Rewriter, Values, Written, filled, written
from lakegraph.federation.scratch import Scratch
from lakegraph.federation.sources import reader_of
from lakegraph.federation.translating import Translator
from lakegraph.rdf.terms import Triple, is_blank, value

_ROUND = 1000
"""Endpoints that cut answers do it at such a number; one that is a multiple of it is looked at twice."""
_KEPT_QUERIES = 50


class Source:
    """What all sources have: a report, a translator, and a graph in the scratch store.

    Args:
        report: What becomes of it.
        mappings: The mappings that may be used.
        scratch: Where what it says goes.
    """

    def __init__(self, report: SourceReport, mappings: Mappings, scratch: Scratch) -> None:
        self.report = report
        self.translator = Translator(mappings, report.source)
        self._scratch = scratch

    @property
    def is_out(self) -> bool:
        """Whether it is not asked any more."""
        return self.report.status == "failed"

    @contextmanager
    def busy(self) -> Iterator[None]:
        """A stretch of work, whose time counts and whose errors are the source's own."""
        began = time.monotonic()
        try:
            yield
        except LakegraphError as error:
            self.report.failed(error)
        finally:
            self.report.seconds += time.monotonic() - began

    def take(self, triples: Sequence[Triple]) -> None:
        """Translate statements and keep them."""
        if not triples:
            return
        self.report.statements += len(triples)
        if self.report.status == "unused":
            self.report.status = "ok"
        self._scratch.add(self.report.source, self.translator.translate(triples))

    def finish(self) -> SourceReport:
        """The report, with what was used."""
        self.report.mappings = [rule.as_dict() for rule in self.translator.used]
        self.report.untranslated = self.translator.dropped
        return self.report


class DocumentSource(Source):
    """A source whose documents are read whole.

    Args:
        line: A line to it, with its time.
        pages: The most documents that are read.
    """

    def __init__(
        self, report: SourceReport, mappings: Mappings, scratch: Scratch, line: Line, pages: int, terms: frozenset[str]
    ) -> None:
        super().__init__(report, mappings, scratch)
        self._line = line
        self._pages = pages
        self._terms = terms

    @property
    def address(self) -> str:
        """Where its first document is."""
        return self._line.peer.address

    @property
    def has_anything(self) -> bool:
        """Whether, by what was counted, it has anything of what is asked; taken for granted where nobody counted."""
        held = self._line.peer.holdings
        return not held or not self._terms or any(value(term) in held for term in self._terms)

    def load(self) -> None:
        """Read and translate its documents."""
        if not self.has_anything:
            return
        with self.busy():
            documents = reader_of(self._line.peer.kind)(self._line, None)
            for document in islice(documents, self._pages):
                self.report.queries.append(document.url)
                self.take(document.triples)
            if next(documents, None) is not None:
                self.report.cut(f"It has more than the {self._pages} documents that one query reads.")
        self.report.requests = self._line.requests
        self.report.cache_age = self._line.age


class QueriedSource(Source):
    """A source that answers SPARQL.

    Args:
        rewriter: Puts patterns in its words.
        run: Puts a query to it.
        rows: The most rows of one answer.
        held: Class or property to how many of it were counted; empty where nobody counted.
    """

    def __init__(
        self,
        report: SourceReport,
        mappings: Mappings,
        scratch: Scratch,
        rewriter: Rewriter,
        run: Run,
        rows: int,
        held: Callable[[str], bool] | None,
    ) -> None:
        super().__init__(report, mappings, scratch)
        self.rewriter = rewriter
        self._run = run
        self._rows = rows
        self._held = held
        self.relevant: set[Pattern] = set()
        self.blank: set[str] = set()
        """The variables that it binds to blank nodes."""
        self._sent: set[str] = set()

    @property
    def rows(self) -> int:
        """The most rows of one answer."""
        return self._rows

    def may_have(self, pattern: Pattern) -> bool:
        """Whether, by what was counted, it may match *pattern*."""
        terms = self.rewriter.terms(pattern)
        return self._held is None or not terms or any(self._held(value(term)) for term in terms)

    def selection(self, patterns: Sequence[Pattern], joined: frozenset[str]) -> tuple[str, list[Pattern]]:
        """The query that asks for which patterns it has anything, and for which with blank nodes in *joined* variables.

        Returns:
            The query, and the patterns that it asks for; no query where there are none.
        """
        asked = [pattern for pattern in patterns if self.may_have(pattern)]
        parts = []
        for number, pattern in enumerate(asked):
            branches = self.rewriter.branches(pattern, 0, {}, self.origin)
            if not branches:
                continue
            parts.append(_selecting(number, 0, branches, ()))
            for place, term in enumerate((pattern.s, pattern.o), 1):
                if term in joined and not self.rewriter.plain:
                    parts.append(_selecting(number, place, branches, (f"isBlank(?v{term[1:]})",)))
        text = filled("peer-select", patterns="\n  UNION\n".join(parts)) if parts else ""
        return text, asked

    def select(self, patterns: Sequence[Pattern], joined: frozenset[str]) -> None:
        """Find out for which patterns it has anything."""
        text, asked = self.selection(patterns, joined)
        if not text:
            return
        with self.busy():
            for row in self.ask(text).rows:
                pattern = asked[int(value(row["number"]))]
                self.relevant.add(pattern)
                place = int(value(row["blank"]))
                if place:
                    self.blank.add((pattern.s, pattern.o)[place - 1])

    def query(self, parts: Sequence[Sequence[Branch]], named: Sequence[str] = (), *, whole: bool = False) -> bool:
        """Fetch what matches patterns that it joins, and keep it.

        Args:
            parts: For each pattern its branches.
            named: Variables of the answer; rows that bind one of them to a blank node are left out.
            whole: As for :meth:`send`.
        """
        if any(not part for part in parts):
            return True
        return self.send(written(parts), lambda row: not any(is_blank(row.get(n, "<")) for n in named), whole=whole)

    def send(
        self,
        asked: Written,
        keep: Callable[[Mapping[str, str]], bool],
        bare: Written | None = None,
        *,
        whole: bool = False,
    ) -> bool:
        """Put a query to it, once, and keep what it says.

        Args:
            asked: The query.
            keep: Which rows count.
            bare: The query without conditions, for an endpoint whose compiler gives up on them, as Virtuoso's does.
            whole: Whether an answer that is not whole is let go, because it may be asked for less later.

        Returns:
            Whether that did not happen.
        """
        text = asked.fetch(self._rows + 1)
        if text in self._sent or self.is_out:
            return True
        self._sent.add(text)
        with self.busy():
            try:
                answer = self.ask(text)
            except PeerError:
                if bare is None:
                    raise
                asked, answer = bare, self.ask(bare.fetch(self._rows + 1))
            fault = self._judge(answer, asked)
            if fault and whole:
                self._sent.discard(text)
                return False
            if fault:
                self.report.cut(fault)
            scope = str(len(self._sent))
            triples = asked.triples(row for row in answer.rows if keep(row))
            self.take([triple for triple in triples if not self._told(triple, scope)])
        return True

    def _told(self, triple: Triple, scope: str) -> bool:
        return is_blank(triple[2]) and self._scratch.knows_blank(self.report.source, triple, scope)

    def ask(self, text: str) -> Answer:
        """Put a query to it, and keep the query for the report."""
        self.report.requests += 1
        if len(self.report.queries) < _KEPT_QUERIES:
            self.report.queries.append(text)
        return self._run(text)

    def _judge(self, answer: Answer, asked: Written) -> str | None:
        """What is wrong with an answer that is not whole: said so, above our own limit, or cut in silence."""
        came = len(answer.rows)
        if answer.cut:
            return f"The endpoint says that it cut its answer, at {came} rows."
        if came > self._rows:
            return f"It has more than the {self._rows} rows that are taken of one answer."
        if came and came % _ROUND == 0:
            has = self._count(asked)
            if has is None or has > came:
                more = "could not say how many there are" if has is None else f"has {has}"
                return f"It gave {came} rows without a word, and {more}."
        return None

    def _count(self, asked: Written) -> int | None:
        try:
            rows = self.ask(asked.count()).rows
            return int(value(rows[0]["count"]))
        except DeadlineError:
            raise
        except (LakegraphError, LookupError, ValueError):
            return None

    def origin(self, token: str) -> str:
        """The thing of the source that implies *token*; *token* itself where it is a thing of the source."""
        return self.translator.origins.get(token, token)

    def branches(self, pattern: Pattern, number: int, known: Values) -> list[Branch]:
        """The ways in which it may match *pattern*."""
        return self.rewriter.branches(pattern, number, known, self.origin)


def _selecting(number: int, blank: int, branches: Sequence[Branch], filters: Sequence[str]) -> str:
    inner = written([branches], filters=filters).patterns
    return filled("peer-select-one", number=str(number), blank=str(blank), patterns=inner)
