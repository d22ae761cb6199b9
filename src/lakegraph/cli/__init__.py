"""The command line: one short function per command; it parses, calls the lake and shows."""

from __future__ import annotations

from lakegraph.cli.app import main

__all__ = ["main"]
