"""Asked queries: answered from a snapshot in other processes, which nothing they do can carry over to this one."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from graph_data import MARKER, QUADS, TITLE, bundle, records, run

from lakegraph.errors import DeadlineError, ForbiddenError, LakeBusyError, QueryError, SettingsError, StorageError
from lakegraph.graph import (
    Limits,
    Oxigraph,
    QueryCancelledError,
    QueryService,
    QueryTooExpensiveError,
    SnapshotKeeper,
    WorkerLimits,
    frames,
    idle,
    pool,
    workers,
)
from lakegraph.graph.formats import INDEX

COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
EVERYTHING = "SELECT * WHERE { ?s ?p ?o . ?a ?b ?c }"


def ask(service: QueryService, text: str, **options: Any) -> bytes:
    return b"".join(service.run(text, **{"format": "json", "timeout": 20, **options}))


def number(answer: bytes) -> int:
    return int(next(iter(json.loads(answer)["results"]["bindings"][0].values()))["value"])


def settled(service: QueryService) -> None:
    """Wait until nothing runs any more."""
    until = time.monotonic() + 20
    while service.list() and time.monotonic() < until:
        time.sleep(0.01)
    assert service.list() == []


# -- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv", "application/sparql-results+json"])
def test_rows_in_every_syntax(service: QueryService, name: str) -> None:
    """A SELECT is answered in the syntax that was named, by name or media type, as the engine writes it."""
    running = service.run(f"SELECT ?t WHERE {{ {run(7)} {TITLE} ?t }}", format=name, timeout=20)
    text = b"".join(running).decode()
    assert running.kind == "select"
    assert "/" in running.media
    assert "Run " in text
    assert not running.truncated


@pytest.mark.parametrize("name", ["turtle", "nt", "n-quads", "trig", "json-ld", "rdf-xml"])
def test_triples_in_every_syntax(service: QueryService, name: str) -> None:
    """A CONSTRUCT and a DESCRIBE are answered in RDF."""
    for text in (f"DESCRIBE {run(7)}", f"CONSTRUCT {{ {run(7)} ?p ?o }} WHERE {{ {run(7)} ?p ?o }}"):
        running = service.run(text, format=name, timeout=20)
        answer = b"".join(running)
        assert running.kind == "construct"
        form = ox.RdfFormat.from_media_type(running.media)
        assert form is not None
        assert len({q.triple for q in ox.parse(answer, form)}) == 4


def test_truth(service: QueryService) -> None:
    """An ASK is answered with true or false."""
    assert json.loads(ask(service, "ASK { ?s ?p ?o }"))["boolean"] is True
    assert service.run("ASK {}", format="xml", timeout=20).kind == "ask"


@pytest.mark.parametrize(("text", "name"), [(COUNT, "turtle"), ("DESCRIBE <urn:x>", "csv"), (COUNT, "pdf")])
def test_unfit_syntax(service: QueryService, text: str, name: str) -> None:
    """Rows cannot be written as RDF nor triples as rows; the refusal names what can be asked for."""
    with pytest.raises(QueryError, match="is not a syntax for an answer of") as refused:
        service.run(text, format=name, timeout=20)
    assert refused.value.hint is not None


def test_large_answers_stream(service: QueryService) -> None:
    """A large answer comes in chunks of bounded size, and every row arrives."""
    running = service.run("SELECT * WHERE { ?s ?p ?o . ?a <urn:none>? ?s } ", format="tsv", timeout=20)
    chunks = list(running)
    assert sum(chunk.count(b"\n") for chunk in chunks) == 300 * QUADS + 1
    running = service.run(EVERYTHING, format="tsv", timeout=60)
    sizes = [len(next(running)) for _ in range(20)]
    running.close()
    assert max(sizes) < 200_000


def test_base_of_relative_iris(service: QueryService) -> None:
    """Relative IRIs are resolved against the base that the caller names."""
    text = "SELECT ?o WHERE { <run/7> ?p ?o }"
    assert json.loads(ask(service, text, base="https://lake.example/id/"))["results"]["bindings"]
    with pytest.raises(QueryError, match="malformed"):
        ask(service, text)


# -- datasets ---------------------------------------------------------------------------------------------------------


def test_default_dataset_is_the_union(service: QueryService) -> None:
    """Without a named dataset the default graph holds everything, and GRAPH sees the named graphs."""
    assert number(ask(service, COUNT)) == 300 * QUADS
    assert number(ask(service, "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }")) == 300 * 3


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        (f"SELECT (COUNT(*) AS ?n) FROM <{bundle(1)}> FROM <{bundle(2)}> {{ ?s ?p ?o }}", {}, 6),
        (f"SELECT (COUNT(*) AS ?n) FROM NAMED <{bundle(1)}> {{ ?s ?p ?o }}", {}, 0),
        (f"SELECT (COUNT(*) AS ?n) FROM NAMED <{bundle(1)}> {{ GRAPH ?g {{ ?s ?p ?o }} }}", {}, 3),
        (COUNT, {"default_graphs": [bundle(1)]}, 3),
        (COUNT, {"named_graphs": [bundle(1)]}, 0),
        ("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", {"named_graphs": [bundle(1), bundle(2)]}, 6),
        ("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", {"default_graphs": [bundle(1)]}, 0),
        (f"SELECT (COUNT(*) AS ?n) FROM <{bundle(1)}> {{ ?s ?p ?o }}", {"default_graphs": ["urn:none"]}, 0),
    ],
)
def test_named_datasets(service: QueryService, text: str, options: dict[str, Any], expected: int) -> None:
    """FROM means what the standard says, and the protocol's dataset overrides it."""
    assert number(ask(service, text, **options)) == expected


