"""Exchange: media types, and RDF as others want it."""

from __future__ import annotations

from lakegraph.exchange.answers import NAMES, as_text, renderings
from lakegraph.exchange.media import RDF_TYPES, RESULT_TYPES, SUFFIXES, Media, serialize

__all__ = ["NAMES", "RDF_TYPES", "RESULT_TYPES", "SUFFIXES", "Media", "as_text", "renderings", "serialize"]
