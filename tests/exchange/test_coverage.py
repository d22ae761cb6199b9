"""Coverage reports: every clause of every framework, met and unmet, excused, and never called more than it is."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner

import lakegraph
from lakegraph import resources
from lakegraph.bootstrap import LocalLake
from lakegraph.cli.app import main
from lakegraph.errors import NotFoundError, UsageError
from lakegraph.exchange import renderings
from lakegraph.exchange.coverage import DISCLAIMER, Coverage, framework_of, frameworks
from lakegraph.rdf.namespaces import DPV
from lakegraph.rdf.terms import Triple
from lakegraph.rdf.vocabulary import TYPE, ontology
from lakegraph.testing import records
from lakegraph.validation import Clause, Item, MemoryStatements, ShapeSet
from lakegraph.validation.paths import Alternative, Inverse, Predicate, Repeat, Steps, reverse
from lakegraph.validation.paths import Path as ShaclPath
from tests.conftest import BASE, examples
from tests.exchange import judges
from tests.exchange.conftest import MODEL

NAMES = ("datasheet", "eu-ai-act-annex-iv", "gdpr-art-30", "model-card")
FOCUS = "<urn:x:focus>"
ITEMS = [
    pytest.param(clause, item, id=f"{name} {clause.number} {item.name}")
    for name, framework in frameworks().all.items()
    for clause in framework.clauses
    for item in clause.items
]


def leading(path: ShaclPath, start: str, names: Iterator[int]) -> Iterator[tuple[str, list[Triple]]]:
    """Ways to follow a path from *start*: where each leads, and the statements that it takes."""
    if isinstance(path, Predicate):
        end = f"<urn:x:{next(names)}>"
        yield end, [(start, path.iri, end)]
    elif isinstance(path, Inverse):
        if isinstance(path.path, Predicate):
            end = f"<urn:x:{next(names)}>"
            yield end, [(end, path.path.iri, start)]
        else:
            yield from leading(reverse(path.path), start, names)
    elif isinstance(path, Steps):
        first, *others = path.steps
        for end, triples in leading(first, start, names):
            if not others:
                yield end, triples
            else:
                rest = others[0] if len(others) == 1 else Steps(tuple(others))
                yield from ((last, triples + more) for last, more in leading(rest, end, names))
    elif isinstance(path, Alternative):
        for option in path.options:
            yield from leading(option, start, names)
    else:
        assert isinstance(path, Repeat)
        if path.kind != "oneOrMorePath":
            yield start, []
        for end, triples in leading(path.path, start, names):
            yield end, triples
            yield from ((last, triples + more) for last, more in leading(path.path, end, names))


def path_of(item: Item) -> ShaclPath:
    path = frameworks()._shapes.by_node[item.shape].path
    assert path is not None
    return path


@pytest.mark.parametrize(("clause", "item"), ITEMS)
def test_every_item_is_found_where_it_is_and_missed_where_it_is_not(clause: Clause, item: Item) -> None:
    """By every way that its path allows, and from the statement that leads to it."""
    known = frameworks()
    assert not known.judge(item, MemoryStatements([(FOCUS, TYPE, "<urn:x:Thing>")]), FOCUS).met
    ways = list(leading(path_of(item), FOCUS, count()))
    assert ways
    for end, triples in ways:
        judged = known.judge(item, MemoryStatements(triples), FOCUS)
        assert judged.met
        assert judged.values[end] == (triples[-1] if triples else None)


@pytest.mark.parametrize("name", NAMES)
def test_frameworks_say_what_people_need(name: str) -> None:
    """Numbers are unique, every item says what to do, and in words that documents have."""
    framework = framework_of(name)
    context = json.loads(resources.text("ontology/context.jsonld"))["@context"]
    assert framework.source.startswith("http")
    assert framework.note != DISCLAIMER
    numbers = [clause.number for clause in framework.clauses]
    assert len(set(numbers)) == len(numbers) >= 7
    for clause in framework.clauses:
        assert clause.title
        assert any(item.needed for item in clause.items)
        assert len({item.name for item in clause.items}) == len(clause.items)
        for item in clause.items:
            assert re.fullmatch(r"[A-Z].{15,}\.", item.hint), item
            for field in re.findall(r"\bset ([a-z]\w*[A-Z]\w*)", item.hint):
                assert field in context, f"{field} is no field of a document"
            for prefix in re.findall(r"\bwith (\w+):\w", item.hint):
                assert prefix in ontology().prefixes or prefix in ("http", "https"), item.hint
    assert sorted(frameworks().all) == list(NAMES)


def test_clauses_judge_no_record() -> None:
    """The shapes of coverage are about nothing by themselves, so that no gate that loads them can refuse for them."""
    assert ShapeSet.load([resources.path("shapes/coverage")]).shapes == ()


def test_the_worked_example(worked: LocalLake) -> None:
    """What is there is shown with the record that says it; what is not has a hint."""
    report = worked.coverage("Diabet Predictor@1", "eu-ai-act-annex-iv")
    assert report.counts() == {"present": 3, "partial": 9, "missing": 11, "not applicable": 0}
    clauses = {clause.number: clause for clause in report.clauses}
    assert clauses["2(a)"].status == "present"
    shown = {item.name: item for item in clauses["1(a)"].items}
    (purpose,) = shown["intended purpose"].values
    assert (purpose.text, purpose.record, purpose.seq) == (
        "Predict diabetes from patient records.", f"{BASE}id/run/trn-1", 3,
    )  # fmt: skip
    assert not shown["provider"].met
    assert shown["provider"].hint == "Name the provider: annotate the model with dct:publisher."
    (score,) = {item.name: item for item in clauses["2(g)"].items}["measured results"].values
    assert (score.text, score.seq) == ("accuracy 0.9354", 3)
    (address,) = {item.name: item for item in clauses["1(d)"].items}["address of the service"].values
    assert (address.text, address.seq) == ("https://api.example.org/diabetes", 6)
    assert worked.coverage("Diabet Predictor@1", "model-card").counts()["missing"] == 2
    assert worked.coverage("Diabet Predictor@1", "gdpr-art-30").counts()["partial"] == 3


def test_a_framework_about_data_asked_of_a_model(worked: LocalLake) -> None:
    """It reports on the data that the model learnt from; asked of the data it says the same."""
    of_model = worked.coverage("Diabet Predictor@1", "datasheet")
    of_data = worked.coverage("Diabetes@1", "datasheet")
    assert of_model.clauses == of_data.clauses
    assert {clause.thing for clause in of_model.clauses} == {f"{BASE}id/dataset/diabetes/1"}


def test_what_does_not_apply_is_said_with_its_reason(lake: LocalLake) -> None:
    """Without personal data Article 30 asks nothing; a person may excuse a clause, in a record and with a reason."""
    excuse = f"{ontology().prefixes['lakesh']}notApplicable"
    for document in examples():
        for data in (*document.get("ingestTo", ()), *document.get("targetData", ())):
            data["hasData"] = "AnonymisedData"
        for model in document.get("hasOutputModel", ()):
            model["annotations"] = {
                excuse: ["eu-ai-act-annex-iv 1(f): It is no component of a product.", "eu-ai-act-annex-iv 1(b):", "x"]
            }
        lake.record(document)
    report = lake.coverage(MODEL, "gdpr-art-30")
    assert report.counts()["not applicable"] == len(report.clauses) == 7
    assert {c.reason for c in report.clauses} == {"nothing that the model learnt from is recorded as personal data"}
    clauses = {clause.number: clause for clause in lake.coverage(MODEL, "eu-ai-act-annex-iv").clauses}
    assert (clauses["1(f)"].status, clauses["1(f)"].reason) == ("not applicable", "It is no component of a product.")
    assert clauses["1(b)"].status == "missing", "an excuse without a reason excuses nothing"


def test_annotations_fill_gaps(lake: LocalLake) -> None:
    """What the hints tell people to do does it."""
    for document in examples():
        for model in document.get("hasOutputModel", ()):
            model["annotations"] = {
                "dct:publisher": "Clinic",
                "dpv:hasRisk": "Wrong prediction delays treatment; a physician decides.",
                "https://w3id.org/fair4ml#usageInstructions": "Only for adults.",
            }
        lake.record(document)
    clauses = {clause.number: clause.status for clause in lake.coverage(MODEL, "eu-ai-act-annex-iv").clauses}
    assert (clauses["1(a)"], clauses["1(h)"], clauses["5"]) == ("present", "present", "present")


def every_form(report: Coverage) -> dict[str, str]:
    said = {media: write() for media, write in renderings(report).items()}
    return said | {"page": report.to_page(), "json": json.dumps(report.as_dict())}


@pytest.mark.parametrize("name", NAMES)
def test_no_report_claims_to_judge(worked: LocalLake, name: str) -> None:
    """Every form says what it is, and none says that anything complies, conforms or is lawful."""
    for form, said in every_form(worked.coverage(MODEL, name)).items():
        assert not re.search(r"complian|comply|complies|lawful|certif", said, re.IGNORECASE), form
        assert DISCLAIMER in said or form == "text/csv"
    assert "framework,clause,title,thing,status" in worked.coverage(MODEL, name).to_csv()


def test_the_forms_agree(worked: LocalLake) -> None:
    """The table, the page and the JSON tell of the same clauses."""
    report = worked.coverage(MODEL, "eu-ai-act-annex-iv")
    forms = every_form(report)
    rows = list(csv.DictReader(io.StringIO(forms["text/csv"])))
    assert {(row["clause"], row["status"]) for row in rows} == {(c.number, c.status) for c in report.clauses}
    (publisher,) = [row for row in rows if row["item"] == "provider"]
    assert (publisher["recorded"], publisher["todo"][:17]) == ("no", "Name the provider")
    assert json.loads(forms["json"])["counts"]["partial"] == 9
    assert judges.page(forms["page"].encode()) == []
    for clause in report.clauses:
        assert forms["page"].count(f"<strong>{clause.number}</strong>") == 1
        assert f"\n{clause.number:<9} {clause.status}" in forms["text/plain"]
    assert "✓ measured results: accuracy 0.9354 [3]" in forms["text/plain"]


def test_a_hostile_record_makes_a_harmless_report(lake: LocalLake) -> None:
    """What records say is text in every form."""
    nasty = "<script>alert(1)</script>|[x](javascript:1)\"'"
    for document in examples():
        lake.record(json.loads(json.dumps(document).replace("Predict diabetes", json.dumps(nasty)[1:-1])))
    report = lake.coverage(MODEL, "eu-ai-act-annex-iv")
    assert judges.page(report.to_page().encode()) == []
    assert "\\<script\\>" in report.to_markdown()


@pytest.mark.parametrize("seed", range(2))
def test_made_up_lakes(seed: int, tmp_path: Path) -> None:
    """Every model of a lake has a report, in which what is stated by a record names it."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        outputs = [iri for made in records(12, seed) for iri in lake.record(made.document).outputs]
        models = [iri for iri in outputs if "/model/" in iri]
        assert models
        for model in models:
            for name in NAMES:
                report = lake.coverage(model, name)
                values = [v for c in report.clauses for i in c.items for v in i.values]
                without = [v for v in values if v.seq is None]
                assert len(without) * 10 <= len(values), without
                assert all(v.record for v in values if v.seq)


