"""Blank nodes of a source: they mean nothing outside of one answer, so what hangs together by them comes in one.

Two patterns that meet in a blank node can only be matched by one source, and their matches can only be put together
when one answer gives both. So for each source the patterns that meet in variables which it binds to blank nodes are
found; each of these is fetched by itself for what has names, and all of them in one query for what has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from lakegraph.federation.asked import QueriedSource
from lakegraph.federation.patterns import Needs, Pattern, joined_variables
from lakegraph.federation.rewriting import Branch, Values, unions
from lakegraph.rdf.terms import is_blank

_FEW = 1000
"""So many values can go into one query; what hangs together by blank nodes cannot be fetched in several."""


class Blanks:
    """The patterns of a query that meet in blank nodes of one source.

    Args:
        source: The source, for which patterns have been chosen.
        needs: What the query needs.
    """

    def __init__(self, source: QueriedSource, needs: Needs) -> None:
        self._source = source
        self._needs = needs
        self._done = False
        self._lock = Lock()
        self._found: tuple[frozenset[str], tuple[Pattern, ...]] | None = None

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns that meet in blank nodes."""
        return self._meeting()[1]

    def fetch(self, pattern: Pattern, values: Values) -> list[str]:
        """Fetch what has no names, once, where *pattern* takes part in it; the variables that must have names."""
        variables, meeting = self._meeting()
        if pattern not in meeting:
            return []
        with self._lock:
            if not self._done:
                self._done = True
                self._nameless(variables, meeting, pattern, values)
        return [f"v{name[1:]}" for name in sorted(pattern.variables & variables)]

    def _meeting(self) -> tuple[frozenset[str], tuple[Pattern, ...]]:
        """The variables that may be bound to blank nodes in more than one pattern, and those patterns."""
        if self._found is None:
            joined = joined_variables(self._needs.patterns)
            blank = frozenset(name for name in self._source.blank if name in joined)
            meeting = tuple(p for p in self._needs.patterns if p in self._source.relevant and p.variables & blank)
            self._found = (blank, meeting)
        return self._found

    def _nameless(self, variables: frozenset[str], meeting: Sequence[Pattern], first: Pattern, values: Values) -> None:
        """All of it in one query, whose answer names each blank node once; bound where *first* must be matched too."""
        few = {name: tokens for name, tokens in values.items() if len(tokens) <= _FEW and name not in variables}
        parts = []
        for number, pattern in enumerate(meeting):
            condition = " || ".join(f"isBlank(?v{name[1:]})" for name in sorted(pattern.variables & variables))
            branches = self._source.branches(pattern, 2 * number, few if pattern == first else {})
            leading: list[Branch] = []
            meets = pattern != first and first.variables & pattern.variables & variables
            if meets and self._needs.leads(first, pattern):
                leading = self._source.branches(first, 2 * number + 1, few)
            if branches:
                parts.append((branches, condition, leading))
        bare = [(branches, "", leading) for branches, _, leading in parts]
        columns = [f"v{name[1:]}" for name in variables]
        self._source.send(
            unions(parts), lambda row: any(is_blank(row.get(column, "<")) for column in columns), unions(bare)
        )
