"""The guard lets through what is SPARQL and harmless, and names the place of what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from lakegraph import resources
from lakegraph.errors import ForbiddenError, LakegraphError, QueryError
from lakegraph.graph import Limits, inspect_query, inspect_update
from tests.suites import SUITES

PEER = "https://peer.example/sparql"


@pytest.mark.parametrize(
    ("text", "form", "dataset"),
    [
        ("SELECT * WHERE { ?s ?p ?o }", "select", False),
        ("select*{?s?p?o}limit10", "select", False),
        ("BASE <urn:x> PREFIX select: <urn:y> # SELECT\nASK {}", "ask", False),
        ("PREFIXex:<urn:x>ASK{}", "ask", False),
        ('VERSION "1.2" DESCRIBE<urn:x>', "construct", False),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "construct", False),
        ("SELECT * FROM <urn:g> WHERE { ?s ?p ?o }", "select", True),
        ("SELECT*FROMNAMED<urn:g>{?s ?p ?o}", "select", True),
        ("PREFIX ex: <urn:x> SELECT * FROMex:g { ?s ?p ?o }", "select", True),
        ('SELECT ?from { ?from <urn:from> "FROM <urn:g>" } # FROM', "select", False),
    ],
)
def test_what_a_text_is(text: str, form: str, dataset: bool) -> None:
    """Form and dataset are found where keywords run into names, numbers and marks, as the engine allows."""
    found = inspect_query(text)
    assert (found.form, found.dataset, found.services) == (form, dataset, ())


@pytest.mark.parametrize("text", ["", "# nothing", "FOO {}", "{ ?s ?p ?o }", "PREFIX ex: <urn:x>"])
def test_not_a_query(text: str) -> None:
    """A text without a query form is refused with the forms that there are."""
    with pytest.raises(QueryError, match="begins with none of SELECT, ASK, CONSTRUCT and DESCRIBE"):
        inspect_query(text)


def test_updates_and_queries_do_not_mix() -> None:
    """An update where a query is due is refused with where to send it, and the other way round."""
    with pytest.raises(QueryError, match="This is an update") as refused:
        inspect_query("INSERT DATA { <urn:a> <urn:b> 1 }")
    assert refused.value.hint == "Send updates to /update."
    with pytest.raises(QueryError, match="This is a query"):
        inspect_update("ASK {}")
    assert inspect_update("").form == "update"
    assert inspect_update("WITH <urn:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }").dataset


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ('SELECT * {\n  ?s ?p "abc\n}', "This string is not closed", "line 2, column 9"),
        ("SELECT * { ?s ?p 'a\\q' }", "an escape that SPARQL does not allow", "line 1, column 18"),
        ('SELECT * { ?s ?p """a\\uD800""" }', "an escape that SPARQL does not allow", "line 1, column 18"),
        ("SELECT * { ?s ?p \\u0041 }", "A backslash may stand only in strings", "line 1, column 18"),
        ("SELECT * { ?s ?p ?o \u2028 }", "has no place here in SPARQL", "line 1, column 21"),
        ("SELECT * { ?s ?p (1 } )", "“}” closes nothing that is open", "line 1, column 21"),
        ("SELECT * {\n{ ?s ?p ?o", "2 brackets are never closed", "line 2, column 11"),
        ("SELECT * { FILTER(1<2#>'\n) }", "an IRI or as “less than”", "line 1, column 20"),
    ],
)
def test_refusals_name_the_place(text: str, message: str, where: str) -> None:
    """What is not SPARQL, or has two readings, is refused with line and column."""
    with pytest.raises(QueryError, match=message) as refused:
        inspect_query(text)
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT * " + "{" * 2200 + "}" * 2200, "nested more than 64 deep"),
        ("SELECT * { FILTER(" + "(" * 70 + "1" + ")" * 70 + ") }", "nested more than 64 deep"),
        ("ASK { " + "<< " * 70 + "?s ?p ?o" + " >>" * 70 + " ?p ?o }", "nested more than 64 deep"),
        ("SELECT * { <urn:x> <urn:p>" + "/<urn:p>" * 101 + " ?o }", "more than 100 steps"),
        ("SELECT * { FILTER(" + "!" * 4001 + "true) }", "more than 4000 operators"),
        ("SELECT * { FILTER(1" + "+1" * 4001 + ") }", "more than 4000 operators"),
        ("SELECT * { ?s ?p '" + "é" * 40_000 + "' }", "bytes; 65536 are allowed"),
        ("SELECT * { ?s ?p '\x00' }", "NUL"),
        ("SELECT * { ?s ?p '\ud800' }", "not valid Unicode"),
    ],
)
def test_limits(text: str, message: str) -> None:
    """Size, depth, steps and operators are bounded; each refusal says by what."""
    with pytest.raises(QueryError, match=message):
        inspect_query(text)


def test_limits_are_settable() -> None:
    """Whoever runs a lake may allow more, or less."""
    with pytest.raises(QueryError, match="10 are allowed"):
        inspect_query("SELECT * { ?s ?p ?o }", limits=Limits(size=10))
    assert inspect_query("ASK " + "{" * 70 + "}" * 70, limits=Limits(depth=80)).form == "ask"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { VALUES (?a ?b) { (<#a> <#b>) (<urn:x(1)> <x'y>) } }",
        "SELECT * { ?s <#p>|<#q>/(<#r>|^<#t>)* <#o> }",
        "SELECT * { ?s ?p ?o FILTER(?a<?b) FILTER(?c>?d && <http://x.example/#y>!=?o) }",
        "SELECT * { << ?s ?p ?o >> ?q <<( <urn:s> <urn:p> 1 )>> }",
        'SELECT * { ?s ?p \'it\'\'s\', \'\'\'it\'s """ \'\'\', """say ""x"" \\" """, "\\\\", "\\u0022" }',
        "SELECT * { ?s ex:a\\#b ex:%41.b, ex:1.5, _:a.b, 1.5e3, .5, 1., true, 'x'@en-GB, 'x'@ar--rtl }",
        "SELECT ?é { ?é <urn:ü#x> ?a‿b }",
        "PREFIX dcat: <urn:x> SELECT * { ?c dcat:service ?s OPTIONAL { ?s a dcat:DataService } ?service ?p 'SERVICE' }",
        "SELECT * { GRAPH dcat:service { ?s ?p ?o } }",
    ],
)
def test_lets_through(text: str) -> None:
    """Nothing that has one reading is refused for what it looks like."""
    assert inspect_query(text).services == ()


