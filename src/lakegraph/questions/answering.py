"""Answering a question of the library: by its query, and one of the six W's as people read its answers."""

from __future__ import annotations

from collections.abc import Mapping

from lakegraph.questions.asking import Result
from lakegraph.questions.card import WS, answers
from lakegraph.questions.library import LIMIT, Question
from lakegraph.questions.protocols import Graph
from lakegraph.rdf.terms import XSD, literal, value

_W_FOLDER = "5w1h"
_COLUMNS = ("answer", "value", "on", "via", "record", "recorded")


def ask(graph: Graph, question: Question, bindings: Mapping[str, str]) -> Result:
    """The answer of *graph* to *question*.

    Args:
        graph: The graph.
        question: The question.
        bindings: What :func:`lakegraph.questions.bind` made of the parameters.
    """
    if question.folder == _W_FOLDER and question.name in WS:
        return _answer_w(graph, question, bindings)
    bound = {name: token for name, token in bindings.items() if name != LIMIT}
    answer = graph.query(question.text, bound)
    if isinstance(answer, bool):
        return Result(question, bindings, truth=answer)
    if isinstance(answer, list):
        return Result(question, bindings, triples=answer)
    limit = max(int(value(bindings[LIMIT])), 0) if LIMIT in bindings else len(answer.rows)
    rows = list(dict.fromkeys(answer.rows))
    return Result(question, bindings, answer.variables, rows[:limit], more=len(rows) > limit)


def _answer_w(graph: Graph, question: Question, bindings: Mapping[str, str]) -> Result:
    """One W as a table: what people read, the value behind it, which thing says so with what, and the record."""
    rows = []
    for each in answers(graph, question.name, bindings["about"]):
        recorded = literal(each.recorded, XSD + "dateTime") if each.recorded else None
        rows.append((literal(each.label.strip()), each.value, each.on, each.via, each.record, recorded))
    return Result(question, bindings, _COLUMNS, rows)
