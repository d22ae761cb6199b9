"""The checks that a question file passes before anybody can ask it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

import pyoxigraph as ox

from lakegraph.errors import DataFileError
from lakegraph.rdf.vocabulary import Ontology

_POSITION = re.compile(r"error at (\d+):(\d+): (?:expected )?(.*)", re.DOTALL)
# https://www.w3.org/TR/sparql11-query/#rPN_LOCAL, without its escapes, which nothing here needs.
_TOKEN = re.compile(
    r"""(?P<text>\"{3}(?:[^"\\]|\\.|"(?!""))*"{3}|'{3}(?:[^'\\]|\\.|'(?!''))*'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<iri><[^<>"{}|^`\\\s]*>)
    |(?P<comment>\#[^\n]*)
    |(?P<variable>[?$]\w+)
    |(?P<name>(?P<prefix>[A-Za-z][\w-]*(?:\.[\w-]+)*)?:(?P<local>(?:[\w:-]|%[0-9A-Fa-f]{2}|\.(?=[\w:%-]))*))
    |(?P<word>[A-Za-z_]+)""",
    re.VERBOSE | re.DOTALL,
)
_PREFIX = re.compile(r"PREFIX\s+([\w.-]*):\s*<([^<>]*)>", re.IGNORECASE)
_FORBIDDEN = frozenset({"SERVICE", "LOAD", "INSERT", "DELETE", "CLEAR", "DROP", "CREATE", "COPY", "MOVE", "ADD"})
_READS_ONLY = "A question reads what this lake holds: it neither writes nor asks elsewhere."
_OPEN = frozenset({"rdf", "rdfs", "owl", "xsd", "skos", "sh", "void", "sd", "fn", "org", "odrl"})
"""Prefixes whose vocabularies are used whole, so that the ontology does not declare them term by term."""


def check(text: str, parameters: tuple[str, ...], known: Ontology, where: str) -> None:
    """Refuse a question that could not be asked, or that would do more than read.

    Args:
        text: The SPARQL query.
        parameters: The variables that are bound.
        known: The ontology that declares the terms.
        where: The file, as messages name it.

    Raises:
        DataFileError: What is wrong, with file and line.
    """
    _check_words(text, where)
    _check_syntax(text, where)
    _check_projection(text, parameters, where)
    _check_terms(text, known, where)


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _check_words(text: str, where: str) -> None:
    """Before the engine sees the text: it would act on a SERVICE clause even over an empty store."""
    for match in _TOKEN.finditer(text):
        if match["word"] and match["word"].upper() in _FORBIDDEN:
            raise DataFileError(
                f"{match['word'].upper()} has no place in a question.",
                where=f"{where}:{_line(text, match.start())}",
                hint=_READS_ONLY,
            )


def _check_syntax(text: str, where: str) -> None:
    try:
        ox.Store().query(text, use_default_graph_as_union=True)
    except SyntaxError as error:
        match = _POSITION.search(str(error))
        line, reason = (match[1], " ".join(match[3].split())) if match else ("1", str(error))
        if "Prefix not found" in reason:
            reason = "a prefix is used that no PREFIX line declares"
        elif len(reason) > 120:
            reason = f"{reason[:117]}…"
        raise DataFileError(f"Not a SPARQL query: {reason}.", where=f"{where}:{line}") from error


def _check_projection(text: str, parameters: tuple[str, ...], where: str) -> None:
    nothing = ox.NamedNode("urn:nothing")
    for name in parameters:
        try:
            ox.Store().query(text, use_default_graph_as_union=True, substitutions={ox.Variable(name): nothing})
        except RuntimeError as error:
            raise DataFileError(
                f"The parameter {name!r} is not among the variables that the query selects.",
                where=f"{where}:{_line(text, max(text.upper().find('SELECT'), 0))}",
                hint=f"Write SELECT ?{name} …: the engine binds only what is selected.",
            ) from error


def _check_terms(text: str, known: Ontology, where: str) -> None:
    prefixes = {m[1]: m[2] for m in _PREFIX.finditer(text)}
    for prefix, space in prefixes.items():
        if known.prefixes.get(prefix, space) != space:
            line = next(n for n, said in enumerate(text.splitlines(), 1) if f"{prefix}:" in said)
            raise DataFileError(
                f"The prefix {prefix}: stands for {known.prefixes[prefix]} in a lake, not for {space}.",
                where=f"{where}:{line}",
            )
    closed = {space for name, space in known.prefixes.items() if name not in _OPEN and _is_declared(space, known)}
    for iri, line in _used(text, prefixes):
        space = max((s for s in closed if iri.startswith(s)), key=len, default=None)
        if space and iri != space and f"<{iri}>" not in known.declared:
            raise DataFileError(
                f"The term {iri} is not declared in the ontology.",
                where=f"{where}:{line}",
                hint=_near(iri, space, known),
            )


def _is_declared(space: str, known: Ontology) -> bool:
    return any(term.startswith(f"<{space}") for term in known.declared)


def _used(text: str, prefixes: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Every IRI that the query uses, with its line; the namespaces of PREFIX lines are not uses."""
    declared = {m.start(2) - 1 for m in _PREFIX.finditer(text)}
    names = {m.start(1) for m in _PREFIX.finditer(text)}
    for match in _TOKEN.finditer(text):
        line = _line(text, match.start())
        if match["iri"] and match.start() not in declared:
            yield match["iri"][1:-1], line
        elif match["name"] and match.start() not in names and (match["prefix"] or "") in prefixes:
            yield prefixes[match["prefix"] or ""] + match["local"], line


def _near(iri: str, space: str, known: Ontology) -> str:
    names = [t[1 + len(space) : -1] for t in known.declared if t.startswith(f"<{space}")]
    near = difflib.get_close_matches(iri[len(space) :], names, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else "Declare it in ontology/lakegraph.ttl first."
