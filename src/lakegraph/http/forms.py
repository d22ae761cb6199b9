"""The questions as forms, for people with a browser: one for each, with a field for each parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from lakegraph.rdf.vocabulary import ontology

_INPUTS = {"integer": "number", "date": "date"}


def question_forms(questions: Sequence[Mapping[str, Any]], root: str) -> str:
    """Every question as a form, by folder.

    Args:
        questions: As ``lake.questions()`` gives them.
        root: What the addresses begin with.
    """
    parts = []
    for folder, some in groupby(questions, key=lambda q: str(q["folder"])):
        forms = "".join(_form(question, root) for question in some)
        parts.append(f"<h2>{escape(folder or 'own')}</h2>{forms}")
    return "".join(parts)


def _form(question: Mapping[str, Any], root: str) -> str:
    name = str(question["name"])
    fields = "".join(_field(parameter) for parameter in question["parameters"])
    then = '<label>as of <input name="as_of" placeholder="now" size="12"></label>'
    return (
        f'<form id="{escape(name)}" action="{escape(root)}/questions/{escape(name)}" method="get">'
        f"<p><strong>{escape(str(question['summary']))}</strong><br>{fields} {then} <button>Ask</button></p></form>"
    )


def _field(parameter: Mapping[str, Any]) -> str:
    name, required = escape(str(parameter["name"])), " required" if parameter["required"] else ""
    default = escape(str(parameter.get("default", "")))
    if parameter.get("concept"):
        options = "".join(f"<option>{escape(each)}</option>" for each in _concepts(str(parameter["concept"])))
        first = f"<option>{default}</option>" if default else '<option value=""></option>'
        field = f'<select name="{name}"{required}>{first}{options}</select>'
    elif parameter["type"] == "boolean":
        field = f'<select name="{name}"><option value=""></option><option>true</option><option>false</option></select>'
    else:
        kind = _INPUTS.get(str(parameter["type"]), "text")
        field = f'<input name="{name}" type="{kind}" value="{default}"{required}>'
    return f"<label>{name} {field}</label> "


def _concepts(name: str) -> Iterable[str]:
    prefix, _, local = name.partition(":")
    return sorted(ontology().concepts.get(f"<{ontology().prefixes[prefix]}{local}>", ()))
