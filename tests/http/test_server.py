"""The real server: unmodified clients, a graceful end, and what happens when something goes wrong around it."""

from __future__ import annotations

import datetime as dt
import gzip
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

import lakegraph
from lakegraph.config import load
from lakegraph.errors import ForbiddenError, LakeBusyError, SettingsError
from lakegraph.http.address import check_free, free_port, is_loopback
from lakegraph.http.server import Tls, run
from lakegraph.journal import LakeLock
from tests.conftest import BASE, examples
from tests.http.conftest import MODEL, study
from tests.http.serving import COMMAND, running

SELECT = f"SELECT ?p ?o WHERE {{ <{MODEL}> ?p ?o }} ORDER BY ?p ?o"
COUNTED = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
ENDLESS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with the worked example, closed."""
    where = tmp_path_factory.mktemp("server") / "lake"
    with lakegraph.init(where, base=BASE) as lake:
        for document in examples():
            lake.record(document)
    (where / "lakegraph.toml").write_text("[limits]\nquery_seconds = 1\n")
    return where


@pytest.fixture(scope="module")
def url(directory: Path) -> Iterator[str]:
    """The address of a running server over that lake."""
    with running(directory) as (address, _):
        yield address


@contextmanager
def asked(url: str, query: str = "ASK {}") -> Iterator[http.client.HTTPResponse]:
    """The response to a query, not yet read; afterwards the connection is closed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("GET", f"/sparql?query={quote(query)}")
        yield connection.getresponse()
    finally:
        connection.close()


def test_the_lock_file_tells_the_address(url: str, directory: Path) -> None:
    """Who wants the lake that is served is sent to the server, and finds it there."""
    with pytest.raises(LakeBusyError, match=url), lakegraph.open(directory):
        pass
    with lakegraph.connect(url) as lake:
        assert lake.base == BASE


