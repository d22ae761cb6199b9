"""Literals as SPARQL compares them and as XML Schema admits them.

https://www.w3.org/TR/sparql11-query/#OperatorMapping and https://www.w3.org/TR/xmlschema11-2/
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial
from typing import NamedTuple

from lakegraph.rdf.terms import XSD, datatype, lang, lexical

_INTEGER_RANGES: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-128, 127),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 255),
}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DOUBLE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_ZONE = r"(?P<zone>Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_YEAR = r"(?P<year>-?(?:[1-9][0-9]{3,}|0[0-9]{3}))"
_MONTH, _DAY = r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?P<hour>[01][0-9]|2[0-4]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9](?:\.[0-9]+)?)"
_MOMENTS = {
    "dateTime": re.compile(f"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}"),
    "dateTimeStamp": re.compile(
        f"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}(?P<zone>Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
    ),
    "date": re.compile(f"{_YEAR}-{_MONTH}-{_DAY}{_ZONE}"),
    "time": re.compile(_TIME + _ZONE),
    "gYearMonth": re.compile(f"{_YEAR}-{_MONTH}{_ZONE}"),
    "gYear": re.compile(_YEAR + _ZONE),
    "gMonthDay": re.compile(f"--{_MONTH}-{_DAY}{_ZONE}"),
    "gDay": re.compile(f"---{_DAY}{_ZONE}"),
    "gMonth": re.compile(f"--{_MONTH}{_ZONE}"),
}
_DURATION = re.compile(
    r"(?P<sign>-)?P(?=.)(?:(?P<y>[0-9]+)Y)?(?:(?P<m>[0-9]+)M)?(?:(?P<d>[0-9]+)D)?"
    r"(?:T(?=.)(?:(?P<h>[0-9]+)H)?(?:(?P<min>[0-9]+)M)?(?:(?P<s>[0-9]+(?:\.[0-9]+)?)S)?)?"
)
_PATTERNS = {
    "hexBinary": re.compile(r"(?:[0-9A-Fa-f]{2})*"),
    "base64Binary": re.compile(
        r"(?:(?:[A-Za-z0-9+/] ?){4})*(?:(?:[A-Za-z0-9+/] ?){2}[AEIMQUYcgkosw048] ?=|[A-Za-z0-9+/] ?[AQgw] ?= ?=)?"
    ),
    "language": re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*"),
    "normalizedString": re.compile(r"[^\t\n\r]*"),
    "token": re.compile(r"(?:[^\t\n\r ]+(?: [^\t\n\r ]+)*)?"),
    "boolean": re.compile(r"true|false|1|0"),
    "decimal": _DECIMAL,
    "double": _DOUBLE,
    "float": _DOUBLE,
}
_DURATIONS = ("duration", "dayTimeDuration", "yearMonthDuration")
_FOURTEEN_HOURS = 14 * 3600
_REMEMBERED = 200
"""Longer texts are judged each time: remembering them would let records fill the memory."""
_PLAIN_LENGTH = 20
_PARTING = ("-", "-", "T", ":", ":")
# From 0001-01-01 to the first of each month, in a year that does not leap.
_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)

Number = int | Decimal | float


class Key(NamedTuple):
    """What a literal is compared by: only keys of one kind compare.

    Attributes:
        kind: The family of its datatype.
        value: A number, a text, or seconds.
        zoned: For moments: whether a time zone is given.
    """

    kind: str
    value: Number | Fraction | str | tuple[int, Fraction]
    zoned: bool = False


def key(token: str) -> Key | None:
    """What *token* is compared by, or ``None`` for what has no order (IRIs, tagged strings, ill-formed literals)."""
    return _key(token) if len(token) <= _REMEMBERED else _key.__wrapped__(token)


@lru_cache(maxsize=8192)
def _key(token: str) -> Key | None:
    if token[0] != '"' or lang(token):
        return None
    kind = datatype(token)
    if not kind.startswith(XSD):
        return None
    name, text = kind[len(XSD) :], lexical(token)
    if not is_valid(text, kind):
        return None
    if name in _INTEGER_RANGES:
        return Key("number", int(text))
    reader = _READERS.get(name)
    return reader(text) if reader else None


def less(a: str, b: str) -> bool:
    """Whether ``a < b`` in SPARQL; false as well where the two cannot be compared."""
    one, other = key(a), key(b)
    return one is not None and other is not None and compare(one, other) == -1


def less_or_equal(a: str, b: str) -> bool:
    """Whether ``a <= b`` in SPARQL; false as well where the two cannot be compared."""
    one, other = key(a), key(b)
    return one is not None and other is not None and compare(one, other) in (-1, 0)


def compare(a: Key, b: Key) -> int | None:
    """-1, 0 or 1 as *a* is before, equal to or after *b*; ``None`` when their order is not determined."""
    if a.kind != b.kind:
        return None
    one, other = a.value, b.value
    if isinstance(one, tuple) and isinstance(other, tuple):
        return _compare_durations(one, other)
    if isinstance(one, float) or isinstance(other, float):
        # SPARQL promotes the other number to the binary one.
        one, other = _as_float(one), _as_float(other)
        if math.isnan(one) or math.isnan(other):
            return None
    if a.zoned != b.zoned:
        return _compare_across_zones(a, b)
    return (one > other) - (one < other)  # type: ignore[operator] # of one kind, hence of one order


def _as_float(number: object) -> float:
    try:
        return float(number)  # type: ignore[arg-type] # only numbers come here
    except OverflowError:
        return math.inf if number > 0 else -math.inf  # type: ignore[operator] # only numbers come here


def _compare_across_zones(a: Key, b: Key) -> int | None:
    """Order of a moment with a zone and one without: determined only beyond 14 hours (XML Schema 1.1, D.2.1)."""
    difference = a.value - b.value  # type: ignore[operator] # both are seconds
    if abs(difference) <= _FOURTEEN_HOURS:
        return None
    return 1 if difference > 0 else -1


def _compare_durations(a: tuple[int, Fraction], b: tuple[int, Fraction]) -> int | None:
    """Order of two (months, seconds); undetermined when one has more months and the other more seconds."""
    months, seconds = a[0] - b[0], a[1] - b[1]
    if months * seconds < 0:
        return None
    total = months or seconds
    return (total > 0) - (total < 0)


def is_valid(text: str, kind: str) -> bool:
    """Whether *text* is in the lexical space of the datatype *kind* (a bare IRI); an unknown datatype admits all."""
    return _is_valid(text, kind) if len(text) <= _REMEMBERED else _is_valid.__wrapped__(text, kind)


@lru_cache(maxsize=8192)
def _is_valid(text: str, kind: str) -> bool:
    if not kind.startswith(XSD):
        return True
    name = kind[len(XSD) :]
    if name in _INTEGER_RANGES:
        low, high = _INTEGER_RANGES[name]
        if not _INTEGER.fullmatch(text) or len(text) > 4000:
            return False
        number = int(text)
        return (low is None or number >= low) and (high is None or number <= high)
    if name in _MOMENTS:
        return _moment(text, name) is not None
    if name in _DURATIONS:
        return _duration(text, name) is not None
    pattern = _PATTERNS.get(name)
    return pattern is None or pattern.fullmatch(text) is not None


def _moment(text: str, name: str) -> Key | None:
    if name == "dateTime" and len(text) == _PLAIN_LENGTH and text[19] == "Z":
        plain = _plain_moment(text)
        if plain is not None:
            return plain
    match = _MOMENTS[name].fullmatch(text)
    if not match:
        return None
    part = match.groupdict()
    year, month, day = int(part.get("year") or 1972), int(part.get("month") or 1), int(part.get("day") or 1)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day > (31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]:
        return None
    hour, minute = int(part.get("hour") or 0), int(part.get("minute") or 0)
    written = part.get("second") or "0"
    second = Fraction(written) if "." in written else int(written)  # fractions cost ten times as much
    if hour == 24 and (minute or second):
        return None
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400
    days += _DAYS_BEFORE[month - 1] + (leap and month > 2) + day - 1
    zone = part["zone"]
    seconds = ((days * 24 + hour) * 60 + minute - _offset(zone)) * 60 + second
    return Key("dateTime" if name == "dateTimeStamp" else name, seconds, zone is not None)


def _plain_moment(text: str) -> Key | None:
    """The key of a moment as nearly all are written, ``2024-04-17T08:31:02Z``; ``None`` for another, good or bad."""
    # The reader takes more than is meant here: dates by week, and times without colons.
    if (text[4], text[7], text[10], text[13], text[16]) != _PARTING or not text.isascii():
        return None
    try:
        read = datetime.fromisoformat(text[:19])
    except ValueError:
        return None
    days = read.toordinal() - 1
    return Key("dateTime", ((days * 24 + read.hour) * 60 + read.minute) * 60 + read.second, zoned=True)


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return -minutes if zone[0] == "-" else minutes


def _duration(text: str, name: str) -> Key | None:
    match = _DURATION.fullmatch(text)
    if not match or not any(match.group(g) for g in ("y", "m", "d", "h", "min", "s")):
        return None
    if name == "dayTimeDuration" and (match["y"] or match["m"]):
        return None
    if name == "yearMonthDuration" and any(match.group(g) for g in ("d", "h", "min", "s")):
        return None
    months = int(match["y"] or 0) * 12 + int(match["m"] or 0)
    seconds = (int(match["d"] or 0) * 24 + int(match["h"] or 0)) * 60 + int(match["min"] or 0)
    exact = seconds * 60 + Fraction(match["s"] or 0)
    sign = -1 if match["sign"] else 1
    return Key("duration", (sign * months, sign * exact))


def _binary(text: str, *, single: bool) -> Key:
    number = float(text.replace("INF", "inf"))
    if single and math.isfinite(number):
        try:
            number = struct.unpack("f", struct.pack("f", number))[0]
        except OverflowError:
            number = math.copysign(math.inf, number)
    return Key("number", number)


_READERS: dict[str, Callable[[str], Key | None]] = {
    "decimal": lambda text: Key("number", Decimal(text)),
    "double": lambda text: _binary(text, single=False),
    "float": lambda text: _binary(text, single=True),
    "string": lambda text: Key("string", text),
    "boolean": lambda text: Key("boolean", int(text in ("true", "1"))),
    **{name: partial(_moment, name=name) for name in _MOMENTS},
    **{name: partial(_duration, name=name) for name in _DURATIONS},
}
