"""Exports of the worked example, the demo and made-up lakes, each form judged by those who defined it.

``LAKEGRAPH_EXPORT_LAKES`` says how many lakes are made up; a few by default, a hundred for a release.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.capture import demo
from lakegraph.errors import NotFoundError
from lakegraph.exchange.exports import FORMS, export
from lakegraph.exchange.parts import LakeParts
from lakegraph.testing import records
from tests.conftest import BASE
from tests.exchange import judges
from tests.exchange.conftest import parts_of

LAKES = int(os.environ.get("LAKEGRAPH_EXPORT_LAKES", "2"))
_RUNS = 14
_PROV = ("prov", "prov-json", "prov-n", "prov-jsonld")


def exported(parts: LakeParts, form: str, thing: str) -> bytes:
    return b"".join(export(parts, [thing], form))


def complaints(parts: LakeParts, things: dict[str, str], *, all_crates: bool = True) -> Iterator[str]:
    """What any judge has against any form of any of these things.

    Args:
        parts: The lake.
        things: Kind (``model``, ``dataset``, ``study``, ``run``) to IRI.
        all_crates: Whether the slowest judge also judges what a story without a model looks like.
    """
    judged = set()
    for kind, thing in things.items():
        for form, judge in judges.JUDGES.items():
            if form.endswith("crate") and not all_crates and kind != "model":
                continue
            if judges.ABOUT.get(form, kind) == kind:
                try:
                    data = exported(parts, form, thing)
                except NotFoundError:
                    # A data set of a lake is always made by a run of a program; a study may have no runs.
                    assert kind == "study", f"{form} of {thing}"
                    continue
                judged.add(form)
                yield from (f"{form} of {thing}: {said}" for said in judge(data))
        documents = {form: exported(parts, form, thing) for form in _PROV}
        yield from (f"prov of {thing}: {said}" for said in (*judges.prov(documents), *judges.same_graph(documents)))
    assert judged == set(judges.JUDGES)


def some_of_each(outputs: list[str]) -> dict[str, str]:
    """The last model and data set that a lake made."""
    return {kind: [iri for iri in outputs if f"/{kind}/" in iri][-1] for kind in ("model", "dataset")}


def test_every_form_has_a_judge() -> None:
    """Nobody adds a form without one."""
    itself = {"nquads"}  # the records byte for byte, compared with the journal
    assert set(FORMS) == set(judges.JUDGES) | {*_PROV, "prov-trig"} | itself


# In each form, something that its own rules forbid: what is replaced, and by what.
WRONG = {
    "dcat-ap": (b"dct:title", b"dct:alternative"),
    "mldcat-ap": (b"it6/trainedOn", b"it6/trainedIn"),
    "dcat": (b"dcat:distribution <", b"dcat:dataset <"),
    "fair4ml": (b"fair4ml:mlTask", b"fair4ml:mlTusk"),
    "croissant": (b'"sha256": "', b'"sha": "'),
    "process-run-crate": (b'"instrument"', b'"object"'),
    "provenance-run-crate": (b'"workExample"', b'"exampleOfWork"'),
    "model-card": (b'"metrics": [{', b'"measures": [{'),
    "model-card-html": (b"</table>", b""),
    "annex-iv": (b"\n## 1", b"\n# <b>1</b>"),
    "annex-iv-html": (b"<p>", b"<p><script>"),
    "datasheet": (b"\n## 3", b"\n# 3"),
    "datasheet-html": (b'href="https:', b'href="javascript:'),
    "cyclonedx": (b'"machine-learning-model"', b'"model"'),
    "spdx": (b'"relationshipType": "trainedOn"', b'"relationshipType": "trainedBy"'),
    "prov-constraints": (b'"broken": []', b'"broken": [{}]'),
}


@pytest.mark.parametrize("form", judges.JUDGES)
def test_each_judge_refuses_what_is_wrong(worked: LocalLake, form: str) -> None:
    """A judge that accepts everything would be no judge."""
    about = "dataset/diabetes/0" if judges.ABOUT.get(form) == "dataset" else "model/diabet-predictor/1"
    data = exported(parts_of(worked), form, f"{BASE}id/{about}")
    before, after = WRONG[form]
    assert before in data
    try:
        found = judges.JUDGES[form](data.replace(before, after))
    except Exception as error:
        if type(error).__name__ in ("Skipped", "ModuleNotFoundError"):
            raise
        found = [repr(error)]  # some judges raise
    assert found


def test_the_prov_package_finds_a_difference(worked: LocalLake) -> None:
    """One statement less in one of the syntaxes, and the documents are two."""
    documents = {form: exported(parts_of(worked), form, f"{BASE}id/model/diabet-predictor/1") for form in _PROV}
    assert judges.prov(documents) == judges.same_graph(documents) == []
    for form, gone in (
        ("prov", b"prov:used"),
        ("prov-n", b"  used("),
        ("prov-json", b'"used"'),
        ("prov-jsonld", b"#used"),
    ):
        lines = documents[form].replace(b'"used"', b'"wasInvalidatedBy"') if form == "prov-json" else documents[form]
        if form == "prov-n":
            lines = b"\n".join(line for line in lines.splitlines() if not line.startswith(gone))
        changed = {
            **documents,
            form: lines.replace(gone, b"prov:wasInformedBy" if form == "prov" else b"#wasInformedBy"),
        }
        assert changed[form] != documents[form]
        try:
            found = judges.same_graph(changed) if form == "prov-jsonld" else judges.prov(changed)
        except Exception as error:
            found = [repr(error)]
        assert found, form


def test_the_worked_example(worked: LocalLake) -> None:
    """The model, a version of the data set, a run, and the study of the paper's example."""
    things = {
        "model": f"{BASE}id/model/diabet-predictor/1",
        "dataset": f"{BASE}id/dataset/diabetes/1",
        "run": f"{BASE}id/run/trn-1",
        "study": f"{BASE}id/study/diabetes-prediction",
    }
    assert list(complaints(parts_of(worked), things)) == []


def test_the_demo_lake(tmp_path: Path) -> None:
    """What really ran on scikit-learn's data, captured where it happened."""
    pytest.importorskip("skops", reason="needs the extra [sklearn]")
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        done = demo.run_demo(lake, tmp_path / "files", lambda _: None)
        things = {"model": str(done.best.model.iri), "dataset": str(done.clean.iri)}
        assert list(complaints(parts_of(lake), things)) == []


@pytest.mark.parametrize("seed", range(LAKES))
def test_made_up_lakes(seed: int, tmp_path: Path) -> None:
    """Split, fine-tuned, re-trained, with versions of versions, reviews, accesses and failures."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        outputs = [iri for made in records(_RUNS, seed) for iri in lake.record(made.document).outputs]
        assert list(complaints(parts_of(lake), some_of_each(outputs), all_crates=seed % 10 == 0)) == []
