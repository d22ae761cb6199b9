"""Comparing what a lake holds: differences, versions, what is missing, and how to make a thing again."""

from __future__ import annotations

from lakegraph.asking import Asking
from lakegraph.errors import UsageError
from lakegraph.finding import Moment
from lakegraph.questions import Comparison, Gaps, History, LineageDifference, Named, Recipe, compare, lineage_difference
from lakegraph.questions import gaps as gaps_of
from lakegraph.questions import history as history_of
from lakegraph.questions import reproduce as recipe_of
from lakegraph.rdf.terms import iri

MOST_LOOKED_AT = 1000
ASSETS = ("model", "dataset", "deployment", "program", "source", "study")
"""The kinds of which gaps are told."""


class Comparing(Asking):
    """The calls that compare."""

    def diff(
        self, a: str | Named, b: str | Named, *more: str | Named, lineage: bool = False, as_of: Moment | None = None
    ) -> Comparison | LineageDifference:
        """What differs between two or more runs, models or data sets; or between the lineages of two.

        Args:
            a: A thing: IRI, slug, title, ``title@version`` or file path.
            b: Another.
            more: Further ones.
            lineage: Whether where two things come from is compared, instead of what they are.
            as_of: Answer from what the lake knew then.

        Raises:
            NotFoundError, AmbiguousError: A name means nothing, or several things.
            UsageError: There are too many, or the lineages of more than two.
        """
        if as_of is not None:
            return self.then(as_of).diff(a, b, *more, lineage=lineage)
        things = [iri(self.resolve(each)) for each in (a, b, *more)]
        if not lineage:
            return compare(self._projector.graph, things)
        if more:
            raise UsageError("Lineages are compared two at a time.", where="lineage", hint="Name two things.")
        return lineage_difference(self._projector.graph, things[0], things[1], self._projector.index)

    def history(self, of: str | Named, *, as_of: Moment | None = None) -> History:
        """The versions of a data set or model, and what changed from each to the next.

        Raises:
            NotFoundError: It has no versions.
        """
        if as_of is not None:
            return self.then(as_of).history(of)
        return history_of(self._projector.graph, iri(self.resolve(of)))

    def gaps(self, of: str | Named | None = None, *, limit: int = 100, as_of: Moment | None = None) -> Gaps:
        """What nobody has said: of one thing, or of the newest things of the lake.

        Args:
            of: The thing; the newest models, data sets, deployments, programs, sources and studies when left out.
            limit: How many of these to look at.
            as_of: Answer from what the lake knew then.

        Raises:
            UsageError: *limit* is impossible.
        """
        if as_of is not None:
            return self.then(as_of).gaps(of, limit=limit)
        if not 1 <= limit <= MOST_LOOKED_AT:
            raise UsageError(f"{limit} things cannot be looked at.", where="limit", hint=f"1 to {MOST_LOOKED_AT}.")
        things = [iri(self.resolve(of))] if of is not None else self._newest(limit)
        return gaps_of(self._projector.graph, things, self._missing)

    def _newest(self, limit: int) -> list[str]:
        """The newest assets of any kind (tokens)."""
        found = [hit for kind in ASSETS for hit in self._projector.index.search(kind=kind, limit=limit).hits]
        found.sort(key=lambda hit: (-hit.time, hit.iri))
        return [iri(hit.iri) for hit in found[:limit]]

    def reproduce(self, of: str | Named, *, as_of: Moment | None = None) -> Recipe:
        """What is needed to make a model or data set again, and exactly what is missing for it.

        Raises:
            NotFoundError: No run that made it is recorded.
        """
        if as_of is not None:
            return self.then(as_of).reproduce(of)
        return recipe_of(self._projector.graph, iri(self.resolve(of)))