def test_dataset_of_nonsense(service: QueryService) -> None:
    """What is not an IRI names no graph: it cannot smuggle in a second one either."""
    with pytest.raises(QueryError, match="not an absolute IRI"):
        ask(service, COUNT, default_graphs=[f"{bundle(1)}\n{bundle(2)}"])


# -- errors -----------------------------------------------------------------------------------------------------------


def test_syntax_errors_name_the_place(service: QueryService) -> None:
    """What the engine's parser refuses comes back with line and column, and the worker goes on."""
    with pytest.raises(QueryError, match="malformed") as refused:
        ask(service, "SELECT * WHERE {\n ?s ?p }")
    assert refused.value.where == "line 2, column 9"
    assert number(ask(service, COUNT)) == 300 * QUADS


def test_failing_queries_say_why(service: QueryService) -> None:
    """A query that fails while it is evaluated is a QueryError with the engine's words."""
    with pytest.raises(QueryError, match="custom function <urn:nothing> is not supported"):
        ask(service, "SELECT (<urn:nothing>(1) AS ?x) WHERE {}")


def test_guard_comes_first(service: QueryService) -> None:
    """No worker sees what the guard refuses."""
    with pytest.raises(QueryError, match="nested more than 64 deep"):
        ask(service, "SELECT * " + "{" * 2200 + "}" * 2200)
    with pytest.raises(ForbiddenError, match="not registered"):
        ask(service, "SELECT * WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }")


# -- poison -----------------------------------------------------------------------------------------------------------

SLOW = {
    "cross product": "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "sorted cross product": "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?i",
    "paths": "SELECT (COUNT(*) AS ?n) WHERE { ?a !<urn:p>+ ?b . ?c !<urn:p>+ ?b . ?d !<urn:p>+ ?b }",
    "long plan": "SELECT * WHERE {" + " . ".join(f"?a{n} ?b{n} ?a{n + 1}" for n in range(700)) + "}",
    "regex": "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(REGEX(CONCAT(STR(?a), STR(?d)), '(x+x+)+y')) }",
}


@pytest.mark.parametrize("name", SLOW)
def test_ended_at_the_deadline(service: QueryService, name: str) -> None:
    """A query that would run for hours ends at its deadline with an error, and the next one is answered."""
    with pytest.raises((DeadlineError, QueryTooExpensiveError)) as ended:
        for _ in service.run(SLOW[name], format="json", timeout=0.25):
            pass
    assert ended.value.where is not None
    assert number(ask(service, COUNT)) == 300 * QUADS


BOMBS = {
    "doubling": "SELECT (STRLEN(?x30) AS ?n) WHERE { BIND('aaaaaaaa' AS ?x0) "
    + " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(30))
    + " }",
    "deep sum": "SELECT * WHERE { FILTER(1" + "+1" * 20_000 + " > 1) }",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_break_only_their_worker(lake: Oxigraph, tmp_path: Path, name: str) -> None:
    """A query that exhausts memory or overflows the stack kills a worker, says so, and a new worker answers."""
    limits = WorkerLimits(workers=1, memory=320 * 2**20, patience=10, text=Limits(operators=10**6))
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), limits)
    try:
        with pytest.raises(QueryTooExpensiveError, match="needed more memory") as ended:
            ask(service, BOMBS[name])
        assert ended.value.code == "query-too-expensive"
        assert number(ask(service, COUNT)) == 300 * QUADS
    finally:
        service.close()


