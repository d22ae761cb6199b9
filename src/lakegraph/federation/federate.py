"""One query in our words, put to the lake and to its peers, and answered from what all of them say."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lakegraph.federation.answer import FederatedAnswer
from lakegraph.federation.asked import DocumentSource, QueriedSource
from lakegraph.federation.endpoint import Run, over
from lakegraph.federation.evaluating import Evaluate, evaluated
from lakegraph.federation.fetching import Fetcher
from lakegraph.federation.line import Line
from lakegraph.federation.mappings import Mappings
from lakegraph.federation.patterns import Needs, joined_variables, needs_of
from lakegraph.federation.peers import Peer
from lakegraph.federation.report import SourceReport
from lakegraph.federation.rewriting import Rewriter, written
from lakegraph.federation.scratch import Scratch

_MOST_HOLDINGS = 500


@dataclass(frozen=True, slots=True)
class Here:
    """The lake itself, as a source.

    Attributes:
        base: Its base IRI, by which rows name it.
        run: Puts a query to it.
        rows: The most rows of one of its answers.
    """

    base: str
    run: Run
    rows: int


class Federation:
    """Puts one query to many sources.

    Args:
        text: The query.
        base: What its relative IRIs are resolved against.
        mappings: The mappings that may be used.
        here: The lake itself.
        lines: A line to each peer that is asked.
        pages: The most documents that are read from a peer.
    """

    def __init__(
        self, text: str, base: str, mappings: Mappings, here: Here | None, lines: Sequence[Line], pages: int
    ) -> None:
        self._text = text
        self.needs: Needs = needs_of(text, base)
        self._mappings = mappings
        self._scratch = Scratch()
        rewriter = Rewriter(mappings)
        terms = [rewriter.terms(pattern) for pattern in self.needs.patterns]
        wanted = frozenset().union(*terms) if all(terms) else frozenset()
        self._queried: list[QueriedSource] = [self._here(here)] if here else []
        self._documents: list[DocumentSource] = []
        for line in lines:
            report = SourceReport(line.peer.iri, line.peer.title, line.peer.kind)
            if line.peer.is_queried:
                plain = line.peer.kind == "lakegraph"
                self._queried.append(
                    QueriedSource(
                        report,
                        mappings,
                        self._scratch,
                        Rewriter(mappings, plain=plain),
                        over(line),
                        line.peer.rows,
                        _held(line.peer),
                    )
                )
            else:
                self._documents.append(DocumentSource(report, mappings, self._scratch, line, pages, wanted))

    def _here(self, here: Here) -> QueriedSource:
        report = SourceReport(here.base, "this lake", "lakegraph")
        plain = Rewriter(self._mappings, plain=True)
        return QueriedSource(report, self._mappings, self._scratch, plain, here.run, here.rows, None)

    @property
    def reports(self) -> list[SourceReport]:
        """What became of each source."""
        return [source.finish() for source in (*self._queried, *self._documents)]

    def answer(self, evaluate: Evaluate) -> FederatedAnswer:
        """Fetch, and evaluate.

        Args:
            evaluate: Evaluates a query over a store in a directory.
        """
        began = time.monotonic()
        Fetcher(self.needs, self._scratch, self._queried, self._documents).run()
        found = evaluated(self._text, self.needs, self._scratch, evaluate)
        reports = self.reports
        for report in reports:
            report.rows = sum(report.source in origin for origin in found.origins)
        return replace(found, sources=reports, seconds=time.monotonic() - began)

    def explain(self) -> dict[str, Any]:
        """What would be asked of whom; nothing is sent.

        The queries are those of the first round; later ones carry what was found before in VALUES.
        """
        fetcher = Fetcher(self.needs, self._scratch, self._queried, self._documents)
        asked = fetcher.patterns()
        joined = joined_variables(self.needs.patterns)
        sources = [self._explained(source, asked, joined) for source in self._queried]
        sources += [
            {
                "source": source.report.source,
                "title": source.report.title,
                "kind": source.report.kind,
                "reads": source.address if source.has_anything else None,
            }
            for source in self._documents
        ]
        return {
            "query": self._text,
            "patterns": [str(pattern) for pattern in self.needs.patterns],
            "steps": [[str(pattern) for pattern in step.patterns] for step in self.needs.steps],
            "sources": sources,
        }

    def _explained(self, source: QueriedSource, asked: Sequence[Any], joined: frozenset[str]) -> dict[str, Any]:
        selection, able = source.selection(asked, joined)
        queries, rules = {}, set()
        for pattern in able:
            branches = source.branches(pattern, 0, {})
            if branches:
                made = written([branches])
                queries[str(pattern)] = made.fetch(source.rows + 1)
                rules |= made.rules()
        return {
            "source": source.report.source,
            "title": source.report.title,
            "kind": source.report.kind,
            "selection": selection,
            "queries": queries,
            "mappings": [rule.as_dict() for rule in sorted(rules, key=lambda rule: rule.name)],
        }


def _held(peer: Peer) -> Any:
    """Whether a peer was counted to have a term; nothing where nobody counted, or not to the end."""
    held = peer.holdings
    return held.__contains__ if 0 < len(held) < _MOST_HOLDINGS else None
