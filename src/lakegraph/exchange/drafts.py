"""Drafts of documents that somebody asks for: what is recorded under each heading, and each gap marked as one."""

from __future__ import annotations

from collections.abc import Iterator

from lakegraph.exchange.coverage import Coverage, CoveredClause, CoveredItem
from lakegraph.exchange.documents import Document, Line, Section, Span, text

_SHOWN = 50


def draft(report: Coverage) -> Document:
    """The document that a framework asks for, as far as the lake can write it.

    Args:
        report: What is recorded of it.
    """
    lead: list[Line] = [
        (text("Draft from the records of a model lake. "), text(report.disclaimer)),
        (text(report.note, "quiet"),),
        (text(report.source, url=report.source),),
        (
            text(
                f"{report.summary()}; read up to entry {report.seq} of the journal. Numbers in brackets name entries.",
                "quiet",
            ),
        ),
    ]
    several = len({clause.thing for clause in report.clauses}) > 1
    sections = [_section(clause, named=several) for clause in report.clauses]
    return Document(f"{report.title}: {report.label}", lead, sections)


def _section(clause: CoveredClause, *, named: bool) -> Section:
    title = f"{clause.number} {clause.title}" + (f" ({clause.label})" if named else "")
    if clause.reason:
        return Section(title, [(Span("Not applicable: ", "strong"), Span(clause.reason))])
    return Section(title, [_line(item) for item in clause.items if item.values or item.needed], listed=True)


def _line(item: CoveredItem) -> Line:
    head = Span(f"{item.name[:1].upper()}{item.name[1:]}: ", "strong")
    if not item.values:
        return (head, Span(f"Gap. {item.hint}", "gap"))
    return (head, *_values(item))


def _values(item: CoveredItem) -> Iterator[Span]:
    for number, value in enumerate(item.values[:_SHOWN]):
        if number:
            yield Span(", ")
        yield text(value.text, url=value.iri)
        if value.seq:
            yield Span(" ")
            yield text(f"[{value.seq}]", url=value.record or "")
    if len(item.values) > _SHOWN:
        yield Span(f", and {len(item.values) - _SHOWN} more")
