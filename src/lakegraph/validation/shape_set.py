"""All shapes of a lake, loaded and judged well-formed, and what there is to say about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakegraph.rdf.namespaces import RDFS, Namespace
from lakegraph.rdf.terms import local_name, value
from lakegraph.validation.parser import Parser, check_terms
from lakegraph.validation.paths import path_text
from lakegraph.validation.result import fill, preferred
from lakegraph.validation.shape import Constraint, Shape
from lakegraph.validation.shapes_graph import ShapesGraph, read_folders

_LAKESH = Namespace("lakesh")


@dataclass(frozen=True, slots=True)
class ShapeRow:
    """One shape in a list of shapes.

    Attributes:
        shape: Its name.
        target: What it is about.
        folder: Its folder.
        place: File and line.
        engine: ``compiled``, ``bounded`` (compiled equals of SPARQL) or ``pyshacl``.
        constraints: How many constraints it has.
    """

    shape: str
    target: str
    folder: str
    place: str
    engine: str
    constraints: int


@dataclass(frozen=True, slots=True)
class DocRow:
    """One thing that a shape asks, for a reference table.

    Attributes:
        shape: The targeted shape.
        target: What it is about.
        folder: Its folder.
        path: The property path, empty for what is asked of the thing itself.
        asks: The constraints, such as ``minCount 1, datatype xsd:date``.
        severity: Violation, Warning or Info.
        answers: The W that it answers.
        field: The document field.
        message: What is said when it fails.
        place: File and line.
    """

    shape: str
    target: str
    folder: str
    path: str
    asks: str
    severity: str
    answers: str
    field: str
    message: str
    place: str


class ShapeSet:
    """Shapes that are well-formed.

    Args:
        graph: The shapes graph.

    Attributes:
        shapes: The shapes that are about something by themselves.
        by_node: Every shape by its token.

    Raises:
        DataFileError: A shape is not well-formed, contains itself or uses a pattern that can blow up.
    """

    def __init__(self, graph: ShapesGraph) -> None:
        self.graph = graph
        parser = Parser(graph)
        self.shapes: tuple[Shape, ...] = tuple(parser.targeted())
        self.by_node: Mapping[str, Shape] = parser.shapes

    @classmethod
    def load(cls, folders: Sequence[Path], closed: Mapping[str, Collection[str]] | None = None) -> ShapeSet:
        """Read all Turtle files below *folders*.

        Args:
            folders: ``shapes`` itself, or sub-folders of it that say what their shapes are for.
            closed: Namespaces (bare IRIs) whose terms are all known, with the tokens of the terms; a shape that names
                another term of such a namespace is refused.

        Raises:
            DataFileError: A file does not parse, a shape is not well-formed, contains itself, names an unknown term, or
                uses a pattern that can blow up. File, line and shape are named.
        """
        graph = read_folders(folders)
        check_terms(graph, {space: frozenset(terms) for space, terms in (closed or {}).items()})
        return cls(graph)

    def shorten(self, token: str) -> str:
        """*token* for people: prefixed where the shapes' files have a prefix for it."""
        return self.graph.shorten(token)

    def engine(self, shape: Shape) -> str:
        """The engine that checks *shape*: ``compiled``, ``bounded`` or ``pyshacl``."""
        engines = shape.engines()
        return next((e for e in ("pyshacl", "bounded") if e in engines), "compiled")

    def note(self, shape: str, name: str) -> str:
        """What a shape or a property shape says of itself with ``lakesh:name``; empty when it says nothing."""
        found = self.graph.objects(shape, _LAKESH[name])
        return value(found[0]) if found else ""

    def describe(self) -> list[ShapeRow]:
        """A row for every shape that is about something by itself."""
        return [
            ShapeRow(
                shape=self.name(shape),
                target=self.target(shape),
                folder=shape.origin.folder,
                place=str(shape.origin),
                engine=self.engine(shape),
                constraints=shape.count(),
            )
            for shape in self.shapes
        ]

    def name(self, shape: Shape) -> str:
        """The name of *shape*: its prefixed IRI, or its place when it has none."""
        return self.shorten(shape.node) if shape.node[0] == "<" else str(shape.origin)

    def target(self, shape: Shape) -> str:
        """What *shape* is about, in words."""
        targets = shape.targets
        words = [self.shorten(c) for c in targets.classes]
        words += [f"subjects of {self.shorten(p)}" for p in targets.subjects_of]
        words += [f"objects of {self.shorten(p)}" for p in targets.objects_of]
        words += [self.shorten(n) for n in targets.nodes]
        words += ["a SPARQL target" for _ in targets.other]
        return ", ".join(words)

    def docs(self) -> list[DocRow]:
        """A row for everything that a shape asks: of the thing itself, and of each of its properties."""
        return [
            self._doc_row(shape, part)
            for shape in self.shapes
            for part in (shape, *shape.properties)
            if part.constraints
        ]

    def _doc_row(self, shape: Shape, part: Shape) -> DocRow:
        path = path_text(part.path, self.shorten) if part.path is not None else ""
        messages = [m for c in part.constraints for m in c.messages] or list(part.messages)
        label = shape.notes.get(RDFS.label)
        return DocRow(
            shape=preferred(label) if label else self.name(shape),
            target=self.target(shape),
            folder=part.origin.folder,
            path=path,
            asks=", ".join(self._asks(c) for c in part.constraints),
            severity=local_name(part.severity),
            answers=self.note(part.node, "answers"),
            field=self.note(part.node, "field"),
            message=fill(preferred(messages), {"path": path, "PATH": path}) if messages else "",
            place=str(part.origin),
        )

    def _asks(self, constraint: Constraint) -> str:
        said = [
            f"{name} {' '.join(self.shorten(t) if t[0] != '_' else '…' for t in tokens)}"
            for name, tokens in constraint.parameters.items()
        ]
        return ", ".join(said) or self.shorten(constraint.component).removesuffix("ConstraintComponent")

    def prefixes(self) -> Mapping[str, str]:
        """The prefixes of the shapes' files."""
        return self.graph.prefixes
