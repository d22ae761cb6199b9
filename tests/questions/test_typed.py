"""Questions as Python methods: signatures that say what they take, and values as Python has them."""

from __future__ import annotations

import inspect
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from lakegraph.questions import Calls, library, value_text


class Thing:
    """Something with an IRI."""

    iri = "https://lake.example.org/id/model/m/1"


def asked(name: str, **parameters: Any) -> tuple[str, dict[str, Any]]:
    """Says what would be asked."""
    return name, parameters


@pytest.fixture
def calls() -> Calls:
    """The questions of the library."""
    return Calls([question.as_dict() for question in library()], asked)


def test_every_question_is_a_method(calls: Calls) -> None:
    """Each has the name, the summary and the parameters of its file, and a moment."""
    assert len(dir(calls)) == len(library())
    for question in library():
        method = getattr(calls, question.name.replace("-", "_"))
        signature = inspect.signature(method)
        assert method.__doc__ == question.summary
        assert [*signature.parameters] == [*(p.name for p in question.parameters), "as_of"]
        for parameter in question.parameters:
            assert (signature.parameters[parameter.name].default is inspect.Parameter.empty) == parameter.required
    assert inspect.signature(calls.best_models).parameters["limit"].annotation == int | None


def test_calling(calls: Calls) -> None:
    """Arguments by place or name; what is left out is not said; wrong ones are Python's own errors."""
    assert calls.trained_by("Diabet Predictor") == ("trained-by", {"model": "Diabet Predictor"})
    assert calls.trained_by(model="m", as_of=3) == ("trained-by", {"model": "m", "as_of": 3})
    with pytest.raises(TypeError, match="missing a required argument: 'model'"):
        calls.trained_by()
    with pytest.raises(TypeError, match="unexpected keyword argument 'modle'"):
        calls.trained_by("m", modle="m")
    with pytest.raises(AttributeError, match="no question 'nothing'"):
        _ = calls.nothing


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("m@1", "m@1"),
        (Thing(), Thing.iri),
        (True, "true"),
        (20, "20"),
        (0.00001, "0.00001"),
        (Decimal("1E+3"), "1000"),
        (date(2024, 5, 1), "2024-05-01"),
        (datetime(2024, 5, 1, 9, tzinfo=UTC), "2024-05-01T09:00:00+00:00"),
    ],
)
def test_values(value: Any, text: str) -> None:
    """A value means what a person would type for it."""
    assert value_text(value) == text
