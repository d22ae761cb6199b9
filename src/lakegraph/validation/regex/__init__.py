"""``sh:pattern``: SPARQL's REGEX in time that an adversary cannot stretch."""

from __future__ import annotations

from lakegraph.validation.regex.matcher import Matcher, compile_pattern

__all__ = ["Matcher", "compile_pattern"]