def test_the_command_line_goes_through_the_server(url: str, directory: Path) -> None:
    """A command on a directory that a server holds talks to that server."""
    command = [COMMAND, "--lake", str(directory), "ask", "5w1h", "--about", "Diabet Predictor"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Diabet Predictor" in done.stdout


def test_sparqlwrapper(url: str) -> None:
    """SPARQLWrapper gets rows, truth and graphs, by GET and by POST, with the parameters that it adds."""
    wrapper = pytest.importorskip("SPARQLWrapper")
    client = wrapper.SPARQLWrapper(f"{url}/sparql")
    for method in (wrapper.GET, wrapper.POST):
        for post_method in (wrapper.URLENCODED, wrapper.POSTDIRECTLY):
            client.setMethod(method)
            client.setRequestMethod(post_method)
            client.setQuery(SELECT)
            client.setReturnFormat(wrapper.JSON)
            assert client.queryAndConvert()["results"]["bindings"]
            client.setReturnFormat(wrapper.XML)
            assert client.queryAndConvert().getElementsByTagName("result")
            client.setReturnFormat(wrapper.CSV)
            assert client.queryAndConvert().startswith(b"p,o")
    client.setQuery("ASK {}")
    client.setReturnFormat(wrapper.JSON)
    assert client.queryAndConvert()["boolean"] is True
    client.setQuery(f"CONSTRUCT WHERE {{ <{MODEL}> ?p ?o }}")
    for form in (wrapper.TURTLE, wrapper.RDFXML, wrapper.JSONLD, wrapper.XML):
        client.setReturnFormat(form)
        assert client.queryAndConvert()
    client.setQuery("SELECT * { ?s ?p }")
    with pytest.raises(wrapper.SPARQLExceptions.QueryBadFormed, match="query-malformed"):
        client.query()


def test_rdflib(url: str) -> None:
    """Rdflib's SPARQLStore reads the lake as a graph."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import rdflib
        from rdflib.plugins.stores.sparqlstore import SPARQLStore

        for method in ("GET", "POST", "POST_FORM"):
            graph = rdflib.Graph(store=SPARQLStore(f"{url}/sparql", method=method))
            model = rdflib.URIRef(MODEL)
            assert str(graph.value(model, rdflib.DCTERMS.title)) == "Diabet Predictor"
            assert len(list(graph.query(SELECT))) > 3
            assert (model, rdflib.RDF.type, rdflib.URIRef("https://w3id.org/lakegraph/ns#Model")) in graph


def curl(*arguments: str) -> str:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    return subprocess.run(["curl", "-sS", *arguments], capture_output=True, text=True, check=True).stdout


def test_curl(url: str, tmp_path: Path) -> None:
    """Curl records a run, asks a query in each form, and negotiates a thing."""
    assert "Diabet Predictor" in curl(f"{url}/id/model/diabet-predictor/1.ttl")
    assert "HTTP/1.1 200 OK" in curl("-I", f"{url}/id/model/diabet-predictor/1")
    assert json.loads(curl("-G", f"{url}/sparql", "--data-urlencode", f"query={SELECT}"))["results"]
    assert curl(f"{url}/sparql", "--data-urlencode", "query=ASK {}", "-H", "Accept: text/csv").strip() == "true"
    typed = ("-H", "Content-Type: application/sparql-query", "-H", "Accept: text/csv")
    assert curl(f"{url}/sparql", *typed, "--data-binary", "ASK {}").strip() == "true"
    assert curl("--compressed", f"{url}/openapi.json") == curl(f"{url}/openapi.json")
    document = tmp_path / "run.json"
    document.write_text(json.dumps(study("From curl")))
    made = curl("-D", "-", f"{url}/records", "-H", "Content-Type: application/json", "--data-binary", f"@{document}")
    assert "HTTP/1.1 201 Created" in made
    assert f"location: {BASE}id/study/from-curl" in made
    chunked = curl(f"{url}/records", "-H", "Content-Type: application/json", "-H", "Transfer-Encoding: chunked",
                   "--data-binary", f"@{document}")  # fmt: skip
    assert json.loads(chunked)["code"] == "conflict"


def test_paths_that_the_server_decodes(url: str) -> None:
    """An IRI with spaces, percent signs and letters beyond ASCII is an address on the real server too."""
    for slug in ("a%20b", "100%25", "模型", "caf%C3%A9", "café"):
        iri = f"{BASE}id/study/{slug}-real"
        body = (
            f'<{iri}> a <https://w3id.org/lakegraph/ns#Study> ; <http://purl.org/dc/terms/title> "{slug}" ;'
            ' <http://purl.org/dc/terms/description> "Why this study is made." ;'
            ' <https://w3id.org/lakegraph/ns#studyType> "research" .'
        )
        with lakegraph.connect(url) as lake:
            assert lake.record_rdf(body.encode(), "text/turtle").iri == iri
        address = f"{url}/id/study/{quote(slug, safe='%')}-real.nt"
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert f"<{iri}> " in answer.read().decode()


def test_streams(url: str) -> None:
    """A long answer is sent while it is made, compressed where wanted; one that is left is ended."""
    with asked(url, ENDLESS) as response:
        assert response.status == 200
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert len(response.read(1000)) == 1000
    address = f"{url}/sparql?query={quote('SELECT * { ?s ?p ?o }')}"
    packed = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(packed, timeout=30) as answer:
        assert json.loads(gzip.decompress(answer.read()))["results"]["bindings"]
    # Two workers only: were queries that nobody waits for not ended, these would find none.
    for _ in range(6):
        with asked(url, ENDLESS) as response:
            assert response.status == 200
    with asked(url) as response:
        assert response.status == 200


def test_an_answer_out_of_time_breaks_off_loudly(url: str) -> None:
    """A query that has begun to answer and runs out of time ends in what no parser takes for the whole."""
    with asked(url, ENDLESS) as response:
        end = _end_of(response)
    assert b"!!! <<< THE ANSWER BREAKS OFF HERE" in end
    assert b'"code": "deadline"' in end
    with asked(url, COUNTED) as response:
        assert response.status == 504
        assert json.loads(response.read())["code"] == "deadline"


def test_a_port_that_is_taken(url: str, directory: Path) -> None:
    """A second server on the same port is refused, naming the port; one on the same lake is sent to the first."""
    with pytest.raises(LakeBusyError, match="is taken"):
        run(None, load(lake="x", serve={"port": urlsplit(url).port}), print)  # type: ignore[arg-type]
    done = subprocess.run([COMMAND, "--lake", str(directory), "serve", "--port", "0"],
                          capture_output=True, text=True, check=False, timeout=60)  # fmt: skip
    assert done.returncode == 4
    assert url in done.stderr


def held(directory: Path) -> bool:
    """Whether a process owns the lake in *directory*."""
    try:
        LakeLock.acquire(directory).release()
    except LakeBusyError:
        return True
    return False


def copied(directory: Path, folder: Path) -> Path:
    """A copy of a lake."""
    return Path(shutil.copytree(directory, folder / "lake", ignore=shutil.ignore_patterns("lock", "snapshots")))


def test_graceful_stop(directory: Path, tmp_path: Path) -> None:
    """SIGTERM ends queries under way, read or not, closes the lake, lets go of its directory, and takes under 10 s."""
    lake = copied(directory, tmp_path)
    (lake / "lakegraph.toml").write_text("")
    with running(lake) as (url, process):
        with lakegraph.connect(url) as there:
            receipt = there.record(study("Before the end"))
        with asked(url, ENDLESS) as response, asked(url, ENDLESS) as unread:
            assert unread.status == 200
            ends: list[bytes] = []
            reader = threading.Thread(target=lambda: ends.append(_end_of(response)), daemon=True)
            reader.start()
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
            reader.join(timeout=5)
    assert b'"code": "query-cancelled"' in ends[0]
    # Who only dies leaves its name in the lock file.
    assert (lake / "lock").read_text() == ""
    with lakegraph.open(lake) as opened:
        assert opened.journal.last_seq == receipt.seq
        assert opened.knows(receipt.iri)
    logged = [json.loads(line) for line in (lake / "queries.log").read_text().splitlines()]
    assert any(line["query"] == ENDLESS and line["outcome"] == "query-cancelled" for line in logged)
    assert (lake / "queries.log").stat().st_mode & 0o077 == 0


def _end_of(response: http.client.HTTPResponse) -> bytes:
    """The last bytes of an answer."""
    end = b""
    while part := response.read(2**20):
        end = end[-2000:] + part[-2000:]
    return end


def test_a_worker_that_dies_ends_the_server(directory: Path, tmp_path: Path) -> None:
    """When the process that owns the lake dies, the server does not stay up without a lake."""
    lake = copied(directory, tmp_path)
    with running(lake) as (_, process):
        os.kill(json.loads((lake / "lock").read_text())["pid"], signal.SIGKILL)
        assert process.wait(timeout=15) != 0
        assert not held(lake)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::"])
def test_beyond_loopback(host: str) -> None:
    """A server that anybody could reach, and that asks nobody who they are, does not start."""
    with pytest.raises(ForbiddenError, match="whoever reaches it could write"):
        run(None, load(lake="x", serve={"host": host}), print)  # type: ignore[arg-type]


def test_addresses() -> None:
    """What is loopback, which ports are free, and hosts that are none."""
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.9.9.9", "::1")))
    assert not any(map(is_loopback, ("0.0.0.0", "10.0.0.1", "localhost.evil.example", "")))
    check_free("127.0.0.1", free_port("127.0.0.1"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(LakeBusyError, match="is taken"):
            check_free("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(SettingsError, match="cannot be listened on"):
        check_free("no such host", 80)


OPENING = """
import sys, time
from functools import partial
from pathlib import Path
from lakegraph import bootstrap, config
from lakegraph.http.server import Tls, run

def slowly(where, *, progress=None):
    progress(3, 7)
    time.sleep(1.5)
    return bootstrap.open_lake(where, progress=progress)

def never(where, *, progress=None):
    raise ValueError("cannot be opened")

if __name__ == "__main__":
    where, port, how, *tls = sys.argv[1:]
    settings = config.load(lake=where, serve={"port": int(port)})
    pair = Tls(Path(tls[0]), Path(tls[1])) if tls else None
    opened = partial({"slowly": slowly, "never": never}[how], where)
    run(opened, settings, partial(print, "ready", flush=True), tls=pair)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A program that serves a lake which opens slowly, or never."""
    file = tmp_path / "opening.py"
    file.write_text(OPENING)
    return file


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = (folder / "cert.pem", folder / "key.pem")
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return files


def test_while_the_lake_is_opened(directory: Path, tmp_path: Path, script: Path) -> None:
    """Until the lake is open, the server lives and is not ready; with a certificate it speaks TLS; killed, it ends."""
    lake, port = copied(directory, tmp_path), free_port("127.0.0.1")
    cert, key = certificate(tmp_path)
    command = [sys.executable, script, lake, str(port), "slowly", cert, key]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            status, headers, body = _first_answer(port, cert, "/ready")
            assert status == 503
            assert headers["Retry-After"] == "1"
            assert body["code"] == "lake-busy"
            assert "3 of 7 journal entries" in body["detail"]
            assert _first_answer(port, cert, "/health")[2] == {"status": "opening", "replayed": 3, "entries": 7}
            assert process.stdout is not None
            assert process.stdout.readline().decode().strip() == f"ready https://127.0.0.1:{port}"
            assert _first_answer(port, cert, "/ready")[0] == 200
        finally:
            process.kill()
    # Its first process is gone without a word; the one that owns the lake must not stay.
    end = time.monotonic() + 10
    while held(lake):
        assert time.monotonic() < end, "the lake is still held"
        time.sleep(0.05)


def _first_answer(port: int, cert: Path, path: str) -> tuple[int, Message, dict[str, object]]:
    """The first response of a server that may be only starting: status, headers, members."""
    context = ssl.create_default_context(cafile=str(cert))
    end = time.monotonic() + 30
    while True:
        connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.headers, json.loads(response.read())
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.02)
        finally:
            connection.close()


def test_a_lake_that_cannot_be_opened(tmp_path: Path, script: Path) -> None:
    """Where the lake cannot be opened, the server ends and says why."""
    command = [sys.executable, str(script), str(tmp_path), str(free_port("127.0.0.1")), "never"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode != 0
    assert "cannot be opened" in done.stderr
    assert "ready" not in done.stdout


def test_tls_without_a_certificate(tmp_path: Path) -> None:
    """A certificate that is none is refused before anything is opened."""
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    with pytest.raises(SettingsError, match="Both are PEM"):
        run(None, load(lake="x", serve={"port": 0}), print, tls=Tls(wrong, wrong))  # type: ignore[arg-type]
