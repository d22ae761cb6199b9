"""The mappings to other vocabularies, read from the SSSOM table in ``ontology/alignments``.

The format is the Simple Standard for Sharing Ontological Mappings, https://mapping-commons.github.io/sssom/spec: a YAML
header in comment lines, of which only the prefix map matters here, and a table with tabs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lakegraph import resources
from lakegraph.errors import DataFileError

_PREFIX = re.compile(r"#\s+([\w-]+):\s+(\S+)\s*$")
_COLUMNS = (
    "subject_id", "subject_label", "predicate_id", "object_id", "object_label", "mapping_justification", "confidence",
    "comment",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mapped:
    """One mapping of a term of ours to a term of another vocabulary.

    Attributes:
        subject: The bare IRI of our term.
        predicate: The bare IRI of the relation: a SKOS match, or an axiom such as rdfs:subClassOf.
        object: The bare IRI of their term.
        subject_name: Our term with its prefix.
        predicate_name: The relation with its prefix.
        object_name: Their term with its prefix.
        object_label: What they call it.
        justification: How the mapping was found, a term of the SEMAPV vocabulary with its prefix.
        confidence: From 0 to 1.
        comment: A remark, such as the path over which the mapping holds; may be empty.
    """

    subject: str
    predicate: str
    object: str
    subject_name: str
    predicate_name: str
    object_name: str
    object_label: str
    justification: str
    confidence: float
    comment: str


@cache
def mappings() -> tuple[Mapped, ...]:
    """Every mapping that this installation carries, in the order of the table."""
    return read_sssom(resources.path("ontology/alignments/mappings.sssom.tsv"))


def read_sssom(file: Path) -> tuple[Mapped, ...]:
    """The mappings of an SSSOM table.

    Raises:
        DataFileError: The columns are not those expected, or a row is malformed; file and line are named.
    """
    prefixes: dict[str, str] = {}
    found: list[Mapped] = []
    header_seen = False
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{resources.relative(file)}:{number}"
        if line.startswith("#"):
            if match := _PREFIX.match(line):
                prefixes[match[1]] = match[2]
        elif not header_seen:
            header_seen = True
            if tuple(line.split("\t")) != _COLUMNS:
                raise DataFileError("The columns are not those expected.", where=where, hint=", ".join(_COLUMNS))
        else:
            found.append(_row(line.split("\t"), prefixes, where))
    return tuple(found)


def _row(cells: list[str], prefixes: Mapping[str, str], where: str) -> Mapped:
    if len(cells) != len(_COLUMNS):
        raise DataFileError(f"The row has {len(cells)} cells, {len(_COLUMNS)} are needed.", where=where)
    subject, _, predicate, object_, label, justification, confidence, comment = cells
    try:
        certain = float(confidence)
    except ValueError:
        certain = -1.0
    if not 0 <= certain <= 1:
        raise DataFileError(f"The confidence {confidence!r} is no number from 0 to 1.", where=where)
    return Mapped(
        _expand(subject, prefixes, where), _expand(predicate, prefixes, where), _expand(object_, prefixes, where),
        subject, predicate, object_, label, justification, certain, comment,
    )  # fmt: skip


def _expand(name: str, prefixes: Mapping[str, str], where: str) -> str:
    prefix, colon, local = name.partition(":")
    if not colon or prefix not in prefixes:
        raise DataFileError(f"The prefix of {name!r} is not in the curie_map.", where=where)
    return prefixes[prefix] + local
