"""Questions: the library, the 5W1H card, lineage, paths, impact, comparisons, histories, and finding things by name."""

from __future__ import annotations

from lakegraph.questions.answering import ask
from lakegraph.questions.asking import Result, select
from lakegraph.questions.branches import WS
from lakegraph.questions.card import Answer, Card, Gap, answers, card
from lakegraph.questions.compare import Comparison, Difference, compare
from lakegraph.questions.gaps import Gaps, Incomplete, gaps
from lakegraph.questions.history import History, LineageDifference, Version, history, lineage_difference
from lakegraph.questions.html import markdown_text
from lakegraph.questions.impact import Impact, impact
from lakegraph.questions.labels import Labels, Titles
from lakegraph.questions.library import LIMIT, Library, Question, bind, library
from lakegraph.questions.lineage import MAX_NODES, Lineage, lineage
from lakegraph.questions.nodes import Edge, Node
from lakegraph.questions.parameters import Parameter, ParameterError
from lakegraph.questions.paths import Path, Paths, why
from lakegraph.questions.protocols import Graph, Index
from lakegraph.questions.recipe import Ingredient, Lack, Recipe, reproduce
from lakegraph.questions.resolve import resolve
from lakegraph.questions.text import Style, card_text
from lakegraph.questions.tree import tree_text
from lakegraph.questions.typed import CARD, Calls, Named, Value, value_text
from lakegraph.questions.walking import Steps

__all__ = [
    "CARD",
    "LIMIT",
    "MAX_NODES",
    "WS",
    "Answer",
    "Calls",
    "Card",
    "Comparison",
    "Difference",
    "Edge",
    "Gap",
    "Gaps",
    "Graph",
    "History",
    "Impact",
    "Incomplete",
    "Index",
    "Ingredient",
    "Labels",
    "Lack",
    "Library",
    "Lineage",
    "LineageDifference",
    "Named",
    "Node",
    "Parameter",
    "ParameterError",
    "Path",
    "Paths",
    "Question",
    "Recipe",
    "Result",
    "Steps",
    "Style",
    "Titles",
    "Value",
    "Version",
    "answers",
    "ask",
    "bind",
    "card",
    "card_text",
    "compare",
    "gaps",
    "history",
    "impact",
    "library",
    "lineage",
    "lineage_difference",
    "markdown_text",
    "reproduce",
    "resolve",
    "select",
    "tree_text",
    "value_text",
    "why",
]
