"""A small plot: what measures cost at each size of the lake, both axes logarithmic, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

Points = Sequence[tuple[float, float]]
_WIDTH, _HEIGHT = 760, 420
_LEFT, _TOP, _PLOT_WIDTH, _PLOT_HEIGHT = 60, 36, 430, 330
_FONT = 'font-family="sans-serif" font-size="12"'
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666", "#000000")
"""Told apart by people who do not see all colours (Okabe and Ito)."""


def svg(title: str, lines: Mapping[str, Points], unit: str) -> str:
    """A plot.

    Args:
        title: What it shows.
        lines: The name of each line, and its points: runs in the lake, and the value there.
        unit: The unit of the values.
    """
    shown = {name: points for name, points in lines.items() if len(points) > 1}
    xs = [x for points in shown.values() for x, _ in points]
    ys = [y for points in shown.values() for _, y in points if y > 0]
    if not xs or not ys:
        return ""
    across = _Scale(min(xs), max(xs), _LEFT, _LEFT + _PLOT_WIDTH)
    floor, ceiling = 10 ** math.floor(math.log10(min(ys))), 10 ** math.ceil(math.log10(max(ys)))
    up = _Scale(floor, ceiling, _TOP + _PLOT_HEIGHT, _TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" {_FONT}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="20" font-size="14" fill="#222222">{escape(title)}</text>',
        *_grid(sorted(set(xs)), floor, ceiling, across, up, unit),
    ]
    for number, (name, points) in enumerate(shown.items()):
        parts += _line(name, points, number, across, up)
    return "\n".join([*parts, "</svg>", ""])


class _Scale:
    """Puts values of a logarithmic axis onto the paper."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._span = math.log10(low), math.log10(high) - math.log10(low) or 1.0
        self._start, self._length = start, end - start

    def __call__(self, value: float) -> float:
        return round(self._start + (math.log10(value) - self._low) / self._span * self._length, 1)


def _grid(xs: Sequence[float], floor: float, ceiling: float, across: _Scale, up: _Scale, unit: str) -> list[str]:
    right, bottom = _LEFT + _PLOT_WIDTH, _TOP + _PLOT_HEIGHT
    parts = []
    for x in xs:
        parts.append(f'<line x1="{across(x)}" y1="{_TOP}" x2="{across(x)}" y2="{bottom}" stroke="#dddddd"/>')
        parts.append(f'<text x="{across(x)}" y="{bottom + 18}" text-anchor="middle" fill="#444444">{x:,.0f}</text>')
    y = floor
    while y <= ceiling * 1.001:
        parts.append(f'<line x1="{_LEFT}" y1="{up(y)}" x2="{right}" y2="{up(y)}" stroke="#dddddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{up(y) + 4}" text-anchor="end" fill="#444444">{y:g}</text>')
        y *= 10
    parts.append(f'<text x="{right}" y="{bottom + 36}" text-anchor="end" fill="#444444">runs in the lake</text>')
    parts.append(f'<text x="{_LEFT - 50}" y="{_TOP - 6}" fill="#444444">{escape(unit)}</text>')
    return parts


def _line(name: str, points: Points, number: int, across: _Scale, up: _Scale) -> list[str]:
    colour = _COLOURS[number % len(_COLOURS)]
    placed = [(across(x), up(y)) for x, y in points if y > 0]
    path = " ".join(f"{x},{y}" for x, y in placed)
    legend = _TOP + 14 + number * 20
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in placed),
        f'<rect x="{_LEFT + _PLOT_WIDTH + 16}" y="{legend - 8}" width="14" height="4" fill="{colour}"/>',
        f'<text x="{_LEFT + _PLOT_WIDTH + 36}" y="{legend}" fill="#222222">{escape(name)}</text>',
    ]