def test_service_needs_a_registered_iri() -> None:
    """A service is called by its full IRI, and only when it is registered."""
    text = f"SELECT * {{ SERVICE SILENT <{PEER}> {{ ?s ?p ?o }} service <{PEER}> {{ ?s ?p ?o }} }}"
    assert inspect_query(text, services=[PEER]).services == (PEER, PEER)
    with pytest.raises(ForbiddenError, match=f"The service <{PEER}> is not registered here") as refused:
        inspect_query(text)
    assert refused.value.where == "line 1, column 12"
    assert refused.value.hint == "Ask for it to be registered as a peer."


@pytest.mark.parametrize(
    "call",
    [
        "?x SERVICE ?x { ?s ?p ?o }",
        "SERVICE ex:peer { ?s ?p ?o }",
        "SERVICE <peer> { ?s ?p ?o }",
        f"SERVICE <{PEER}#> {{ ?s ?p ?o }}",
        "?s ?p 20SERVICE<https://evil.example/>{ ?s ?p ?o }",
        "?s ?p trueSERVICE <https://evil.example/> { ?s ?p ?o }",
        "SERVICEex:peer { ?s ?p ?o }",
        "SERVICESILENTex:peer{ ?s ?p ?o }",
        "SERVICE:{ ?s ?p ?o }",
        "?s ?p ex:SERVICE <https://evil.example/> { ?s ?p ?o }",
        "?s ?p ex:SERVICE SILENT <https://evil.example/> { ?s ?p ?o }",
        "?s ?p ex:SERVICEev: { ?s ?p ?o }",
        "?s ?p ex:a.b.SERVICE <https://evil.example/> { ?s ?p ?o }",
    ],
)
def test_service_in_disguise(call: str) -> None:
    """Every other way in which the engine finds a call is refused, even with the peer registered."""
    with pytest.raises(LakegraphError):
        inspect_query(f"PREFIX ex: <http://h:80> PREFIX ev: <{PEER}> SELECT * {{ {call} }}", services=[PEER])


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <https://evil.example/>",
        "CLEAR ALL;load silent <https://evil.example/> INTO GRAPH <urn:g>",
        "PREFIX ex: <https://evil.example/>LOADex:",
        "PREFIX ex: <https://evil.example/> # \n LOADSILENTex:",
    ],
)
def test_load_is_never_allowed(text: str) -> None:
    """No update loads a document, however it is written."""
    with pytest.raises(ForbiddenError, match="LOAD is never allowed"):
        inspect_update(text)