# -- ending early -----------------------------------------------------------------------------------------------------


def test_list_and_cancel(service: QueryService) -> None:
    """A running query is listed with its text, and ends for its reader when it is cancelled."""
    running = service.run(EVERYTHING, format="json", timeout=60)
    listed = service.list()
    assert [(q.id, q.text, q.kind) for q in listed] == [(running.id, EVERYTHING, "select")]
    assert 0 < listed[0].remaining <= 60
    assert service.cancel(running.id)
    with pytest.raises(QueryCancelledError, match="The query was cancelled"):
        list(running)
    settled(service)
    assert not service.cancel(running.id)


def test_cancel_before_the_first_chunk(service: QueryService) -> None:
    """A query that has given nothing yet can be cancelled by another thread."""
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            ask(service, SLOW["cross product"], timeout=60)
        except QueryCancelledError as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while not (running := service.list()):
        time.sleep(0.01)
    while thread.is_alive():
        service.cancel(running[0].id)
        thread.join(0.05)
    assert len(caught) == 1


def test_client_gone(service: QueryService) -> None:
    """Closing an answer before its end frees the worker and the snapshot, and reading on is an error."""
    running = service.run(EVERYTHING, format="json", timeout=60)
    next(running)
    snapshot = running.snapshot
    running.close()
    running.close()
    assert service.list() == []
    assert snapshot.readers == 0
    with pytest.raises(QueryCancelledError):
        next(running)


def test_stalled_client(service: QueryService) -> None:
    """An answer that is not read on is ended at its deadline too."""
    running = service.run(EVERYTHING, format="json", timeout=0.2)
    next(running)
    worker = running.worker
    worker.process.wait(timeout=20)
    with pytest.raises(DeadlineError, match=r"ended after 0\.2 seconds"):
        list(running)
    settled(service)


def test_forgotten_answers_are_given_up(lake: Oxigraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that nobody reads or closes gives back its worker some time after its deadline."""
    monkeypatch.setattr(workers, "_ABANDONED", 0.1)
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), WorkerLimits(workers=1, patience=20))
    try:
        forgotten = service.run(EVERYTHING, format="json", timeout=0.1)
        assert number(ask(service, COUNT)) == 300 * QUADS
        assert forgotten.snapshot.readers == 0
        with pytest.raises(DeadlineError):
            list(forgotten)
    finally:
        service.close()


def test_all_workers_busy(lake: Oxigraph, tmp_path: Path) -> None:
    """When every worker is taken a further query is refused after a moment, and served when one is free again."""
    limits = WorkerLimits(workers=1, patience=0.05)
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), limits)
    try:
        running = service.run(EVERYTHING, format="json", timeout=60)
        with pytest.raises(LakeBusyError, match="All 1 query workers are busy"):
            ask(service, COUNT)
        running.close()
    finally:
        service.close()


def test_a_worker_killed_while_idle_is_replaced_unnoticed(service: QueryService) -> None:
    """Workers that the system kills between queries cost nobody an answer."""
    ask(service, COUNT)
    for worker in list(service._pool._workers):
        worker.process.kill()
        worker.process.wait()
    assert number(ask(service, COUNT)) == 300 * QUADS


def test_closing_ends_what_runs(lake: Oxigraph, tmp_path: Path) -> None:
    """Closing the service cancels its queries, ends its processes and removes its snapshots."""
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), WorkerLimits(workers=2))
    running = service.run(EVERYTHING, format="json", timeout=60)
    processes = [w.process for w in service._pool._workers]
    service.close()
    service.close()
    with pytest.raises(QueryCancelledError):
        list(running)
    assert all(p.poll() is not None for p in processes)
    assert not (tmp_path / "snapshots").exists()


def test_workers_that_do_not_come_up(lake: Oxigraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When no worker can be started, the service says so at once instead of at the first query."""
    monkeypatch.setattr(pool, "START_SECONDS", 0.3)
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(StorageError, match="No query worker could be started") as refused:
        QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), WorkerLimits(workers=1))
    assert refused.value.where == "/bin/false"


