"""The directory of people, organizations and programs: the only place in a lake that knows who they are."""

from __future__ import annotations

from lakegraph.people.directory import People
from lakegraph.people.person import KINDS, Person

__all__ = ["KINDS", "People", "Person"]
