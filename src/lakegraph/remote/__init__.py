"""A lake over HTTP: the same calls, answers and errors as one in a directory."""

from __future__ import annotations

from lakegraph.remote.lake import RemoteLake
from lakegraph.remote.problem import RemoteError

__all__ = ["RemoteError", "RemoteLake"]