@pytest.mark.parametrize("text", ["CLEAR GRAPH <urn:load>", "PREFIX load: <urn:x> CLEAR GRAPH load:ed", "DROP ALL"])
def test_harmless_updates(text: str) -> None:
    """Names that look like LOAD are not taken for it."""
    assert inspect_update(text).form == "update"


@pytest.mark.parametrize(
    "pattern",
    [
        "?a (<urn:p>/^<urn:q>)+ ?b",
        "?x ?y ?z . ?a <urn:p>* ?b FILTER(?a = <urn:x> && STRLEN(STR(?b)) > 3)",
        "GRAPH ?g { ?a <urn:p>+ ?b }",
        "{ SELECT ?a ?b { ?a <urn:p>+ ?b } }",
        "OPTIONAL { ?a !<urn:p>+ ?a }",
    ],
)
def test_free_paths(pattern: str) -> None:
    """A path between two variables that nothing binds is refused, with the rewrite."""
    with pytest.raises(QueryError, match="starts and ends at nothing that is known") as refused:
        inspect_query(f"SELECT * {{ {pattern} }}")
    assert refused.value.hint is not None
    assert refused.value.hint.startswith("Say where it starts: VALUES ?a { <…> } ?a ")
    assert inspect_query(f"SELECT * {{ {pattern} }}", limits=Limits(free_paths=True)).form == "select"


@pytest.mark.parametrize(
    "pattern",
    [
        "?a a <urn:C> . ?a <urn:p>+ <urn:x>",
        "?a a <urn:C> . ?a <urn:p>+ ?b",
        "?a <urn:p>+ ?b . ?b a <urn:C>",
        "VALUES ?a { <urn:x> } ?a <urn:p>+ ?b",
        "VALUES (?a ?c) { (<urn:x> 1) } ?a <urn:p>+ ?b",
        "BIND(<urn:x> AS ?b) ?a <urn:p>+ ?b",
        "?a <urn:p>+ ?b ; a <urn:C>",
        "?a <urn:p>+ ?b, <urn:x>",
        "?a <urn:p>+ ?b FILTER EXISTS { ?b a <urn:C> }",
        "GRAPH <urn:g> { ?a <urn:p>+ ?b }",
        "GRAPH ?a { ?a <urn:p>+ ?b }",
        "?a <urn:p>? ?b",
        "<urn:x> <urn:p>+ ?b",
        "?a <urn:p> ?b FILTER(?b + 1 > 2 * ?b)",
    ],
)
def test_bound_paths(pattern: str) -> None:
    """A path with an end that something else speaks of is let through, and so is one within a single graph."""
    assert inspect_query(f"SELECT * {{ {pattern} }}").form == "select"


def test_a_named_dataset_may_be_walked() -> None:
    """Within the graphs of FROM a free path is what was asked for."""
    assert inspect_query("SELECT * FROM <urn:g> { ?a <urn:p>+ ?b }").dataset


def test_own_questions_pass() -> None:
    """Every query of this project passes its own guard; their paths start at what their parameters bind."""
    texts = [path.read_text() for path in resources.files("queries", ".rq")]
    texts = [text for text in texts if not re.search(r"(?m)(?:^|[\s(?])#[a-z]", text)]  # parts to be filled in
    assert len(texts) > 50
    for text in texts:
        assert inspect_query(text, limits=Limits(free_paths=True)).services == ()


def _suite() -> list[Path]:
    root = SUITES / "rdf-tests" / "sparql"
    return sorted(root.rglob("*.rq")) if root.is_dir() else []


def test_agrees_with_the_engine_on_the_w3c_suite() -> None:
    """Of the queries in the W3C suite, every one that the engine parses is let through, calls and free paths aside."""
    files = _suite()
    if not files:
        pytest.skip("the W3C SPARQL suite is not here (LAKEGRAPH_SUITES)")
    store, judged = ox.Store(), 0
    for file in files:
        text = file.read_bytes().decode("utf-8", "replace")
        if "service" in text.lower():
            continue
        try:
            store.query(text, base_iri="http://base.example/")
        except SyntaxError:
            continue
        except RuntimeError:
            pass  # parsed, and calls a function of its own
        judged += 1
        inspect_query(text, limits=Limits(free_paths=True))
    assert judged > 700
