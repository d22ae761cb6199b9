"""Coverage: which of the documentation that a law or a custom asks for is recorded, clause by clause; and by what.

It reports documentation. Whether that suffices, or meets a law, it does not say and cannot know.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

from lakegraph import resources
from lakegraph.errors import UsageError
from lakegraph.exchange.documents import environment
from lakegraph.exchange.findings import Finder, Found
from lakegraph.exchange.parts import LakeParts
from lakegraph.layer import Layer
from lakegraph.questions import Labels, Style, markdown_text
from lakegraph.rdf.namespaces import LAKE, Namespace
from lakegraph.rdf.terms import iri, lexical, local_name
from lakegraph.rdf.vocabulary import TYPE, ontology
from lakegraph.validation import Clause, Framework, Frameworks
from lakegraph.view import View

Status = Literal["present", "partial", "missing", "not applicable"]
STATUSES: tuple[Status, ...] = ("present", "partial", "missing", "not applicable")
DISCLAIMER = "This reports which documentation is recorded. It judges neither its content nor any duty under law."
_SHOWN = 6
_LAKESH = Namespace("lakesh")


@dataclass(frozen=True, slots=True)
class CoveredItem:
    """One thing that a clause asks for, and what is recorded of it.

    Attributes:
        name: What it is.
        met: Whether it is recorded.
        needed: Whether the clause counts it.
        values: What is recorded, with the record that shows it.
        hint: What to do where nothing is.
    """

    name: str
    met: bool
    needed: bool
    values: tuple[Found, ...]
    hint: str


@dataclass(frozen=True, slots=True)
class CoveredClause:
    """One clause, for one thing.

    Attributes:
        number: How the framework numbers it.
        title: What it is about.
        thing: What was looked at (an IRI).
        label: What that is called.
        status: ``present``, ``partial``, ``missing`` or ``not applicable``.
        reason: Why it does not apply, where it does not.
        items: What it asks for.
    """

    number: str
    title: str
    thing: str
    label: str
    status: Status
    reason: str
    items: tuple[CoveredItem, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is recorded of the documentation that a framework asks for.

    Attributes:
        framework: The name of the framework.
        title: What it is.
        source: Where it is published.
        note: What a reader should know of it.
        thing: What was asked about (an IRI).
        label: What that is called.
        seq: The journal entry up to which the lake was read.
        clauses: Every clause, for every thing that the framework is about.
        disclaimer: What this report is, and what it is not.
    """

    framework: str
    title: str
    source: str
    note: str
    thing: str
    label: str
    seq: int
    clauses: tuple[CoveredClause, ...]
    disclaimer: str = DISCLAIMER

    def counts(self) -> dict[str, int]:
        """How many clauses have each status."""
        found = Counter(clause.status for clause in self.clauses)
        return {status: found[status] for status in STATUSES}

    def summary(self) -> str:
        """``3 present · 9 partial · 5 missing · 1 not applicable, of 18 clauses``."""
        said = " · ".join(f"{number} {status}" for status, number in self.counts().items())
        return f"{said}, of {len(self.clauses)} clauses"

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self) | {"counts": self.counts()}

    def text(self, style: Style | None = None) -> str:
        """The report for a terminal, dressed by *style* where it has colours."""
        dress = style or (lambda said, _role: said)
        lines = [f"{dress(self.title, 'title')}: {dress(self.label, 'title')}", self.disclaimer, ""]
        for clause in self.clauses:
            about = f" ({clause.label})" if clause.thing != self.thing else ""
            role = {"present": "what", "partial": "when", "missing": "gap"}.get(clause.status, "quiet")
            lines.append(f"{clause.number:<9} {dress(f'{clause.status:<14}', role)} {clause.title}{about}")
            lines += [f"{'':<10}{'':<14} {line}" for line in _item_lines(clause, dress)]
        return "\n".join([*lines, "", self.summary()])

    def to_csv(self) -> str:
        """The report as a table: one row for each value, and one for each item without any."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(
            ["framework", "clause", "title", "thing", "status", "item", "recorded", "value", "record", "seq", "todo"]
        )
        for clause in self.clauses:
            head = [self.framework, clause.number, clause.title, clause.thing, clause.status]
            if clause.status == "not applicable":
                writer.writerow([*head, "", "", clause.reason, "", "", ""])
                continue
            for item in clause.items:
                said = [item.name, "yes" if item.met else "no"]
                for value in item.values:
                    writer.writerow([*head, *said, value.text, value.record or "", value.seq or "", ""])
                if not item.values:
                    writer.writerow([*head, *said, "", "", "", item.hint if item.needed else ""])
        return out.getvalue()

    def to_markdown(self) -> str:
        """The report as a table in Markdown."""
        lines = [f"### {markdown_text(self.title)}: {markdown_text(self.label)}", "", self.disclaimer, ""]
        lines += ["| Clause | Status | Recorded | Missing |", "|---|---|---|---|"]
        for clause in self.clauses:
            there = "; ".join(f"{i.name}: {_joined(i)}" for i in clause.items if i.values) or clause.reason
            lacks = "; ".join(i.hint for i in clause.items if i.needed and not i.met and not clause.reason)
            cells = (f"{clause.number} {clause.title}", clause.status, there, lacks)
            lines.append(f"| {' | '.join(map(markdown_text, cells))} |")
        return "\n".join([*lines, "", self.summary(), ""])

    def _repr_html_(self) -> str:
        return environment().get_template("coverage.html.j2").render(report=self, shown=_SHOWN)

    def to_page(self) -> str:
        """The report as a whole page that loads nothing."""
        title = f"Documentation of {self.label}"
        return environment().get_template("page.html.j2").render(title=title, body=self._repr_html_())

    def __str__(self) -> str:
        return self.text()


def coverage(lake: LakeParts, thing: str, against: str) -> Coverage:
    """What is recorded of the documentation that a framework asks for of a thing.

    Args:
        lake: The lake.
        thing: The thing, by IRI or name. Asked of a model, a framework that is about data sets reports on those that
            the model learnt from.
        against: The name of the framework, such as ``eu-ai-act-annex-iv``.

    Raises:
        UsageError: There is no such framework, or it is not about such a thing.
        NotFoundError: The lake has no such thing.
    """
    framework = framework_of(against)
    focus = iri(lake.resolve(thing))
    things = _things(lake, focus, framework)
    labels = Labels(lake.graph)
    view = View(lake.graph, Layer(ontology().concept_triples))
    finder = Finder(lake, labels)
    clauses = [_covered(clause, framework, node, view, finder) for node in things for clause in framework.clauses]
    return Coverage(
        framework.name,
        framework.title,
        framework.source,
        framework.note,
        focus[1:-1],
        labels.of(focus),
        lake.journal.last_seq,
        tuple(clauses),
    )


@cache
def frameworks() -> Frameworks:
    """The frameworks that are known: one for each file in ``shapes/coverage``."""
    closed = {ontology().prefixes["lake"]: ontology().declared}
    return Frameworks(resources.path("shapes/coverage"), ontology(), closed)


def framework_of(name: str) -> Framework:
    """The framework called *name*.

    Raises:
        UsageError: There is none.
    """
    found = frameworks().all.get(name)
    if found is None:
        hint = f"One of {', '.join(frameworks().all)}."
        raise UsageError(f"There is no framework called {name!r}.", where="against", hint=hint)
    return found


def _things(lake: LakeParts, focus: str, framework: Framework) -> Sequence[str]:
    types = lake.graph.objects(focus, TYPE)
    if framework.about in types:
        return [focus]
    learnt = [
        data
        for run in lake.graph.subjects(LAKE.hasOutputModel, focus)
        for data in lake.graph.objects(run, LAKE.analyzes)
    ]
    found = [data for data in dict.fromkeys(learnt) if framework.about in lake.graph.objects(data, TYPE)]
    if found:
        return sorted(found)
    kind = local_name(framework.about).lower()
    raise UsageError(
        f"{framework.title} is about a {kind}; {focus[1:-1]} is none.", where=focus[1:-1], hint=f"Name a {kind}."
    )


def _covered(clause: Clause, framework: Framework, focus: str, view: View, finder: Finder) -> CoveredClause:
    known = frameworks()
    reason = _excused(clause, framework, focus, view)
    if not reason and not known.applies(clause, view, focus):
        reason = clause.otherwise
    items: list[CoveredItem] = []
    for item in () if reason else clause.items:
        judged = known.judge(item, view, focus)
        values = tuple(finder.found(value, triple) for value, triple in judged.values.items())
        items.append(CoveredItem(item.name, judged.met, item.needed, tuple(sorted(values, key=Found.order)), item.hint))
    return CoveredClause(
        clause.number, clause.title, focus[1:-1], finder.labels.of(focus), _status(items, reason), reason, tuple(items)
    )


def _excused(clause: Clause, framework: Framework, focus: str, view: View) -> str:
    """Why somebody has recorded that the clause does not apply; empty where nobody has."""
    head = f"{framework.name} {clause.number}:"
    said = sorted(lexical(o) for o in view.objects(focus, _LAKESH.notApplicable) if o.startswith('"'))
    return next((text[len(head) :].strip() for text in said if text.startswith(head) and text[len(head) :].strip()), "")


def _status(items: Sequence[CoveredItem], reason: str) -> Status:
    if reason:
        return "not applicable"
    needed = [item.met for item in items if item.needed]
    return "present" if all(needed) else "partial" if any(needed) else "missing"


def _item_lines(clause: CoveredClause, dress: Style) -> Iterator[str]:
    if clause.reason:
        yield dress(clause.reason, "quiet")
    for item in clause.items:
        if item.values:
            yield f"✓ {item.name}: {_joined(item)}"
        elif item.needed:
            yield dress(f"– {item.name}: {item.hint}", "gap")


def _joined(item: CoveredItem) -> str:
    """The first values, with the number of the entry that shows each."""
    said = [f"{v.text} [{v.seq}]" if v.seq else v.text for v in item.values[:_SHOWN]]
    more = len(item.values) - _SHOWN
    return ", ".join([*said, *([f"{more} more"] if more > 0 else [])])
