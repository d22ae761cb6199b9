"""Model cards: Markdown with the front matter that Hugging Face reads, and what nobody recorded named as a gap."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from operator import itemgetter

from lakegraph.errors import NotFoundError
from lakegraph.rdf.terms import is_literal, local_name, python_value, value

_GAP = "*Not recorded.*"
Facts = Mapping[str, list[tuple[str, str]]]


def model_card(rows: Iterable[Mapping[str, str]], things: Iterable[str]) -> str:
    """The card of the model that was asked for, or of the only one in the story.

    Args:
        rows: The view ``model-card``: model, key, value and detail as tokens.
        things: The IRIs that were asked for.

    Raises:
        NotFoundError: None of them is a model, and there is not just one in their story.
    """
    models: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for row in rows:
        said = (_plain(row["value"]), _plain(row["detail"]) if "detail" in row else "")
        models.setdefault(value(row["model"]), {}).setdefault(row["key"].strip('"'), []).append(said)
    wanted = [iri for iri in things if iri in models] or (list(models) if len(models) == 1 else [])
    if not wanted:
        asked = ", ".join(things)
        raise NotFoundError("None of these is a model.", where=asked, hint=f"Models in the story: {', '.join(models)}.")
    facts = {key: sorted(set(said)) for key, said in models[wanted[0]].items()}
    if "stage" in facts:  # as stated first, then as each change of stage says: the last one holds
        facts["stage"] = [max(facts["stage"], key=itemgetter(1))]
    return "\n".join([*_front(facts), "", *_body(wanted[0], facts), ""])


def _plain(token: str) -> str:
    return str(python_value(token)) if is_literal(token) else value(token)


def _first(facts: Facts, key: str) -> str | None:
    return facts[key][0][0] if key in facts else None


def _front(facts: Facts) -> list[str]:
    """The front matter; JSON strings are YAML, whatever is in them."""
    name = _first(facts, "title") or "model"
    lines = ["---", f"model_name: {json.dumps(name, ensure_ascii=False)}"]
    if licence := _first(facts, "license"):
        lines += ["license: other", f"license_name: {json.dumps(local_name(f'<{licence}>'))}"]
        lines.append(f"license_link: {json.dumps(licence)}")
    if "tag" in facts:
        lines += ["tags:", *(f"- {json.dumps(tag, ensure_ascii=False)}" for tag, _ in facts["tag"])]
    return [*lines, "---"]


def _body(iri: str, facts: Facts) -> list[str]:
    version = _first(facts, "version")
    lines = [f"# {_first(facts, 'title') or iri}{f', version {version}' if version else ''}", ""]
    lines += [_first(facts, "description") or _GAP, "", f"<{iri}>", "", "## Details", ""]
    for key, said in (
        ("created", "Created"),
        ("administrator", "Answerable"),
        ("stage", "Stage"),
        ("license", "Licence"),
    ):
        lines.append(f"- {said}: {', '.join(v for v, _ in facts[key]) if key in facts else _GAP}")
    lines += _section("Intended use", facts, "purpose", "{0}")
    lines += _section("Task", facts, "task", "- {0}")
    lines += _section("Training data", facts, "data", "- {0}, version {1}")
    lines += _section("Training", facts, "run", "- {0} (<{1}>)")
    lines += [f"- Algorithm: {v}" for v, _ in facts.get("algorithm", ())]
    lines += [f"- Environment: {v}" for v, _ in facts.get("environment", ())]
    lines += [f"- `{name}` = `{setting}`" for name, setting in facts.get("setting", ())]
    lines += ["", "## Evaluation", ""]
    if "score" in facts:
        lines += ["| Measure | Value |", "|---|---|", *(f"| {name} | {score} |" for name, score in facts["score"])]
    else:
        lines.append(_GAP)
    lines += _section("Reviews", facts, "review", "- {1}: {0}")
    lines += _section("Files", facts, "file", "- `{0}` SHA-256 `{1}`")
    for title in ("Out-of-scope use", "Bias, risks and limitations", "Environmental impact"):
        lines += ["", f"## {title}", "", _GAP]
    return lines


def _section(title: str, facts: Facts, key: str, form: str) -> list[str]:
    return ["", f"## {title}", "", *([form.format(*said) for said in facts[key]] if key in facts else [_GAP])]
