"""Evidence bundles: everything about a thing in one archive that verifies without the lake, and without lakegraph."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from lakegraph import resources
from lakegraph.errors import NotFoundError, UsageError
from lakegraph.exchange.archive import ArchiveWriter
from lakegraph.exchange.artifacts import artifacts_of
from lakegraph.exchange.bundle_pages import crate, page
from lakegraph.exchange.closure import Story, story_of
from lakegraph.exchange.parts import LakeParts
from lakegraph.exchange.redact import Redactor
from lakegraph.exchange.standalone_archive import CHECKPOINT, CONSISTENCY, LEAVES, PROOFS
from lakegraph.exchange.verify import script
from lakegraph.graph import Graph
from lakegraph.journal import Checkpoint, Evidence, leaf_hash
from lakegraph.layer import Layer
from lakegraph.projecting import parse_nquads
from lakegraph.rdf.namespaces import DCT, PROV
from lakegraph.rdf.terms import Triple, lexical, value
from lakegraph.rdf.vocabulary import TYPE, ontology
from lakegraph.validation import Gate, Report, ShapeSet
from lakegraph.view import View

JUDGING = ("integrity", "completeness", "policy")
"""The shape folders that judge a record when it comes, and whose hash its leaf names."""

_ASKED_AGAIN = ("completeness", "policy")
_CHECKPOINTS = 10_000  # a proof from one takes 0.05 ms
_UNNAMED = re.compile(r"_:\w+")
Progress = Callable[[int, int], None]
"""Called with how many of how many records are written."""
Export = Callable[[Story], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Written:
    """What a bundle holds.

    Attributes:
        path: The archive.
        things: The IRIs that it is about.
        records: How many records it holds.
        redacted: In how many of them people were replaced.
        size: How many entries the log had when it was signed.
        origin: The name of the log.
        key: The public key that signed it, for who wants to compare.
        conforms: Whether what it tells of meets the shapes of now.
    """

    path: Path
    things: tuple[str, ...]
    records: int
    redacted: int
    size: int
    origin: str
    key: str
    conforms: bool

    def as_dict(self) -> dict[str, object]:
        """What it holds, for JSON; not where it lies."""
        return {name: said for name, said in asdict(self).items() if name != "path"}


def write_bundle(
    lake: LakeParts,
    things: Iterable[str],
    out: Path,
    *,
    redact_persons: bool = False,
    since: Sequence[int] = (),
    exports: Mapping[str, Export] | None = None,
    artifacts: Sequence[Path] = (),
    progress: Progress | None = None,
) -> Written:
    """Write the evidence for *things* to *out*; a checkpoint over all entries of now is signed for it.

    One record is held in memory at a time, and of all others their numbers.

    Args:
        lake: The lake.
        things: IRIs or names.
        out: The archive; what stands there is replaced, once the new one is whole.
        redact_persons: Replace people. A commitment is over a record as it was, so the content of a record in which
            somebody was replaced is vouched for by the seal, and no longer by its commitment.
        since: Sizes of older checkpoints that somebody holds; the last ten thousand that were signed need not be named.
        exports: File name to what writes it.
        artifacts: Files to carry along, such as the model itself; of a folder those whose checksum the records tell.
        progress: Told how far it is.

    Raises:
        NotFoundError: The lake tells nothing of one of the things, or never had as many entries as *since* says.
        UsageError: Artifacts cannot be redacted, or two have the same name.
        LakeDamagedError: An entry or a key is not what was written.
        StorageError: The disk refused; nothing is left behind.
    """
    if redact_persons and artifacts:
        raise UsageError(
            "Artifacts are carried along as they are: people in them cannot be replaced.",
            where="artifacts",
            hint="Leave them out, or do not redact.",
        )
    story = story_of(lake, things)
    carried = artifacts_of(lake, story, artifacts)
    ring = lake.keys()
    signed = lake.checkpointer(ring).sign()
    redactor = Redactor(lake.base, lake.people.list(), sorted(map(value, story.nodes))) if redact_persons else None
    report, shapes = _judged(lake.graph, story), shapes_hash()
    with ArchiveWriter(out, ring.sign) as archive:
        records = _Records(lake, signed, archive, redactor)
        for number, seq in enumerate(story.entries, 1):
            records.write(lake.journal.evidence(seq))
            if progress:
                progress(number, len(story.entries))
        records.finish()
        archive.add(CHECKPOINT, signed.note.encode())
        archive.add_chunks(CONSISTENCY, _consistency(lake, signed.size, since))
        for number, statement in enumerate(ring.statements, 1):
            archive.add(f"keys/{number:04d}.note", statement.encode())
        for file in resources.files("shapes", ".ttl"):
            archive.add(resources.relative(file), file.read_bytes())
        archive.add("report.json", _clean(_report_text(report, shapes), redactor))
        for name, made in (exports or {}).items():
            chunks = made(story)
            archive.add_chunks(f"exports/{name}", _cleaned(chunks, redactor) if redactor else chunks)
        for artifact in carried:
            archive.add_chunks(f"artifacts/{artifact.name}", _chunks(artifact.path), packed=False)
        told = Written(
            path=out,
            things=tuple(_clean(thing, redactor).decode() for thing in story.things),
            records=records.count,
            redacted=records.redacted,
            size=signed.size,
            origin=signed.origin,
            key=str(ring.keys[-1].verifier),
            conforms=report.conforms,
        )
        archive.add("ro-crate-metadata.json", crate(told, lake.base, records.last, sorted(exports or ()), carried))
        beside = [f"exports/{name}" for name in sorted(exports or ())] + [f"artifacts/{a.name}" for a in carried]
        archive.add_chunks("index.html", page(told, records.rows(), shapes, report, beside))
        archive.add("verify.py", script().encode())
        archive.seal(signed.origin, signed.size)
    return told


class _Records:
    """Writes records one after the other, and keeps their leaves and proofs for the end."""

    def __init__(self, lake: LakeParts, signed: Checkpoint, archive: ArchiveWriter, redactor: Redactor | None) -> None:
        self._ledger, self._size = lake.journal.ledger.remembering(), signed.size
        self._archive, self._redactor = archive, redactor
        self._leaves, self._proofs, self._rows = archive.spool(), archive.spool(), archive.spool()
        self.count = self.redacted = 0
        self.last = ""

    def write(self, evidence: Evidence) -> None:
        """Write one record with all that proves it."""
        entry = evidence.entry
        proof: dict[str, object] = {
            "seq": entry.seq,
            "salt": evidence.salt.hex() if evidence.salt is not None else None,
            "proof": [sibling.hex() for sibling in self._ledger.inclusion(entry.seq, self._size)],
        }
        leaf, parts = evidence.leaf, (evidence.body or b"").split(b"\x00")
        if self._redactor:
            leaf, parts = self._redacted(self._redactor, evidence, parts, proof)
        if evidence.body is not None:
            self._archive.add(_file(entry.seq), parts[0])
            if parts[1]:
                self._archive.add(_file(entry.seq, "removed."), parts[1])
            if len(parts) > 2:
                proof["memo"] = parts[2].decode()
        self._leaves.line(leaf)
        row = json.loads(leaf) | _called(f"<{entry.record}>", parts[0]) | {"erased": entry.erased_by}
        self._rows.line(json.dumps(row).encode())
        self._proofs.line(json.dumps(proof, separators=(",", ":")).encode())
        self.count += 1
        self.last = entry.recorded

    def _redacted(
        self, redactor: Redactor, evidence: Evidence, parts: list[bytes], proof: dict[str, object]
    ) -> tuple[bytes, list[bytes]]:
        """Leaf and body without people; where that changed them, the hash stands in for the leaf and the salt goes."""
        leaf = redactor.leaf(evidence.leaf)
        lines = [b"".join(sorted(redactor.text(part.decode()).encode().splitlines(keepends=True))) for part in parts]
        if leaf == evidence.leaf and lines == parts:
            return leaf, parts
        proof["leaf"] = leaf_hash(evidence.leaf).hex()
        proof["salt"] = None
        self.redacted += 1
        return leaf, lines

    def finish(self) -> None:
        """Write what was kept."""
        self._archive.add_chunks(LEAVES, self._leaves.lines())
        self._archive.add_chunks(PROOFS, self._proofs.lines())

    def rows(self) -> Iterator[dict[str, object]]:
        """What stands in each leaf, in order; what the record calls itself; and by which entry it was erased."""
        for line in self._rows.lines():
            yield json.loads(line)


def _called(record: str, text: bytes) -> dict[str, str]:
    """What a record (a token) calls itself and is, as its own statements say."""
    said: dict[str, str] = {"title": "", "type": ""}
    for line in text.decode().splitlines():
        if line.startswith((f"{record} {DCT.title} ", f"{record} {TYPE} ")):
            _, p, o = parse_nquads(line.encode())[0]
            if p == DCT.title:
                said["title"] = lexical(o)
            elif o != PROV.Bundle:
                said["type"] = ontology().labels.get(o, value(o))
    return said


def _file(seq: int, part: str = "") -> str:
    return f"records/{seq:08d}.{part}nq"


def _consistency(lake: LakeParts, size: int, since: Sequence[int]) -> Iterator[bytes]:
    """A proof from each checkpoint that somebody may hold."""
    ledger = lake.journal.ledger.remembering()
    for older in since:
        if not 0 < older <= size:
            raise NotFoundError(f"No proof leads from {older} to {size} entries.", where="since")
    kept = {older for older, _ in ledger.checkpoints(_CHECKPOINTS)} | set(since)
    for older in sorted(kept):
        if 0 < older < size:
            proof = [sibling.hex() for sibling in ledger.consistency(older, size)]
            yield json.dumps({"size": older, "proof": proof}, separators=(",", ":")).encode() + b"\n"


def shapes_hash() -> str:
    """The hash of the shapes that judge records now, in the form in which leaves name it."""
    digest = hashlib.sha256()
    for file in (file for folder in JUDGING for file in resources.files(f"shapes/{folder}", ".ttl")):
        digest.update(f"{resources.relative(file)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


class _Stored:
    """The graph as a gate reads it."""

    def __init__(self, graph: Graph) -> None:
        self.match: Callable[..., Iterator[Triple]] = graph.match
        self.outgoing, self.objects, self.subjects = graph.outgoing, graph.objects, graph.subjects


@cache
def _gate() -> Gate:
    """What may have become a gap, or break a policy, since it was recorded.

    Integrity cannot: nothing that breaks it is ever written. To ask again whether a lineage of a thousand steps has a
    cycle would take longer than all the rest of a bundle.
    """
    return Gate(ShapeSet.load([resources.path(f"shapes/{folder}") for folder in _ASKED_AGAIN]), ontology())


def _judged(graph: Graph, story: Story) -> Report:
    """What the shapes of now find in the story."""
    view = View(_Stored(graph), Layer(ontology().concept_triples))
    return Report.of(_gate().validate(view, sorted(story.nodes)))


def _report_text(report: Report, shapes: str) -> str:
    """The report as JSON, the same each time: what has no name in the shapes is called otherwise in each process."""
    told = {key: said for key, said in report.as_dict().items() if key != "results"} | {"shapes": shapes}
    results = [_UNNAMED.sub("_:unnamed", json.dumps(r.as_dict(), sort_keys=True)) for r in report.results]
    return json.dumps(told | {"results": [json.loads(text) for text in sorted(results)]}, indent=1)


def _clean(text: str, redactor: Redactor | None) -> bytes:
    return (redactor.text(text) if redactor else text).encode()


def _cleaned(chunks: Iterable[bytes], redactor: Redactor) -> Iterator[bytes]:
    """*chunks* without people; whole lines are looked at, because a name may lie across two chunks."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield redactor.text(line.decode()).encode() + b"\n"
    if rest:
        yield redactor.text(rest.decode()).encode()


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(1 << 20):
            yield chunk
