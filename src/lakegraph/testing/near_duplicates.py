"""Near-duplicates: a data set ingested again under a name and in words that differ a little."""

from __future__ import annotations

import copy
from datetime import datetime

from lakegraph.testing.draws import Draws
from lakegraph.testing.world import Document, later


def near_duplicate(ingest: Document, draws: Draws) -> tuple[Document, str]:
    """An ingest of nearly the same data set.

    Args:
        ingest: The document of an ingest.
        draws: Which words change.

    Returns:
        The document, and how documents name the data set that it repeats.
    """
    again = copy.deepcopy(ingest)
    made = again["ingestTo"][0]
    twin = f"{made['title']}@{made['version']}"
    title = _reworded(f"{made['title']} v{made['version']}", draws)
    again |= {
        "id": draws.run_id(datetime.fromisoformat(ingest["endedAt"])),
        "title": f"Ingest {title}",
        "description": _shuffled(ingest["description"], draws),
        "startedAt": later(ingest["endedAt"], minutes=1),
        "endedAt": later(ingest["endedAt"], minutes=2),
        "ingestFrom": _name(ingest["ingestFrom"]),
    }
    made |= {"title": title, "version": "1"}
    made.pop("previousVersion", None)
    made["distribution"] |= {"storagePath": f"copies/{title.replace(' ', '-')}", "checksum": draws.sha256()}
    return again, twin


def _name(source: Document | str) -> str:
    return source if isinstance(source, str) else str(source["title"])


def _reworded(title: str, draws: Draws) -> str:
    """*title* with a letter doubled, or a word added."""
    words = title.split()
    if draws.chance(0.5):
        return f"{title} copy"
    longest = max(range(len(words)), key=lambda n: len(words[n]))
    word = words[longest]
    at = 1 + draws.number(len(word) - 1)
    words[longest] = word[:at] + word[at - 1] + word[at:]
    return " ".join(words)


def _shuffled(text: str, draws: Draws) -> str:
    """*text* with two neighbouring words swapped."""
    words = text.split()
    at = draws.number(len(words) - 1)
    words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words)
