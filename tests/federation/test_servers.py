"""The SPARQL servers that people run: what one store answers, each of them does, by queries that it can read.

``oxigraph serve`` comes with the tests. Virtuoso is started where Debian's ``virtuoso-opensource`` is installed, Apache
Jena Fuseki where ``LAKEGRAPH_FUSEKI`` names its jar (``org.apache.jena:jena-fuseki-server`` of Maven Central).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pyoxigraph as ox
import pytest

from lakegraph.bootstrap import LocalLake
from tests.federation.catalogs import HEAD, comparable, described, sparql_server, turtle
from tests.federation.test_federate import QUESTIONS

ASKED = (
    "titles of all data sets", "who publishes most", "files of what changed lately", "keywords by licence, few only",
    "the newest for each licence", "anything about one thing", "alike in licence and topic",
)  # fmt: skip
VIRTUOSO = """[Database]
DatabaseFile = {d}/virtuoso.db
ErrorLogFile = {d}/virtuoso.log
LockFile = {d}/virtuoso.lck
TransactionFile = {d}/virtuoso.trx
[TempDatabase]
DatabaseFile = {d}/temp.db
TransactionFile = {d}/temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
NumberOfBuffers = 4000
MaxDirtyBuffers = 3000
DirsAllowed = {d}
[HTTPServer]
ServerPort = 127.0.0.1:{http}
[SPARQL]
ResultSetMaxRows = 10000
"""


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _up(url: str) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"nothing came up at {url}")


@contextmanager
def virtuoso(data: str, folder: Path) -> Iterator[str]:
    if not shutil.which("virtuoso-t") or not shutil.which("isql-vt"):
        pytest.skip("Virtuoso is not installed (Debian: virtuoso-opensource)")
    sql, http = _free(), _free()
    (folder / "virtuoso.ini").write_text(VIRTUOSO.format(d=folder, sql=sql, http=http))
    (folder / "data.ttl").write_text(data)
    command = ["virtuoso-t", "+foreground", "+configfile", str(folder / "virtuoso.ini")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder) as process:
        try:
            _up(f"http://127.0.0.1:{http}/sparql?query=ASK%7B%7D")
            load = f"exec=DB.DBA.TTLP(file_to_string_output('{folder}/data.ttl'),'','http://g.example/');"
            subprocess.run(["isql-vt", f"127.0.0.1:{sql}", "dba", "dba", load], check=True, capture_output=True)
            yield f"http://127.0.0.1:{http}/sparql"
        finally:
            process.kill()


@contextmanager
def fuseki(data: str, folder: Path) -> Iterator[str]:
    jar = os.environ.get("LAKEGRAPH_FUSEKI", "")
    if not Path(jar).is_file() or not shutil.which("java"):
        pytest.skip("Fuseki is not here: LAKEGRAPH_FUSEKI names its jar")
    port = _free()
    command = ["java", "-jar", jar, "--localhost", f"--port={port}", "--update", "--mem", "/ds"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder) as process:
        try:
            url = f"http://127.0.0.1:{port}/ds"
            _up(f"{url}/query?query=ASK%7B%7D")
            head = {"Content-Type": "text/turtle"}
            with urllib.request.urlopen(
                urllib.request.Request(f"{url}/data?default", data.encode(), head, method="PUT")
            ):
                yield f"{url}/query"
        finally:
            process.kill()


@contextmanager
def oxigraph(data: str, folder: Path) -> Iterator[str]:
    with sparql_server(data) as url:
        if url is None:
            pytest.skip("the program oxigraph is not installed (pip install oxigraph)")
        yield url


Server = Callable[[str, Path], AbstractContextManager[str]]


@pytest.mark.parametrize("server", [oxigraph, virtuoso, fuseki], ids=["oxigraph", "virtuoso", "fuseki"])
def test_a_server_answers_as_one_store(asking: LocalLake, server: Server, tmp_path: Path) -> None:
    """Blank nodes, optional parts, aggregates and subselects among them."""
    folder = tmp_path / "server"
    folder.mkdir()
    sets = [described("Point", n, "https://end.example/") for n in range(25)]
    oracle = ox.Store()
    for each in sets:
        lines = "".join(f"{s} {p} {o} .\n" for s, p, o in each.ours(nameless=True))
        oracle.load(lines.encode(), ox.RdfFormat.N_TRIPLES)
    with server(turtle(sets, nameless=True), folder) as url:
        asking.add_peer("Server", url, kind="sparql", license="https://spdx.org/licenses/CC0-1.0", seconds=60)
        for name in ASKED:
            # What the lake says of its peer and of its vocabularies is not in the store.
            query = HEAD + QUESTIONS[name].replace("{ ?d", "{ ?d dcat:keyword [] . ?d", 1)
            found = asking.federate(query)
            assert not found.partial, (name, found.failing)
            rows = oracle.query(query)
            assert isinstance(rows, ox.QuerySolutions)
            names = [v.value for v in rows.variables]
            expected = comparable({n: str(row[n]) for n in names if row[n] is not None} for row in rows)
            assert comparable(found.rows) == expected, name
