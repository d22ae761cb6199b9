"""Reads the parameters of one shape from the shapes graph, with errors that name the shape, its file and its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lakegraph.errors import DataFileError
from lakegraph.rdf.namespaces import SH
from lakegraph.rdf.terms import XSD, canonical_lexical, datatype, is_iri, is_literal, lexical, literal
from lakegraph.validation.paths import Path
from lakegraph.validation.shape import Built, Constraint, Environment, Shape
from lakegraph.validation.shapes_graph import ShapesGraph


@dataclass(frozen=True, slots=True)
class Reader:
    """One shape while it is read.

    Attributes:
        graph: The shapes graph.
        node: The shape.
        path: Its path, when it is a property shape.
        nested: Reads a shape that this one names.
    """

    graph: ShapesGraph
    node: str
    path: Path | None
    nested: Callable[[str], Shape]

    def error(self, problem: str, hint: str | None = None) -> DataFileError:
        """An error about this shape."""
        return self.graph.error(self.node, problem, hint)

    def values(self, name: str) -> Sequence[str]:
        """All values of a SHACL parameter."""
        return self.graph.objects(self.node, SH[name])

    def single(self, name: str) -> str | None:
        """The one value of a SHACL parameter, or ``None``."""
        return self.graph.one(self.node, SH[name])

    def iri(self, name: str, token: str) -> str:
        """*token*, which must be an IRI."""
        if not is_iri(token):
            raise self.error(f"wants an IRI for sh:{name}, not {self.graph.shorten(token)!r}")
        return token

    def integer(self, name: str, token: str) -> int:
        """The count that *token* stands for."""
        if not is_literal(token) or datatype(token) != XSD + "integer" or not lexical(token).lstrip("+").isdecimal():
            raise self.error(f"wants a whole number for sh:{name}, not {self.graph.shorten(token)!r}")
        return int(lexical(token))

    def text(self, name: str, token: str) -> str:
        """The text that *token* holds."""
        if not is_literal(token):
            raise self.error(f"wants a text for sh:{name}, not {self.graph.shorten(token)!r}")
        return lexical(token)

    def is_true(self, token: str | None) -> bool:
        """Whether *token* is the literal ``true``; only that one switches something on (SHACL, uniqueLang)."""
        return token == f'"true"^^<{XSD}boolean>'

    def items(self, token: str) -> tuple[str, ...]:
        """The members of a list."""
        return self.graph.items(self.node, token)

    def make(
        self,
        name: str,
        build: Callable[[Environment], Built],
        parameters: Mapping[str, str | Sequence[str]],
        shapes: tuple[Shape, ...] = (),
    ) -> Constraint:
        """A constraint of the SHACL component *name* (without ``ConstraintComponent``).

        Args:
            name: The component.
            build: Compiles the constraint.
            parameters: What messages may say of it: parameter name to the token or tokens of its value.
            shapes: The shapes that it names.
        """
        tokens = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in parameters.items()}
        return Constraint(SH[f"{name}ConstraintComponent"], tokens, build, shapes)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A SHACL parameter that makes a constraint.

    Attributes:
        read: Makes the constraint of one value.
        several: Whether a shape may have several values of it, each a constraint.
        property_only: Whether it has a meaning only where there is a path.
    """

    read: Callable[[Reader, str], Constraint | None]
    several: bool = False
    property_only: bool = False


def as_stored(token: str) -> frozenset[str]:
    """The forms in which a stored value that equals *token* can stand: as written, and as the engine gives it back."""
    if is_literal(token) and "^^" in token:
        kind = datatype(token)
        return frozenset({token, literal(canonical_lexical(lexical(token), kind), kind)})
    return frozenset({token})
