"""The two files of a bundle that describe the rest: for people ``index.html``, for machines the RO-Crate's metadata."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakegraph.validation import Report

if TYPE_CHECKING:
    import jinja2

    from lakegraph.exchange.artifacts import Artifact
    from lakegraph.exchange.bundle import Written

_FORMATS = {
    "ttl": "text/turtle",
    "trig": "application/trig",
    "nq": "application/n-quads",
    "jsonld": "application/ld+json",
    "provn": "text/provenance-notation",
    "md": "text/markdown",
    "json": "application/json",
}
_TEMPLATES = Path(__file__).with_name("templates")


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )


def page(
    told: Written, rows: Iterable[dict[str, object]], shapes: str, report: Report, beside: Sequence[str]
) -> Iterator[bytes]:
    """``index.html``, as it is written: what the bundle is about, how to verify it, and a line for each record.

    Args:
        told: What the bundle holds.
        rows: What stands in each leaf.
        shapes: Hash of the shapes of now.
        report: What these find.
        beside: The files that were asked for besides.
    """
    template = _environment().get_template("bundle.html.j2")
    stream = template.stream(told=told, rows=rows, shapes=shapes, report=report, beside=beside)
    stream.enable_buffering(50)
    for text in stream:
        yield text.encode()


def _format(name: str) -> str:
    """The media type of a file, as far as its name tells."""
    suffix = name.rpartition(".")[2].lower()
    return _FORMATS.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def crate(told: Written, base: str, published: str, exports: Iterable[str], artifacts: Iterable[Artifact]) -> bytes:
    """``ro-crate-metadata.json`` (RO-Crate 1.1): what the bundle is about, and what each of its files is for.

    Args:
        told: What the bundle holds.
        base: The base of the lake.
        published: When its last record was recorded.
        exports: The names of the files in ``exports/``.
        artifacts: The files in ``artifacts/``.
    """
    text = (_TEMPLATES / "ro-crate-metadata.json").read_text(encoding="utf-8")
    crated: dict[str, Any] = json.loads(text)
    by_id = {part["@id"]: part for part in crated["@graph"]}
    root = by_id["./"]
    facts = asdict(told)
    operator = by_id["#operator"]
    operator["name"], operator["url"] = operator["name"].format(**facts), base
    root["name"] = root["name"].format(**facts)
    root["description"] = root["description"].format(**facts)
    root["datePublished"] = published
    root["identifier"] = f"{told.origin}#{told.size}"
    about = [{"@id": thing} for thing in told.things]
    root["about"] = about if len(about) > 1 else about[0]
    crated["@graph"] += [{"@id": thing, "@type": "Thing", "name": thing} for thing in told.things]
    for name in exports:
        root["hasPart"].append({"@id": f"exports/{name}"})
        crated["@graph"].append(
            {"@id": f"exports/{name}", "@type": "File", "name": f"Export: {name}", "encodingFormat": _format(name)}
        )
    named = set(told.things)
    for artifact in artifacts:
        where = f"artifacts/{artifact.name}"
        file: dict[str, Any] = {"@id": where, "@type": "File", "name": artifact.path.name, "sha256": artifact.sha256}
        file["encodingFormat"] = _format(artifact.path.name)
        if artifact.about is None:
            file["description"] = "No record of this crate tells of a file with this checksum."
        else:
            file["about"] = {"@id": artifact.about}
            if artifact.about not in named:
                named.add(artifact.about)
                crated["@graph"].append({"@id": artifact.about, "@type": "Thing", "name": artifact.about})
        root["hasPart"].append({"@id": where})
        crated["@graph"].append(file)
    return json.dumps(crated, indent=2, ensure_ascii=False).encode() + b"\n"
