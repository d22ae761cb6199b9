"""Closed namespaces: ``LAKE.ingestFrom`` is that term's token, and a term that the ontology does not declare raises."""

from __future__ import annotations

import difflib
from functools import cache

from lakegraph.errors import DataFileError
from lakegraph.rdf.vocabulary import ontology


class Namespace:
    """The terms of one prefix that ``ontology/lakegraph.ttl`` declares, as attributes or by name."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __getattr__(self, name: str) -> str:
        token = self.__dict__[name] = _term(self._prefix, name)  # the next time, it is an attribute like any other
        return token

    def __getitem__(self, name: str) -> str:
        return _term(self._prefix, name)


@cache
def _term(prefix: str, name: str) -> str:
    known = ontology()
    token = f"<{known.prefixes[prefix]}{name}>"
    if token not in known.declared and prefix not in _OPEN:
        base = known.prefixes[prefix]
        names = [t[1 + len(base) : -1] for t in known.declared if t.startswith(f"<{base}")]
        near = difflib.get_close_matches(name, names, n=3)
        raise DataFileError(
            f"{prefix}:{name} is not declared in the ontology.",
            where="ontology/lakegraph.ttl",
            hint=f"Did you mean {' or '.join(near)}?" if near else "Declare the term there first.",
        )
    return token


_OPEN = frozenset({"rdf", "rdfs", "owl", "xsd", "skos", "sh", "void", "sd", "lakesh"})
"""W3C namespaces that are used whole and therefore not declared term by term."""

LAKE = Namespace("lake")
PROV = Namespace("prov")
DCAT = Namespace("dcat")
DCT = Namespace("dct")
DQV = Namespace("dqv")
MLS = Namespace("mls")
FOAF = Namespace("foaf")
SPDX = Namespace("spdx")
DPV = Namespace("dpv")
ODRL = Namespace("odrl")
SKOS = Namespace("skos")
RDF = Namespace("rdf")
RDFS = Namespace("rdfs")
OWL = Namespace("owl")
XSD = Namespace("xsd")
SH = Namespace("sh")
VOID = Namespace("void")
SD = Namespace("sd")
