"""The shapes, compiled; the gate that every record passes; and the report of what it found."""

from __future__ import annotations

from lakegraph.validation.frameworks import Clause, Framework, Frameworks, Item
from lakegraph.validation.gate import Gate
from lakegraph.validation.report import Report
from lakegraph.validation.result import Result
from lakegraph.validation.shape_set import DocRow, ShapeRow, ShapeSet
from lakegraph.validation.shapes_graph import Origin
from lakegraph.validation.statements import ClassTable, MemoryStatements, ReadStatements, Statements

__all__ = [
    "ClassTable",
    "Clause",
    "DocRow",
    "Framework",
    "Frameworks",
    "Gate",
    "Item",
    "MemoryStatements",
    "Origin",
    "ReadStatements",
    "Report",
    "Result",
    "ShapeRow",
    "ShapeSet",
    "Statements",
]
