"""Virtuoso, where it is installed: the quads of the largest lake, asked over HTTP, with its text index."""

from __future__ import annotations

import http.client
import shutil
import subprocess
from functools import partial
from itertools import repeat
from pathlib import Path

import lakegraph
from tests.benchmarks.plan import Plan, size_of
from tests.benchmarks.report import Report, repeated, say, timed
from tests.benchmarks.serving import JSON, free_port, program, query_path, serving

QUERIES = Path(__file__).parent / "queries"
_INI = """\
[Database]
DatabaseFile = {where}/virtuoso.db
ErrorLogFile = {where}/virtuoso.log
LockFile = {where}/virtuoso.lck
TransactionFile = {where}/virtuoso.trx
xa_persistent_file = {where}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {where}/temp.db
TransactionFile = {where}/temp.trx
[Parameters]
ServerPort = {sql}
DirsAllowed = {where}
NumberOfBuffers = 170000
MaxDirtyBuffers = 130000
[HTTPServer]
ServerPort = {http}
"""
_LOAD = """\
ld_dir('{where}', 'lake.nq', 'urn:default');
rdf_loader_run();
checkpoint;
"""
_INDEX = """\
DB.DBA.RDF_OBJ_FT_RULE_ADD(null, null, 'All');
DB.DBA.VT_INC_INDEX_DB_DBA_RDF_OBJ();
checkpoint;
"""
_ASKED = (
    ("word", "bif-contains", "Virtuoso: a word, by its text index"),
    ("latest", "latest", "Virtuoso: latest 20 trainings"),
    ("mean", "mean", "Virtuoso: mean accuracy by algorithm"),
    ("small", "small", "Virtuoso: small SELECT"),
)


def run(plan: Plan, report: Report) -> None:
    """Load the largest lake and ask."""
    server, isql = program("virtuoso-t"), program("isql-vt") or program("isql")
    if server is None or isql is None:
        report.skip("Virtuoso", "virtuoso-t is not installed (Debian: virtuoso-opensource-7)")
        return
    if plan.largest is None:
        report.skip("Virtuoso", "no lake was built")
        return
    size, lake = plan.largest
    where = plan.work / "virtuoso"
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir()
    quads = _dump(lake, where / "lake.nq")
    sql, port = free_port(), free_port()
    (where / "virtuoso.ini").write_text(_INI.format(where=where, sql=sql, http=port))
    try:
        with serving([server, "+foreground", "+configfile", str(where / "virtuoso.ini")], port, "/sparql", 120):
            statements = partial(_isql, isql, sql)
            seconds = timed(lambda: statements(_LOAD.format(where=where)))
            report.figure("peer.virtuoso.load", "Virtuoso: load", quads / seconds, "quads/s", runs=size)
            say(f"    text index: {timed(lambda: statements(_INDEX)):.1f} s")
            _ask(plan, report, port, size)
        disk = size_of(where / "virtuoso.db") / size / 1000
        report.figure("peer.virtuoso.disk", "Virtuoso: disk a run", disk, "KB", runs=size)
    except (TimeoutError, subprocess.CalledProcessError) as error:
        report.skip("Virtuoso", f"it did not work: {str(error)[:200]}")


def _dump(lake: Path, file: Path) -> int:
    with lakegraph.open(lake) as opened, file.open("wb") as out:
        opened.dump(out)
    with file.open("rb") as lines:
        return sum(1 for _ in lines)


def _isql(isql: str, port: int, statements: str) -> None:
    command = [isql, str(port), "dba", "dba", "ERRORS=STDOUT", "VERBOSE=OFF"]
    subprocess.run(command, input=statements, text=True, capture_output=True, check=True, timeout=3600)


def _ask(plan: Plan, report: Report, port: int, size: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for key, name, what in _ASKED:
        request = query_path("/sparql", (QUERIES / f"{name}.rq").read_text())
        report.check(b'"value"' in _answer(connection, request), f"{what}: no answer")
        seconds = repeated(repeat(partial(_answer, connection, request)), plan.seconds / 2)
        report.times(f"peer.virtuoso.{key}", what, seconds, runs=size)


def _answer(connection: http.client.HTTPConnection, request: str) -> bytes:
    connection.request("GET", request, headers={"Accept": JSON})
    return connection.getresponse().read()
