"""Schemathesis over /openapi.json: what the description allows is answered as it says, and never with a fault of ours.

``LAKEGRAPH_SCHEMATHESIS`` says how many requests are made for each operation.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import lakegraph
from lakegraph.http import create_app
from tests.conftest import BASE, examples

EXAMPLES = int(os.environ.get("LAKEGRAPH_SCHEMATHESIS", "4"))
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
HEADERS = {"Accept-Encoding": "identity"}


@schemathesis.serializer("application/sparql-query", "application/sparql-update", "application/x-ndjson")
def text(ctx: schemathesis.SerializationContext, value: object) -> bytes:
    """What has no structure that the description tells of is any text."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    with lakegraph.init(tmp_path_factory.mktemp("schemathesis") / "lake", base=BASE) as lake:
        for document in examples():
            lake.record(document)
        HEADERS["Authorization"] = f"Bearer {lake.tokens.create('fuzzer', ['admin'])[1]}"
        yield schemathesis.openapi.from_wsgi("/openapi.json", create_app(lake))


def test_every_operation(api: schemathesis.BaseSchema) -> None:
    """Statuses, media types and bodies are those of the description."""
    wrong, count = [], 0
    for found in api.get_all_operations():
        operation = found.ok()
        count += 1
        try:
            _ask(operation)
        except (Exception, BaseExceptionGroup) as error:
            wrong.append(f"{operation.label}: {error!r} {getattr(error, 'exceptions', '')}")
    assert not wrong, "\n\n".join(wrong)
    assert count > 40


def _ask(operation: schemathesis.APIOperation) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answered(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=HEADERS, checks=CHECKS)

    answered()
