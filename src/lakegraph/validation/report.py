"""The outcome of a check: whether it refuses, as data, as RDF and as text for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import pyoxigraph as ox

from lakegraph.rdf.namespaces import RDF, SH
from lakegraph.rdf.terms import XSD, Triple, literal, local_name, to_ox, value
from lakegraph.validation.paths import path_triples
from lakegraph.validation.result import Result

_WS = ("what", "who", "where", "when", "why", "how")
_ADVISORY = frozenset({"swamp"})


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check (``sh:ValidationReport``).

    Attributes:
        conforms: Whether nothing refuses.
        results: Everything found; the refusing first.
    """

    conforms: bool
    results: tuple[Result, ...] = ()

    @classmethod
    def of(cls, results: Iterable[Result], *, captured: bool = False) -> Report:
        """The report of *results*.

        Integrity and policy violations refuse; completeness violations refuse too, unless the record was *captured*
        from another tool, which cannot know the answers: they are warnings then. Warnings never refuse, nor do swamp
        shapes.
        """
        warning = SH.Warning
        milder = {"completeness"} if captured else set()
        found = [
            replace(r, severity=warning) if r.folder in milder and r.severity == SH.Violation else r for r in results
        ]
        refusing = [r for r in found if refuses(r)]
        rest = [r for r in found if not refuses(r)]
        return cls(not refusing, (*refusing, *rest))

    @property
    def violations(self) -> tuple[Result, ...]:
        """The results that refuse."""
        return tuple(r for r in self.results if refuses(r))

    @property
    def warnings(self) -> tuple[Result, ...]:
        """The results that do not refuse."""
        return tuple(r for r in self.results if not refuses(r))

    def as_dict(self) -> dict[str, object]:
        """The report for JSON."""
        return {"conforms": self.conforms, "results": [r.as_dict() for r in self.results]}

    def by_thing(self) -> dict[str, list[Result]]:
        """The results by focus node, each group in the order of the W's, the refusing first."""
        groups: dict[str, list[Result]] = {}
        for result in self.results:
            groups.setdefault(result.focus, []).append(result)
        for group in groups.values():
            group.sort(key=lambda r: (not refuses(r), _WS.index(r.answers) if r.answers in _WS else len(_WS)))
        return groups

    def to_rdf(self) -> list[Triple]:
        """The report as SHACL's vocabulary states it; blank nodes for the report, its results and its paths."""
        return list(report_triples(self.results))

    def to_turtle(self, prefixes: Mapping[str, str] | None = None) -> str:
        """The report as Turtle.

        Args:
            prefixes: Prefix to namespace, to be declared.
        """
        triples = [ox.Triple(*map(to_ox, triple)) for triple in self.to_rdf()]  # type: ignore[arg-type] # well-formed
        written = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=dict(prefixes or {}))
        return (written or b"").decode()

    def text(self, name: Callable[[str], str] = value, width: int = 100) -> str:
        """The report for people: by thing, what is unanswered, what was found, where it is asked, what would mend it.

        Args:
            name: Gives a node the name that people know it by.
            width: The number of columns to keep to, where the words allow it.
        """
        lines: list[str] = []
        for focus, results in self.by_thing().items():
            lines.append(name(focus))
            for result in results:
                lines += _lines(result, name, width)
        return "\n".join(lines)


def refuses(result: Result) -> bool:
    """Whether *result* stands against a record: a violation, of a shape that does more than advise."""
    return result.severity == SH.Violation and result.folder not in _ADVISORY


def _lines(result: Result, name: Callable[[str], str], width: int) -> Iterator[str]:
    word = result.answers.capitalize() or local_name(result.severity)
    label = word if refuses(result) else f"({word})"
    yield from _wrapped(f"  {label:<9} ", result.message, width)
    found = [] if result.value is None or result.value == result.focus else [f"found {_shown(result.value, name)}"]
    parts = [*found, result.suggestion, result.field or result.path_text, str(result.origin)]
    yield from _wrapped(" " * 12, "  ·  ".join(part for part in parts if part), width)


def _shown(token: str, name: Callable[[str], str]) -> str:
    text = name(token)
    return text if len(text) <= 60 else text[:57] + "…"


def _wrapped(start: str, text: str, width: int) -> Iterator[str]:
    line = start
    for word in text.split():
        if len(line) + len(word) > width and line.strip():
            yield line.rstrip()
            line = " " * len(start)
        line += word + " "
    if line.strip():
        yield line.rstrip()


def report_triples(results: Iterable[Result]) -> Iterator[Triple]:
    """A report as triples, one result at a time; ``sh:conforms`` comes last and is what SHACL makes it.

    SHACL says that data conform when there is no result at all, warnings included; whether a record is refused is
    another question (``Report.conforms``).

    Args:
        results: The results; may be a stream.
    """
    numbers = count()

    def mint() -> str:
        return f"_:r{next(numbers)}"

    report, clean = mint(), True
    yield report, RDF.type, SH.ValidationReport
    for result in results:
        clean = False
        node = mint()
        yield report, SH.result, node
        yield from _result_triples(node, result, mint)
    yield report, SH.conforms, literal("true" if clean else "false", XSD + "boolean")


def _result_triples(node: str, result: Result, mint: Callable[[], str]) -> Iterator[Triple]:
    yield node, RDF.type, SH.ValidationResult
    yield node, SH.focusNode, result.focus
    yield node, SH.resultSeverity, result.severity
    yield node, SH.sourceConstraintComponent, result.component
    yield node, SH.sourceShape, result.source_shape
    yield node, SH.resultMessage, literal(result.message)
    if result.value is not None:
        yield node, SH.value, result.value
    if result.source_constraint is not None:
        yield node, SH.sourceConstraint, result.source_constraint
    if result.path is not None:
        path, triples = path_triples(result.path, mint)
        yield node, SH.resultPath, path
        yield from triples
    for detail in result.details:
        inner = mint()
        yield node, SH.detail, inner
        yield from _result_triples(inner, detail, mint)


def as_rows(results: Sequence[Result]) -> list[dict[str, object]]:
    """Results as flat rows, for tables and CSV."""
    return [{k: v for k, v in r.as_dict().items() if k != "details"} for r in results]
