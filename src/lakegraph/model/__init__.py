"""Record documents: what can be said of a model lake, as checked data without RDF and without I/O.

Field names are the ontology's, so a document, the graph and a question use the same words.
"""

from __future__ import annotations

from lakegraph.model.base import Thing
from lakegraph.model.documents import FieldKind, document_class, field_kinds, json_schema, parse

__all__ = ["FieldKind", "Thing", "document_class", "field_kinds", "json_schema", "parse"]
