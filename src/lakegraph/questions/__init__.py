"""Questions: the library of saved ones, the 5W1H card, and their answers as text, JSON, Markdown, HTML and Turtle."""

from __future__ import annotations

from lakegraph.questions.asking import Result, ask
from lakegraph.questions.card import WS, Answer, Card, Gap, answers, card
from lakegraph.questions.labels import Labels
from lakegraph.questions.library import LIMIT, Library, Question, bind, library
from lakegraph.questions.parameters import Parameter, ParameterError
from lakegraph.questions.protocols import Graph, Index
from lakegraph.questions.text import card_text

__all__ = [
    "LIMIT",
    "WS",
    "Answer",
    "Card",
    "Gap",
    "Graph",
    "Index",
    "Labels",
    "Library",
    "Parameter",
    "ParameterError",
    "Question",
    "Result",
    "answers",
    "ask",
    "bind",
    "card",
    "card_text",
    "library",
]