def test_too_little_memory(lake: Oxigraph, tmp_path: Path) -> None:
    """A limit under which no worker could open a store is refused as a setting, with the least that works."""
    with pytest.raises(SettingsError, match="at least 288 MiB"):
        QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), WorkerLimits(memory=2**20))


def test_a_large_parent_does_not_wear_out_workers(lake: Oxigraph, tmp_path: Path) -> None:
    """A worker is kept from query to query, however much memory the serving process holds."""
    ballast = b"x" * (200 * 2**20)
    limits = WorkerLimits(workers=1, memory=320 * 2**20, patience=10)
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), limits)
    try:
        made = {service.run(COUNT, format="json", timeout=20).worker.process.pid for _ in range(4)}
    finally:
        service.close()
    assert len(made) == 1
    assert len(ballast)


def test_a_worker_that_used_much_memory_is_replaced(lake: Oxigraph, tmp_path: Path) -> None:
    """What a large query left mapped does not count against the next one: that gets a fresh process."""
    limits = WorkerLimits(workers=1, memory=400 * 2**20, patience=10)
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), limits)
    large = BOMBS["doubling"].replace("x30", "x23").replace("x29, ?x29", "x22, ?x22")
    large = large[: large.index("BIND(CONCAT(?x23")] + "}"
    try:
        first = service.run(large, format="json", timeout=20)
        assert number(b"".join(first)) == 8 * 2**23
        second = service.run(COUNT, format="json", timeout=20)
        assert number(b"".join(second)) == 300 * QUADS
        assert second.worker.process.pid != first.worker.process.pid
    finally:
        service.close()


# -- caps, freshness, threads -----------------------------------------------------------------------------------------


def test_caps_are_announced(lake: Oxigraph, tmp_path: Path) -> None:
    """An answer beyond the cap is cut between rows, is well-formed, and says that it was cut."""
    limits = WorkerLimits(workers=1, rows=10, size=10_000_000)
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), limits)
    try:
        cut = service.run("SELECT * WHERE { ?s ?p ?o }", format="json", timeout=20)
        assert len(json.loads(b"".join(cut))["results"]["bindings"]) == 10
        assert cut.truncated
        whole = service.run("SELECT * WHERE { ?s ?p ?o } LIMIT 10", format="json", timeout=20)
        assert len(json.loads(b"".join(whole))["results"]["bindings"]) == 10
        assert not whole.truncated
        assert number(ask(service, COUNT)) == 300 * QUADS
    finally:
        service.close()


def test_reads_its_own_writes(tmp_path: Path) -> None:
    """A query that names an entry sees it, whatever the age of the snapshot that others read."""
    engine = Oxigraph.open(tmp_path / "graph")
    engine.apply(records(1, 1))
    service = QueryService(SnapshotKeeper(engine, tmp_path / "snapshots"), WorkerLimits(workers=2))
    try:
        for n in range(2, 6):
            engine.apply(records(n, n))
            assert number(ask(service, f"SELECT (COUNT(*) AS ?n) {{ ?b {MARKER} ?q }}", min_seq=n)) == n
        with pytest.raises(LakeBusyError, match="Entry 6 is not in the graph yet"):
            ask(service, COUNT, min_seq=6)
    finally:
        service.close()
        engine.close()


def test_graph_in_memory_is_asked_too(tmp_path: Path) -> None:
    """Snapshots of an engine in memory serve the workers as well."""
    engine = Oxigraph.open()
    engine.apply(records(1, 2))
    service = QueryService(SnapshotKeeper(engine, tmp_path / "snapshots"), WorkerLimits(workers=1))
    try:
        assert number(ask(service, COUNT)) == 2 * QUADS
    finally:
        service.close()


