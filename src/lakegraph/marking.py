"""What the graph says of every entry of the journal, beside what the entry itself says."""

from __future__ import annotations

from lakegraph.journal import Entry
from lakegraph.rdf.namespaces import LAKE, PROV, XSD
from lakegraph.rdf.terms import Triple, literal, value


def markers(entry: Entry) -> list[Triple]:
    """What every entry leaves in the default graph: its number, and when it was recorded."""
    bundle = f"<{entry.graph}>"
    return [
        (bundle, LAKE.journalSequence, literal(str(entry.seq), value(XSD.integer))),
        (bundle, PROV.generatedAtTime, literal(entry.recorded, value(XSD.dateTime))),
    ]
