"""Small records made by number, for tests that need many."""

from __future__ import annotations

from typing import Any


def study(name: str) -> dict[str, Any]:
    """A record that stands alone: its statements are known from its name."""
    return {
        "type": "Study",
        "id": name,
        "title": f"Study {name}",
        "description": f"Written to see whether {name} survives.",
        "keyword": [f"{name}-{n}" for n in range(12)],
    }


def ingest(number: int, source: str = "Diabetes") -> dict[str, Any]:
    """An ingest of a data set of its own."""
    return {
        "type": "Ingest",
        "title": f"Ingest {number}",
        "description": "First copy, native format kept.",
        "startedAt": "2024-02-25T09:00:00Z",
        "endedAt": "2024-02-25T09:02:10Z",
        "ingestionMode": "batch",
        "ingestedBy": "bob",
        "executes": {"title": "ingest.py", "programLanguage": "Python", "sourceCodeURL": "usr/Bob/ingest.py"},
        "environment": {"title": "Python 3.11 / Linux"},
        "ingestFrom": {
            "title": source,
            "owner": "uci",
            "datasetType": "structured",
            "landingPage": "https://archive.ics.uci.edu/",
            "description": "Patient records from two sources.",
            "created": "1994-01-01",
        },
        "ingestTo": [
            {
                "title": f"Data {number}",
                "version": "0",
                "description": "A first copy of the records, as they came.",
                "administrator": "bob",
                "securityLevel": "internal",
                "distribution": {
                    "storagePath": f"data/{number}.csv",
                    "byteSize": 1000 + number,
                    "mediaType": "text/csv",
                    "checksum": "sha256:" + f"{number:064x}",
                },
            }
        ],
    }
