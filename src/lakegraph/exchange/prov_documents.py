"""PROV-O statements written again as PROV-JSON (W3C member submission) and as PROV-N (W3C recommendation)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lakegraph.rdf.namespaces import PROV, RDFS
from lakegraph.rdf.terms import Triple, lexical, local_name, value
from lakegraph.rdf.vocabulary import TYPE

_KINDS = ("entity", "activity", "agent")
# Name of the relation in both notations, of its first and of its second argument (PROV-JSON; the order is PROV-N's).
_RELATIONS: Mapping[str, tuple[str, str]] = {
    "used": ("prov:activity", "prov:entity"),
    "wasGeneratedBy": ("prov:entity", "prov:activity"),
    "wasDerivedFrom": ("prov:generatedEntity", "prov:usedEntity"),
    "wasAssociatedWith": ("prov:activity", "prov:agent"),
    "wasAttributedTo": ("prov:entity", "prov:agent"),
    "specializationOf": ("prov:specificEntity", "prov:generalEntity"),
}
_ARGUMENTS = {"used": ", -", "wasGeneratedBy": ", -", "wasDerivedFrom": "", "wasAssociatedWith": ", -"}
_LOCAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*[A-Za-z0-9_]|[A-Za-z0-9_]")


@dataclass(slots=True)
class ProvDocument:
    """PROV records by name: what things there are, and how they are related.

    Attributes:
        prefixes: Prefix to namespace.
        things: For each of ``entity``, ``activity`` and ``agent``: name to attributes.
        relations: Relation, its two arguments, and its further attributes.
    """

    prefixes: dict[str, str]
    things: dict[str, dict[str, dict[str, list[str]]]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})
    relations: list[tuple[str, str, str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, base: str, triples: Iterable[Triple]) -> ProvDocument:
        """The document that PROV-O *triples* state; nodes of the lake with this *base* are named below it."""
        document = cls({"lake": base})
        said = list(triples)
        document._gather(said)
        plans = {(a, b): c for a, b, c in _plans(said)}
        for s, p, o in said:
            name = local_name(p)
            if name == "wasRevisionOf":
                document._relate("wasDerivedFrom", s, o, "prov:Revision")
            elif name in _RELATIONS and p == PROV[name]:
                document._relate(name, s, o, document._name(plans[s, o]) if (s, o) in plans else "")
        return document

    def _gather(self, said: list[Triple]) -> None:
        classes = {PROV.Entity: "entity", PROV.Activity: "activity", PROV.Agent: "agent"}
        kinds: dict[str, str] = {s: classes[o] for s, p, o in said if p == TYPE and o in classes}
        for s, kind in kinds.items():
            self.things[kind].setdefault(self._name(s), {})
        for s, p, o in said:
            if s in kinds:
                attributes = self.things[kinds[s]][self._name(s)]
                if p == TYPE and o not in classes:
                    attributes.setdefault("prov:type", []).append(f"prov:{local_name(o)}")
                elif p == RDFS.label:
                    attributes.setdefault("prov:label", []).append(lexical(o))
                elif p in (PROV.startedAtTime, PROV.endedAtTime):
                    attributes["prov:startTime" if p == PROV.startedAtTime else "prov:endTime"] = [lexical(o)]

    def _relate(self, name: str, first: str, second: str, extra: str) -> None:
        self.relations.append((name, self._name(first), self._name(second), extra))

    def _name(self, token: str) -> str:
        """A qualified name for an IRI; one outside of the lake gets a prefix of its own."""
        iri = value(token)
        base = self.prefixes["lake"]
        if iri.startswith(base) and _LOCAL.fullmatch(iri[len(base) :]):
            return f"lake:{iri[len(base) :]}"
        stem = iri[: max(iri.rfind("/"), iri.rfind("#")) + 1] or iri
        if not _LOCAL.fullmatch(iri[len(stem) :]):
            # What no local name can hold becomes the namespace whole.
            stem, rest = iri, "_"
        else:
            rest = iri[len(stem) :]
        prefix = next((p for p, n in self.prefixes.items() if n == stem), None) or f"n{len(self.prefixes)}"
        self.prefixes[prefix] = stem
        return f"{prefix}:{rest}"

    def to_json(self) -> bytes:
        """The document as PROV-JSON."""
        out: dict[str, object] = {"prefix": dict(self.prefixes)}
        for kind in _KINDS:
            if self.things[kind]:
                out[kind] = {name: _json_attributes(a) for name, a in sorted(self.things[kind].items())}
        for number, (name, first, second, extra) in enumerate(self.relations):
            left, right = _RELATIONS[name]
            said: dict[str, object] = {left: first, right: second}
            if extra and name == "wasAssociatedWith":
                said["prov:plan"] = extra
            elif extra:
                said["prov:type"] = {"$": extra, "type": "prov:QUALIFIED_NAME"}
            group = out.setdefault(name, {})
            assert isinstance(group, dict)  # noqa: S101 - made here
            group[f"_:r{number}"] = said
        return json.dumps(out, indent=1, ensure_ascii=False).encode() + b"\n"

    def to_provn(self) -> str:
        """The document as PROV-N."""
        lines = ["document"]
        lines += [f"  prefix {p} <{n}>" for p, n in self.prefixes.items()]
        for kind in _KINDS:
            for name, attributes in sorted(self.things[kind].items()):
                times = [attributes.get(f"prov:{end}Time", ["-"])[0] for end in ("start", "end")]
                about = ", ".join([name, *(times if kind == "activity" else [])])
                lines.append(f"  {kind}({about}{_provn_attributes(attributes)})")
        for name, first, second, extra in self.relations:
            plan = extra if extra and name == "wasAssociatedWith" else "-"
            rest = f", {plan}" if name == "wasAssociatedWith" else _ARGUMENTS.get(name, "")
            kind = f", [prov:type='{extra}']" if extra and name == "wasDerivedFrom" else ""
            middle = ", -, -, -" if name == "wasDerivedFrom" else rest
            lines.append(f"  {name}({first}, {second}{middle}{kind})")
        return "\n".join([*lines, "endDocument", ""])


def _plans(said: list[Triple]) -> Iterable[tuple[str, str, str]]:
    """Activity, agent and plan of each qualified association."""
    facts: dict[str, dict[str, str]] = {}
    for s, p, o in said:
        if p == PROV.qualifiedAssociation:
            facts.setdefault(o, {})["activity"] = s
        elif p in (PROV.agent, PROV.hadPlan):
            facts.setdefault(s, {})["agent" if p == PROV.agent else "plan"] = o
    return [(f["activity"], f["agent"], f["plan"]) for f in facts.values() if {"activity", "agent", "plan"} <= f.keys()]


def _json_attributes(attributes: Mapping[str, list[str]]) -> dict[str, object]:
    out: dict[str, object] = {}
    for name, values in attributes.items():
        said = [{"$": v, "type": "prov:QUALIFIED_NAME"} if name == "prov:type" else v for v in values]
        out[name] = said[0] if len(said) == 1 else said
    return out


def _provn_attributes(attributes: Mapping[str, list[str]]) -> str:
    said = [f"prov:type='{v}'" for v in attributes.get("prov:type", ())]
    said += [f"prov:label={json.dumps(v, ensure_ascii=False)}" for v in attributes.get("prov:label", ())]
    return f", [{', '.join(said)}]" if said else ""
