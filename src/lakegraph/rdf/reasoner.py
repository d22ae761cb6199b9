"""Whether the ontology, alone or with other vocabularies and data, is free of contradictions.

HermiT answers, through owlready2 (extra ``[reason]``) and Java. Because HermiT does not say why something is
contradictory, the things that stand in two classes which exclude each other are looked for here.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from lakegraph import resources
from lakegraph.errors import DataFileError, MissingExtraError, NotFoundError
from lakegraph.rdf.contradictions import Clash, clashes
from lakegraph.rdf.namespaces import OWL
from lakegraph.rdf.terms import Triple
from lakegraph.rdf.vocabulary import TYPE, ontology

if TYPE_CHECKING:
    from types import ModuleType

PEERS = ("prov-o.ttl", "dcat3.ttl", "mls.ttl", "dqv.ttl")
"""The files that a folder of other people's vocabularies is searched for: PROV-O, DCAT 3, ML-Schema and DQV."""

_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".trig": ox.RdfFormat.TRIG,
    ".nq": ox.RdfFormat.N_QUADS,
    ".jsonld": ox.RdfFormat.JSON_LD,
}


@dataclass(frozen=True, slots=True)
class ConsistencyReport:
    """What HermiT found.

    Attributes:
        consistent: Whether something can exist that fulfils every statement.
        unsatisfiable: Bare IRIs of classes that can have no instance.
        clashes: Things that stand in two classes which exclude each other; often, not always, the cause.
        files: What was loaded, as named in messages.
        triples: How many statements were given to HermiT.
        seconds: How long HermiT took.
    """

    consistent: bool
    unsatisfiable: tuple[str, ...]
    clashes: tuple[Clash, ...]
    files: tuple[str, ...]
    triples: int
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.consistent and not self.unsatisfiable


def check(with_dir: Path | None = None, data: Sequence[Path] = ()) -> ConsistencyReport:
    """Ask HermiT whether the ontology is consistent and every class can have an instance.

    The vocabularies are loaded whole, except beside ``with_dir``: there only the concepts that *data* mention are, by
    their classes, because 300 individuals under the axioms of DCAT 3 make HermiT six times slower.

    Args:
        with_dir: A folder that holds some of PROV-O, DCAT 3, ML-Schema and DQV (``PEERS``), loaded as well.
        data: RDF files, loaded as well.

    Raises:
        MissingExtraError: owlready2 or Java is not installed.
        NotFoundError: The folder holds none of these vocabularies.
        DataFileError: A file does not parse, or HermiT cannot read what was loaded as OWL 2.
    """
    owlready2 = _owlready2()
    vocabularies = [] if with_dir else resources.files("ontology/vocabularies", ".ttl")
    files = [resources.path("ontology/lakegraph.ttl"), *_peers(with_dir), *vocabularies, *data]
    found: list[Triple] = []
    for number, file in enumerate(files):
        found += _read(file, f"_:f{number}x")
    mentioned = {o for _, _, o in found}
    found += [t for t in ontology().concept_triples if t[1] == TYPE and t[0] in mentioned]
    triples = _readable(found)
    started = time.perf_counter()
    consistent, unsatisfiable = _hermit(owlready2, triples)
    return ConsistencyReport(
        consistent=consistent,
        unsatisfiable=unsatisfiable,
        clashes=() if consistent else tuple(clashes(triples)),
        files=tuple(resources.relative(file) for file in files),
        triples=len(triples),
        seconds=time.perf_counter() - started,
    )


def _owlready2() -> ModuleType:
    try:
        import owlready2
    except ImportError as error:
        raise MissingExtraError(
            "Checking the ontology needs owlready2, which is not installed.", hint="pip install 'lakegraph[reason]'"
        ) from error
    if shutil.which(owlready2.JAVA_EXE) is None:
        raise MissingExtraError(
            "Checking the ontology needs Java, because the reasoner HermiT is a Java program.",
            where=f"no {owlready2.JAVA_EXE!r} on the PATH",
            hint="Install a Java runtime, version 11 or later.",
        )
    module: ModuleType = owlready2
    return module


def _peers(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    found = [folder / name for name in PEERS if (folder / name).is_file()]
    if not found:
        raise NotFoundError(
            "The folder holds none of the vocabularies that the ontology is aligned with.",
            where=str(folder),
            hint=f"Name a folder with any of: {', '.join(PEERS)}.",
        )
    return found


def _read(file: Path, scope: str) -> Iterator[Triple]:
    """The triples of a file, graph names left out, with blank nodes that no other file has."""
    kind = _FORMATS.get(file.suffix)
    if kind is None:
        raise DataFileError(
            f"RDF is not read from a {file.suffix or 'nameless'} file here.",
            where=resources.relative(file),
            hint=f"One of: {', '.join(_FORMATS)}.",
        )
    try:
        for quad in ox.parse(path=str(file), format=kind):
            s, p, o = str(quad.subject), str(quad.predicate), str(quad.object)
            yield _scoped(s, scope), p, _scoped(o, scope)
    except (SyntaxError, ValueError, OSError) as error:
        line = getattr(error, "lineno", None)
        where = f"{resources.relative(file)}:{line}" if line else resources.relative(file)
        raise DataFileError(f"The file cannot be read as RDF: {error}", where=where) from error


def _scoped(token: str, scope: str) -> str:
    return scope + token[2:] if token[0] == "_" else token


def _readable(triples: Iterable[Triple]) -> list[Triple]:
    """What HermiT can take: no imports from the web, and no property that is both an annotation and a relation.

    PROV-O types two of its properties as both. That is outside OWL 2 DL, and what they mean is the relation.
    """
    once = dict.fromkeys(triples)
    relations = {s for s, p, o in once if p == TYPE and o in (OWL.ObjectProperty, OWL.DatatypeProperty)}
    return [
        (s, p, o)
        for s, p, o in once
        if p != OWL.imports and not (p == TYPE and o == OWL.AnnotationProperty and s in relations)
    ]


def _hermit(owlready2: ModuleType, triples: Sequence[Triple]) -> tuple[bool, tuple[str, ...]]:
    text = "".join(f"{s} {p} {o} .\n" for s, p, o in triples)
    world = owlready2.World()
    # What owlready2 finds unusual in DCAT and DQV goes to the error stream, and is none of our user's business.
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            world.get_ontology("urn:lakegraph:check").load(fileobj=io.BytesIO(text.encode()))
            # DCAT uses xsd:duration and we use xsd:date; neither is a datatype of OWL 2.
            owlready2.sync_reasoner_hermit(world, debug=0, ignore_unsupported_datatypes=True)
        except owlready2.OwlReadyInconsistentOntologyError:
            return False, ()
        except (owlready2.OwlReadyJavaError, owlready2.OwlReadyOntologyParsingError) as error:
            raise DataFileError(
                f"HermiT cannot read this as OWL 2: {_reason(error)}", where="the files that were given to the check"
            ) from error
        impossible = sorted({str(cls.iri) for cls in world.inconsistent_classes() if hasattr(cls, "iri")})
    return True, tuple(iri for iri in impossible if iri != OWL.Nothing[1:-1])


def _reason(error: Exception) -> str:
    """The line that says what is wrong: of a Java stack trace, or of what owlready2 stumbled over."""
    lines = [line.strip() for line in str(error).splitlines() if "Exception" in line]
    return lines[0] if lines else str(error.__cause__ or error)
