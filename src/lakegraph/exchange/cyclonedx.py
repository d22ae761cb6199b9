"""CycloneDX 1.6 machine learning bills of materials (ECMA-424): models with cards, data, programs, libraries."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lakegraph.exchange.facts import Facts, facts_by_thing
from lakegraph.exchange.licences import spdx_licence

_TEMPLATE = Path(__file__).with_name("templates") / "cyclonedx.json"
_HASHES = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_APPROACHES = frozenset({"supervised", "unsupervised", "reinforcement-learning", "semi-supervised", "self-supervised"})


def cyclonedx(rows: Iterable[Mapping[str, str]], things: Sequence[str]) -> bytes:
    """The bill of materials of a story.

    Args:
        rows: The view ``cyclonedx``: thing, key, value and detail as tokens.
        things: The IRIs that were asked for; the first that is a component is what the bill is about.
    """
    found = facts_by_thing(rows, "thing")
    components = {iri: _component(iri, facts) for iri, facts in sorted(found.items()) if "type" in facts}
    about = next((iri for iri in things if iri in components), None)
    bom = json.loads(_TEMPLATE.read_text(encoding="utf-8"))
    made = next((facts["asked"][0].value for facts in found.values() if "asked" in facts), "")
    needs = {iri: sorted({f.value for f in found[iri].get("needs", ()) if f.value in components}) for iri in components}
    bom["metadata"] = {**({"timestamp": made} if made else {}), "tools": {"components": [_TOOL]}}
    if about:
        bom["metadata"]["component"] = components.pop(about)
    bom["components"] = list(components.values())
    bom["dependencies"] = [{"ref": iri, "dependsOn": on} if on else {"ref": iri} for iri, on in needs.items()]
    # The same content has the same serial number, so that two exports can be compared.
    content = json.dumps(bom, sort_keys=True)
    bom["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, content).urn
    return json.dumps(bom, indent=1, ensure_ascii=False).encode() + b"\n"


_TOOL = {"type": "application", "name": "lakegraph"}


def _component(iri: str, facts: Facts) -> dict[str, Any]:
    kind = facts["type"][0].value
    out: dict[str, Any] = {"type": kind, "bom-ref": iri, "name": facts["name"][0].value}
    for key in ("version", "description"):
        if key in facts:
            out[key] = facts[key][0].value
    if "answerable" in facts:
        out["authors"] = [{"name": name} for name in _values(facts, "answerable")]
    if "license" in facts:
        out["licenses"] = [{"license": _licence(link)} for link in _values(facts, "license")]
    if "tag" in facts:
        out["tags"] = _values(facts, "tag")
    sums = [f for f in facts.get("hash", ()) if f.detail in _HASHES]
    hashes = [{"alg": _HASHES[f.detail], "content": f.value.lower()} for f in sums]
    if hashes:
        out["hashes"] = hashes
    if "reference" in facts:
        out["externalReferences"] = [{"type": f.detail, "url": f.value} for f in facts["reference"]]
    if kind == "machine-learning-model":
        out["modelCard"] = _card(facts)
    if kind == "data":
        out["data"] = [_data(facts)]
    return out


def _licence(link: str) -> dict[str, str]:
    """A licence by its SPDX identifier where its address is the list's, by name and address where it is not."""
    identifier = spdx_licence(link)
    if identifier:
        return {"id": identifier}
    return {"name": link.rstrip("/").rsplit("/", 1)[-1] or link, "url": link}


def _card(facts: Facts) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    approach = next((kind for kind in _values(facts, "approach") if kind in _APPROACHES), None)
    if approach:
        parameters["approach"] = {"type": approach}
    for key, name in (("task", "task"), ("architecture", "architectureFamily")):
        if key in facts:
            parameters[name] = facts[key][0].value
    if "dataset" in facts:
        parameters["datasets"] = [{"ref": iri} for iri in _values(facts, "dataset")]
    card: dict[str, Any] = {"modelParameters": parameters} if parameters else {}
    if "metric" in facts:
        metrics = [{"type": f.value, "value": f.detail} for f in facts["metric"]]
        card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
    said = (("user", "users"), ("use", "useCases"), ("limit", "technicalLimitations"))
    considerations = {name: _values(facts, key) for key, name in said if key in facts}
    if considerations:
        card["considerations"] = considerations
    if "setting" in facts:
        card["properties"] = [{"name": f"lakegraph:setting:{f.value}", "value": f.detail} for f in facts["setting"]]
    return card


def _data(facts: Facts) -> dict[str, Any]:
    out: dict[str, Any] = {"type": "dataset", "name": facts["name"][0].value}
    if "classification" in facts:
        out["classification"] = facts["classification"][0][0]
    if "sensitive" in facts:
        out["sensitiveData"] = _values(facts, "sensitive")
    if "answerable" in facts:
        out["governance"] = {"owners": [{"contact": {"name": name}} for name in _values(facts, "answerable")]}
    return out


def _values(facts: Facts, key: str) -> list[str]:
    """What is said under *key*, each once."""
    return list(dict.fromkeys(fact.value for fact in facts.get(key, ())))
