"""Exchange: media types, RDF as others want it, and evidence that verifies without the lake."""

from __future__ import annotations

from lakegraph.exchange.answers import NAMES, as_text, renderings
from lakegraph.exchange.audit import Finding, audit
from lakegraph.exchange.bundle import Written, write_bundle
from lakegraph.exchange.catalog import profile
from lakegraph.exchange.coverage import Coverage, frameworks
from lakegraph.exchange.evidencing import Evidencing
from lakegraph.exchange.exports import FORMS, Form, export, form_of
from lakegraph.exchange.media import RDF_TYPES, RESULT_TYPES, SUFFIXES, Media, serialize
from lakegraph.exchange.parts import LakeParts
from lakegraph.exchange.verify import Problem, Verdict, verify_file

__all__ = [
    "FORMS",
    "NAMES",
    "RDF_TYPES",
    "RESULT_TYPES",
    "SUFFIXES",
    "Coverage",
    "Evidencing",
    "Finding",
    "Form",
    "LakeParts",
    "Media",
    "Problem",
    "Verdict",
    "Written",
    "as_text",
    "audit",
    "export",
    "form_of",
    "frameworks",
    "profile",
    "renderings",
    "serialize",
    "verify_file",
    "write_bundle",
]
