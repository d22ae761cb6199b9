"""Fixtures: the worked example behind the application, and a way to ask it and look at what comes back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.http import create_app
from lakegraph.remote import RemoteLake
from tests.conftest import BASE, examples
from tests.suites import SUITES

MODEL = f"{BASE}id/model/diabet-predictor/1"
PROBLEM = "application/problem+json"


@pytest.fixture(scope="session")
def read_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLake]:
    """The worked example; tests that use it only read."""
    with lakegraph.init(tmp_path_factory.mktemp("http") / "lake", base=BASE) as lake:
        for document in examples():
            lake.record(document)
        yield lake


@pytest.fixture
def get(read_lake: LocalLake) -> FlaskClient:
    """A client of the worked example."""
    return create_app(read_lake).test_client()


@pytest.fixture(scope="module")
def written_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLake]:
    """A lake that the tests of one file write to; each records what no other test does."""
    with lakegraph.init(tmp_path_factory.mktemp("written") / "lake", base=BASE) as lake:
        yield lake


@pytest.fixture
def post(written_lake: LocalLake) -> FlaskClient:
    """A client of the lake that is written to."""
    return create_app(written_lake).test_client()


@pytest.fixture(scope="module")
def served(written_lake: LocalLake) -> Iterator[str]:
    """The address at which the lake that is written to answers real requests, from a thread of this process."""
    server = make_server("127.0.0.1", 0, create_app(written_lake), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def remote(served: str) -> Iterator[RemoteLake]:
    """The lake that is written to, over HTTP."""
    with lakegraph.connect(served) as lake:
        yield lake


@pytest.fixture
def client(lake: LocalLake) -> FlaskClient:
    """A client of an empty lake."""
    return create_app(lake).test_client()


def bearer(secret: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {secret}"}


def study(title: str, **fields: Any) -> dict[str, Any]:
    """A document that every shape lets through."""
    return {"type": "Study", "title": title, "description": "Why this study is made.", "studyType": "research"} | fields


def assert_problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """That *response* is a problem document with everything that one must have; its members."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.headers["Content-Type"] == PROBLEM
    members: dict[str, Any] = json.loads(response.get_data())
    assert members["type"] == f"urn:lakegraph:error:{code}"
    assert members["status"] == status
    assert members["code"] == code
    assert members["title"].endswith(".")
    assert members["detail"]
    assert "Traceback" not in json.dumps(members)
    for_browsers(response)
    return members


def for_browsers(response: TestResponse) -> None:
    """That *response* carries what keeps browsers from doing harm with it, and lets no other site read it."""
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert not [name for name in response.headers.keys() if name.lower().startswith("access-control")]  # noqa: SIM118


def suites() -> Path:
    """Where the conformance suites lie; the test is skipped where they do not."""
    if not SUITES.is_dir():
        pytest.skip("the W3C suites are not here: set LAKEGRAPH_SUITES")
    return SUITES
