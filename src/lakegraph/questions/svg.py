"""A lineage as SVG: columns from the sources on the left to the products on the right, each node a link."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise

from lakegraph.questions.card import is_link
from lakegraph.questions.lineage import Lineage
from lakegraph.questions.nodes import Edge
from lakegraph.rdf.terms import value

_WIDTH, _HEIGHT = 190, 34
_GAP_X, _GAP_Y, _EDGE = 60, 16, 20
_LETTERS = 26
_SWEEPS = 4
_POINTS = 5_000
"""How many places are kept free for edges; beyond them a long edge is drawn straight."""
_STYLE = (
    ".lg{font:12px system-ui,sans-serif}.lg rect{fill:#fff;stroke:#555}.lg .run rect{fill:#eef3fb;stroke:#3b6ea5}"
    ".lg .start rect{stroke-width:2.5}.lg path{fill:none;stroke:#888}.lg text{fill:#222}"
    ".lg .more{fill:#a33;font-size:10px}"
)
_TIP = (
    '<defs><marker id="lg-tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8" stroke="#888" fill="none"/></marker></defs>'
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: its column from the left, its row from the top."""

    column: int
    row: int

    @property
    def x(self) -> int:
        """The left edge, in pixels."""
        return _EDGE + self.column * (_WIDTH + _GAP_X)

    @property
    def y(self) -> int:
        """The upper edge, in pixels."""
        return _EDGE + self.row * (_HEIGHT + _GAP_Y)

    @property
    def middle(self) -> int:
        """The middle of the height, in pixels."""
        return self.y + _HEIGHT // 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands.

    Attributes:
        places: A place for every node.
        bends: For an edge that passes over columns, the places kept free for it, in order.
    """

    places: dict[str, Place]
    bends: dict[Edge, list[Place]]


def layout(found: Lineage) -> Layout:
    """A place for every node: behind everything that flows into it, near what it is joined to.

    Layers by the longest way, edges over several layers led through places of their own, and the order within a layer
    by barycentres: the method of Sugiyama, Tagawa and Toda (1981).
    """
    before: dict[str, list[str]] = {token: [] for token in found.nodes}
    after: dict[str, list[str]] = {token: [] for token in found.nodes}
    for edge in found.edges:
        before[edge.target].append(edge.source)
        after[edge.source].append(edge.target)
    columns = _columns(before, after)
    trails = _trails(found, columns, before, after)
    layers: list[list[str]] = [[] for _ in range(max(columns.values()) + 1)]
    for token, column in columns.items():
        layers[column].append(token)
    rows = {token: row for layer in layers for row, token in enumerate(layer)}
    for sweep in range(_SWEEPS):
        beside, order = (before, layers) if sweep % 2 == 0 else (after, layers[::-1])
        for layer in order:
            layer.sort(key=_Middle(rows, beside))
            rows.update((token, row) for row, token in enumerate(layer))
    places = {token: Place(column, row) for column, layer in enumerate(layers) for row, token in enumerate(layer)}
    bends = {edge: [places[point] for point in trail] for edge, trail in trails.items()}
    return Layout({token: places[token] for token in found.nodes}, bends)


def _trails(
    found: Lineage, columns: dict[str, int], before: dict[str, list[str]], after: dict[str, list[str]]
) -> dict[Edge, list[str]]:
    """Points for edges that pass over columns, put into the layers like nodes, so that no node hides an edge."""
    trails: dict[Edge, list[str]] = {}
    points = 0
    for number, edge in enumerate(found.edges):
        span = range(columns[edge.source] + 1, columns[edge.target])
        if not span or points + len(span) > _POINTS:
            continue
        points += len(span)
        trail = [f"{number}/{column}" for column in span]
        columns.update(zip(trail, span, strict=True))
        before[edge.target].remove(edge.source)
        after[edge.source].remove(edge.target)
        for near, far in pairwise([edge.source, *trail, edge.target]):
            after.setdefault(near, []).append(far)
            before.setdefault(far, []).append(near)
        trails[edge] = trail
    return trails


def _columns(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, int]:
    """The longest way from a node without inputs; nodes on a cycle are taken when nothing else is left."""
    waiting = {token: len(set(sources)) for token, sources in before.items()}
    columns = dict.fromkeys(before, 0)
    ready = [token for token, count in waiting.items() if not count]
    while waiting:
        if not ready:
            ready = [next(iter(waiting))]
        token = ready.pop()
        if waiting.pop(token, None) is None:
            continue
        for target in set(after[token]):
            if target in waiting:
                columns[target] = max(columns[target], columns[token] + 1)
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
    return columns


@dataclass(frozen=True, slots=True)
class _Middle:
    """The mean row of what a node is joined to."""

    rows: dict[str, int]
    beside: dict[str, list[str]]

    def __call__(self, token: str) -> float:
        rows = [self.rows[each] for each in self.beside.get(token, ())]
        return sum(rows) / len(rows) if rows else float(self.rows[token])


def svg(found: Lineage) -> str:
    """The drawing, whole, without scripts."""
    placed = layout(found)
    points = [*placed.places.values(), *(point for bend in placed.bends.values() for point in bend)]
    width = max(p.x for p in points) + _WIDTH + _EDGE
    height = max(p.y for p in points) + _HEIGHT + _EDGE
    title = escape(f"Lineage of {found.nodes[found.start].label}")
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lg" role="img" aria-label="{title}" {size}>',
        f"<title>{title}</title>",
        f"<style>{_STYLE}</style>",
        _TIP,
    ]
    places, bends = placed.places, placed.bends
    lines += [_edge(places[e.source], bends.get(e, []), places[e.target]) for e in found.edges]
    lines += [_node(found, token, place) for token, place in places.items()]
    return "\n".join([*lines, "</svg>"])


def _edge(source: Place, bends: list[Place], target: Place) -> str:
    """A curve from the right of one node to the left of another; where it passes over a column it runs level."""
    stops = [(source.x + _WIDTH, source.middle)]
    for bend in bends:
        stops += [(bend.x, bend.middle), (bend.x + _WIDTH, bend.middle)]
    stops.append((target.x, target.middle))
    path = f"M{stops[0][0]} {stops[0][1]}"
    for number, ((x1, y1), (x2, y2)) in enumerate(pairwise(stops)):
        if number % 2:
            path += f"H{x2}"
        else:
            reach = max(abs(x2 - x1) // 2, _GAP_X // 2)
            path += f"C{x1 + reach} {y1} {x2 - reach} {y2} {x2} {y2}"
    return f'<path d="{path}" marker-end="url(#lg-tip)"/>'


def _node(found: Lineage, token: str, place: Place) -> str:
    node = found.nodes[token]
    classes = "run" if node.run else "thing"
    if token == found.start:
        classes += " start"
    label = node.label if len(node.label) <= _LETTERS else node.label[: _LETTERS - 1] + "…"
    hidden, x, y = found.hidden.get(token), place.x, place.y
    body = (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{_HEIGHT // 2 if node.run else 4}"/>'
        f'<text x="{x + 12}" y="{y + 21}">{escape(label)}</text><title>{escape(node.line)}</title>'
    )
    if hidden:
        body += f'<text class="more" x="{x + _WIDTH - 6}" y="{y + 11}" text-anchor="end">+{hidden}</text>'
    if is_link(token):
        body = f'<a href="{escape(value(token))}">{body}</a>'
    return f'<g class="{classes}">{body}</g>'
