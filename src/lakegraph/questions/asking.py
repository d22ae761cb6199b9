"""Putting the project's own queries to a graph, and the answers to questions as tables, JSON and data frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from lakegraph import resources
from lakegraph.errors import MissingExtraError, NotFoundError, QueryError
from lakegraph.questions.library import Question
from lakegraph.questions.protocols import Graph, Row, Table
from lakegraph.rdf.terms import Triple, is_literal, python_value, value

if TYPE_CHECKING:
    import pandas as pd


@cache
def text_of(name: str) -> str:
    """The text of one of the project's own queries, such as ``5w1h/what`` or ``lineage/parts/edges``."""
    return resources.text(f"queries/{name}.rq")


def select(graph: Graph, name: str, **bindings: str) -> list[Row]:
    """The rows that one of the project's own SELECT queries gives, as tokens.

    Args:
        graph: The graph.
        name: The query's path below ``queries``, without its suffix.
        bindings: Variable to token.
    """
    return table(graph.query(text_of(name), bindings), name).rows


def rows_of(graph: Graph, text: str, bindings: Mapping[str, str]) -> list[dict[str, str | None]]:
    """The rows of a SELECT query, each by the names of its columns."""
    answer = table(graph.query(text, bindings), text)
    return [dict(zip(answer.variables, row, strict=True)) for row in answer.rows]


def is_known(graph: Graph, token: str) -> bool:
    """Whether the graph says anything of a thing, or with it."""
    return bool(select(graph, "5w1h/parts/known", about=token))


def check_known(graph: Graph, token: str) -> None:
    """Refuse a thing that the graph has never heard of.

    Raises:
        NotFoundError: The graph says nothing of it.
    """
    if not is_known(graph, token):
        name = value(token)
        hint = "lakegraph search finds what it has."
        raise NotFoundError(f"The lake knows nothing of {name}.", where=name, hint=hint)


def table(answer: Table | bool | list[Triple], name: str) -> Table:
    """*answer*, which has to be rows.

    Raises:
        QueryError: It is something else.
    """
    if isinstance(answer, bool | list):
        raise QueryError("A query that was expected to select rows does not.", where=name)
    return answer


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a question of the library.

    Attributes:
        question: The question.
        bindings: What was asked, as tokens.
        variables: The names of the columns.
        rows: The rows, as tokens; none for a question that gives RDF or a truth value.
        triples: The statements, for a question that gives RDF.
        truth: The answer, for a question that is true or false.
        more: Whether there are rows beyond the limit.
    """

    question: Question
    bindings: Mapping[str, str]
    variables: tuple[str, ...] = ()
    rows: Sequence[Row] = ()
    triples: Sequence[Triple] = ()
    truth: bool | None = None
    more: bool = False

    def __iter__(self) -> Iterator[Mapping[str, str | None]]:
        for row in self.rows:
            yield dict(zip(self.variables, row, strict=True))

    def __len__(self) -> int:
        return len(self.rows) or len(self.triples)

    def as_dict(self) -> dict[str, object]:
        """The answer for JSON: IRIs and lexical forms, numbers as numbers."""
        members: dict[str, object] = {
            "question": self.question.name,
            "summary": self.question.summary,
            "parameters": {name: value(token) for name, token in self.bindings.items()},
        }
        if self.truth is not None:
            return members | {"answer": self.truth}
        if self.triples:
            return members | {"triples": [[value(term) for term in triple] for triple in self.triples]}
        rows = [{n: plain(t) for n, t in zip(self.variables, row, strict=True) if t is not None} for row in self.rows]
        return members | {"columns": list(self.variables), "rows": rows, "more": self.more}

    def _repr_html_(self) -> str:
        from lakegraph.questions.html import table_html, text_html

        if self.truth is not None:
            return text_html("yes" if self.truth else "no")
        if self.triples:
            return table_html(("subject", "predicate", "object"), [[value(t) for t in each] for each in self.triples])
        return table_html(self.variables, [[None if t is None else value(t) for t in row] for row in self.rows])

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a data frame.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        return frame([[plain(t) for t in row] for row in self.rows], self.variables)


def plain(token: str | None) -> Any:
    """A token as JSON holds it: a number, a truth value, or text."""
    if token is None:
        return None
    if not is_literal(token):
        return value(token)
    natural = python_value(token)
    return natural if isinstance(natural, bool | int | float | str) else float(natural)


def frame(rows: Sequence[Sequence[object]], columns: Sequence[str]) -> pd.DataFrame:
    """A data frame.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError("Data frames need pandas.", hint="pip install 'lakegraph[pandas]'") from error
    return pd.DataFrame(list(rows), columns=list(columns))
