"""What a peer says, as RDF in its own vocabulary: one module a kind, each giving documents as they come."""

from __future__ import annotations

from lakegraph.federation.sources.document import Document, Reader, reader_of

__all__ = ["Document", "Reader", "reader_of"]
