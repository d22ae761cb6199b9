"""lakegraph: the knowledge graph of a model lake."""

from __future__ import annotations

__version__ = "0.1.0"
