"""What nobody has said about the things of a lake, counted by the field that would say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakegraph.questions.branches import WS
from lakegraph.questions.card import FindMissing, Gap, advice
from lakegraph.questions.labels import Labels, field_text
from lakegraph.questions.protocols import Graph
from lakegraph.questions.text import Style, undressed
from lakegraph.rdf.terms import is_literal, value

_SHOWN = 10
"""How many of the worst things are named in a terminal."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A thing of which something is not said.

    Attributes:
        iri: The thing (token).
        label: What it is called.
        gaps: What is missing, What before Who and so on.
    """

    iri: str
    label: str
    gaps: tuple[Gap, ...]

    def as_dict(self) -> dict[str, object]:
        """The thing for JSON."""
        return {"iri": value(self.iri), "title": self.label, "gaps": [gap.as_dict() for gap in self.gaps]}


@dataclass(frozen=True, slots=True)
class Gaps:
    """What nobody has said about some things.

    Attributes:
        looked: How many things were looked at.
        things: Those of which something is missing, the most first.
    """

    looked: int
    things: tuple[Incomplete, ...]

    @property
    def fields(self) -> tuple[tuple[str, str, int], ...]:
        """W, field and of how many things it is missing, the most first."""
        counts = Counter(
            (gap.w, gap.field) for thing in self.things for gap in {(g.w, g.field): g for g in thing.gaps}.values()
        )
        return tuple((w, name, n) for (w, name), n in sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def __len__(self) -> int:
        return sum(len(thing.gaps) for thing in self.things)

    def __iter__(self) -> Iterator[Incomplete]:
        return iter(self.things)

    def as_dict(self) -> dict[str, object]:
        """The gaps for JSON."""
        fields = [{"w": w, "field": name, "things": count} for w, name, count in self.fields]
        return {"looked": self.looked, "fields": fields, "things": [thing.as_dict() for thing in self.things]}

    def text(self, style: Style = undressed) -> str:
        """The gaps for a terminal."""
        if not self.things:
            return f"Nothing is missing of {self.looked} thing{'' if self.looked == 1 else 's'}."
        if self.looked == 1:
            (thing,) = self.things
            lines = [style(thing.label, "title")]
            return "\n".join(
                lines + [f"  {style(g.w.capitalize().ljust(7), 'word')}{g.label}: {g.hint}" for g in thing.gaps]
            )
        lines = [f"{len(self.things)} of the {self.looked} newest things leave something open."]
        for w, name, count in self.fields:
            lines.append(f"  {style(w.capitalize().ljust(7), 'word')}{count:>5}  no {field_text(name)} ({name})")
        for thing in self.things[:_SHOWN]:
            said = ", ".join(gap.label for gap in thing.gaps)
            lines.append(f"  {style(thing.label, 'title')}: {style(said, 'gap')}")
        if len(self.things) > _SHOWN:
            lines.append(style(f"  … and {len(self.things) - _SHOWN} more", "quiet"))
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from lakegraph.questions.html import table_html

        rows = [[t.label, g.w, g.label, g.field, g.hint] for t in self.things for g in t.gaps]
        return table_html(("thing", "w", "gap", "field", "what to do"), rows)


def gaps(graph: Graph, things: Sequence[str], missing: FindMissing) -> Gaps:
    """What is missing of each of some things.

    Args:
        graph: The graph.
        things: Tokens.
        missing: Judges things by the shapes.
    """
    labels = Labels(graph)
    found: dict[str, dict[tuple[str, str], Gap]] = {token: {} for token in things}
    for each in missing(list(found), {}):
        said = each.value is not None and is_literal(each.value)
        if each.answers in WS and each.field and each.focus in found and not said:
            gap = Gap(each.answers, each.field, each.focus, advice(each.message))
            found[each.focus].setdefault((each.answers, field_text(each.field)), gap)
    incomplete = [
        Incomplete(token, labels.of(token), tuple(sorted(mine.values(), key=lambda g: (WS.index(g.w), g.field))))
        for token, mine in found.items()
        if mine
    ]
    return Gaps(len(found), tuple(sorted(incomplete, key=lambda t: (-len(t.gaps), t.label, t.iri))))
