"""Answering a question of the library: by its query, and one of the six W's as people read its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakegraph.questions.asking import Result, check_known, table
from lakegraph.questions.branches import WS
from lakegraph.questions.card import answers
from lakegraph.questions.labels import Labels
from lakegraph.questions.library import LIMIT, Question
from lakegraph.questions.parameters import ParameterError
from lakegraph.questions.protocols import Graph, Lists, Row
from lakegraph.rdf.namespaces import LAKE, RDF
from lakegraph.rdf.terms import XSD, lexical, literal, value
from lakegraph.rdf.vocabulary import ontology

_W_FOLDER = "5w1h"
_MOST_ROWS = 1000
_MOST_LISTED = 2000
"""So many things of a list are asked about; most of what an index lists is an answer."""
_COLUMNS = ("answer", "value", "on", "via", "record", "recorded")


def ask(graph: Graph, question: Question, bindings: Mapping[str, str], lists: Lists | None = None) -> Result:
    """The answer of *graph* to *question*.

    Args:
        graph: The graph.
        question: The question.
        bindings: What :func:`lakegraph.questions.bind` made of the parameters.
        lists: An index; without one, a question that it would narrow is put to the whole graph, with the same answer.

    Raises:
        NotFoundError: The graph says nothing of the thing that is asked about.
        ParameterError: It is of another kind than the question is about.
    """
    _check_subject(graph, question, bindings)
    if question.folder == _W_FOLDER and question.name in WS:
        return _answer_w(graph, question, bindings)
    bound = {name: token for name, token in bindings.items() if name != LIMIT}
    if question.narrowed and lists:
        return _answer_narrowed(graph, question, bindings, bound, lists)
    most = max(int(value(bindings[LIMIT])), 0) if LIMIT in bindings else None
    answer = graph.query(question.text, bound, most)
    if isinstance(answer, bool):
        return Result(question, bindings, truth=answer)
    if isinstance(answer, list):
        return Result(question, bindings, triples=answer)
    rows = list(dict.fromkeys(answer.rows))
    limit = len(rows) if most is None else most
    return Result(question, bindings, answer.variables, rows[:limit], more=len(rows) > limit)


def _answer_narrowed(
    graph: Graph, question: Question, bindings: Mapping[str, str], bound: Mapping[str, str], lists: Lists
) -> Result:
    """The answer found by asking of each thing that the index lists, until there are enough rows."""
    variable, listed = question.narrowed or ("", "")
    limit = max(int(value(bindings.get(LIMIT, literal(str(_MOST_ROWS))))), 0)
    variables: tuple[str, ...] = ()
    rows: dict[Row, None] = {}
    for iri in _best(graph, lists, bindings, limit) if listed == "best" else _with_gaps(lists, bindings):
        answer = table(graph.query(question.text, {**bound, variable: f"<{iri}>"}), question.name)
        variables = answer.variables
        rows.update(dict.fromkeys(answer.rows))
        if len(rows) > limit:
            break
    return Result(question, bindings, variables, list(rows)[:limit], more=len(rows) > limit)


def _with_gaps(lists: Lists, bindings: Mapping[str, str]) -> Sequence[str]:
    return lists.with_gaps(int(value(bindings["gaps"])), _MOST_LISTED)


def _best(graph: Graph, lists: Lists, bindings: Mapping[str, str], limit: int) -> Sequence[str]:
    task, measure = bindings["task"], bindings["measure"]
    falling = any(lexical(rising) in ("false", "0") for rising in graph.objects(measure, LAKE.higherIsBetter))
    most = min(limit + 1, _MOST_ROWS)
    ranked = lists.leaderboard(value(measure), task=value(task), limit=most, lowest_first=falling)
    return [score.model for score in ranked.scores]


def _check_subject(graph: Graph, question: Question, bindings: Mapping[str, str]) -> None:
    subject = question.subject
    if subject is None or subject.name not in bindings:
        return
    about = bindings[subject.name]
    classes = list(graph.objects(about, RDF.type))
    if not classes:
        check_known(graph, about)
        return
    # A thing that many records describe may show only the class that they state; what follows from it is known here.
    all_classes = {each for cls in classes for each in (cls, *ontology().superclasses.get(cls, ()))}
    if question.about and not all_classes & set(question.about):
        labels = Labels(graph)
        wanted = " or ".join(labels.of(cls) for cls in question.about)
        raise ParameterError(
            f"{labels.of(about)} is a {labels.kind(classes)}; the question {question.name!r} is about a {wanted}.",
            where=subject.name,
            hint="lakegraph ask lists what can be asked of other things.",
        )


def _answer_w(graph: Graph, question: Question, bindings: Mapping[str, str]) -> Result:
    """One W as a table: what people read, the value behind it, which thing says so with what, and the record."""
    rows = []
    for each in answers(graph, question.name, bindings["about"]):
        recorded = literal(each.recorded, XSD + "dateTime") if each.recorded else None
        rows.append((literal(each.label.strip()), each.value, each.on, each.via, each.record, recorded))
    return Result(question, bindings, _COLUMNS, rows)
