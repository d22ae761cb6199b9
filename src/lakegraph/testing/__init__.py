"""Made-up lakes for tests and benchmarks: realistic, of any size, and the same for the same seed on every machine."""

from __future__ import annotations

from lakegraph.testing.damage import damaged
from lakegraph.testing.draws import Draws
from lakegraph.testing.faults import FAULTS, Fault, FaultKind
from lakegraph.testing.nquads import BASE, Form, generate_nquads, triples, write
from lakegraph.testing.rehearsal import Rehearsal
from lakegraph.testing.stream import Made, Options, generate, records
from lakegraph.testing.structures import STRUCTURES, Structure, chain, layers, star, tree

__all__ = [
    "BASE",
    "FAULTS",
    "STRUCTURES",
    "Draws",
    "Fault",
    "FaultKind",
    "Form",
    "Made",
    "Options",
    "Rehearsal",
    "Structure",
    "chain",
    "damaged",
    "generate",
    "generate_nquads",
    "layers",
    "records",
    "star",
    "tree",
    "triples",
    "write",
]