def test_many_threads(service: QueryService) -> None:
    """Threads that ask at once each get their own answer."""
    wrong: list[int] = []

    def ask_for(first: int) -> None:
        for n in range(first, first + 20):
            said = json.loads(ask(service, f"SELECT ?t WHERE {{ {run(n)} {TITLE} ?t }}"))
            if said["results"]["bindings"][0]["t"]["value"] != f"Run \"{n}\"\n<'é'>":
                wrong.append(n)

    threads = [threading.Thread(target=ask_for, args=(n,)) for n in range(1, 160, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.fixture
def trusting(lake: Oxigraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[QueryService]:
    """One worker, which is trusted to answer quickly: a second query always lies in its pipe."""
    monkeypatch.setattr(idle, "_IN_A_ROW", 0)
    limits = WorkerLimits(workers=1, patience=20)
    made = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), limits)
    yield made
    made.close()


def behind(service: QueryService, count: int) -> tuple[list[threading.Thread], list[int]]:
    """Threads that ask, of which the first query lies in the pipe of the worker that is busy."""
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(number(ask(service, COUNT)))) for _ in range(count)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 20
    while not any(w.next for w in service._pool._workers) and time.monotonic() < until:
        time.sleep(0.001)
    return threads, found


@pytest.mark.parametrize("end", ["cancelled", "closed", "killed"])
def test_who_lies_behind_a_query_that_is_ended_is_answered(
    trusting: QueryService, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """A worker that is killed for one query takes nothing from the one that lies in its pipe: another answers it."""
    monkeypatch.setattr(idle, "_SLOW", 30)
    running = trusting.run(EVERYTHING, format="json", timeout=60)
    next(running)
    threads, found = behind(trusting, 3)
    if end == "cancelled":
        trusting.cancel(running.id)
        with pytest.raises(QueryCancelledError):
            list(running)
    elif end == "closed":
        running.close()
    else:
        running.worker.process.kill()
        with pytest.raises(QueryTooExpensiveError):
            list(running)
    for thread in threads:
        thread.join(30)
    assert found == [300 * QUADS] * 3


def test_who_lies_behind_a_long_query_is_answered_beside_it(trusting: QueryService) -> None:
    """A query that turns out long keeps its worker; the one behind it goes to the next, and both are answered."""
    running = trusting.run(EVERYTHING, format="tsv", timeout=60)
    next(running)
    threads, found = behind(trusting, 2)
    for thread in threads:
        thread.join(30)
    assert found == [300 * QUADS] * 2
    assert running.long
    running.close()


def test_answers_in_one_pipe_are_not_mixed_up(trusting: QueryService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among queries that leave for another worker, and come back, everybody gets the answer to his own."""
    monkeypatch.setattr(idle, "_SLOW", 0.001)
    wrong: list[tuple[int, int]] = []

    def ask_for(first: int) -> None:
        for n in range(first, first + 40):
            rows = 1 + n * 37 % 400
            said = json.loads(ask(trusting, f"SELECT * WHERE {{ ?s ?p ?o }} LIMIT {rows} # {n}"))
            if len(said["results"]["bindings"]) != rows:
                wrong.append((n, len(said["results"]["bindings"])))

    threads = [threading.Thread(target=ask_for, args=(n,)) for n in range(0, 320, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert wrong == []
    settled(trusting)


def test_an_old_answer_is_passed_over_also_after_a_new_snapshot(trusting: QueryService) -> None:
    """A worker that still answers nobody, and is made to open a new snapshot, gives the next query its own answer."""
    assert number(ask(trusting, COUNT)) == 300 * QUADS
    (worker,) = trusting._pool._workers
    snapshot = worker.snapshot
    stale = frames.asking(frames.Manner(INDEX["json"], frames.UNION).encode(), "SELECT (7 AS ?n) {}")
    assert worker.hand(frames.framed(snapshot.encode(), stale), "another")
    worker.skip = True  # as after a query that lay in its pipe for too long
    trusting._pool._advance()
    assert worker.snapshot == snapshot
    assert [number(ask(trusting, COUNT)) for _ in range(2)] == [300 * QUADS] * 2


def test_a_worker_that_dies_of_the_query_before_costs_nobody_else_an_answer(trusting: QueryService) -> None:
    """What dies with a query that left for another worker is asked again of the next, which nobody notices."""
    number(ask(trusting, COUNT))  # from here on it has the current snapshot, and nobody prepares it while it is idle
    (worker,) = trusting._pool._workers
    worker.process.send_signal(signal.SIGSTOP)
    worker.skip = True  # as if one that left for another worker stood before what is handed over next
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(number(ask(trusting, COUNT))))
    thread.start()
    until = time.monotonic() + 20
    while worker.running is None and time.monotonic() < until:
        time.sleep(0.001)
    worker.kill()
    thread.join(30)
    assert found == [300 * QUADS]
    settled(trusting)
