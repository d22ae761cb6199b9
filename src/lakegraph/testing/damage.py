"""Seeded damage to the triples of a record: faults that no document can express, for comparing two validators."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lakegraph.rdf.namespaces import DCAT, DCT, DQV, LAKE, PROV, XSD
from lakegraph.rdf.terms import Triple, lexical, literal, value
from lakegraph.testing.draws import Draws
from lakegraph.testing.faults import FaultKind

_NOWHERE = "<https://nowhere.example/nothing>"

Damage = Callable[[Sequence[Triple], Draws], tuple[Triple, Triple | None] | None]
"""Chooses a triple and what to put in its place; a triple that stands already is kept by naming it twice."""


def damaged(triples: Sequence[Triple], kind: FaultKind, draws: Draws) -> tuple[list[Triple], str] | None:
    """*triples* with one fault of *kind*.

    Args:
        triples: The asserted triples of a record, in any order.
        kind: The kind of fault.
        draws: Which triple, and how.

    Returns:
        The triples and what was done to them, or ``None`` where this record has nothing to break so.
    """
    done = _DAMAGES[kind](sorted(triples), draws)
    if done is None:
        return None
    old, new = done
    keeps = kind in ("doubled", "cyclic")
    left = [t for t in triples if keeps or t != old]
    if new is not None:
        left.append(new)
    return left, f"{kind}: {' '.join(old)} -> {' '.join(new) if new else 'nothing'}"


def _required() -> tuple[str, ...]:
    return PROV.startedAtTime, DCT.title, DCAT.version, LAKE.runStatus, DQV.isMeasurementOf, DQV.value


def _single() -> tuple[str, ...]:
    return PROV.startedAtTime, DCAT.version, LAKE.runStatus, LAKE.securityLevel, DCAT.byteSize, DQV.value


def _times() -> tuple[str, ...]:
    return PROV.startedAtTime, PROV.endedAtTime


def _numbers() -> tuple[str, ...]:
    return DCAT.byteSize, LAKE.sequenceNumber, DQV.value


def _links() -> tuple[str, ...]:
    return LAKE.ingestFrom, LAKE.sourceData, LAKE.analyzes, LAKE.trainingData, LAKE.executes, LAKE.environment


def _time(text: str) -> str:
    return literal(text, value(XSD.dateTime))


def _pick(triples: Sequence[Triple], predicates: Sequence[str], draws: Draws) -> Triple | None:
    found = [t for t in triples if t[1] in predicates]
    return draws.one(found) if found else None


def _missing(triples: Sequence[Triple], draws: Draws) -> tuple[Triple, None] | None:
    old = _pick(triples, _required(), draws)
    return (old, None) if old else None


def _doubled(triples: Sequence[Triple], draws: Draws) -> tuple[Triple, Triple] | None:
    old = _pick(triples, _single(), draws)
    if old is None:
        return None
    s, p, o = old
    if p in _times():
        return old, (s, p, _time("2019-12-31T23:59:59Z"))
    return old, (s, p, _NOWHERE if o[0] == "<" else literal("other"))


def _wrong_type(triples: Sequence[Triple], draws: Draws) -> tuple[Triple, Triple] | None:
    old = _pick(triples, (*_times(), *_numbers(), DCT.created), draws)
    return (old, (old[0], old[1], literal(lexical(old[2])))) if old else None


def _wrong_range(triples: Sequence[Triple], draws: Draws) -> tuple[Triple, Triple] | None:
    old = _pick(triples, _numbers(), draws)
    return (old, (old[0], old[1], literal("-7", value(XSD.integer)))) if old else None


def _wrong_order(triples: Sequence[Triple], draws: Draws) -> tuple[Triple, Triple] | None:
    old = _pick(triples, (PROV.endedAtTime,), draws)
    return (old, (old[0], old[1], _time("2001-01-01T00:00:00Z"))) if old else None


def _dangling(triples: Sequence[Triple], draws: Draws) -> tuple[Triple, Triple] | None:
    old = _pick(triples, _links(), draws)
    return (old, (old[0], old[1], _NOWHERE)) if old else None


def _cyclic(triples: Sequence[Triple], draws: Draws) -> tuple[Triple, Triple] | None:
    old = _pick(triples, (LAKE.targetData, LAKE.hasOutputModel), draws)
    if old is None:
        return None
    link = LAKE.sourceData if old[1] == LAKE.targetData else LAKE.appliesModel
    return old, (old[0], link, old[2])


_DAMAGES: dict[FaultKind, Damage] = {
    "missing": _missing,
    "doubled": _doubled,
    "wrong-type": _wrong_type,
    "wrong-range": _wrong_range,
    "wrong-order": _wrong_order,
    "dangling": _dangling,
    "cyclic": _cyclic,
}
