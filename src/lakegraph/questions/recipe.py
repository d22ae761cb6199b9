"""What is needed to make a model or data set again, and exactly what is missing for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lakegraph.errors import NotFoundError
from lakegraph.questions.asking import check_known, rows_of, select, text_of
from lakegraph.questions.labels import Labels, field_text
from lakegraph.questions.nodes import Node, describe_node
from lakegraph.questions.protocols import Graph
from lakegraph.questions.text import Style, undressed
from lakegraph.rdf.terms import is_literal, lexical, value

CODE, ENVIRONMENT, PARAMETERS, DATA, SPLIT = "code", "environment", "parameters", "data", "split"
PARTS = (CODE, ENVIRONMENT, PARAMETERS, DATA, SPLIT)
"""The parts of a recipe, in the order in which they are needed."""
_DIRTY = "uncommittedChanges"


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One thing that is needed: a program, an environment, a parameter, a data set, a way to split.

    Attributes:
        part: ``code``, ``environment``, ``parameters``, ``data`` or ``split``.
        name: What it is called.
        iri: The thing (token); None for a plain value.
        facts: What is known of it, by document field; several values of one field in their order.
    """

    part: str
    name: str
    iri: str | None = None
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The ingredient in one line."""
        said = [", ".join(values) if f == "value" else f"{field_text(f)} {', '.join(values)}"
                for f, values in self.facts.items()]  # fmt: skip
        return f"{self.name}: {'; '.join(said)}" if said else self.name

    def as_dict(self) -> dict[str, object]:
        """The ingredient for JSON."""
        facts = {name: list(values) if len(values) > 1 else values[0] for name, values in self.facts.items()}
        return {"part": self.part, "name": self.name, **({"iri": value(self.iri)} if self.iri else {}), **facts}


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing.

    Attributes:
        part: The part of the recipe that it belongs to.
        field: The document field that would say it.
        of: What the field belongs to, in words.
        on: The same as a token.
    """

    part: str
    field: str
    of: str
    on: str

    @property
    def label(self) -> str:
        """What is missing, in words: ``no code version of modelDP.py``."""
        if self.field == _DIRTY:
            return f"{self.of} had changes that no commit holds"
        return f"no {field_text(self.field)} of {self.of}"

    def as_dict(self) -> dict[str, object]:
        """What is missing, for JSON."""
        return {"part": self.part, "field": self.field, "on": value(self.on), "text": self.label}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a thing was made, so that it can be made again.

    Attributes:
        about: The thing.
        run: The run that made it, the last of several.
        ingredients: What it needs.
        missing: What is not known; nothing where it can be made again as it was.
    """

    about: Node
    run: Node
    ingredients: tuple[Ingredient, ...]
    missing: tuple[Lack, ...]

    @property
    def complete(self) -> bool:
        """Whether everything is pinned down."""
        return not self.missing

    def part(self, name: str) -> tuple[Ingredient, ...]:
        """The ingredients of one part."""
        return tuple(i for i in self.ingredients if i.part == name)

    def __iter__(self) -> Iterator[Ingredient]:
        return iter(self.ingredients)

    def as_dict(self) -> dict[str, object]:
        """The recipe for JSON."""
        return {
            "of": value(self.about.iri),
            "title": self.about.label,
            "run": self.run.as_dict(),
            **{name: [i.as_dict() for i in self.part(name)] for name in PARTS},
            "missing": [lack.as_dict() for lack in self.missing],
            "complete": self.complete,
        }

    def text(self, style: Style = undressed) -> str:
        """The recipe for a terminal."""
        lines = [f"{style(self.about.label, 'title')} was made by {self.run.line}"]
        for name in PARTS:
            word = name.capitalize()
            for each in self.part(name):
                lines.append(f"  {style(word.ljust(13), 'word')}{each.line}")
                word = ""
        word = "Missing"
        for lack in self.missing:
            lines.append(f"  {style(word.ljust(13), 'gap')}{lack.label} ({lack.field})")
            word = ""
        if self.complete:
            lines.append(style("  Everything is pinned down.", "quiet"))
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    def to_markdown(self) -> str:
        """The recipe as Markdown: a heading a part, and what is missing as a list to tick off."""
        from lakegraph.questions.html import markdown_text

        lines = [f"# {markdown_text(self.about.label)}", "", f"Made by {markdown_text(self.run.line)}.", ""]
        for name in PARTS:
            if self.part(name):
                lines += [f"## {name.capitalize()}", "", *(f"- {markdown_text(i.line)}" for i in self.part(name)), ""]
        if self.missing:
            lines += ["## Missing", "", *(f"- [ ] {markdown_text(m.label)} (`{m.field}`)" for m in self.missing), ""]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from lakegraph.questions.html import recipe_html

        return recipe_html(self)


def reproduce(graph: Graph, about: str) -> Recipe:
    """What is needed to make *about* again.

    Args:
        graph: The graph.
        about: A model, a data set, or a run (token).

    Raises:
        NotFoundError: The graph says nothing of it, or of no run that made it.
    """
    labels = Labels(graph)
    run = _maker(graph, labels, about)
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    names: dict[tuple[str, str], str] = {}
    wanted: list[tuple[str, str, str]] = []
    for row in rows_of(graph, text_of("reproducibility/parts/recipe"), {"about": run}):
        part, thing, what = (lexical(row[n]) if n != "thing" else row[n] or run for n in ("part", "thing", "field"))
        key = (part, thing)
        facts = found.setdefault(key, {})
        if row["name"]:
            names[key] = lexical(row["name"])
        if row["value"] is None:
            wanted.append((part, thing, what))
        else:
            said = labels.of(row["value"]) if not is_literal(row["value"]) else lexical(row["value"])
            if said not in facts.setdefault(what, []):
                facts[what].append(said)
    ingredients = [_ingredient(labels, run, names, key, facts) for key, facts in sorted(found.items(), key=_place)]
    missing = [
        Lack(part, what, names.get((part, thing)) or labels.of(thing), thing)
        for part, thing, what in dict.fromkeys(wanted)
        if what not in found[part, thing]
    ]
    # What was never committed cannot be checked out.
    for (part, thing), facts in found.items():
        if facts.pop(_DIRTY, None):
            missing.append(Lack(part, _DIRTY, names.get((part, thing)) or labels.of(thing), thing))
    return Recipe(
        about=describe_node(graph, labels, about, 0, run=about == run),
        run=describe_node(graph, labels, run, -1, run=True),
        ingredients=tuple(i for i in ingredients if i.facts),
        missing=tuple(sorted(missing, key=lambda m: (PARTS.index(m.part), m.of, m.field))),
    )


def _maker(graph: Graph, labels: Labels, about: str) -> str:
    """The run that made *about*, or *about* itself where it is a run that read something."""
    made = sorted({row[1] for row in select(graph, "lineage/parts/up-step", about=about) if row[1]})
    if made:
        return made[-1]
    if select(graph, "lineage/parts/up-run", about=about):
        return about
    check_known(graph, about)
    raise NotFoundError(
        f"No run that made {labels.of(about)} is recorded.",
        where=value(about),
        hint="Recipes are of models, of data sets that a run made, and of runs.",
    )


def _ingredient(
    labels: Labels,
    run: str,
    names: Mapping[tuple[str, str], str],
    key: tuple[str, str],
    facts: Mapping[str, Sequence[str]],
) -> Ingredient:
    part, thing = key
    own = thing != run
    name = names.get(key) or (labels.of(thing) if own else field_text(next(iter(facts), part)))
    said = {what if own else "value": tuple(values) for what, values in facts.items()}
    return Ingredient(part, name, thing if own else None, said)


def _place(item: tuple[tuple[str, str], object]) -> tuple[int, str]:
    return PARTS.index(item[0][0]), item[0][1]
