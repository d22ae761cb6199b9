"""Model cards (Mitchell et al. 2019): Markdown with the front matter that Hugging Face reads, or a page.

What nobody recorded is named as a gap. https://huggingface.co/docs/hub/model-cards
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from lakegraph.exchange.documents import Document, Line, Section, gap, text
from lakegraph.exchange.facts import Fact, Facts, facts_by_thing, the_one
from lakegraph.exchange.licences import hub_licence, spdx_licence
from lakegraph.rdf.terms import local_name


def model_card(rows: Iterable[Mapping[str, str]], things: Sequence[str]) -> Document:
    """The card of the model that was asked for, or of the only one in the story.

    Args:
        rows: The view ``model-card``: model, key, value, detail and more as tokens.
        things: The IRIs that were asked for.

    Raises:
        NotFoundError: None of them is a model, and there is not just one in their story.
    """
    found = facts_by_thing(rows, "model")
    iri = the_one(found, things, "model")
    facts = dict(found[iri])
    if "stage" in facts:  # as stated first, then as each change of stage says: the last one holds
        facts["stage"] = [max(facts["stage"], key=attrgetter("detail"))]
    version = _first(facts, "version")
    title = f"{_first(facts, 'title') or iri}{f', version {version}' if version else ''}"
    lead = [_said(facts, "description"), (text(iri, url=iri),)]
    return Document(title, lead, _sections(facts), _front(facts))


def _first(facts: Facts, key: str) -> str | None:
    return facts[key][0].value if key in facts else None


def _said(facts: Facts, key: str) -> Line:
    return (text(facts[key][0].value),) if key in facts else gap()


def _front(facts: Facts) -> str:
    """The front matter. JSON is YAML, so whatever a record says stays a value."""
    front: dict[str, Any] = {"model_name": _first(facts, "title") or "model"}
    licence = _first(facts, "license")
    if licence and (known := hub_licence(licence)):
        front["license"] = known
    elif licence:
        name = spdx_licence(licence) or local_name(f"<{licence}>")
        front |= {"license": "other", "license_name": name, "license_link": licence}
    for key, name in (("tag", "tags"), ("library", "library_name"), ("score", "metrics")):
        values = list(dict.fromkeys(fact.value for fact in facts.get(key, ())))
        if values:
            front[name] = values[0] if name == "library_name" else values
    if "score" in facts:
        front["model-index"] = [{"name": front["model_name"], "results": _results(facts)}]
    return "\n".join(["---", *(f"{key}: {json.dumps(said, ensure_ascii=False)}" for key, said in front.items()), "---"])


def _results(facts: Facts) -> list[dict[str, Any]]:
    """The scores by the data that they were measured on, as ``model-index`` wants them."""
    task = facts["task"][0] if "task" in facts else Fact("other")
    by_data: dict[str, list[Fact]] = {}
    for score in facts["score"]:
        by_data.setdefault(score.more or "not recorded", []).append(score)
    return [
        {
            "task": {"type": task.more or task.value, **({"name": task.detail} if task.detail else {})},
            "dataset": {"type": "lakegraph", "name": data},
            "metrics": [{"type": score.value, "value": _number(score.detail)} for score in scores],
        }
        for data, scores in by_data.items()
    ]


def _number(said: str) -> float | str:
    try:
        return float(said)
    except ValueError:
        return said


def _sections(facts: Facts) -> list[Section]:
    details = [
        (text(f"{said}: "), *(_said(facts, key)))
        for key, said in (
            ("created", "Created"),
            ("administrator", "Answerable"),
            ("stage", "Stage"),
            ("license", "Licence"),
        )
    ]
    details += [(text(f"Fine-tuned from: {_with_version(base)}", url=base.more),) for base in facts.get("base", ())]
    use = [(text(fact.value),) for key in ("study", "purpose") for fact in facts.get(key, ())]
    training: list[Line] = [(text(fact.value, url=fact.detail),) for fact in facts.get("run", ())]
    training += [(text(f"Algorithm: {fact.value}"),) for fact in facts.get("algorithm", ())]
    training += [(text(f"Environment: {fact.value}"),) for fact in facts.get("environment", ())]
    training += [(text(f"Library: {fact.value} {fact.detail}".rstrip()),) for fact in facts.get("library", ())]
    training += [(text(f"Random seed: {fact.value}"),) for fact in facts.get("seed", ())]
    training += [(text(f.value, "code"), text(" = "), text(f.detail, "code")) for f in facts.get("setting", ())]
    return [
        Section("Details", details, listed=True),
        Section("Intended use", use or [gap()]),
        Section(
            "Task",
            [(text(f.value), text(f": {f.detail}" if f.detail else "")) for f in facts.get("task", ())] or [gap()],
            listed=True,
        ),
        _data("Training data", facts, "data"),
        Section("Training", training or [gap()], listed=True),
        _data("Evaluation data", facts, "tested"),
        _scores(facts),
        Section(
            "Reviews", [(text(f"{f.detail}: {f.value}"),) for f in facts.get("review", ())] or [gap()], listed=True
        ),
        Section("Files", [_file(fact) for fact in facts.get("file", ())] or [gap()], listed=True),
        *(
            Section(name, [(text(fact.value),) for fact in facts.get(key, ())] or [gap()])
            for name, key in (
                ("How to use it", "instructions"),
                ("Out-of-scope use", "out-of-scope"),
                ("Bias, risks and limitations", "risks"),
            )
        ),
        Section("Environmental impact", [gap()]),
    ]


def _data(title: str, facts: Facts, key: str) -> Section:
    lines = [(text(_with_version(fact), url=fact.more),) for fact in facts.get(key, ())]
    return Section(title, lines or [gap()], listed=True)


def _with_version(fact: Fact) -> str:
    return f"{fact.value}, version {fact.detail}" if fact.detail else fact.value


def _scores(facts: Facts) -> Section:
    if "score" not in facts:
        return Section("Evaluation", [gap()])
    rows = [(f.value, f.detail, f.more) for f in facts["score"]]
    return Section("Evaluation", head=("Measure", "Value", "On"), rows=rows)


def _file(fact: Fact) -> Line:
    digest = (text(" SHA-256 "), text(fact.detail, "code")) if fact.detail else ()
    return (text(fact.value, "code"), *digest)