def test_what_cannot_be_reported_is_said(worked: LocalLake) -> None:
    """An unknown framework, a thing that it is not about, and nothing."""
    with pytest.raises(UsageError, match="no framework called 'law'") as unknown:
        worked.coverage(MODEL, "law")
    assert "eu-ai-act-annex-iv" in str(unknown.value.hint)
    with pytest.raises(UsageError, match="is about a model"):
        worked.coverage("Diabetes@1", "eu-ai-act-annex-iv")
    with pytest.raises(UsageError, match="is about a dataset"):
        worked.coverage(f"{BASE}id/run/trn-1", "datasheet")
    with pytest.raises(NotFoundError):
        worked.coverage("Nobody", "model-card")


def test_on_the_command_line(tmp_path: Path) -> None:
    """The frameworks, a report, a report in a file, and a form that there is not."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        for document in examples():
            lake.record(document)
        report = lake.coverage(MODEL, "gdpr-art-30")
    at = ["--lake", str(tmp_path / "lake"), "coverage"]
    run = CliRunner().invoke
    assert all(name in run(main, at).output for name in NAMES)
    asked = [*at, "Diabet Predictor@1", "--against", "gdpr-art-30"]
    assert run(main, asked).output.strip() == report.text()
    assert json.loads(run(main, [*asked, "--format", "json"]).output)["framework"] == "gdpr-art-30"
    page = tmp_path / "report.html"
    said = run(main, [*asked, "--format", "html", "-o", str(page)])
    assert report.summary() in " ".join(said.output.split())
    assert page.read_text() == report.to_page()
    wrong = run(main, [*asked, "--format", "turtle"])
    assert (wrong.exit_code, "cannot be shown as 'turtle'" in wrong.output) == (2, True)


def test_personal_data_are_found_upstream() -> None:
    """The condition of Article 30 looks along the whole lineage, and at no other kind of data."""
    clause = framework_of("gdpr-art-30").clauses[0]
    derived = f"<{ontology().prefixes['lake']}derivedFrom>"
    for kind, applies in ((DPV.PseudonymisedData, True), (DPV.AnonymisedData, False)):
        chain = [(FOCUS, derived, "<urn:x:1>"), ("<urn:x:1>", derived, "<urn:x:2>"), ("<urn:x:2>", DPV.hasData, kind)]
        assert frameworks().applies(clause, MemoryStatements(chain), FOCUS) is applies
